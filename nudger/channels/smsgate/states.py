"""What SMSGate's answers and states mean for what happens next.

A state says how far the phone has come, and may go backwards: a late part overwrites what was said before.
`receipts.after` takes a message only forward, so each state is read for itself here. `Processed` may be the
last word of a text that went out well, and counts as sent.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nudger.agenda.entries import Failure, Report, SendFailure, Stage

EXPIRED = "TTL expired"  # the one reason that proves that nothing went out
STAGES = {"Delivered": Stage.DELIVERED, "Cancelled": Stage.CANCELLED, "Failed": Stage.FAILED}
# All others (Pending, Processed, Sent, Cancelling, and what the app may yet add) say that it has the message.

# Android's own results (SmsManager), which the app writes into its reason: the phone's fault, or its
# carrier's, and no number's. One part of several may have gone out all the same: never again.
PHONES_FAULTS = {
    "RESULT_ERROR_LIMIT_EXCEEDED": "the phone, or its carrier, sends no more texts for now",
    "RESULT_ERROR_NO_SERVICE": "the phone had no mobile network",
    "RESULT_ERROR_RADIO_OFF": "the phone's radio was switched off",
    "RESULT_RADIO_NOT_AVAILABLE": "the phone's radio was switched off",
    "RESULT_ERROR_NULL_PDU": "the phone could not make the text ready",
    "RESULT_ERROR_GENERIC_FAILURE": "the phone could not send it, and does not say why",
    "sendSMS:": "the phone could not send it: see the app's own list of messages",
}


def report_of(message_id: str, state: str, error: str | None) -> Report:
    """Reads a state as the app writes it, in an answer or a list; `error` comes with `Failed`."""
    stage = STAGES.get(state, Stage.ACCEPTED)
    return Report(message_id, stage, failure_of(error or "") if stage is Stage.FAILED else None)


def report_of_row(message_id: str, row: Mapping[str, Any]) -> Report:
    """Reads how a message stands, as the app lists it: it has one recipient."""
    recipients = row.get("recipients")
    first = recipients[0] if isinstance(recipients, list) and recipients else {}
    error = first.get("error") if isinstance(first, dict) else None
    return report_of(message_id, str(row.get("state", "")), error if isinstance(error, str) else None)


def failure_of(error: str) -> SendFailure:
    """Says what follows from a `Failed`. The app's words are not kept: they may quote a number."""
    if EXPIRED in error:
        return SendFailure(Failure.NOT_SENT, "it waited too long on the phone, and was not sent", "expired")
    for part, words in PHONES_FAULTS.items():
        if part in error:
            return SendFailure(Failure.AMBIGUOUS, words, part.strip(":"))
    return SendFailure(Failure.LOST, "the phone says that it was not delivered")


QUEUE_LIMITS = "queue limits exceeded"
_SENDERS = {
    400: "SMSGate refused the message: see the app's log, and SMSGATE_DEVICE_ID and SMSGATE_SIM",
    401: "SMSGate refused our login",
    403: "SMSGate's login may not send messages",
    404: "nothing at SMSGATE_URL takes messages",
}


def refusal_of(status: int, body: str, wait: timedelta | None) -> SendFailure:
    """Says what an answer to a post means that is neither 202 nor 409. Of a 503 only the server's own words
    say that it has nothing: from a proxy it is as open as any other 5xx."""
    code = str(status)
    if status == 429:
        return SendFailure(Failure.NOT_SENT, "SMSGate takes no more requests right now", code, wait)
    if status == 503 and QUEUE_LIMITS in body:
        return SendFailure(Failure.NOT_SENT, "SMSGate's queue for the phone is full", code, wait)
    if 300 <= status < 500:
        return SendFailure(Failure.SENDER, _SENDERS.get(status, f"SMSGate answered {status}"), code)
    return SendFailure(Failure.AMBIGUOUS, f"SMSGate answered {status}", code)
