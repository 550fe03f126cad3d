"""A host of a fleet goes by the database's clock, and its operator hears where its own is wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from nudger.app.clock import SharedClock
from nudger.app.timekeeping import Timekeeping
from nudger.store import Stores
from tests.support.worlds.store import NOON

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def standing(store: Stores) -> list[str]:
    return [one.words for one in store.alarms.alarms() if one.cleared_at is None]


def test_before_it_is_asked_it_is_the_machines() -> None:
    assert abs(SharedClock().now() - datetime.now(UTC)) < SECOND


@pytest.mark.parametrize("off", [5 * MINUTE, -5 * MINUTE, timedelta(0)])
def test_it_goes_on_from_what_the_database_said_whatever_the_machine_says(off: timedelta) -> None:
    clock = SharedClock()

    ahead = clock.ask(lambda: datetime.now(UTC) - off)

    assert abs(ahead - off) < SECOND
    assert abs(clock.now() - (datetime.now(UTC) - off)) < SECOND
    assert clock.now() < clock.now() + SECOND


def test_a_clock_that_is_minutes_off_is_an_alarm_until_it_is_right(store: Stores) -> None:
    duty = Timekeeping(store.facts, store.alarms, SharedClock(), "alpha")
    honest = store.facts.time
    store.facts.time = lambda: honest() - 5 * MINUTE - SECOND  # type: ignore[method-assign]
    duty.compare(NOON)

    (words,) = standing(store)
    assert words.startswith("the clock of alpha is 5 min ahead of the database's.")
    assert "timedatectl" in words

    store.facts.time = honest  # type: ignore[method-assign]
    duty.compare(NOON + MINUTE)
    assert standing(store) == []
