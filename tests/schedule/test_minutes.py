"""Sets of minutes against Python's own sets."""

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.domain.model import Window
from nudger.schedule import localtime as m

MINUTE = st.integers(0, m.DAY - 1)
SETS = st.sets(MINUTE, max_size=40) | st.builds(
    lambda a, b, holes: set(range(min(a, b), max(a, b))) - holes, MINUTE, MINUTE, st.sets(MINUTE, max_size=9)
)


def bits(members: set[int]) -> int:
    return sum(1 << member for member in members)


def members(minutes: int) -> list[int]:
    return [minute for minute in range(m.DAY) if minutes >> minute & 1]


@settings(deadline=None)
@given(SETS, MINUTE)
def test_first_and_last_are_the_nearest_members(numbers: set[int], at: int) -> None:
    assert m.first(bits(numbers), at) == min((n for n in numbers if n >= at), default=None)
    assert m.last(bits(numbers), at) == max((n for n in numbers if n <= at), default=None)


@settings(deadline=None)
@given(SETS)
def test_nth_walks_the_members_in_order(numbers: set[int]) -> None:
    assert [m.nth(bits(numbers), index) for index in range(len(numbers))] == sorted(numbers)
    with pytest.raises(IndexError):
        m.nth(bits(numbers), len(numbers))


@settings(deadline=None)
@given(st.integers(-3000, 3000), st.integers(-3000, 3000))
def test_a_span_includes_its_start_and_not_its_end(start: int, end: int) -> None:
    assert members(m.span(start, end)) == [minute for minute in range(m.DAY) if start <= minute < end]


@settings(deadline=None)
@given(st.times(), st.times())
def test_a_window_holds_the_same_minutes_as_the_vocabulary_says(start: time, end: time) -> None:
    window = Window(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0))
    assert members(m.within(window)) == [minute for minute in range(m.DAY) if m.WALL[minute] in window]


@settings(deadline=None)
@given(SETS, st.integers(1, 9))
def test_parts_are_consecutive_equal_and_whole(numbers: set[int], parts: int) -> None:
    cut = [members(part) for part in m.cut(bits(numbers), parts)]
    assert [minute for part in cut for minute in part] == sorted(numbers)
    assert max(map(len, cut)) - min(map(len, cut)) <= 1
