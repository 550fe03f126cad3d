"""The operator's board in a real browser: signed in, by keyboard, small, dark, and without a script."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from nudger.agenda.entries import Failure, SendFailure
from nudger.domain.effects import Hold, Response
from nudger.web.serve import serve
from tests.support.axe import Axe
from tests.support.worlds.desk import BEN, MAYA, PASSWORD, Desk, desk

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 640}
PATHS = (
    "/board",
    "/board/replies",
    "/board/replies?show=waiting&person=maya",
    "/board/replies?intent=nothing",
    "/board/people",
    "/board/people?search=nobody",
    "/board/people?lately=silent&group=north&kind=rest",
    "/board/agenda",
    "/board/agenda?show=sent",
    "/board/agenda?show=unknown",
    "/board/figures",
    "/board/people/maya",
    "/board/people/cleo",
    "/board/people/maya/conversation",
)
CLEO = MAYA.replace("Maya Öström", "Cleo").replace("900123", "900124")


class Board:
    """The board, served from a thread of its own, after a day with something of everything."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "Board":
        self._thread.start()
        assert self._up.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _a_day(self) -> None:
        behind = self.here.behind
        await behind.start(maya=MAYA, ben=BEN, cleo=CLEO)
        await behind.until(datetime(2026, 11, 23, 13, 30, tzinfo=UTC))
        await behind.text("done")
        await behind.text("can someone call me please?")
        behind.sms.answer = lambda _: SendFailure(Failure.AMBIGUOUS, "no answer came")
        await behind.until(datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
        behind.store.inbound.act("cleo", behind.clock.at, lambda _: Response("x", None, (Hold(),)), "test")
        behind.store.alarms.raise_alarm("sms", "Twilio refuses the number. See its console.", behind.clock.at)
        today = behind.clock.at.date()
        behind.store.statistics.tally(today, today)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        await self._a_day()
        app = self.here.app(show_conversations=True)
        async with serve(app, "127.0.0.1", 0) as self.address:
            self._up.set()
            await self._end.wait()


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with desk(tmp_path_factory.mktemp("board")) as here, Board(here) as board:
        yield board


@pytest.fixture
def signed_in(browser: Browser, board: Board) -> Iterator[Callable[..., Page]]:
    """A browser behind the door; whatever the console complains of, and whatever is asked for
    elsewhere, fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_one(**settings: object) -> Page:
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(board.address) else complaints.append(request.url),
        )
        board.here.throttle._buckets.clear()
        page.goto(board.address + "/board")
        page.get_by_label("The operator’s password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/board")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def test_the_first_words_say_what_needs_a_look(signed_in: Callable[..., Page]) -> None:
    page = signed_in()

    expect(page.get_by_role("heading", level=1)).to_have_text("2 people wait for somebody")
    expect(page.locator(".concerns li").first).to_contain_text("cleo wrote in a crisis and is held.")
    expect(page.locator(".concerns li").nth(1)).to_contain_text("maya asks for a person.")
    expect(page.locator(".concerns")).to_contain_text("Twilio refuses the number.")
    expect(page.locator(".concerns")).to_contain_text("of unknown end")


def test_a_person_is_found_paused_and_resumed_without_a_script(
    signed_in: Callable[..., Page], board: Board
) -> None:
    page = signed_in(java_script_enabled=False)
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name or id").fill("ostrom")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Maya Öström").click()
    page.get_by_label("Pause", exact=True).fill("3 days")
    page.get_by_role("button", name="Pause").click()

    expect(page.locator(".standing")).to_contain_text("paused until Thu 26 Nov")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".standing")).to_have_text("Nudges come as planned")


def test_a_text_that_asks_for_a_person_is_found_and_marked_as_handled_without_a_script(
    signed_in: Callable[..., Page], board: Board
) -> None:
    page = signed_in(java_script_enabled=False, viewport=SMALL)
    page.locator(".concerns li", has_text="maya asks for a person.").get_by_role("link", name="Look").click()
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("can someone call me please?")
    page.get_by_label("Your name, for what you mark as handled").fill("Ann")
    page.get_by_role("button", name="Handled: Maya Öström").click()

    expect(page.get_by_text("0 found")).to_be_visible()
    page.goto(board.address + "/board/replies?person=maya&show=handled")
    expect(page.locator("tbody")).to_contain_text("by Ann")
    page.get_by_role("button", name="Open again").click()
    page.goto(board.address + "/board")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 people wait for somebody")


def test_a_hold_takes_two_steps_to_lift(signed_in: Callable[..., Page], board: Board) -> None:
    page = signed_in()
    page.goto(board.address + "/board/people/cleo")
    lift = page.get_by_role("button", name="I have spoken with them")

    expect(lift).to_be_hidden()
    page.get_by_text("Lift the hold", exact=True).click()
    expect(lift).to_be_visible()


def test_the_whole_way_goes_by_keyboard(browser: Browser, board: Board) -> None:
    page = browser.new_context().new_page()
    board.here.throttle._buckets.clear()
    page.goto(board.address + "/board/login")
    page.keyboard.type(PASSWORD)  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/board")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    way = []
    while "People" not in way[-1:]:
        page.keyboard.press("Tab")
        way.append(page.evaluate("() => document.activeElement.textContent.trim()"))
        assert page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert len(way) < 20, way
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    page.context.close()


def test_signing_out_closes_the_door(signed_in: Callable[..., Page], board: Board) -> None:
    page = signed_in()
    page.get_by_role("button", name="Sign out").click()
    page.goto(board.address + "/board/people")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(signed_in: Callable[..., Page], board: Board, scheme: str) -> None:
    axe, page = Axe(), signed_in(color_scheme=scheme)
    found = {}
    for path in PATHS:
        page.goto(board.address + path)
        for summary in page.locator("summary").all():
            summary.click()
        found[path] = axe.complaints(page)

    assert found == {path: [] for path in PATHS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_door(browser: Browser, board: Board, scheme: str) -> None:
    axe = Axe()
    page = browser.new_context(color_scheme=scheme).new_page()
    page.goto(board.address + "/board/login")

    assert axe.complaints(page) == []
    page.context.close()


def test_on_the_smallest_screen_no_page_has_to_be_scrolled_sideways(
    signed_in: Callable[..., Page], board: Board
) -> None:
    page = signed_in(viewport=SMALL)
    overflow = {}
    for path in PATHS:
        page.goto(board.address + path)
        for summary in page.locator("summary").all():
            summary.click()
        overflow[path] = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")

    assert overflow == dict.fromkeys(PATHS, 0)
