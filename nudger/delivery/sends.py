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
    LOST = "lost"  # it ended at the carrier without a clear word: neither again nor another way


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


class Stage(StrEnum):
    """How far a message has come, as its provider reports it."""

    ACCEPTED = "accepted"  # queued, sending or sent: it is the provider's to deliver
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says became of a message that it was given under `provider_id`."""

    provider_id: str
    stage: Stage
    failure: SendFailure | None = None  # of FAILED: what it means
