"""Which slots find room, against trying everything."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.schedule.localtime import local_day
from nudger.schedule.placement import Spacing, can_fill, candidates, choose

Zone = Callable[[str], ZoneInfo]

# Rooms are intervals over one common set of minutes, as lay_out makes them.
MINUTES = 24
INTERVALS = st.lists(st.tuples(st.integers(0, MINUTES), st.integers(1, 12)), min_size=1, max_size=5)
COMMON = st.sets(st.integers(0, MINUTES), max_size=8).map(lambda holes: set(range(MINUTES)) - holes)


def fillings(rooms: list[set[int]], gap: int) -> Iterator[tuple[int, ...]]:
    """Every way to give each room a minute of its own with the gap between any two."""
    if not rooms:
        yield ()
        return
    for rest in fillings(rooms[1:], gap):
        for minute in rooms[0]:
            if all(abs(minute - other) >= gap for other in rest):
                yield (minute, *rest)


def fillable(rooms: list[set[int]], gap: int) -> bool:
    return next(fillings(rooms, gap), None) is not None


def bits(minutes: set[int]) -> int:
    return sum(1 << minute for minute in minutes)


def made(intervals: list[tuple[int, int]], common: set[int]) -> list[set[int]]:
    rooms = [common & set(range(start, start + length)) for start, length in intervals]
    return [room for room in rooms if room]


@settings(max_examples=400, deadline=None)
@given(INTERVALS, COMMON, st.integers(0, 6), st.integers(0, 8))
def test_as_many_as_can_be_are_chosen_and_the_first_of_equals(
    zone: Zone, intervals: list[tuple[int, int]], common: set[int], gap: int, limit: int
) -> None:
    rooms = made(intervals, common)
    chosen = choose([bits(room) for room in rooms], limit, _spacing(zone, gap))
    best = next(
        list(subset)
        for size in range(min(limit, len(rooms)), -1, -1)
        for subset in combinations(range(len(rooms)), size)  # in the order of the file
        if fillable([rooms[index] for index in subset], max(gap, 1))
    )
    assert chosen == best


@settings(max_examples=400, deadline=None)
@given(INTERVALS, COMMON, st.integers(0, 6))
def test_candidates_are_the_minutes_that_leave_room_for_all_others(
    zone: Zone, intervals: list[tuple[int, int]], common: set[int], gap: int
) -> None:
    rooms = made(intervals, common)
    if not rooms or not fillable(rooms, max(gap, 1)):
        return
    room, *others = rooms
    leaving = {minute for minute in room if fillable([{minute}, *others], max(gap, 1))}
    assert candidates(bits(room), [bits(other) for other in others], _spacing(zone, gap)) == bits(leaving)


@settings(max_examples=200, deadline=None)
@given(INTERVALS, COMMON, st.integers(0, 6), st.integers(0, 31), st.integers(0, 31))
def test_rooms_that_must_be_filled_are(
    zone: Zone, intervals: list[tuple[int, int]], common: set[int], gap: int, some: int, other: int
) -> None:
    rooms = made(intervals, common)
    everyone = (1 << len(rooms)) - 1
    must, offered = some & everyone, (some | other) & everyone
    offer = [index for index in range(len(rooms)) if offered >> index & 1]
    for count in range(must.bit_count(), len(offer) + 1):
        possible = any(
            fillable([rooms[index] for index in subset], max(gap, 1))
            for size in range(count, len(offer) + 1)
            for subset in combinations(offer, size)
            if must == must & sum(1 << index for index in subset)
        )
        found = can_fill([bits(room) for room in rooms], offered, must, count, _spacing(zone, gap))
        assert found == possible


def test_a_narrow_room_is_not_taken_by_a_wide_one(zone: Zone) -> None:
    narrow, wide = set(range(60, 70)), set(range(120))
    spacing = _spacing(zone, 50)
    # What is left of the wide one lies so far from the narrow one that a minute of it stays free.
    assert candidates(bits(wide), [bits(narrow)], spacing) == bits(set(range(20)) | set(range(110, 120)))


def test_forty_rooms_that_compete_for_eight_places_are_no_hang(zone: Zone) -> None:
    rooms = [bits(set(range(480 + 3 * n, 1200 - 5 * n))) for n in range(40)]
    assert choose(rooms, 8, _spacing(zone, 80)) == list(range(8))


def _spacing(zone: Zone, gap: int) -> Spacing:
    return Spacing(local_day(zone("Etc/UTC"), date(2026, 11, 23)), gap)
