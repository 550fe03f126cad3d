"""The operator's board: who gets in, what it shows, and what it does."""

import html
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette

from nudger.agenda.entries import Failure, SendFailure
from nudger.domain.effects import Hold, Response, Settle
from nudger.domain.model import BackOff, ChannelName, Outcome, Person, Plan, Standing
from nudger.web.api.openapi import ROOT
from nudger.web.board import showing
from nudger.web.security.sessions import LASTS
from tests.support.asking import ask
from tests.support.worlds.desk import ALLOWED, BEN, MAYA, OURS, PASSWORD, Desk, api_of, desk
from tests.support.worlds.web import World

PAGES = (
    "/board",
    "/board/replies",
    "/board/people",
    "/board/agenda",
    "/board/figures",
    "/board/people/maya",
    "/board/people/maya/conversation",
)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    with desk(tmp_path) as one:
        await one.behind.start(maya=MAYA, ben=BEN)
        yield one


@pytest.fixture
async def board(here: Desk) -> Starlette:
    app = here.app(show_conversations=True)
    await here.signed_in(app)
    return app


# --- the door -----------------------------------------------------------------------------------
async def test_without_a_password_in_the_settings_there_is_no_board() -> None:
    assert (await ask(World().app(), "GET", "/board")).status == 404


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_sends_a_stranger_to_the_door(here: Desk, path: str) -> None:
    answer = await ask(here.app(), "GET", path)

    assert (answer.status, answer.headers["location"]) == (303, "/board/login")


@pytest.mark.parametrize("act", ["pause", "resume", "send", "lift"])
async def test_a_stranger_changes_nothing(here: Desk, act: str) -> None:
    answer = await here.post(here.app(), f"/board/people/maya/{act}", ("kind", "rest"))

    assert answer.headers["location"] == "/board/login"
    assert [entry.what for entry in here.behind.store.people.log("maya")] == ["plan added"]


