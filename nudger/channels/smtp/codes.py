"""What the end of an SMTP conversation means for what happens next.

RFC 5321, 4.2.1: a 4xx asks to try again, a 5xx is final. RFC 3463: the enhanced code that a reply
may begin with (5.1.1) says what it is about. Servers' own words are left out: they quote addresses.
"""

import re
import ssl

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from nudger.agenda.entries import Failure, SendFailure

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
    """What an error of aiosmtplib or of the network means.

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
