"""What comes in from SMSGate, by its webhooks and by its inbox: who signed it, and what it says.

A text is known by its sender, its message id and the network's time of sending, which both ways give alike:
the app posts some texts twice, and loses some, and two equal ones minutes apart are two. The inbox has the
id as a signed number, a webhook the same one unsigned, in hex.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers

from nudger.agenda.entries import Report
from nudger.channels.smsgate.states import report_of, report_of_row
from nudger.domain.effects import computable
from nudger.domain.model import ChannelName
from nudger.inbound.port import Inbound

TOLERANCE = timedelta(minutes=5)  # either way, as the app's documentation advises
LATE = timedelta(minutes=1)  # a text that is older was held up on its way, and others may have come since
# The events that are wanted, and the id under which each is registered: the same one again replaces it.
WEBHOOKS = {
    "sms:received": "nudger-sms-received",
    "mms:downloaded": "nudger-mms-downloaded",
    "sms:sent": "nudger-sms-sent",
    "sms:delivered": "nudger-sms-delivered",
    "sms:failed": "nudger-sms-failed",
    "sms:cancelled": "nudger-sms-cancelled",
    "system:ping": "nudger-system-ping",
}
_STATES = {
    "sms:sent": "Sent",
    "sms:delivered": "Delivered",
    "sms:failed": "Failed",
    "sms:cancelled": "Cancelled",
}
_OURS = re.compile(r"[0-9a-f]{32}")  # the app may send for others too
_SHORTEST_NUMBER = 7  # digits; what has less is a short code


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message of ours."""

    message: str
    report: Report


@dataclass(frozen=True, slots=True)
class PhoneHealth:
    """How the phone is."""

    health: Mapping[str, Any]


def sign(key: str, body: bytes, stamp: str) -> str:
    """Returns what the app signs `body` with at `stamp`, in Unix seconds."""
    return hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()


def signed(key: str, body: bytes, stamp: str, signature: str, now: datetime) -> bool:
    """Tells whether the app has signed these very bytes, lately. Never raises."""
    if not key or not re.fullmatch(r"[0-9]{1,12}", stamp, re.ASCII):
        return False  # an empty key would make a signature that anybody can compute
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return False
    return hmac.compare_digest(sign(key, body, stamp).encode(), signature.lower().encode())


def read_event(body: bytes, now: datetime, country: str | None) -> Inbound | Told | PhoneHealth | None:
    """Reads a webhook's body; None for what is nothing to nudger.

    Args:
        now: when it came.
        country: of senders whose number comes without one.

    Raises:
        ValueError: it cannot be read.
    """
    told = json.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("payload"), dict):
        raise ValueError("no event")
    event, payload = told.get("event"), told["payload"]
    if event in ("sms:received", "mms:downloaded"):
        words = payload.get("message" if event == "sms:received" else "body")
        sender = payload.get("sender") or payload.get("phoneNumber")
        return _text(
            sender, str(payload.get("messageId", "")), payload.get("receivedAt"), words, now, country
        )
    if event in _STATES:
        message = str(payload.get("messageId", ""))
        reason = payload.get("reason")
        error = reason if isinstance(reason, str) else None
        return Told(message, report_of(message, _STATES[event], error)) if _OURS.fullmatch(message) else None
    if event == "system:ping" and isinstance(payload.get("health"), dict):
        return PhoneHealth(payload["health"])
    return None


def read_message(row: Mapping[str, Any]) -> Told | None:
    """Reads a row of the app's list of messages; None for one that is not ours."""
    message = str(row.get("id", ""))
    return Told(message, report_of_row(message, row)) if _OURS.fullmatch(message) else None


def read_row(row: Mapping[str, Any], now: datetime, country: str | None) -> Inbound | None:
    """Reads a row of the inbox; None for one that holds no words. Raises ValueError for one that cannot be
    read."""
    kind, row_id = row.get("type"), str(row.get("id", ""))
    if kind not in ("SMS", "MMS_DOWNLOADED"):
        return None
    if kind == "SMS":
        row_id = format(int(row_id.removeprefix("text:")) & 0xFFFFFFFF, "x")
    text = _text(row.get("sender"), row_id, row.get("createdAt"), row.get("contentPreview"), now, country)
    return text if text.text or kind == "SMS" else None


def _text(
    sender: object, message_id: str, at: object, words: object, now: datetime, country: str | None
) -> Inbound:
    if not isinstance(sender, str) or not sender.strip() or not message_id or not isinstance(at, str):
        raise ValueError("a text without its sender, its id or its time")
    sent_at = datetime.fromisoformat(at)
    if not computable(sent_at):
        raise ValueError("a time without its offset")
    identity = f"{sender.strip()}|{message_id.lower()}|{int(sent_at.timestamp())}"
    return Inbound(
        provider_id=f"smsgate-{hashlib.sha256(identity.encode()).hexdigest()[:32]}",
        channel=ChannelName.SMS,
        address=address_of(sender, country),
        text=words if isinstance(words, str) else "",
        received_at=min(sent_at.astimezone(UTC), now),
        taken_at=now if now - sent_at > LATE else None,
    )


def address_of(sender: str, country: str | None) -> str:
    """Returns a number as plans have it. Carriers may leave the country out; names and short codes stay."""
    bare = re.sub(r"[ ()./-]", "", sender.strip())
    if bare.startswith("+") or not bare.isdecimal() or len(bare) < _SHORTEST_NUMBER:
        return bare
    try:
        number = phonenumbers.parse(bare, country)
    except phonenumbers.NumberParseException:
        return bare
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


OLDEST_APP = (1, 67, 0)  # takes texts back, and tells two equal texts apart
_TROUBLES = {
    "battery:level": "its battery is low",
    "connection:status": "it has no network",
    "messages:failed": "its texts fail",
}


def troubles(health: Mapping[str, Any]) -> list[str]:
    """Says what of a phone needs a person, in the words of an alarm."""
    checks = health.get("checks")
    found = []
    for name, words in _TROUBLES.items():
        check = checks.get(name) if isinstance(checks, dict) else None
        if isinstance(check, dict) and check.get("status") in ("warn", "fail"):
            value = check.get("observedValue")
            known = name == "battery:level" and isinstance(value, int | float)
            found.append(f"{words} ({value:g} %)" if known else words)
    if is_old(health.get("version")):
        found.append(f"its app is older than {'.'.join(map(str, OLDEST_APP))}: no text can be taken back")
    return found


def is_old(version: object) -> bool:
    """Tells whether an app of this version lacks what nudger needs; False where it cannot be told."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version) if isinstance(version, str) else None
    return found is not None and tuple(int(part or 0) for part in found.groups()) < OLDEST_APP
