"""The queue of texts, played ahead of time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda.forecast import forecast
from nudger.agenda.rate_limit import Limit, Peak, PlannedText, enough, missed, peaks
from tests.support.cores import core_in, database_of
from tests.support.worlds.delivery import World

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PLAN = """
name = "One of many"
timezone = "Europe/London"
phone = "+4477009000{number:02}"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
expires = "{expires}"
"""


def texts(
    number: int, at: datetime = NOON, within: timedelta = 30 * MINUTE, segments: int = 1
) -> list[PlannedText]:
    return [PlannedText(at, at + within, segments)] * number


def test_texts_that_nobody_waits_for_are_no_peak() -> None:
    alone = [text for minute in range(60) for text in texts(1, NOON + minute * MINUTE)]

    assert list(peaks(alone, 1)) == []


def test_a_peak_lasts_until_nobody_waits_any_more() -> None:
    [peak] = peaks(texts(600), 1)

    assert peak == Peak(NOON, NOON + 599 * SECOND, 600, 600, 0, 599 * SECOND)


def test_what_expires_before_its_turn_is_missed() -> None:
    [peak] = peaks(texts(2000), 1)

    assert (peak.missed, peak.longest_wait) == (2000 - 1801, 30 * MINUTE)


def test_segments_count_not_texts() -> None:
    assert missed(texts(1000), 1) == 0
    assert missed(texts(1000, segments=3), 1) == 1000 - 601


def test_who_expires_first_goes_first() -> None:
    patient, urgent = texts(60, within=10 * MINUTE), texts(60, within=MINUTE)

    assert missed([*patient, *urgent], 1) == 0


def test_a_rate_below_one_a_second_is_carried_too() -> None:
    assert missed(texts(10, within=2 * MINUTE), 0.1) == 0
    assert missed(texts(20, within=2 * MINUTE), 0.1) == 7


def test_a_burst_of_one_second_goes_at_once_after_a_rest() -> None:
    [peak] = peaks(texts(150), 100)

    assert peak.longest_wait < SECOND


def test_each_peak_of_a_day_is_told_by_itself() -> None:
    day = [*texts(2000, NOON), *texts(100, NOON + 60 * MINUTE), *texts(1900, NOON + 120 * MINUTE)]

    found = [(peak.starts_at, peak.texts, peak.missed) for peak in peaks(day, 1)]

    assert found == [
        (NOON, 2000, 199),
        (NOON + 60 * MINUTE, 100, 0),
        (NOON + 120 * MINUTE, 1900, 99),
    ]


def test_the_rate_that_is_enough_is_the_lowest_whole_one() -> None:
    assert enough(texts(9000), 1) == 5
    assert missed(texts(9000), 5) == 0
    assert missed(texts(9000), 4) > 0


def test_no_rate_is_enough_where_all_expire_at_once() -> None:
    assert enough(texts(3, within=timedelta(0), segments=100_000), 1) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 5), st.integers(1, 3)).map(
            lambda one: PlannedText(NOON + one[0] * MINUTE, NOON + (one[0] + one[1]) * MINUTE, one[2])
        ),
        max_size=60,
    ),
    st.sampled_from([0.05, 0.1, 1, 7.5, 1000]),
)
def test_peaks_come_one_after_the_other_and_hold_no_text_twice(queue: list[PlannedText], rate: float) -> None:
    found = list(peaks(queue, rate))

    assert sum(peak.texts for peak in found) <= len(queue)
    assert all(peak.missed <= peak.texts for peak in found)
    assert all(first.ends_at <= second.starts_at for first, second in pairwise(found))
    patience = max((text.until - text.due_at for text in queue), default=timedelta(0))
    assert all(peak.longest_wait <= patience for peak in found)


@pytest.mark.parametrize(("rate", "expires"), [(0.05, "10m"), (0.01, "30m")])
async def test_what_a_preview_calls_missed_is_what_the_daemon_then_misses(
    tmp_path: Path, rate: float, expires: str
) -> None:
    core = core_in(tmp_path)
    store = database_of(core)
    world = World(core, store, limit=Limit(per_second=rate))
    await world.start(**{f"p{number}": PLAN.format(number=number, expires=expires) for number in range(50)})
    rows = [
        row
        for person in store.people.people()
        for row in forecast(person, (), world.clock.now(), 1, core.decider)
        if row.due_at is not None and row.until is not None
    ]

    await _play(world, until=max(row.until for row in rows if row.until) + MINUTE)

    queue = [PlannedText(row.due_at, row.until, 1) for row in rows if row.due_at and row.until]
    assert len(queue) == 50
    assert 0 < len(world.texts) < 50
    assert missed(queue, rate) == 50 - len(world.texts)
    store.close()


async def _play(world: World, until: datetime) -> None:
    """Runs the dispatcher whenever it asks to be run."""
    while world.clock.at < until:
        done = await world.dispatcher.run_once(world.clock.at)
        await world.dispatcher.settled()
        next_at = done.again_at or world.store.sending.next_due_at() or until
        world.clock.at = max(world.clock.at, next_at)
