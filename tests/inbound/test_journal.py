"""Your words: what a person has said, on a page of their own, in their language; as a file; and erased."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.app.web import link_key
from nudger.domain.model import ChannelName, Kind, Plan
from nudger.domain.tokens import Action, Link, sign
from nudger.inbound.email_links import Card
from nudger.inbound.port import KeptAnswer
from nudger.inbound.self_service.journal import LISTED, Journal, JournalPage, JournalWords, as_csv
from nudger.inbound.self_service.page import Mine
from tests.support.cores import core_in
from tests.support.worlds.delivery import MONDAY_NINE, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
PLAN = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "triggers"
at = "10:00"
ask = "0-10"
"""


def kept(
    number: int, at: datetime, value: object = 4, form: str | None = "0-10", **more: object
) -> KeptAnswer:
    known = {"timezone": "Europe/London", "question": "How is it?", "words": f"a {value}", **more}
    return KeptAnswer(number, at, nudge="triggers", kind=Kind.TRIGGERS, form=form, value=value, **known)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., JournalPage]:
    """The page of these answers, in a language."""
    wording = core_in(tmp_path_factory.mktemp("state")).wording

    def of(*answers: KeptAnswer, language: str = "en", now: datetime = NOW, **plan: object) -> JournalPage:
        who = Plan("maya", "Maya", "Europe/London", language, **plan)  # type: ignore[arg-type]
        return JournalWords(who, wording, ZoneInfo, ZoneInfo("Europe/London"), now).page(answers, "")

    return of


@pytest.fixture
def journal(world: World) -> Journal:
    core, store = world.core, world.store
    return Journal(
        Mine(store.inbound, store.people, core.responder, core.decider, link_key(store)), store.answers
    )


def token(world: World, person: str = "maya", action: Action = Action.ME) -> str:
    ends = world.clock.now() + DAY
    return sign(Link(action, person, ChannelName.SMS, ends.replace(microsecond=0)), link_key(world.store))


async def answered(world: World, *texts: str) -> None:
    await world.start(maya=PLAN)
    await world.until(MONDAY_NINE + 1.5 * HOUR)
    for text in texts:
        await world.text(text)


async def test_what_was_said_is_listed_the_latest_first_with_what_was_asked(
    world: World, journal: Journal
) -> None:
    await answered(world, "3", "the lift was broken", "about a five")

    found = journal.look(token(world), (), world.clock.now())

    assert isinstance(found, JournalPage)
    question = world.texts[0]
    assert [(one.question, one.answer, one.note) for one in found.told] == [
        (question, "5", '"about a five"'),
        ("", "the lift was broken", ""),
        (question, "3", "(an earlier answer)"),
    ]
    assert found.told[0].at == "Today, 10:30 am"


async def test_one_thing_is_erased_and_the_others_stay(world: World, journal: Journal) -> None:
    await answered(world, "the lift was broken", "and the stairs are long")
    first, _ = world.store.answers.answers("maya")

    notice = journal.erase(token(world), str(first.id), (), world.clock.now())

    assert notice == "erased"
    assert [one.words for one in world.store.answers.answers("maya")] == ["and the stairs are long"]


@pytest.mark.parametrize("entry", ["", "x", "-1", "²", "9" * 40, "999999"])
async def test_what_is_no_entry_of_theirs_erases_nothing(world: World, journal: Journal, entry: str) -> None:
    await answered(world, "the lift was broken")

    journal.erase(token(world), entry, (), world.clock.now())

    assert len(world.store.answers.answers("maya")) == 1


async def test_all_of_it_is_erased_after_a_question(world: World, journal: Journal) -> None:
    await answered(world, "the lift was broken", "4")

    asked = journal.ask_erase(token(world), (), world.clock.now())
    journal.erase_all(token(world), (), world.clock.now())

    assert (asked.title, asked.button) == ("Erase your words?", "Yes, erase my words")
    assert world.store.answers.answers("maya") == []


@pytest.mark.parametrize("verb", ["look", "file", "ask_erase", "erase_all"])
async def test_only_the_token_of_an_own_page_opens_it(world: World, journal: Journal, verb: str) -> None:
    await answered(world, "4")
    now = world.clock.now()

    wrong = [token(world, action=Action.STOP), token(world, "nobody"), "x", ""]
    found = [getattr(journal, verb)(one, (), now) for one in wrong]

    assert [type(one) for one in found] == [Card] * 4
    assert len(world.store.answers.answers("maya")) == 1


