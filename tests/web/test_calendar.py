"""A person's coming nudges as a calendar, by a link that only we can make."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from starlette.applications import Starlette

from nudger.app.web import calendar_pages, token_door
from nudger.domain.effects import Hold, Response
from nudger.domain.model import ChannelName, Person
from nudger.domain.tokens import Action, Link, sign
from nudger.web.board.desk import calendar_path
from tests.support.asking import ask
from tests.support.worlds.desk import MAYA, Desk, desk
from tests.support.worlds.web import World

KEY = b"k" * 32
FRIDAY = datetime(2026, 10, 23, 9, tzinfo=UTC)  # London's clocks go back on the 25th


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    with desk(tmp_path) as one:
        one.behind.clock.at = FRIDAY
        await one.behind.start(maya=MAYA.replace("2026-11-20", "2026-10-20"))
        yield one


@pytest.fixture
def app(here: Desk) -> Starlette:
    clock = here.behind.clock
    door = token_door(KEY, clock, lambda: 0.0)
    return World().app(calendar_pages(here.core, here.behind.store, clock, KEY, door))


def path(here: Desk) -> str:
    return calendar_path(maya(here), KEY, here.behind.clock.at)


def maya(here: Desk) -> Person:
    found = here.behind.store.people.person("maya")
    assert found is not None
    return found


async def test_each_nudge_to_come_is_an_event_at_its_instant_across_a_change_of_the_clocks(
    here: Desk, app: Starlette
) -> None:
    answer = await ask(app, "GET", path(here))

    calendar = Calendar.from_ical(answer.body)
    starts = [event["dtstart"].dt for event in calendar.walk("VEVENT")]
    assert answer.headers["content-type"].startswith("text/calendar")
    assert len(starts) == 3 * 14
    assert datetime(2026, 10, 24, 12, tzinfo=UTC) in starts  # 13:00 in summer time
    assert datetime(2026, 10, 25, 13, tzinfo=UTC) in starts  # 13:00 in winter time


async def test_nothing_in_it_tells_what_it_is_about_or_whose_it_is(here: Desk, app: Starlette) -> None:
    body = (await ask(app, "GET", path(here))).body

    assert "SUMMARY:A moment\r\n" in body
    assert "CLASS:PRIVATE" in body
    for word in ("maya", "rest", "movement", "4477009"):
        assert word not in body.lower().replace("x-published-ttl", "")


async def test_an_event_keeps_its_name_from_one_look_to_the_next(here: Desk, app: Starlette) -> None:
    first = Calendar.from_ical((await ask(app, "GET", path(here))).body)
    here.behind.clock.at += timedelta(minutes=30)
    second = Calendar.from_ical((await ask(app, "GET", path(here))).body)

    names = [[str(event["uid"]) for event in one.walk("VEVENT")] for one in (first, second)]
    assert names[1] == names[0][1:]  # the first has gone out since
    assert len(set(names[0])) == len(names[0])


async def test_what_will_not_go_out_does_not_stand_in_it(here: Desk, app: Starlette) -> None:
    here.behind.store.inbound.act("maya", FRIDAY, lambda _: Response("x", None, (Hold(),)), "test")

    assert "VEVENT" not in (await ask(app, "GET", path(here))).body


async def test_a_calendar_in_which_nothing_stands_is_a_calendar(here: Desk, app: Starlette) -> None:
    """RFC 5545, 3.6: one component at least."""
    here.behind.store.inbound.act("maya", FRIDAY, lambda _: Response("x", None, (Hold(),)), "test")

    empty = Calendar.from_ical((await ask(app, "GET", path(here))).body)

    (zone,) = empty.subcomponents
    (always,) = zone.subcomponents
    assert (zone.name, str(zone["tzid"]), always.name) == ("VTIMEZONE", "UTC", "STANDARD")
    assert always.to_ical().split(b"\r\n")[1:-2] == [
        b"DTSTART:19700101T000000",
        b"TZNAME:UTC",
        b"TZOFFSETFROM:+0000",
        b"TZOFFSETTO:+0000",
    ]


async def test_a_calendar_in_which_something_stands_holds_events_alone(here: Desk, app: Starlette) -> None:
    full = Calendar.from_ical((await ask(app, "GET", path(here))).body)

    assert {one.name for one in full.subcomponents} == {"VEVENT"}


@pytest.mark.parametrize("change", ["forged", "another action", "over", "nobody"])
async def test_any_other_link_leads_nowhere(here: Desk, app: Starlette, change: str) -> None:
    right = Link(Action.CALENDAR, "maya", ChannelName.EMAIL, FRIDAY + timedelta(days=1))
    token = {
        "forged": sign(right, b"x" * 32),
        "another action": sign(replace(right, action=Action.ME), KEY),
        "over": sign(replace(right, expires_at=FRIDAY), KEY),
        "nobody": sign(replace(right, person="nobody"), KEY),
    }[change]

    assert (await ask(app, "GET", f"/calendar/{token}.ics")).status == 404


async def test_who_guesses_too_often_waits_and_keeps_no_calendar_from_its_subscriber(
    here: Desk, app: Starlette
) -> None:
    statuses = [(await ask(app, "GET", "/calendar/x.ics")).status for _ in range(31)]
    subscribed = await ask(app, "GET", path(here))

    assert statuses == [404] * 30 + [429]
    assert subscribed.status == 200
