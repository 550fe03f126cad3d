"""Email by SMTP, against a mail server on the loopback."""

import asyncio
import email.policy
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage, Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda.entries import Failure, SendFailure, Sending
from nudger.channels.smtp.channel import CONNECTIONS, Security, SmtpChannel
from nudger.channels.smtp.letter import _POLICY, letter, mailbox, sender_address
from nudger.domain.errors import ChannelError
from nudger.domain.model import Origin
from tests.support.doubles.smtp_double import LOGIN, Certificate, SmtpDouble
from tests.support.rigs import MAIL, NOW, Parts, compose, smtp_channel

SENDER = sender_address("Nudger <nudger@example.test>")
MAYA = mailbox("maya@example.org")
SECURED = [Security.STARTTLS, Security.TLS]


@pytest.fixture
async def double() -> AsyncIterator[SmtpDouble]:
    async with SmtpDouble() as double:
        yield double


@asynccontextmanager
async def channel(
    double: SmtpDouble, certificate: Certificate | None = None, **changes: object
) -> AsyncIterator[SmtpChannel]:
    made = smtp_channel(double, certificate, **changes)
    yield made
    await made.close()


async def failure_of(
    double: SmtpDouble, certificate: Certificate | None = None, **changes: object
) -> SendFailure:
    async with channel(double, certificate, **changes) as made:
        with pytest.raises(SendFailure) as failed:
            await made.send(MAIL)
    return failed.value


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# --- the message --------------------------------------------------------------------------------
async def test_an_email_says_who_to_when_and_that_a_program_wrote_it(double: SmtpDouble) -> None:
    async with channel(double) as made:
        receipt = await made.send(MAIL)

    mail = double.mails[0]
    assert (mail.sender, mail.recipients) == ("nudger@example.test", ("maya@example.org",))
    assert receipt.provider_id == "<0192b4c0de@example.test>"
    assert dict(mail.message.items()) | {"Content-Type": ""} == {
        "From": "Nudger <nudger@example.test>",
        "To": "maya@example.org",
        "Subject": "A small pause",
        "Date": "Mon, 23 Nov 2026 10:00:00 +0000",
        "Message-ID": "<0192b4c0de@example.test>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }


async def test_plain_text_comes_first_and_html_second(double: SmtpDouble) -> None:
    async with channel(double) as made:
        await made.send(MAIL)

    parts = [part.get_content_type() for part in double.mails[0].message.iter_parts()]
    assert parts == ["text/plain", "text/html"]


def test_without_html_an_email_is_plain_text() -> None:
    made = letter(MAIL, Parts("s", "words", None), SENDER, MAYA, sent_at=NOW)

    assert read(made.content).get_content_type() == "text/plain"


def test_the_answer_to_a_persons_own_words_says_so() -> None:
    answer = replace(MAIL, origin=Origin.ANSWER)

    made = letter(answer, compose(answer), SENDER, MAYA, sent_at=NOW)

    assert read(made.content)["Auto-Submitted"] == "auto-replied"


def test_a_message_keeps_its_id_however_often_it_is_built() -> None:
    first, second = (
        letter(MAIL, compose(MAIL), SENDER, MAYA, sent_at=NOW + timedelta(minutes=minutes))
        for minutes in (0, 5)
    )

    assert first.message_id == second.message_id == "<0192b4c0de@example.test>"


def test_with_an_address_for_it_one_click_unsubscribes() -> None:
    url = "https://nudger.example.org/u/" + "token" * 60

    made = letter(MAIL, compose(MAIL), SENDER, MAYA, sent_at=NOW, unsubscribe_url=url)

    assert (
        f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in made.content
    )  # whole: no reader joins a folded URI
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in made.content


async def test_the_address_for_it_is_asked_for_each_message(double: SmtpDouble) -> None:
    async with channel(double, unsubscribe_url=lambda one: f"https://n.example/u/{one.message}") as made:
        await made.send(MAIL)

    assert double.mails[0].message["List-Unsubscribe"] == "<https://n.example/u/0192b4c0de>"


def test_a_mailbox_unsubscribes_only_where_somebody_reads_it() -> None:
    url, box = "https://nudger.example.org/u/1", "in+stop@example.test"

    made = letter(
        MAIL, compose(MAIL), SENDER, MAYA, sent_at=NOW, unsubscribe_url=url, unsubscribe_mailbox=box
    )
    alone = letter(MAIL, compose(MAIL), SENDER, MAYA, sent_at=NOW, unsubscribe_mailbox=box)

    mailto = "<mailto:in%2Bstop@example.test?subject=unsubscribe>"
    assert read(made.content)["List-Unsubscribe"] == f"<{url}>, {mailto}"
    assert read(alone.content)["List-Unsubscribe"] == mailto
    assert "List-Unsubscribe-Post" not in read(alone.content)


def test_an_address_in_any_script_unsubscribes_in_ascii() -> None:
    url = "https://nüdger.example/für/u/a>b"

    made = letter(MAIL, compose(MAIL), SENDER, MAYA, sent_at=NOW, unsubscribe_url=url)

    assert b"\r\nList-Unsubscribe: <https://xn--ndger-kva.example/f%C3%BCr/u/a%3Eb>\r\n" in made.content


@given(st.text(max_size=300))
def test_whatever_the_words_an_email_is_short_lines_of_ascii_and_says_them(words: str) -> None:
    text = words.encode("utf-8", "ignore").decode()

    made = letter(MAIL, Parts("s", text, f"<p>{text}</p>"), SENDER, MAYA, sent_at=NOW)

    assert made.content.isascii()
    assert max(map(len, made.content.split(b"\r\n"))) <= 78
    assert b"\n" not in made.content.replace(b"\r\n", b"")
    body = read(made.content).get_body(("plain",))
    assert body is not None
    assert body.get_content().split() == text.split()


HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
]
# Each writes a header of its own where somebody decodes it, or puts it down as it comes.
SMUGGLED = [
    "\r\nBcc: all@example.org",
    "\nBcc: all@example.org\n",
    "\rBcc: all@example.org",
    "\u2028Bcc: all@example.org",
    "\x85Bcc: all@example.org",
    "\0\x1b\x7f\nBcc: all@example.org",
    "=?utf-8?q?=0ABcc:_all@example.org?=",
    "=?utf-8?q?=0D=0ABcc:_all@example.org=0D=0A?=",
    "=?utf-8?b?CkJjYzogYWxsQGV4YW1wbGUub3Jn?=",
    "=?us-ascii?Q?=0ABcc:_all@example.org?= =?us-ascii?Q?=0D=0A=0D=0Abody?=",
    "=?iso-8859-1*en?q?=0ABcc:_all@example.org?=",
    "=?utf-8?q?=0ABcc:_all@exa",
    "=?=?utf-8?q?=0ABcc:_all@example.org?=?=",
]
WORDS = st.text(max_size=120).map(lambda text: text.encode("utf-8", "ignore").decode())