def test_numbers_are_lines_by_day_by_weekday_and_by_hour_with_a_table(
    page: Callable[..., JournalPage],
) -> None:
    said = [kept(number, NOW - number * DAY, value) for number, value in enumerate((10, 5, 0))]

    charts = page(*reversed(said)).charts

    assert [chart.title for chart in charts] == [
        "Taking notice, by day",
        "Taking notice, by day of the week",
        "Taking notice, by hour",
    ]
    assert charts[0].path == "6,94 150,50 294,6"
    assert charts[0].rows == [("23 November", "10"), ("22 November", "5"), ("21 November", "0")]
    assert [label for label, _ in charts[1].rows] == ["Monday", "Saturday", "Sunday"]
    assert charts[2].rows == [("6 pm", "5")]


def test_numbers_of_one_day_are_one_point_and_what_was_corrected_is_none(
    page: Callable[..., JournalPage],
) -> None:
    said = [
        kept(1, NOW - DAY, 1),
        kept(2, NOW - HOUR, 9, counts=False),
        kept(3, NOW - HOUR, 4),
        kept(4, NOW, 5),
    ]

    (by_day, *_) = page(*said).charts

    assert by_day.rows == [("23 November", "4.5"), ("22 November", "1")]


@pytest.mark.parametrize(
    "said", [[], [kept(1, NOW)], [kept(1, NOW), kept(2, NOW - HOUR)], [kept(1, NOW, "calm", "calm|flat")] * 3]
)
def test_no_line_is_drawn_of_what_is_none(said: list[KeptAnswer], page: Callable[..., JournalPage]) -> None:
    assert page(*said).charts == []


@pytest.mark.parametrize(
    ("language", "value", "form", "answer"),
    [("en", True, "yes/no", "yes"), ("es", True, "yes/no", "sí"), ("fr", False, "yes/no", "non")],
)
def test_an_answer_is_said_in_the_persons_language(
    language: str, value: object, form: str, answer: str, page: Callable[..., JournalPage]
) -> None:
    (told,) = page(kept(1, NOW, value, form), language=language).told

    assert told.answer == answer


def test_who_has_said_nothing_is_told_so_and_has_nothing_to_press(page: Callable[..., JournalPage]) -> None:
    found = page()

    assert (found.none, found.erase_all, found.file) == ("There is nothing here so far.", "", "")


def test_the_latest_are_listed_and_the_file_has_all(page: Callable[..., JournalPage]) -> None:
    said = [kept(number, NOW - DAY + number * timedelta(seconds=1)) for number in range(LISTED + 1)]

    found = page(*said)

    assert (len(found.told), found.more) == (LISTED, "Older words are in the file.")
    assert len(as_csv(said, ZoneInfo).splitlines()) == LISTED + 2


@pytest.mark.parametrize(("keeps", "says"), [(True, "until you erase it"), (False, "goes by itself")])
def test_the_page_says_how_long_it_is_kept(keeps: bool, says: str, page: Callable[..., JournalPage]) -> None:
    assert says in page(keep_words=keeps).kept


@settings(deadline=timedelta(seconds=3))
@given(words=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_a_file_holds_the_words_as_they_are_and_nothing_that_a_spreadsheet_reckons_with(words: str) -> None:
    said = kept(1, NOW, None, None, words=words, question="")

    (row,) = list(csv.DictReader(io.StringIO(as_csv([said], ZoneInfo), newline="")))

    assert row["words"].removeprefix("'") == words.removeprefix("'")
    assert not row["words"].startswith(("=", "+", "-", "@", "\t", "\r"))


numbers = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 23), st.integers(0, 100)), max_size=30)


@settings(deadline=timedelta(seconds=3))
@given(said=numbers)
def test_every_line_stays_inside_its_frame(
    said: list[tuple[int, int, int]], page: Callable[..., JournalPage]
) -> None:
    answers = [
        kept(number, NOW - days * DAY - hours * HOUR, value, "0-10")
        for number, (days, hours, value) in enumerate(said)
    ]

    charts = page(*answers).charts

    assert all(6 <= one.x <= 294 and 6 <= one.y <= 94 for chart in charts for one in chart.points)
    assert all(len(chart.rows) == len(chart.points) > 0 for chart in charts)


def test_a_number_stands_on_the_day_that_it_was_where_it_was_said(page: Callable[..., JournalPage]) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    said = [kept(1, NOW - 3 * DAY), kept(2, late, 7, timezone="Asia/Tokyo")]

    (by_day, *_) = page(*said).charts

    assert by_day.rows[0] == ("23 November", "7")
    assert date(2026, 11, 23) == late.astimezone(ZoneInfo("Asia/Tokyo")).date()
