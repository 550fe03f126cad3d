"""Email by SMTP: a few connections that are kept, and a clear word on what certainly did not go out.

At the end: what the end of an SMTP conversation means for what happens next. RFC 5321, 4.2.1: a 4xx asks to
try again, a 5xx is final. RFC 3463: the enhanced code that a reply may begin with (5.1.1) says what it is
about. Servers' own words are left out: they quote addresses.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from nudger.agenda.entries import Failure, Receipt, SendFailure, Sending
from nudger.agenda.port import Clock
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


ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
MAILBOX_FULL = 552  # "exceeded storage allocation"
AUTHENTICATION_REQUIRED = 530
# RFC 3463: x.1 the address, x.2 the mailbox; x.3.4 the message is too big for the receiving system.
ABOUT_THE_RECIPIENT = ("5.1.", "5.2.", "5.3.4")
ABOUT_THE_SENDER = ("5.1.7", "5.1.8")  # bad sender's address: in x.1, and ours

HUNG_UP = (SMTPServerDisconnected, ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
STEPS: tuple[tuple[type[SMTPResponseException], str], ...] = (
    (SMTPAuthenticationError, "the login"),
    (SMTPSenderRefused, "our address"),
    (SMTPRecipientRefused, "the address"),
    (SMTPDataError, "the message"),
)


def failure_of(error: Exception, handed_over: bool) -> SendFailure:
    """Returns what an error of aiosmtplib or of the network means.

    `handed_over`: the message's own bytes may have begun to go out. From there on only an answer of
    the server tells what became of it (RFC 1047), and a connection that ends without one is ambiguous.
    """
    if isinstance(error, SMTPResponseException) and 400 <= error.code < 600:
        return _refused(error)
    if type(error) is SMTPException:
        # aiosmtplib's own: no STARTTLS or no login where the settings ask for it.
        return SendFailure(
            Failure.SENDER, "the mail server does not offer what SMTP_SECURITY and the login need"
        )
    if handed_over:
        return SendFailure(
            Failure.AMBIGUOUS, f"the mail server {_trouble(error)} after it was handed the message"
        )
    return SendFailure(Failure.NOT_SENT, f"the mail server {_trouble(error)}")


def _refused(error: SMTPResponseException) -> SendFailure:
    """The server answered no, so the message was certainly not taken."""
    match = ENHANCED.match(error.message)
    enhanced = match[1] if match else ""
    step = next((words for kind, words in STEPS if isinstance(error, kind)), "the connection")
    code = f"{error.code} {enhanced}".strip()
    if error.code < 500:
        return SendFailure(Failure.NOT_SENT, f"the mail server put off {step} ({code})", code)
    return SendFailure(_final(error, enhanced), f"the mail server refused {step} ({code})", code)


def _final(error: SMTPResponseException, enhanced: str) -> Failure:
    """Whose fault a 5xx is.

    After the message itself it is the recipient's where the reply is about the mailbox (552, x.1, x.2,
    x.3.4: this one is full, the next person's is not). All else (554 and the like) is a judgement on
    our mail, and would fall on the next message too: stop, and let a person look.
    """
    if error.code == AUTHENTICATION_REQUIRED:
        return Failure.SENDER
    if isinstance(error, SMTPRecipientRefused):
        return Failure.RECIPIENT
    if isinstance(error, SMTPDataError) and not enhanced.startswith(ABOUT_THE_SENDER):
        about_recipient = enhanced.startswith(ABOUT_THE_RECIPIENT) or error.code == MAILBOX_FULL
        return Failure.RECIPIENT if about_recipient else Failure.SENDER
    return Failure.SENDER


def _trouble(error: Exception) -> str:
    root = _root(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"could not prove who it is ({root.verify_message})"
    if isinstance(root, TimeoutError):
        return "did not answer in time"
    if isinstance(root, SMTPResponseException):
        return "gave an answer that is not SMTP"
    if isinstance(root, HUNG_UP):
        return "hung up"
    return f"could not be reached ({type(root).__name__})"


def _root(error: BaseException) -> BaseException:
    """What lies under aiosmtplib's wrapping."""
    while error.__cause__ is not None and not isinstance(error, TimeoutError):
        error = error.__cause__
    return error
