"""What preview says is what the daemon sends."""

from datetime import timedelta
from pathlib import Path

from nudger.agenda.forecast import forecast
from nudger.plan_sync.files import bundled
from tests.support.worlds.delivery import MONDAY_NINE, World

DRAWN = """
name = "Ana"
timezone = "America/New_York"
phone = "+12025550123"
consent = "2026-11-20, in person"
daily_limit = 5
gap = "1h"
[[nudge]]
kind = "movement"
between = "10:00-17:00"
times = 3
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "support"
between = "12:00-19:00"
days = ["tue", "sat", "sun"]
[[contact]]
name = "Sam"
[[contact]]
name = "Ines"
"""


async def test_a_week_of_preview_is_what_the_daemon_then_sends(world: World) -> None:
    plans = {file.stem: file.read_text() for file in bundled("plans").glob("*.toml")} | {"ana": DRAWN}
    await world.start(**{name: _alone(text) for name, text in plans.items()})
    people = list(world.store.people.people())
    foreseen = [row for one in people for row in forecast(one, (), world.clock.now(), 7, world.core.decider)]

    await world.until(MONDAY_NINE + timedelta(days=9))

    sent = [(one.person, one.text) for one in [*world.sms.sent, *world.email.sent]]
    for person in people:
        expected = [row.text for row in foreseen if row.person == person.id and row.status == "send"]
        got = [text for id_, text in sent if id_ == person.id]
        assert len(expected) > 10
        assert got[: len(expected)] == expected


async def test_a_preview_in_the_middle_of_a_day_knows_what_was_sent_and_what_was_put_off(
    world: World,
) -> None:
    await world.start(ana=DRAWN)
    await world.until(MONDAY_NINE + timedelta(hours=9, minutes=30))
    await world.text("later", address="+12025550123")
    [ana] = world.store.people.people()
    planned = world.store.people.agenda("ana", MONDAY_NINE.date())
    before = len(world.texts)

    foreseen = forecast(ana, planned, world.clock.now(), 1, world.core.decider)
    await world.until(MONDAY_NINE + timedelta(hours=18))

    assert world.texts[before:] == [row.text for row in foreseen if row.status == "send"]


def _alone(text: str) -> str:
    """Without `extends`: the shared plans are another file."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("extends"))


def test_the_example_plans_are_there() -> None:
    assert {file.stem for file in Path(bundled("plans")).glob("*.toml")} >= {"maya", "jonas"}


async def test_a_preview_shows_what_a_taper_leaves_out_as_the_daemon_then_does(world: World) -> None:
    await world.start(ana=f'taper = "4 weeks"\nstarts = 2026-11-23\n{DRAWN}')
    [ana] = world.store.people.people()
    foreseen = forecast(ana, (), world.clock.now(), 40, world.core.decider)

    await world.until(MONDAY_NINE + timedelta(days=41))

    expected = [row.text for row in foreseen if row.status == "send"]
    assert world.texts[: len(expected)] == expected
    reasons = [row.reason for row in foreseen if row.status == "skip" and row.reason.startswith("thinned")]
    assert reasons[0] == "thinned: week 1 of the taper of 4"
    assert reasons[-1] == "thinned: the taper of 4 weeks is over, one a week"
    assert sum(row.status == "send" for row in foreseen[-30:]) < 4