@given(WORDS, st.sampled_from(SMUGGLED), WORDS)
def test_nobody_writes_headers_of_their_own_into_a_subject_or_a_name(
    before: str, smuggled: str, after: str
) -> None:
    attack = before + smuggled + after

    made = letter(
        MAIL,
        Parts(attack, "x", None),
        mailbox("nudger@example.test", attack),
        mailbox("maya@example.org", attack),
        sent_at=NOW,
    )

    head = made.content.split(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert sorted(names) == sorted([*HEADERS, "Content-Transfer-Encoding"])
    # And who reads it sees the words as they were, with a space for each line break: never decoded once more.
    shown = make_header(decode_header(head_of(made.content)["Subject"]))
    assert "".join(str(shown).split()) == "".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", attack).split())
    assert made.recipient == "maya@example.org"


@pytest.mark.parametrize("smuggled", SMUGGLED)
@pytest.mark.parametrize(
    "address", ["{}@example.org", "maya{}@example.org", "maya@{}.example.org", '"{}"@example.org']
)
def test_an_address_that_would_write_headers_is_none(smuggled: str, address: str) -> None:
    with pytest.raises(ValueError, match="not an email address"):
        mailbox(address.format(smuggled))


@pytest.mark.parametrize("smuggled", SMUGGLED)
def test_a_setting_that_would_write_headers_is_refused_or_read_as_it_stands(smuggled: str) -> None:
    try:
        sender = sender_address(f"Nudger {smuggled} <nudger@example.test>")
    except ChannelError:
        return
    made = letter(MAIL, compose(MAIL), sender, MAYA, sent_at=NOW)

    assert head_of(made.content).get_all("Bcc") is None
    assert made.sender == "nudger@example.test"


def head_of(content: bytes) -> Message:
    """The headers as they stand, undecoded."""
    return message_from_bytes(content, policy=email.policy.compat32)


@pytest.mark.parametrize("name", ["Message-ID", "List-Unsubscribe", "Subject", "X-Anything"])
@pytest.mark.parametrize(
    "value", ["a\nBcc: b", "a\r\nBcc: b", "a\r\n\r\nb", "a\r\n \r\nb", "ä", "a\0", "\x85"]
)
def test_what_is_no_header_is_never_written_whoever_put_it_there(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"a {name} that is no header"):
        _POLICY.fold_binary(name, value)


async def test_a_mail_that_cannot_be_written_has_failed_and_is_not_unknown(double: SmtpDouble) -> None:
    def faulty(_: Sending) -> Parts:
        raise KeyError("a private word")

    for compose_ in (faulty, lambda one: Parts(one.subject, "lone \ud800 surrogate", None)):
        async with channel(double, compose=compose_) as made:
            with pytest.raises(SendFailure) as failed:
                await made.send(MAIL)

        assert failed.value.failure is Failure.RECIPIENT
        assert failed.value.reason.startswith("the mail could not be written (")
        assert "private" not in str(failed.value)
    assert double.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maya",
        "maya@",
        "@example.org",
        "maya@@example.org",
        "maya@example.org, all@example.org",
        "maya@example.org\r\nBcc: all@example.org",
        "maya@example.org\nRCPT TO:<all@example.org>",
        "maya@example.org\x00",
        "<maya@example.org>",
        "Maya <maya@example.org>",
        "ma ya@example.org",
        "mäya@example.org",
        "maya@" + "x" * 64 + ".org",
    ],
)
async def test_what_is_no_address_is_the_recipients_and_reaches_no_server(
    double: SmtpDouble, address: str
) -> None:
    async with channel(double) as made:
        with pytest.raises(SendFailure) as failed:
            await made.send(replace(MAIL, address=address))

    assert (failed.value.failure, double.connections) == (Failure.RECIPIENT, 0)


