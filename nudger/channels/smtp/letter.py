"""One message as an email: RFC 5322 with the headers that keep it from looping or being a trap.

Names and subjects are other people's words. The standard library reads a header when it is set; where words
look like encoded ones (RFC 2047: `=?utf-8?q?=0ABcc:...?=`) it decodes them, and writes the line break that
comes out. So it is given nothing to read: a header is written here, in ASCII, and looked at as it goes out.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr, getaddresses
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from nudger.agenda.entries import Sending
from nudger.domain.errors import ChannelError
from nudger.domain.model import Origin

LINE = 76  # RFC 2045, 6.7: the longest line of quoted-printable
BREAKS = frozenset({"Cc", "Zl", "Zp"})  # categories of what ends a line, or is no letter of any script
ENCODED = "=?"  # how an encoded word begins
# A header as it goes out: lines of ASCII, each but the first begun with a space, and none of those blank.
_HEADER = re.compile(r"[\x20-\x7e]*(?:\r\n [\x20-\x7e]*[\x21-\x7e])*")
# Answers that a machine sends by itself; reports that a mail could not be delivered are wanted.
NO_AUTO_RESPONSES = "DR, RN, NRN, OOF, AutoReply"


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
    """Parses EMAIL_FROM, `name@example.org` or `Name <name@example.org>`. Raises ChannelError."""
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
    """Returns the address of a mailbox, its domain in ASCII (IDNA). Raises ValueError where it is none: the
    standard library says so in five ways."""
    if not spec.isprintable():
        raise ValueError("not an email address")
    try:
        parsed = Address(addr_spec=spec)
        domain = parsed.domain.encode("idna").decode("ascii")
        found = Address(_one_line(name), parsed.username, domain)
        if ENCODED in spec or not found.addr_spec.isprintable():
            raise ValueError(spec)
        return found
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
    unsubscribe_mailbox: str | None = None,
) -> Letter:
    """Returns the email of one message. The same message has the same Message-ID, however often it is built.

    Auto-Submitted: RFC 3834, 5; X-Auto-Response-Suppress says the same to Exchange. List-Unsubscribe:
    RFC 2369; with a URL, List-Unsubscribe-Post too (RFC 8058), which promises that a POST to it unsubscribes
    and a GET does not. An `unsubscribe_mailbox` is one whose mail is read. Raises ValueError where a header
    cannot be written.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _mailbox_header(sender)
    message["To"] = _mailbox_header(recipient)
    message["Subject"] = _words_header("Subject", parts.subject)
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = f"<{sending.message}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-replied" if sending.origin is Origin.ANSWER else "auto-generated"
    message["X-Auto-Response-Suppress"] = NO_AUTO_RESPONSES
    ways = [f"<{_ascii(unsubscribe_url)}>"] if unsubscribe_url else []
    if unsubscribe_mailbox:
        ways.append(f"<mailto:{quote(unsubscribe_mailbox, safe='@')}?subject=unsubscribe>")
    if ways:
        message["List-Unsubscribe"] = ", ".join(ways)
    if unsubscribe_url:
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(parts.text, cte="quoted-printable")
    if parts.html:
        message.add_alternative(parts.html, subtype="html", cte="quoted-printable")
    return Letter(message["Message-ID"], sender.addr_spec, recipient.addr_spec, message.as_bytes())


class _AsWritten(EmailPolicy):
    """SMTP's lines, and headers as they are written, not read, decoded or folded anew."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return name, value

    def header_fetch_parse(self, _name: str, value: str) -> Any:
        return value

    def fold_binary(self, name: str, value: Any) -> bytes:
        if not isinstance(value, str) or not _HEADER.fullmatch(value):
            raise ValueError(f"a {name} that is no header")
        line = f"{name}: {value}"
        if len(line) > LINE and name == "Content-Type":
            line = line.replace("; ", ";\r\n ")  # between its parameters
        return f"{line}\r\n".encode("ascii")


_POLICY = _AsWritten(linesep="\r\n", max_line_length=LINE, cte_type="7bit")


def _words_header(name: str, words: str) -> str:
    """Words of any kind as a header's value, so that a reader of mail sees these words and nothing else."""
    line = _one_line(words)
    plain = line.isascii() and ENCODED not in line and len(f"{name}: {line}") <= LINE
    return line if plain else Header(line, "utf-8", LINE, name).encode(linesep="\r\n")


def _mailbox_header(address: Address) -> str:
    name = address.display_name
    if not name:
        return address.addr_spec
    if name.isascii() and ENCODED not in name:
        return formataddr((name, address.addr_spec))
    return f"{_words_header('From', name)}\r\n <{address.addr_spec}>"


def _ascii(url: str) -> str:
    """A URL as it may stand between angle brackets: a host of any script in IDNA, the rest in percents."""
    host = urlsplit(url).hostname or ""
    return quote(url.replace(host, host.encode("idna").decode("ascii"), 1), safe=":/?#[]@!$&'()*+;=%~")


def _one_line(words: str) -> str:
    """Whatever may end a line, or is no letter at all, is a space."""
    return "".join(" " if unicodedata.category(one) in BREAKS else one for one in words).strip()