async def test_the_password_opens_a_session_in_a_cookie_that_only_we_can_read(here: Desk) -> None:
    answer = await here.signed_in(here.app())

    session, device = (cookie.lower() for cookie in answer.cookies)
    assert (answer.status, answer.headers["location"]) == (303, "/board")
    assert all(word in session for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert all(word in device for word in ("httponly", "samesite=strict", "path=/", "max-age=34560000"))
    assert "secure" not in session + device


async def test_at_the_public_address_the_cookie_goes_over_tls_only(here: Desk) -> None:
    app = here.app(public_url="https://nudger.example.org/base")
    headers = {"host": "nudger.example.org", "sec-fetch-site": "same-origin"}

    answer = await ask(app, "POST", "/board/login", headers, [("password", PASSWORD)])

    assert all("secure" in cookie.lower() for cookie in answer.cookies)
    assert answer.headers["location"] == "/base/board"


async def test_at_the_public_address_every_link_stands_below_its_path(here: Desk) -> None:
    app = here.app(public_url="https://nudger.example.org/base")
    await here.signed_in(app)

    answer = await here.get(app, "/board", {"host": "nudger.example.org"})

    assert 'href="/base/board/people"' in answer.body
    assert 'href="/board' not in answer.body
    assert 'href="/static' not in answer.body


async def test_a_wrong_password_opens_nothing(here: Desk) -> None:
    answer = await ask(here.app(), "POST", "/board/login", OURS, [("password", "guess")])

    assert answer.status == 403
    assert "set-cookie" not in answer.headers
    assert "This is not the password." in answer.body


async def test_guessing_is_slowed_down_and_the_right_one_waits_with_it(here: Desk) -> None:
    app = here.app()
    for _ in range(5):
        await ask(app, "POST", "/board/login", OURS, [("password", "guess")])

    slowed = await ask(app, "POST", "/board/login", OURS, [("password", PASSWORD)])
    here.seconds += 12
    later = await ask(app, "POST", "/board/login", OURS, [("password", PASSWORD)])

    assert (slowed.status, slowed.headers["retry-after"]) == (429, "12")
    assert later.status == 303


async def sign_in(app: Starlette, password: str, cookie: str = "") -> int:
    answer = await ask(app, "POST", "/board/login", {"cookie": cookie, **OURS}, [("password", password)])
    return answer.status


async def test_from_a_browser_that_signed_in_before_the_right_password_waits_for_no_stranger(
    here: Desk,
) -> None:
    app = here.app()
    known = (await here.signed_in(app)).cookies[1].partition(";")[0]
    guesses = [await sign_in(app, "guess") for _ in range(50)]

    assert guesses[-1] == 429
    assert await sign_in(app, PASSWORD) == 429
    assert await sign_in(app, PASSWORD, known) == 303
    assert await sign_in(here.app(password="a new one"), "a new one", known) == 303


async def test_a_session_that_is_over_is_a_browser_that_signed_in_before(here: Desk) -> None:
    app = here.app()
    await here.signed_in(app)
    here.behind.clock.at += LASTS
    for _ in range(50):
        await sign_in(app, "guess")

    assert await sign_in(app, PASSWORD, here.cookie) == 303


async def test_guessing_from_a_browser_that_signed_in_before_is_slowed_down_too(here: Desk) -> None:
    app = here.app()
    known = (await here.signed_in(app)).kept

    guesses = [await sign_in(app, "guess", known) for _ in range(8)]
    again = (await ask(app, "POST", "/board/login", {"cookie": known, **OURS}, [("password", PASSWORD)])).kept

    assert guesses == [403] * 5 + [429] * 3
    assert again == ""


@pytest.mark.parametrize("cookie", ["", "x", "eyJpZCI6IjEifQ.AAAA", "é"])
async def test_a_browser_that_only_says_that_it_is_known_is_a_stranger(here: Desk, cookie: str) -> None:
    app = here.app()
    for _ in range(5):
        await sign_in(app, "guess")

    assert await sign_in(app, PASSWORD, f"nudger_device={cookie}") == 429


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_of_another_site_does_nothing(
    here: Desk, board: Starlette, headers: dict[str, str]
) -> None:
    for path in ("/board/login", "/board/logout", "/board/people/maya/pause"):
        answer = await here.post(board, path, ("password", PASSWORD), headers=headers)

        assert answer.status == 403
    assert here.behind.store.people.person("maya").standing.paused_at is None


async def test_a_name_that_someone_pointed_at_this_machine_gets_nothing(here: Desk, board: Starlette) -> None:
    answer = await here.get(board, "/board", {"host": "evil.example"})

    assert answer.status == 403


async def test_a_session_ends_by_itself(here: Desk, board: Starlette) -> None:
    here.behind.clock.at += LASTS

    assert (await here.get(board, "/board")).status == 303


async def test_signing_out_ends_the_session_and_not_only_the_cookie(here: Desk, board: Starlette) -> None:
    answer = await here.post(board, "/board/logout")

    assert 'nudger_board=""' in answer.headers["set-cookie"]
    assert (await here.get(board, "/board")).status == 303


async def test_a_session_that_was_signed_out_of_is_over_on_every_host_and_after_every_start(
    here: Desk, board: Starlette
) -> None:
    another_host = here.app()
    before = (await here.get(another_host, "/board")).status

    await here.post(board, "/board/logout")

    assert before == 200
    assert (await here.get(another_host, "/board")).status == 303
    assert (await here.get(here.app(), "/board")).status == 303


async def test_signing_out_ends_no_other_session(here: Desk, board: Starlette) -> None:
    first = here.cookie
    await here.signed_in(board)
    await here.post(board, "/board/logout")

    assert (await ask(board, "GET", "/board", {"cookie": first})).status == 200


async def test_a_new_password_ends_every_session(here: Desk, board: Starlette) -> None:
    assert (await here.get(here.app(password="another one"), "/board")).status == 303


@pytest.mark.parametrize("cookie", ["", "x", "eyJpZCI6IjEifQ.AAAA", "é"])
async def test_a_cookie_that_is_not_ours_opens_nothing(here: Desk, cookie: str) -> None:
    answer = await ask(here.app(), "GET", "/board", {"cookie": f"nudger_board={cookie}"})

    assert answer.status == 303


# --- what it shows ------------------------------------------------------------------------------
async def test_all_is_well_where_nothing_needs_a_look(here: Desk, board: Starlette) -> None:
    answer = await here.get(board, "/board")

    assert "All is well" in answer.body
    assert "1 without consent on record" in answer.body


async def test_what_needs_a_look_is_said_first(here: Desk, board: Starlette) -> None:
    here.behind.sms.answer = lambda _: SendFailure(Failure.AMBIGUOUS, "no answer came")
    await here.behind.until(datetime(2026, 11, 23, 10, tzinfo=UTC))
    here.behind.store.alarms.raise_alarm("sms", "Twilio refuses the number.", here.behind.clock.at)
    here.behind.clock.at = datetime(2026, 11, 23, 13, 10, tzinfo=UTC)

    answer = await here.get(board, "/board")

    assert "3 things need a look" in answer.body
    assert "Twilio refuses the number." in answer.body
    assert "The oldest nudge has waited 10 min." in answer.body
    assert "1 message of unknown end" in answer.body


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("I want to die", "maya wrote in a crisis and is held. The answer with helplines"),
        ("there is no hope left", "maya wrote words that may mean danger."),
        ("can someone call me please?", "maya asks for a person."),
    ],
)
async def test_nothing_is_well_beside_somebody_who_needs_a_person(
    here: Desk, board: Starlette, words: str, said: str
) -> None:
    await here.behind.text(words)

    answer = await here.get(board, "/board")
    api = await ask(api_of(here), "GET", f"{ROOT}/health", ALLOWED)

    assert "One person waits for somebody" in answer.body
    assert said in answer.body
    assert "All is well" not in answer.body
    assert words not in answer.body
    (one,) = json.loads(api.body)["needs_a_look"]
    assert one["words"] in html.unescape(answer.body)
    assert (one["person"], words in api.body) == ("maya", False)