async def test_a_domain_in_any_script_is_written_in_ascii(double: SmtpDouble) -> None:
    async with channel(double) as made:
        await made.send(replace(MAIL, address="maya@bücher.example"))

    assert double.mails[0].recipients == ("maya@xn--bcher-kva.example",)


@pytest.mark.parametrize("sender", ["", "Nudger", "Nudger <nudger>", "a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f"])
def test_a_sender_that_is_no_address_is_said_at_once(sender: str) -> None:
    with pytest.raises(ChannelError) as failed:
        sender_address(sender)

    assert "EMAIL_FROM: expected" in str(failed.value)
    assert "NUDGER_EMAIL_FROM" in failed.value.hint


# --- the connection -----------------------------------------------------------------------------
@pytest.mark.parametrize("security", SECURED)
async def test_a_secured_connection_logs_in(security: Security, certificate: Certificate) -> None:
    async with (
        SmtpDouble(security.value, certificate, LOGIN) as double,
        channel(double, certificate, security=security, username=LOGIN[0], password=LOGIN[1]) as made,
    ):
        await made.send(MAIL)
        await made.send(MAIL)

    assert (len(double.mails), double.connections) == (2, 1)


@pytest.mark.parametrize("security", SECURED)
async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    security: Security, certificate: Certificate
) -> None:
    async with SmtpDouble(security.value, certificate) as double:
        failure = await failure_of(double, security=security)

    assert failure.failure is Failure.NOT_SENT
    assert failure.reason == "the mail server could not prove who it is (self-signed certificate)"


async def test_a_certificate_for_another_name_is_not_trusted(certificate: Certificate) -> None:
    async with SmtpDouble("tls", certificate) as double:
        failure = await failure_of(double, certificate, security=Security.TLS, host="127.0.0.2")

    assert failure.failure is Failure.NOT_SENT


async def test_without_the_starttls_that_is_asked_for_nothing_is_sent(
    double: SmtpDouble, certificate: Certificate
) -> None:
    failure = await failure_of(double, certificate, security=Security.STARTTLS)

    assert failure.failure is Failure.SENDER
    assert "SMTP_SECURITY" in failure.reason


async def test_a_wrong_password_is_the_senders(certificate: Certificate) -> None:
    async with SmtpDouble("starttls", certificate, LOGIN) as double:
        wrong = {"security": Security.STARTTLS, "username": LOGIN[0], "password": "wrong"}
        failure = await failure_of(double, certificate, **wrong)

    assert (failure.failure, failure.code) == (Failure.SENDER, "535 5.7.8")
    assert failure.reason == "the mail server refused the login (535 5.7.8)"


async def test_a_login_that_is_missing_is_the_senders(certificate: Certificate) -> None:
    async with SmtpDouble("starttls", certificate, LOGIN) as double:
        failure = await failure_of(double, certificate, security=Security.STARTTLS)

    assert (failure.failure, failure.code) == (Failure.SENDER, "530 5.7.0")


