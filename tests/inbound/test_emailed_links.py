"""From the first email to the last: the real mail adapter, a real mail server, the real pages."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.applications import Starlette

from nudger.app.channels import build_channels, close_channels
from nudger.app.web import link_key, link_pages, links_of_emails, token_door
from nudger.domain.model import ChannelName
from nudger.web.app import build_app
from tests.support.asking import Answer, ask
from tests.support.cores import core_in, database_of
from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.worlds.delivery import World
from tests.support.worlds.web import World as Pages

PUBLIC = "https://nudger.example.org"
PLAN = """
name = "Maya"
timezone = "Europe/London"
email = "maya@example.org"
language = "{language}"
[[nudge]]
kind = "rest"
at = "13:00"
"""
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ONE = NINE + timedelta(hours=4)


async def nothing(*_: object) -> None:
    """A door that these tests do not go through."""


@dataclass
class Mailing:
    world: World
    server: SmtpDouble
    app: Starlette

    @property
    def last(self) -> EmailMessage:
        return self.server.mails[-1].message

    def link(self, words: str) -> str:
        """The path of a link of the last email, found by its words as a person finds it."""
        plain = self.last.get_body(("plain",))
        assert plain is not None
        found = re.search(rf"^{words}: {PUBLIC}(/l/\S+)\s*$", plain.get_content(), re.MULTILINE)
        assert found, plain.get_content()
        return found[1]

    async def ask(self, method: str, path: str) -> Answer:
        form = [("List-Unsubscribe", "One-Click")] if method == "POST" else None
        return await ask(self.app, method, path, form=form)


@pytest.fixture
async def mailing(tmp_path: Path) -> AsyncIterator[Mailing]:
    async with SmtpDouble() as server:
        settings = {
            "EMAIL": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(server.port),
            "SMTP_SECURITY": "none",
            "EMAIL_FROM": "Nudger <nudger@example.org>",
            "PUBLIC_URL": PUBLIC,
        }
        core = core_in(tmp_path, **settings)
        store = database_of(core)
        world = World(core, store)
        below = links_of_emails(core, store, world.clock)
        channels = build_channels(core, world.clock, None, below)
        world.email = channels[ChannelName.EMAIL]  # type: ignore[assignment]
        world.dispatcher = world.new_dispatcher()
        links = link_pages(core, store, world.clock, Pages(), token_door(link_key(store), world.clock))
        yield Mailing(world, server, build_app([links]))
        await close_channels(channels.values())
        store.close()


async def begin(mailing: Mailing, language: str = "en") -> None:
    await mailing.world.start(maya=PLAN.format(language=language))
    await mailing.world.asking.run_once(mailing.world.clock.now())
    await mailing.world.tick()


async def agree(mailing: Mailing) -> None:
    """Asked, agreed, and one o'clock's email is there."""
    await begin(mailing)
    await mailing.ask("POST", mailing.link("Yes, begin"))
    await mailing.world.until(ONE)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Yes, begin"), ("es", "Sí, empezar"), ("fr", "Oui, commencer")]
)
async def test_the_welcome_asks_by_a_link_that_only_a_person_can_press(
    mailing: Mailing, language: str, words: str
) -> None:
    await begin(mailing, language)
    link = mailing.link(words)

    for method in ("GET", "HEAD", "GET"):  # scanners
        assert (await mailing.ask(method, link)).status == 200
    await mailing.world.until(ONE + timedelta(hours=1))
    assert len(mailing.server.mails) == 1

    assert (await mailing.ask("POST", link)).status == 200
    await mailing.world.until(ONE + timedelta(days=1))
    assert len(mailing.server.mails) == 2


async def test_the_words_of_question_and_answer_are_on_record(mailing: Mailing) -> None:
    await begin(mailing)
    await mailing.ask("POST", mailing.link("Yes, begin"))

    held = mailing.world.store.people.export("maya")
    assert held is not None
    asked, agreed = held["consent"]  # type: ignore[misc]
    assert asked["question"].startswith("Hi Maya, this is nudger.")
    assert (agreed["how"], agreed["answer"], agreed["address"]) == (
        "used the link",
        "Yes, begin",
        "maya@example.org",
    )
    assert agreed["question"] == asked["question"]


async def test_every_email_unsubscribes_with_one_click_and_names_no_mailbox_that_nobody_reads(
    mailing: Mailing,
) -> None:
    await agree(mailing)

    for mail in mailing.server.mails:
        message = mail.message
        assert str(message["List-Unsubscribe"]).startswith(f"<{PUBLIC}/l/")
        assert "mailto:" not in mail.message.as_string()
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


async def test_the_one_click_of_a_mail_program_stops_the_emails(mailing: Mailing) -> None:
    await agree(mailing)
    header = str(mailing.last["List-Unsubscribe"]).split(">")[0].removeprefix(f"<{PUBLIC}")

    assert (await mailing.ask("GET", header)).status == 200
    answer = await mailing.ask("POST", header)

    assert answer.status == 200
    await mailing.world.until(ONE + timedelta(days=3))
    assert len(mailing.server.mails) == 2


async def test_an_email_of_a_nudge_has_one_line_of_quiet_links(mailing: Mailing) -> None:
    await agree(mailing)

    page = mailing.last.get_body(("html",))
    assert page is not None
    words = re.findall(r'<a href="[^"]+"[^>]*>([^<]+)</a>', page.get_content())
    assert words == ["Later", "Done", "Skip", "Pause for a week", "Your page", "Stop these emails"]


async def test_later_by_link_sends_the_email_anew_with_links_of_its_own(mailing: Mailing) -> None:
    await agree(mailing)
    first = mailing.link("Later")

    await mailing.ask("POST", first)
    await mailing.world.until(ONE + timedelta(hours=2))

    assert len(mailing.server.mails) == 3
    assert (await mailing.ask("GET", first)).status == 410
    assert (await mailing.ask("GET", mailing.link("Later"))).status == 200


async def test_no_token_stands_in_the_store(mailing: Mailing) -> None:
    await agree(mailing)
    held = str(mailing.world.store.people.export("maya"))
    assert "/l/" not in held
