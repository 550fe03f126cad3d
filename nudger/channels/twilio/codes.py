"""What Twilio's message statuses and errors mean for what happens next: one row a code, and a rule for what
has none.

What a code says is Twilio's (each row's `source`); what follows from it is decided here, and the
groups say why. The rows from 30001 on come in delivery statuses and, rarely, as answers to a send.
https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
"""

from dataclasses import dataclass
from datetime import timedelta

from nudger.agenda.entries import Failure, Report, SendFailure, Stage

DELIVERED = frozenset({"delivered", "read"})
FAILED = frozenset({"failed", "undelivered", "canceled"})
# All others (accepted, scheduled, queued, sending, sent, partially_delivered, and what Twilio may yet
# add) say that it has the message.


def report_of(sid: str, status: str, code: int | str | None) -> Report:
    """Reads `status` and `code` as Twilio writes them, in a callback or a list: MessageStatus, ErrorCode."""
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


@dataclass(frozen=True, slots=True)
class TwilioCode:
    """One code of Twilio's error dictionary."""

    code: int
    failure: Failure
    words: str  # for the operator; holds no address

    @property
    def source(self) -> str:
        return f"https://www.twilio.com/docs/api/errors/{self.code}"


ROWS = (
    # The person wrote STOP to our sender: the same holds here.
    TwilioCode(21610, Failure.OPTED_OUT, "this number has opted out with Twilio (STOP)"),
    # Not accepted, and it will be when we send less. Twilio: a 429 is never processed and always safe
    # to retry.
    TwilioCode(20429, Failure.NOT_SENT, "Twilio takes no more requests right now"),
    TwilioCode(14107, Failure.NOT_SENT, "too many texts between the same two numbers in a short time"),
    TwilioCode(21611, Failure.NOT_SENT, "Twilio's queue for our number is full"),
    TwilioCode(30001, Failure.NOT_SENT, "Twilio's queue for our number is full"),
    # This address: another channel may reach the person. Where the fault is in this one text (too long,
    # empty) it stands here too: the next text is not affected, and email takes this one.
    TwilioCode(21211, Failure.RECIPIENT, "the number is not valid"),
    TwilioCode(21214, Failure.RECIPIENT, "the number cannot be reached"),
    TwilioCode(21217, Failure.RECIPIENT, "the number does not look like a phone number"),
    TwilioCode(21219, Failure.RECIPIENT, "the Twilio account is on trial, and this number is not verified"),
    TwilioCode(21265, Failure.RECIPIENT, "the number is a short code"),
    TwilioCode(21266, Failure.RECIPIENT, "the number is our own"),
    TwilioCode(21268, Failure.RECIPIENT, "the number is a premium or information service"),
    TwilioCode(21602, Failure.RECIPIENT, "the text is empty"),
    TwilioCode(21604, Failure.RECIPIENT, "there is no number to send to"),
    TwilioCode(21608, Failure.RECIPIENT, "the Twilio account is on trial, and this number is not verified"),
    TwilioCode(21612, Failure.RECIPIENT, "Twilio has no way from our number to this one"),
    TwilioCode(21614, Failure.RECIPIENT, "the number is not a mobile number"),
    TwilioCode(21617, Failure.RECIPIENT, "the text is longer than 1,600 characters"),
    TwilioCode(21618, Failure.RECIPIENT, "Twilio does not send this text"),
    TwilioCode(21619, Failure.RECIPIENT, "the text is empty"),
    TwilioCode(21635, Failure.RECIPIENT, "the number is a landline"),
    TwilioCode(30003, Failure.RECIPIENT, "the phone is off or out of reach"),
    TwilioCode(30004, Failure.RECIPIENT, "the number or its carrier blocks our texts"),
    TwilioCode(30005, Failure.RECIPIENT, "the number is unknown to its carrier"),
    TwilioCode(30006, Failure.RECIPIENT, "the number is a landline, or its carrier cannot be reached"),
    TwilioCode(30036, Failure.RECIPIENT, "the text waited too long in Twilio's queue and was dropped"),
    # The carrier gives no reason, so the text may be on the phone: it is not said again another way.
    TwilioCode(30008, Failure.LOST, "the carrier says that it did not deliver the text, and not why"),
    # Our account, number or settings: every other text would end the same way, and a person has to act.
    TwilioCode(10001, Failure.SENDER, "the Twilio account is not active"),
    TwilioCode(20003, Failure.SENDER, "Twilio refused our credentials"),
    TwilioCode(20005, Failure.SENDER, "the Twilio account is not active"),
    TwilioCode(20008, Failure.SENDER, "the credentials are Twilio's test credentials"),
    TwilioCode(20403, Failure.SENDER, "the Twilio account may not do this; it may be suspended"),
    TwilioCode(20404, Failure.SENDER, "Twilio does not know the account"),
    TwilioCode(21212, Failure.SENDER, "our number is not valid"),
    TwilioCode(21267, Failure.SENDER, "a trial account cannot send under a name"),
    TwilioCode(21408, Failure.SENDER, "texts to this country are not switched on in the Twilio account"),
    TwilioCode(21601, Failure.SENDER, "our number cannot send texts"),
    TwilioCode(21603, Failure.SENDER, "there is no number or Messaging Service to send from"),
    TwilioCode(21606, Failure.SENDER, "our number cannot send texts from this account"),
    TwilioCode(21609, Failure.SENDER, "Twilio cannot use PUBLIC_URL for delivery statuses"),
    TwilioCode(21624, Failure.SENDER, "Twilio refused how long it may hold the text"),
    TwilioCode(21657, Failure.SENDER, "the sender's name is not valid"),
    TwilioCode(
        21659, Failure.SENDER, "our number is not a Twilio number, or a short code of another country"
    ),
    TwilioCode(21660, Failure.SENDER, "our number belongs to another Twilio account"),
    TwilioCode(21661, Failure.SENDER, "our number cannot send texts"),
    TwilioCode(21663, Failure.SENDER, "the routing of our number is not set up"),
    TwilioCode(21701, Failure.SENDER, "the Messaging Service does not exist"),
    TwilioCode(21702, Failure.SENDER, "the Messaging Service cannot send"),
    TwilioCode(21703, Failure.SENDER, "the Messaging Service has no number to send from"),
    TwilioCode(21704, Failure.SENDER, "the Messaging Service has no numbers"),
    TwilioCode(21705, Failure.SENDER, "the Messaging Service is not valid"),
    TwilioCode(30002, Failure.SENDER, "the Twilio account is suspended"),
    TwilioCode(30007, Failure.SENDER, "our texts are filtered out by Twilio or the carrier"),
    TwilioCode(30032, Failure.SENDER, "our toll-free number is not verified"),
    TwilioCode(30034, Failure.SENDER, "our number is not registered for US texts (A2P 10DLC)"),
    TwilioCode(63038, Failure.SENDER, "the Twilio account has sent all it may today"),
    TwilioCode(70051, Failure.SENDER, "our credentials may not send texts"),
)
CODES = {row.code: row for row in ROWS}

