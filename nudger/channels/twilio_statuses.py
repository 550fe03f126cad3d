"""What Twilio's message statuses mean. https://www.twilio.com/docs/messaging/api/message-resource#message-status-values"""

from nudger.channels.twilio_codes import CODES
from nudger.delivery.sends import Failure, Report, SendFailure, Stage

DELIVERED = frozenset({"delivered", "read"})
FAILED = frozenset({"failed", "undelivered", "canceled"})
# All others (accepted, scheduled, queued, sending, sent, partially_delivered, and what Twilio may yet
# add) say that it has the message.


def report_of(sid: str, status: str, code: int | str | None) -> Report:
    """`status` and `code` as Twilio writes them, in a callback or a list: MessageStatus, ErrorCode."""
    if status in DELIVERED:
        return Report(sid, Stage.DELIVERED)
    if status not in FAILED:
        return Report(sid, Stage.ACCEPTED)
    return Report(sid, Stage.FAILED, _failure(status, str(code or "")))


def _failure(status: str, code: str) -> SendFailure:
    """Without a row there is no clear word: the text may have arrived, so that nothing follows it."""
    row = CODES.get(int(code)) if code.isdecimal() else None
    if row is None:
        return SendFailure(Failure.LOST, f"Twilio says {status}, and no reason that is known", code or None)
    return SendFailure(row.failure, row.words, code)
