"""A mail server on the loopback: aiosmtpd in the test's own loop, on a free port.

What becomes of a message is said by the local part of the address it goes to:
nouser, norelay, grey, closing (refused at RCPT), full, spam, busy (refused after DATA), cut (cut at
RCPT), drop (taken, then cut without an answer), lost (cut after DATA, not taken), hang (taken, answered
only once `released` is set). What befalls any other message is `weather`'s to say, in the same words.
"""

import asyncio
import email.policy
import shutil
import ssl
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

LOGIN = ("nudger", "password-of-the-double")

AT_RCPT = {
    "nouser": "550 5.1.1 <nouser@example.org>: no such user",
    "norelay": "554 5.7.1 relay access denied",
    "grey": "451 4.7.1 greylisted, try later",
    "closing": "421 4.3.2 closing for maintenance",
}
AFTER_DATA = {
    "full": "552 5.2.2 mailbox full",
    "spam": "554 5.7.1 this looks like spam",
    "busy": "452 4.3.1 out of room, try later",
}
SPECIAL = {*AT_RCPT, *AFTER_DATA, "cut", "drop", "lost", "hang"}


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that was taken."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: datetime

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for localhost that nobody but its own file vouches for."""

    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        """A context that trusts this certificate only."""
        return ssl.create_default_context(cafile=str(self.certificate))


def make_certificate(folder: Path) -> Certificate | None:
    """A fresh one; None where the openssl command is missing."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    made = Certificate(folder / "localhost.crt", folder / "localhost.key")
    arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    arguments += ["-days", "2", "-subj", "/CN=localhost"]
    arguments += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    arguments += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run([openssl, *arguments], check=True, capture_output=True)
    return made


class SmtpDouble:
    """`async with SmtpDouble() as server:` then connect to `localhost`, `server.port`.

    `security` is starttls (required, so that a login never goes in the clear), tls or none. With
    `login`, that user and password are required.
    """

    def __init__(
        self,
        security: str = "none",
        certificate: Certificate | None = None,
        login: tuple[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.weather: Callable[[], str | None] = lambda: None  # asked at each message's DATA and RCPT
        self._now = now
        self.port = 0  # until it listens
        self.mails: list[Mail] = []
        self.released = asyncio.Event()
        self.greeting: str | None = None  # else 220
        self._security = security
        self._context = certificate.server() if certificate else None
        self._login = login
        self._conversations: list[_Conversation] = []
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        tls = self._context if self._security == "tls" else None
        self._server = await loop.create_server(self._converse, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self.released.set()
        self._server.close()
        await asyncio.gather(*(conversation.end() for conversation in self._conversations))

    @property
    def connections(self) -> int:
        """How many were ever made."""
        return len(self._conversations)

    def hang_up(self) -> None:
        """Ends every connection, as servers do with idle ones."""
        for conversation in self._conversations:
            if conversation.transport is not None:
                conversation.transport.close()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Returns once `condition` holds; looked at when mail has come."""
        async with self._changed:
            await self._changed.wait_for(condition)

    # --- aiosmtpd's hooks -------------------------------------------------------------------------
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        kind = self._kind(address)
        if kind == "cut":
            server.transport.abort()
        if kind in AT_RCPT:
            if kind == "closing":
                asyncio.get_running_loop().call_soon(server.transport.close)
            return AT_RCPT[kind]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        kind = self._kind(envelope.rcpt_tos[0])
        if kind in AFTER_DATA:
            return AFTER_DATA[kind]
        if kind == "lost":
            server.transport.abort()
            return "250 2.0.0 never heard"
        self.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content, self._now()))
        await self._notify()
        if kind == "hang":
            await self.released.wait()
        if kind == "drop":
            server.transport.abort()
        return f"250 2.0.0 queued as {len(self.mails)}"

    def _kind(self, address: str) -> str:
        name = address.split("@", maxsplit=1)[0]
        return name if name in SPECIAL else self.weather() or name

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        # handled=False on failure: else aiosmtpd takes it that the hook has answered, and it hangs.
        return AuthResult(success=given == self._login, handled=given == self._login)

    # --- connections ------------------------------------------------------------------------------
    def _converse(self) -> "_Conversation":
        starttls = self._security == "starttls"
        with warnings.catch_warnings():
            # aiosmtpd does not see implicit TLS, and warns that a login would go in the clear.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            conversation = _Conversation(
                self,
                hostname="localhost",
                loop=asyncio.get_running_loop(),
                tls_context=self._context if starttls else None,
                require_starttls=starttls,
                authenticator=self._authenticate if self._login else None,
                auth_required=self._login is not None,
                auth_require_tls=starttls,
            )
        self._conversations.append(conversation)
        return conversation

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class _Conversation(SMTP):
    """One connection; can be ended whatever state it is in."""

    def __init__(self, double: SmtpDouble, **options: Any) -> None:
        super().__init__(double, **options)
        self._double = double

    async def end(self) -> None:
        """aiosmtpd itself goes on waiting where a client has broken off the handshake of STARTTLS."""
        for transport in (self.transport, self._original_transport):
            if transport is not None:
                transport.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.wait([self._handler_coroutine])
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()

    async def push(self, status: Any) -> None:
        if self._double.greeting and str(status).startswith("220 "):
            status, self._double.greeting = self._double.greeting, None
        await super().push(status)