async def test_todays_reasons_and_replies_are_counted(
    here: Desk, board: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))
    await here.behind.text("done")
    today = here.behind.clock.at.astimezone().date()
    here.behind.store.statistics.tally(today, today)

    answer = await here.get(board, "/board")

    assert "suppressed: no consent on record for email" in answer.body
    assert ">done<" in answer.body


async def test_people_are_found_and_what_a_name_holds_is_text(here: Desk, board: Starlette) -> None:
    found = await here.get(board, "/board/people?search=ben")
    ostrom = await here.get(board, "/board/people?search=OSTROM")

    assert "Ben &lt;b&gt;" in found.body
    assert "Maya" not in found.body
    assert "Maya Öström" in ostrom.body


async def test_people_come_page_by_page(here: Desk, board: Starlette) -> None:
    here.behind.load(**{f"p{number:03}": BEN.replace("ben@", f"p{number}@") for number in range(60)})

    first = await here.get(board, "/board/people")
    second = await here.get(board, "/board/people?search=&apart=&after=p047")

    assert "p047" in first.body  # after Ben and Maya, whose plans are gone now
    assert "p048" not in first.body
    assert "/board/people?after=p047" in first.body
    assert "p059" in second.body


async def test_a_person_is_shown_with_what_comes_what_happened_and_why_not(
    here: Desk, board: Starlette
) -> None:
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))

    maya = await here.get(board, "/board/people/maya")
    ben = await here.get(board, "/board/people/ben")

    assert "Nudges come as planned" in maya.body
    assert "movement nudge by sms" in maya.body
    assert "will go out" in maya.body
    assert "maya.toml" in maya.body
    assert "no consent on record for email" in ben.body
    assert ">suppressed<" in ben.body


async def test_what_happened_goes_back_page_by_page(here: Desk, board: Starlette) -> None:
    of_nothing = Response("x", None, (Settle(0, Outcome.DONE),))  # only the act itself is kept
    for number in range(60):
        here.behind.clock.at += timedelta(minutes=1)
        here.behind.store.inbound.act("maya", here.behind.clock.at, lambda _: of_nothing, f"act {number}")

    first = await here.get(board, "/board/people/maya")
    link = first.body.partition("/board/people/maya?before=")[2].partition("#")[0]
    second = await here.get(board, f"/board/people/maya?before={link}")

    assert "act 59" in first.body
    assert "act 9<" not in first.body
    assert "act 9<" in second.body
    assert "act 10<" not in second.body


@pytest.mark.parametrize("show", ["coming", "sent", "suppressed", "missed", "failed", "cancelled", "unknown"])
async def test_the_agenda_shows_each_end(here: Desk, board: Starlette, show: str) -> None:
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))

    answer = await here.get(board, f"/board/agenda?show={show}")

    assert answer.status == 200
    assert ("Maya" in answer.body) == (show in ("coming", "sent"))


async def test_the_conversation_shows_only_where_the_settings_allow_it(here: Desk, board: Starlette) -> None:
    await here.behind.text("tell nobody")

    shown = await here.get(board, "/board/people/maya/conversation")
    closed = here.app()
    await here.signed_in(closed)
    hidden = await here.get(closed, "/board/people/maya/conversation")

    assert "tell nobody" in shown.body
    assert hidden.status == 403
    assert "tell nobody" not in hidden.body
    assert "tell nobody" not in (await here.get(closed, "/board/people/maya")).body