@pytest.mark.parametrize(
    ("greeting", "failure"),
    [
        ("421 4.3.2 not now", Failure.NOT_SENT),
        ("554 5.7.1 not from you", Failure.SENDER),
        ("hello", Failure.NOT_SENT),
    ],
)
async def test_a_server_that_takes_no_mail_says_so_in_its_greeting(
    double: SmtpDouble, greeting: str, failure: Failure
) -> None:
    double.greeting = greeting

    assert (await failure_of(double)).failure is failure


async def test_nobody_at_the_port_is_certainly_not_sent(double: SmtpDouble) -> None:
    failure = await failure_of(double, port=9)

    assert failure.failure is Failure.NOT_SENT
    assert failure.reason == "the mail server could not be reached (ConnectionRefusedError)"


async def test_a_server_that_never_speaks_is_certainly_not_sent_in_time(double: SmtpDouble) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with asyncio.timeout(5):
        failure = await failure_of(double, port=port, timeout=timedelta(milliseconds=200))
    listener.close()

    assert (failure.failure, failure.reason) == (
        Failure.NOT_SENT,
        "the mail server did not answer in time",
    )


async def test_messages_one_after_the_other_share_a_connection(double: SmtpDouble) -> None:
    async with channel(double) as made:
        for number in range(5):
            await made.send(replace(MAIL, message=f"m{number}"))

    assert (len(double.mails), double.connections) == (5, 1)


async def test_a_connection_that_the_server_ended_is_made_anew(double: SmtpDouble) -> None:
    async with channel(double) as made:
        await made.send(MAIL)
        double.hang_up()
        await made.send(MAIL)

    assert (len(double.mails), double.connections) == (2, 2)


async def test_at_most_a_few_connections_are_open_at_once(double: SmtpDouble) -> None:
    hanging = [replace(MAIL, address="hang@example.org", message=f"m{n}") for n in range(CONNECTIONS + 3)]
    async with channel(double) as made:
        sends = [asyncio.create_task(made.send(one)) for one in hanging]
        await double.wait_for(lambda: len(double.mails) == CONNECTIONS)
        open_then = double.connections
        double.released.set()
        await asyncio.gather(*sends)

    assert (open_then, double.connections, len(double.mails)) == (CONNECTIONS, CONNECTIONS, len(hanging))


async def test_what_waited_too_long_for_a_connection_was_certainly_not_taken(double: SmtpDouble) -> None:
    hanging = [replace(MAIL, address="hang@example.org", message=f"m{n}") for n in range(4 * CONNECTIONS)]
    async with channel(double, timeout=timedelta(milliseconds=300)) as made:
        ends = await asyncio.gather(*map(made.send, hanging), return_exceptions=True)

    failures = [end.failure for end in ends if isinstance(end, SendFailure)]
    not_sent = {
        f"<{one.message}@example.test>"
        for one, failure in zip(hanging, failures, strict=True)
        if failure is Failure.NOT_SENT
    }
    assert set(failures) <= {Failure.AMBIGUOUS, Failure.NOT_SENT}
    assert failures.count(Failure.AMBIGUOUS) >= CONNECTIONS
    assert not not_sent & {mail.message["Message-ID"] for mail in double.mails}


async def test_a_send_that_is_cancelled_leaves_a_sound_channel(double: SmtpDouble) -> None:
    async with channel(double) as made:
        stuck = asyncio.create_task(made.send(replace(MAIL, address="hang@example.org")))
        await double.wait_for(lambda: len(double.mails) == 1)
        stuck.cancel()
        await asyncio.wait([stuck])

        await made.send(MAIL)

    assert [mail.recipients[0] for mail in double.mails] == ["hang@example.org", "maya@example.org"]


# --- the check ----------------------------------------------------------------------------------
async def test_the_check_connects_logs_in_and_leaves(certificate: Certificate) -> None:
    async with (
        SmtpDouble("starttls", certificate, LOGIN) as double,
        channel(
            double, certificate, security=Security.STARTTLS, username=LOGIN[0], password=LOGIN[1]
        ) as made,
    ):
        await made.check()

    assert (double.connections, double.mails) == (1, [])


async def test_the_check_says_what_is_wrong_and_what_to_do(certificate: Certificate) -> None:
    async with (
        SmtpDouble("starttls", certificate, LOGIN) as double,
        channel(double, certificate, security=Security.STARTTLS, username="x", password="y") as made,
    ):
        with pytest.raises(ChannelError) as failed:
            await made.check()

    assert failed.value.message == f"localhost:{double.port}: the mail server refused the login (535 5.7.8)"
    assert "NUDGER_SMTP_" in failed.value.hint


def test_the_test_certificate_is_for_localhost(certificate: Certificate) -> None:
    assert certificate.client().verify_mode is ssl.CERT_REQUIRED
