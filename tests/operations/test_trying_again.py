"""Somebody whom nudger fails over, as their days go by: the others are served, and they come back by
themselves once what was wrong is put right."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from nudger.agenda.laying_out import LayingOut, TryingAgain
from nudger.domain.errors import SettingsError
from nudger.store.sql.transactions import PlanCache
from tests.support.worlds.delivery import MONDAY_NINE, World

PERSON = """
name = "{name}"
timezone = "{zone}"
phone = "+4477009001{number}"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = ["10:00", "16:00"]
message = "A rest, {{{{ name }}}}?"
"""
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def person(name: str, number: int, zone: str = "Europe/London") -> str:
    return PERSON.format(name=name, zone=zone, number=number)


class Zones:
    """Which knows one zone less than it did."""

    gone = ""

    def __call__(self, key: str) -> ZoneInfo:
        if key == self.gone:
            raise SettingsError(f"time zone {key!r} is not known to tzdata 2099a")
        return ZoneInfo(key)


@pytest.fixture
def zones(world: World) -> Zones:
    """All that works on people goes by these."""
    found = Zones()
    decider = replace(world.core.decider, zone=found)
    world.core.__dict__["decider"] = decider
    world.laying_out = LayingOut(world.store.agenda, found, "seed")
    world.dispatcher = world.new_dispatcher()
    return found


def trying(world: World, zones: Zones) -> TryingAgain:
    return TryingAgain(world.store.agenda, world.core.decider, zones, "seed")


async def test_someone_whose_zone_is_gone_is_set_aside_and_the_others_get_their_nudges(
    world: World, zones: Zones
) -> None:
    await world.start(maya=person("Maya", 23), jo=person("Jo", 24, "Europe/Kyiv"))
    zones.gone = "Europe/Kyiv"

    await world.until(MONDAY_NINE + DAY)

    assert world.texts == ["A rest, Maya?"] * 2
    (one,) = world.store.agenda.those_set_aside()
    assert (one.person, one.fault) == ("jo", "time zone 'Europe/Kyiv' is not known to tzdata 2099a")
    assert [alarm.words for alarm in world.store.alarms.alarms()] == [one.words]


async def test_they_are_tried_once_a_day_and_taken_back_when_nothing_fails(
    world: World, zones: Zones
) -> None:
    await world.start(maya=person("Maya", 23), jo=person("Jo", 24, "Europe/Kyiv"))
    zones.gone = "Europe/Kyiv"
    await world.until(MONDAY_NINE + timedelta(hours=6))
    tried, now = trying(world, zones), world.clock.now()

    with capture_logs() as logs:
        early = [await tried.run_once(now + hours * timedelta(hours=1)) for hours in (1, 12)]
        late = await tried.run_once(now + DAY)
        zones.gone = ""
        next_day = await tried.run_once(now + 2 * DAY)

    assert (early, late, next_day) == ([0, 0], 0, 1)
    assert [line["event"] for line in logs] == ["set_aside", "taken_back"]
    assert world.store.agenda.those_set_aside() == []
    world.clock.at = now + 2 * DAY
    await world.until(world.clock.at + DAY)
    assert world.texts.count("A rest, Jo?") == 2


async def test_an_edit_that_puts_it_right_brings_them_back_at_once(world: World, zones: Zones) -> None:
    await world.start(maya=person("Maya", 23), jo=person("Jo", 24, "Europe/Kyiv"))
    zones.gone = "Europe/Kyiv"
    await world.until(MONDAY_NINE + timedelta(hours=6))
    world.load(maya=person("Maya", 23), jo=person("Jo", 24))

    back = await trying(world, zones).run_once(world.clock.now())
    await world.until(MONDAY_NINE + 2 * DAY)

    assert back == 1
    assert world.texts.count("A rest, Jo?") == 2  # those of Tuesday


async def test_what_fails_only_in_the_words_of_a_nudge_is_found_by_trying(world: World, zones: Zones) -> None:
    await world.start(jo=person("Jo", 24))
    world.store.agenda.set_aside({"jo": OverflowError()}, 1, "judging", world.clock.now())
    world.store.agenda.try_all_again(world.clock.now())

    def broken(*_: object, **__: object) -> None:
        raise IndexError("no words")

    decider = replace(world.core.decider, wording=_Broken(broken))  # type: ignore[arg-type]
    tried = TryingAgain(world.store.agenda, decider, zones, "seed")

    assert await tried.run_once(world.clock.now()) == 0
    assert world.store.agenda.those_set_aside()[0].fault.startswith("IndexError at ")


SPOILT = (
    "UPDATE person SET history = '{' WHERE id = 'maya'",
    "UPDATE person SET paused_at = 'no date', paused_until = 253402300799000000 WHERE id = 'maya'",
    "UPDATE plan SET json = replace(json, 'Europe/London', 'Europe/Atlantis') WHERE person = 'maya'",
    "UPDATE plan SET nudges = '{' WHERE person = 'maya'",
    "UPDATE reach SET rested_at = 'no date', failures = 'many' WHERE person = 'maya'",
)


async def spoilt(world: World, statement: str) -> None:
    """Maya's row is spoilt after she was nudged."""
    await world.start(maya=person("Maya", 23), jo=person("Jo", 24))
    await world.until(MONDAY_NINE + timedelta(hours=2))
    with world.store.transactions.database.write() as connection:
        connection.exec_driver_sql(statement)
    world.store.transactions._plans = PlanCache()  # as after a start


@pytest.mark.parametrize("statement", SPOILT)
async def test_a_stop_of_somebody_who_cannot_be_read_counts_and_is_answered(
    world: World, statement: str
) -> None:
    await spoilt(world, statement)

    await world.text("STOP")
    await world.until(MONDAY_NINE + DAY)

    assert any("START" in text for text in world.texts)
    assert world.texts.count("A rest, Jo?") == 2
    assert world.texts.count("A rest, Maya?") == 1
    with world.store.transactions.database.read() as connection:
        stop = "SELECT opted_out_at IS NOT NULL FROM reach WHERE person = 'maya' AND channel = 'sms'"
        assert connection.exec_driver_sql(stop).scalar_one()


@pytest.mark.parametrize("statement", SPOILT)
async def test_a_crisis_of_somebody_who_cannot_be_read_is_answered_at_once_with_helplines(
    world: World, statement: str
) -> None:
    await spoilt(world, statement)

    await world.text("I want to kill myself")
    await world.tick()

    assert "116 123" in world.texts[-1] or "999" in world.texts[-1]
    with world.store.transactions.database.read() as connection:
        held = "SELECT held_at IS NOT NULL FROM person WHERE id = 'maya'"
        assert connection.exec_driver_sql(held).scalar_one()


@pytest.mark.parametrize("statement", SPOILT[:-1])
async def test_what_else_they_write_is_kept_and_the_operator_hears_that_nudger_fails_over_them(
    world: World, statement: str
) -> None:
    await spoilt(world, statement)

    await world.text("not so well today")
    await world.tick()

    assert "not so well today" in [line.text for line in world.store.people.conversation(person="maya")]
    assert [one.person for one in world.store.agenda.those_set_aside()] == ["maya"]


class _Broken:
    def __init__(self, nudge: object) -> None:
        self.nudge = nudge
