"""Email by SMTP: a few connections that are kept, and a clear word on what certainly did not go out."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

from aiosmtplib import SMTP, SMTPException

from nudger.agenda.entries import Failure, Receipt, SendFailure, Sending
from nudger.agenda.port import Clock
from nudger.channels.smtp.codes import failure_of
from nudger.channels.smtp.letter import Letter, Parts, letter, mailbox, sender_address
from nudger.domain.errors import ChannelError

CONNECTIONS = 4  # so that a slow message holds up no other; more than a few, and servers refuse
PROBE = timedelta(seconds=5)  # how long a kept connection may take to show that it is alive
FAREWELL = timedelta(seconds=2)  # how long the server may take over QUIT

TROUBLE = (SMTPException, OSError)  # what aiosmtplib and the network raise


class Security(StrEnum):
    """The setting SMTP_SECURITY."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpChannel:
    """Hands messages to one mail server.

    `sender` is EMAIL_FROM. `compose` gives a message its subject, text and HTML; `unsubscribe_url` the
    https address that one POST to unsubscribes them (RFC 8058); `unsubscribe_mailbox` takes mails that do,
    where somebody reads them. `timeout` is for one message, from waiting for a connection to the server's
    last word. `tls_context` stands in for the system's trust.
    """

    places = CONNECTIONS

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Security,
        sender: str,
        compose: Callable[[Sending], Parts],
        clock: Clock,
        username: str | None = None,
        password: str | None = None,
        unsubscribe_url: Callable[[Sending], str | None] | None = None,
        unsubscribe_mailbox: str | None = None,
        timeout: timedelta = timedelta(seconds=30),
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._sender = sender_address(sender)
        self._compose = compose
        self._clock = clock
        self._unsubscribe_url = unsubscribe_url
        self._unsubscribe_mailbox = unsubscribe_mailbox
        self._timeout = timeout.total_seconds()
        self._new_session = partial(
            SMTP,
            hostname=host,
            port=port,
            use_tls=security is Security.TLS,
            start_tls=security is Security.STARTTLS,
            tls_context=tls_context or ssl.create_default_context(),
            username=username,
            password=password,
            # What EHLO says; else every connection asks the resolver for this machine's name.
            local_hostname=self._sender.domain,
            timeout=self._timeout,
        )
        self._where = f"{host}:{port}"
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[SMTP] = []
        self._closed = False

    def __repr__(self) -> str:
        return f"SmtpChannel({self._where!r})"

    async def send(self, sending: Sending) -> Receipt:
        """Hands the message over once; the receipt is its Message-ID."""
        mail = self._letter(sending)
        progress = _Progress()
        try:
            async with asyncio.timeout(self._timeout), self._places:
                await self._hand_over(mail, progress)
        except TROUBLE as error:
            # Not chained: the server's reply quotes the address.
            raise failure_of(error, progress.handed_over) from None
        return Receipt(mail.message_id)

    async def check(self) -> None:
        """Connects, secures, logs in and leaves. Raises ChannelError with what is wrong."""
        try:
            async with asyncio.timeout(self._timeout):
                session = await self._connect()
        except TROUBLE as error:
            raise ChannelError(
                f"{self._where}: {failure_of(error, handed_over=False).reason}",
                "Compare NUDGER_SMTP_HOST, _PORT, _SECURITY, _USERNAME and _PASSWORD with your provider's.",
            ) from error
        await _leave(session)

    async def close(self) -> None:
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*map(_leave, idle))

    def _letter(self, sending: Sending) -> Letter:
        try:
            recipient = mailbox(sending.address)
        except ValueError as error:
            raise SendFailure(Failure.RECIPIENT, "the address is not an email address") from error
        try:
            return letter(
                sending,
                self._compose(sending),
                self._sender,
                recipient,
                sent_at=self._clock.now(),
                unsubscribe_url=self._unsubscribe_url(sending) if self._unsubscribe_url else None,
                unsubscribe_mailbox=self._unsubscribe_mailbox,
            )
        except Exception as error:
            # Whatever is wrong with these words: no server has seen them. Not chained: it may quote them.
            reason = f"the mail could not be written ({type(error).__name__})"
            raise SendFailure(Failure.RECIPIENT, reason) from None

    async def _hand_over(self, mail: Letter, progress: "_Progress") -> None:
        session = await self._session()
        try:
            await session.mail(mail.sender)
            await session.rcpt(mail.recipient)
            # DATA's own answer still comes before the first byte of the message, but aiosmtplib does
            # not tell the two apart: a break between them counts as ambiguous.
            progress.handed_over = True
            await session.data(mail.content)
        except BaseException:
            # Refused, broken or cancelled: the server may be in the middle of something. Not kept.
            session.close()
            raise
        self._keep(session)

    async def _session(self) -> SMTP:
        """A kept connection that still answers (servers hang up on idle ones), else a new one."""
        if self._closed:
            raise SendFailure(Failure.NOT_SENT, "the mail channel is closed")
        while self._idle:
            session = self._idle.pop()
            if await _alive(session):
                return session
        return await self._connect()

    async def _connect(self) -> SMTP:
        """Connected, secured and logged in."""
        session = self._new_session()
        await session.connect()
        return session

    def _keep(self, session: SMTP) -> None:
        if self._closed:
            session.close()
        else:
            self._idle.append(session)


@dataclass(slots=True)
class _Progress:
    """Whether the message's own bytes may have begun to go out."""

    handed_over: bool = False


async def _alive(session: SMTP) -> bool:
    alive = False
    try:
        with contextlib.suppress(*TROUBLE):
            await session.noop(timeout=PROBE.total_seconds())
            alive = True
    finally:
        if not alive:
            session.close()
    return alive


async def _leave(session: SMTP) -> None:
    """Says goodbye; a server that does not answer is left anyway."""
    with contextlib.suppress(*TROUBLE):
        await session.quit(timeout=FAREWELL.total_seconds())
    session.close()
