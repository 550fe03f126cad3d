"""The tally finds each kind of fault, and excuses only what the outside bears out."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.faults.tally import Accepted, Due, Silence, Tally, table, tally

TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRST = Due("maya", "n1", TEN, TEN + 30 * MINUTE)
SECOND = Due("maya", "n2", TEN + 5 * MINUTE, TEN + 35 * MINUTE)
STOP = Silence("maya", "stop", TEN + MINUTE, TEN + 2 * MINUTE)
QUIET = Silence("maya", "quiet", TEN - MINUTE, TEN)


def came(due: Due, after: timedelta = timedelta(0)) -> Accepted:
    return Accepted(due.person, due.text, due.at + after)


def test_what_came_once_is_right() -> None:
    found = tally([FIRST, SECOND], [came(FIRST), came(SECOND)], [], {})

    assert (found.due, found.accepted, found.broken) == (2, 2, 0)


def test_what_did_not_come_is_lost() -> None:
    found = tally([FIRST, SECOND], [came(FIRST)], [], {("maya", "n2"): "planned: "})

    assert (found.lost, found.details) == (1, ["lost: maya 'n2' due 10:05:00: planned: "])


def test_what_came_twice_is_twice_unless_it_was_put_off_once() -> None:
    twice = [came(FIRST), came(FIRST, 3 * MINUTE)]

    assert tally([FIRST], twice, [], {}).twice == 1
    assert tally([FIRST, FIRST], twice, [], {}).twice == 0
    assert tally([FIRST, FIRST], twice[:1], [], {}).lost == 1


def test_what_nobody_had_planned_counts_as_twice() -> None:
    assert tally([], [came(FIRST)], [], {}).twice == 1


@pytest.mark.parametrize(
    ("silence", "expected"), [(STOP, (1, 0)), (QUIET, (0, 2)), (Silence("jonas", "stop", TEN, TEN), (0, 0))]
)
def test_what_came_after_a_stop_or_in_quiet_hours_is_counted(
    silence: Silence, expected: tuple[int, int]
) -> None:
    found = tally([FIRST, SECOND], [came(FIRST, timedelta(seconds=1)), came(SECOND)], [silence], {})

    assert (found.after_stop, found.quiet) == expected


def test_an_answer_may_come_after_a_stop_and_is_not_excused_by_one() -> None:
    answer = Due("maya", "answer", TEN, TEN + 30 * MINUTE, answer=True)

    assert (
        tally([answer], [Accepted("maya", "answer", TEN + 9 * MINUTE, answer=True)], [STOP], {}).broken == 0
    )
    assert tally([answer], [], [STOP], {}).lost == 1


def test_silence_excuses_what_was_still_fresh_when_it_began_and_nothing_before() -> None:
    gone_by = Due("maya", "n0", TEN - 60 * MINUTE, TEN - 30 * MINUTE)

    assert tally([SECOND], [], [STOP], {}).silenced == 1
    assert tally([gone_by], [], [STOP], {}).lost == 1


def test_overtaken_is_believed_only_where_a_later_one_came() -> None:
    ends = {("maya", "n1"): "overtaken"}

    assert tally([FIRST, SECOND], [came(SECOND)], [], ends).overtaken == 1
    assert tally([FIRST], [], [], ends).lost == 1


def test_unknown_stands_in_a_column_of_its_own() -> None:
    assert tally([FIRST], [], [], {("maya", "n1"): "unknown"}).unknown == 1
    assert tally([FIRST], [came(FIRST)], [], {("maya", "n1"): "unknown"}).unknown == 0


def test_the_table_adds_up() -> None:
    shown = table({"a": Tally(runs=1, kills=20, due=3), "b": Tally(runs=1, kills=5, due=4, lost=1)})

    assert [line.split()[:4] for line in shown.splitlines()[1:]] == [
        ["a", "1", "20", "3"],
        ["b", "1", "5", "4"],
        ["all", "2", "25", "7"],
    ]
