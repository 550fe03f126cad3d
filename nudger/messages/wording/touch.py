"""Links in an email to get in touch with the contact whom it names: the person taps and sends, not nudger."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from nudger.messages.wording.texts import Texts
from nudger.model import Contact


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link and its words."""

    words: str
    address: str


def ways_to(contact: Contact, texts: Texts) -> Iterator[Anchor]:
    """A text and a call to their number, a mail to their address: each begun with a hello to change."""
    values = {"contact": contact.name}
    hello = _escaped(texts.say("email", "hello", values))
    if contact.phone is not None:
        # RFC 5724, 2.2 and RFC 3966, 3: a global number, here without visual separators.
        yield Anchor(texts.say("email", "text_contact", values), f"sms:{contact.phone}?body={hello}")
        yield Anchor(texts.say("email", "call_contact", values), f"tel:{contact.phone}")
    if contact.email is not None:
        # RFC 6068, 2: whatever is no unreserved character is escaped, but for the @ between its parts.
        local, _, domain = contact.email.rpartition("@")
        address = f"{_escaped(local)}@{domain}"
        yield Anchor(texts.say("email", "mail_contact", values), f"mailto:{address}?body={hello}")


def _escaped(text: str) -> str:
    return quote(text, safe="")
