"""One message as an email: RFC 5322 with the headers that keep it from looping or being a trap."""

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import getaddresses
from typing import Any, Protocol
from urllib.parse import quote

from nudger.delivery.agenda import Sending
from nudger.errors import ChannelError
from nudger.model import Origin

LINE = 76  # RFC 2045, 6.7: the longest line of quoted-printable
LINE_BREAKS = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
UNSUBSCRIBE = "List-Unsubscribe"


class Parts(Protocol):
    """The words of an email. `html` may be missing."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """An email ready to go out: 7-bit bytes, and the two addresses of its envelope."""

    message_id: str
    sender: str
    recipient: str
    content: bytes


def sender_address(email_from: str) -> Address:
    """EMAIL_FROM, `name@example.org` or `Name <name@example.org>`. Raises ChannelError."""
    try:
        [(name, spec)] = getaddresses([email_from])
        if email_from.strip() != _one_line(email_from):
            raise ValueError("more than one line")
        return mailbox(spec, name)
    except ValueError as error:
        raise ChannelError(
            f'EMAIL_FROM: expected "Name <name@example.org>", got "{_one_line(email_from)}"',
            "Set NUDGER_EMAIL_FROM to the address that nudges come from.",
        ) from error


def mailbox(spec: str, name: str = "") -> Address:
    """The address of a mailbox, its domain in ASCII (IDNA). Raises ValueError where it is none: the
    standard library says so in five ways."""
    if not spec.isprintable():
        raise ValueError("not an email address")
    try:
        parsed = Address(addr_spec=spec)
        domain = parsed.domain.encode("idna").decode("ascii")
        return Address(_one_line(name), parsed.username, domain)
    except (ValueError, LookupError, MessageError) as error:
        raise ValueError("not an email address") from error


def letter(
    sending: Sending,
    parts: Parts,
    sender: Address,
    recipient: Address,
    *,
    sent_at: datetime,
    unsubscribe_url: str | None = None,
) -> Letter:
    """The email of one message. The same message has the same Message-ID, however often it is built.

    Line breaks in names and subjects become spaces, so nobody writes headers of their own.

    Auto-Submitted: RFC 3834, 5. List-Unsubscribe: RFC 2369; with a URL, List-Unsubscribe-Post too
    (RFC 8058), which promises that a POST to it unsubscribes and a GET does not.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = _one_line(parts.subject)
    message["Date"] = sent_at
    message["Message-ID"] = f"<{sending.message}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-replied" if sending.origin is Origin.ANSWER else "auto-generated"
    message[UNSUBSCRIBE] = f"<mailto:{quote(sender.addr_spec, safe='@')}?subject=unsubscribe>"
    if unsubscribe_url:
        message.replace_header(UNSUBSCRIBE, f"<{unsubscribe_url}>, {message[UNSUBSCRIBE]}")
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(parts.text, cte="quoted-printable")
    if parts.html:
        message.add_alternative(parts.html, subtype="html", cte="quoted-printable")
    return Letter(message["Message-ID"], sender.addr_spec, recipient.addr_spec, message.as_bytes())


class _WholeUris(EmailPolicy):
    """SMTP's lines, but List-Unsubscribe in one: the standard library folds a long URI by turning it
    into encoded words, which no mail program reads as a URI."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == UNSUBSCRIBE:
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _WholeUris(linesep="\r\n", max_line_length=LINE, cte_type="7bit")


def _one_line(words: str) -> str:
    return words.translate(dict.fromkeys(map(ord, LINE_BREAKS), " ")).strip()