@pytest.mark.parametrize("days", [7, 28, 91, 365])
async def test_figures_are_drawn_with_a_table_behind_each(here: Desk, board: Starlette, days: int) -> None:
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))
    await here.behind.text("done")
    today = here.behind.clock.at.date()
    here.behind.store.statistics.tally(today, today)

    answer = await here.get(board, f"/board/figures?days={days}")

    assert answer.body.count("<summary>As a table") == 3
    assert answer.body.count("<svg") == 5  # the days, the hours, and a bar for each of three kinds
    assert '<rect class="answered"' in answer.body
    assert "style=" not in answer.body
    assert "<script" not in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/board/people?apart=nonsense",
        "/board/agenda?show=nonsense",
        "/board/agenda?show=sent&at=yesterday&id=1",
        "/board/agenda?show=sent&at=2026-11-23T10:00:00%2B00:00&id=x",
        "/board/figures?days=100000",
        "/board/people/maya?before=2026-11-23",
        "/board/people/nobody",
    ],
)
async def test_what_cannot_be_meant_is_refused_with_a_sentence(
    here: Desk, board: Starlette, path: str
) -> None:
    answer = await here.get(board, path)

    assert answer.status in (400, 404)
    assert answer.body.endswith(".\n")


# --- what it does -------------------------------------------------------------------------------
async def test_pause_and_resume_are_the_same_as_from_the_command_line(here: Desk, board: Starlette) -> None:
    paused = await here.post(board, "/board/people/maya/pause", ("until", "3 days"))
    until = here.behind.store.people.person("maya").standing.paused_until
    resumed = await here.post(board, "/board/people/maya/resume")

    assert (paused.status, paused.headers["location"]) == (303, "/board/people/maya")
    assert until is not None
    assert until - here.behind.clock.at <= timedelta(days=3)
    assert resumed.status == 303
    assert here.behind.store.people.person("maya").standing.paused_at is None
    assert "operator: pause" in [entry.what for entry in here.behind.store.people.log("maya")]


async def test_a_pause_that_is_not_understood_is_said_and_nothing_changes(
    here: Desk, board: Starlette
) -> None:
    answer = await here.post(board, "/board/people/maya/pause", ("until", "the cows come home"))

    assert answer.status == 409
    assert "expected &#34;3 days&#34;" in answer.body
    assert here.behind.store.people.person("maya").standing.paused_at is None


async def test_a_nudge_can_be_sent_now_and_the_daemon_wakes(here: Desk, board: Starlette) -> None:
    answer = await here.post(board, "/board/people/maya/send", ("kind", "rest"))
    await here.behind.tick()

    assert answer.status == 303
    assert here.woken == [True]
    assert len(here.behind.texts) == 1


async def test_what_the_gate_would_stop_is_said_at_once(here: Desk, board: Starlette) -> None:
    answer = await here.post(board, "/board/people/ben/send", ("kind", "reflection"))

    assert answer.status == 409
    assert "no consent on record for email" in answer.body


async def test_a_crisis_hold_is_lifted_only_where_it_is_asked_for_by_name(
    here: Desk, board: Starlette
) -> None:
    here.behind.store.inbound.act(
        "maya", here.behind.clock.at, lambda _: Response("x", None, (Hold(),)), "test"
    )

    page = await here.get(board, "/board/people/maya")
    resumed = await here.post(board, "/board/people/maya/resume")
    held = here.behind.store.people.person("maya").standing.held_at
    lifted = await here.post(board, "/board/people/maya/lift")

    assert "I have spoken with them: lift the hold" in page.body
    assert resumed.status == 409
    assert held is not None
    assert lifted.status == 303
    assert here.behind.store.people.person("maya").standing.held_at is None


async def test_nothing_else_can_be_done(here: Desk, board: Starlette) -> None:
    assert (await here.post(board, "/board/people/maya/erase")).status == 404
    assert (await here.post(board, "/board/people/nobody/pause")).status == 404
    assert (await here.post(board, "/board/people/maya/send", ("kind", "bribery"))).status == 400


async def test_texts_and_addresses_stand_nowhere_on_the_board(here: Desk) -> None:
    await here.behind.until(datetime(2026, 11, 23, 15, tzinfo=UTC))
    app = here.app()
    await here.signed_in(app)

    bodies = [(await here.get(app, path)).body for path in PAGES[:-1]]

    texts = [sending.text for sending in here.behind.sms.sent]
    assert len(texts) == 2
    for secret in (*texts, "+447700900123", "ben@example.org", str(ChannelName.SMS) + "://"):
        assert all(secret not in body for body in bodies)


def test_a_persons_marks_say_that_less_comes_for_their_silence() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    silent = Standing(
        consented=frozenset({ChannelName.SMS}),
        silent_since=now - timedelta(days=30),
        arrived_at=now - timedelta(days=2),
    )
    plan = Plan("maya", "Maya", "Europe/London", channels=(ChannelName.SMS,), back_off=BackOff.GENTLE)

    marks = showing.marks(Person(plan, silent), now, ZoneInfo("Europe/London"))

    assert [mark.word for mark in marks] == ["a quarter of the nudges: quiet for 30 days"]