STATUSES = {
    401: (Failure.SENDER, "Twilio refused our credentials"),
    403: (Failure.SENDER, "the Twilio account may not do this; it may be suspended"),
    404: (Failure.SENDER, "Twilio does not know the account"),
    # A proxy may say this of a request that has reached Twilio.
    408: (Failure.AMBIGUOUS, "Twilio did not get the request in time, or so it says"),
    429: (Failure.NOT_SENT, "Twilio takes no more requests right now"),
}


def failure_of(status: int, code: int | None = None, retry_after: timedelta | None = None) -> SendFailure:
    """Returns what a refusal with this HTTP status and Twilio code means. `status` is not a success.

    A 5xx is ambiguous whatever else it says: Twilio may have taken the message before it failed.
    Without a row, a 4xx is taken for a fault of the request that every other one will have too, so
    the sender is stopped and a person looks, rather than one message after the other being lost.
    """
    if status >= 500:
        failure, words = Failure.AMBIGUOUS, f"Twilio had a fault of its own (HTTP {status})"
    elif code is not None and code in CODES:
        failure, words = CODES[code].failure, CODES[code].words
    elif status in STATUSES:
        failure, words = STATUSES[status]
    elif status < 400:
        failure, words = Failure.SENDER, f"TWILIO_API_BASE is not Twilio (it answered HTTP {status})"
    else:
        failure, words = Failure.SENDER, f"Twilio refused the request (HTTP {status})"
    return SendFailure(failure, words, str(code if code is not None else status), retry_after)
