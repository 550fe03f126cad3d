"""How the hand-over of one message can end: values only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nudger.delivery.agenda import Sending


class Failure(StrEnum):
    """What a failed send means for what happens next (Twilio's codes are sorted in channels/)."""

    NOT_SENT = "not sent"  # certainly not accepted: retry while fresh
    AMBIGUOUS = "ambiguous"  # may have been accepted: never a blind resend
    RECIPIENT = "recipient"  # this address will not take it: next channel
    OPTED_OUT = "opted out"  # the provider knows of a STOP: opt out here too
    SENDER = "sender"  # our account, number or settings: stop and alarm


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted the message under `provider_id`."""

    provider_id: str


class SendFailure(Exception):
    """A send that did not end in acceptance."""

    def __init__(
        self,
        failure: Failure,
        reason: str,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason  # for a person; holds no address and no secret
        self.code = code  # the provider's
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one send."""

    sending: Sending
    receipt: Receipt | None = None
    failure: SendFailure | None = None
    retry_at: datetime | None = None  # NOT_SENT: try again then; RECIPIENT: the next channel then
