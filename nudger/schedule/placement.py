"""Which drawn slots of a day find room together, and which minutes each may be drawn from. Exact.

A slot's room is the set of minutes that it could have if it were alone: its part of the window without
quiet hours, minutes that do not exist, and minutes too near to a fixed time. What lies between the ends
of a part and is missing from it is missing for every slot, so rooms are intervals over one common set of
minutes; `_worth_trying` rests on that.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from nudger.schedule.localtime import DAY, LocalDay, first, last, span


class Spacing:
    """The gap between nudges on one local date, in minutes; one at least: no two come at once."""

    def __init__(self, day: LocalDay, gap: int) -> None:
        self.day = day
        self.gap = max(gap, 1)

    def after(self, minute: int) -> int:
        """Returns the earliest that the next may come after one at this minute."""
        return self.day.after(minute, self.gap)

    def before(self, minute: int) -> int:
        """Returns the latest that one may come before one at this minute."""
        return self.day.before(minute, self.gap)

    def around(self, minute: int) -> int:
        """Returns the minutes that one at this minute takes from the others."""
        return span(self.before(minute) + 1, self.after(minute))


def choose(rooms: Sequence[int], limit: int, spacing: Spacing) -> list[int]:
    """Returns the indexes of at most `limit` rooms that can all be filled: as many as can be, and among
    equals those that come first. Rooms are not empty."""
    count = min(limit, len(rooms))
    everyone = (1 << len(rooms)) - 1
    if not (count == len(rooms) and _fill_in_turn(rooms, spacing)):
        while not can_fill(rooms, everyone, 0, count, spacing):
            count -= 1
    if count == len(rooms):
        return list(range(count))
    chosen: list[int] = []
    must = 0
    for index in range(len(rooms)):
        bit = 1 << index
        later = everyone >> index << index
        if len(chosen) < count and can_fill(rooms, must | later, must | bit, count, spacing):
            must |= bit
            chosen.append(index)
    return chosen


def clusters(rooms: Sequence[int], chosen: Sequence[int], spacing: Spacing) -> list[list[int]]:
    """Returns the chosen rooms in groups that cannot come near each other, each in the order of its
    indexes."""
    groups: list[list[int]] = []
    clear = 0
    for opening, end, index in sorted((_opening(rooms[i]), _end(rooms[i]), i) for i in chosen):
        if groups and opening < clear:
            groups[-1].append(index)
        else:
            groups.append([index])
        clear = max(clear, spacing.after(end - 1))
    return [sorted(group) for group in groups]


def can_fill(rooms: Sequence[int], offered: int, must: int, count: int, spacing: Spacing) -> bool:
    """Tells whether `count` or more of the offered rooms (bits are indexes) can be filled together, all of
    `must` among them. (Of more, those that need not be filled may be left out.)

    The day is filled from its start. Only a few rooms need to be tried as the next: those that open
    before the soonest one would already be over, and of these none that another one beats.
    """

    @cache
    def fill(start: int, left: int, need: int) -> bool:
        heads = []
        for index in _members(left):
            opening = first(rooms[index], start)
            if opening is not None:
                heads.append((opening, _end(rooms[index]), not must >> index & 1, index))
            elif must >> index & 1:
                return False
            else:
                left ^= 1 << index
        if need == 0 and not left & must:
            return True
        return len(heads) >= need and any(
            fill(spacing.after(opening), left ^ 1 << index, max(need - 1, 0))
            for opening, index in _worth_trying(heads, spacing)
        )

    return fill(0, offered, count)


def candidates(room: int, others: Sequence[int], spacing: Spacing) -> int:
    """Returns the minutes of a room that leave room for all the others.

    Some of the others come before it, as early as they can, the rest after it, as late as they can.
    Every division of those that may come on either side is tried: at most 128, as a day has 8 nudges.
    """
    if not others:
        return room
    opens, closes = _opens(others, spacing), _closes(others, spacing)
    earliest_next, latest_before = spacing.after(_opening(room)), spacing.before(_end(room) - 1)
    not_after = sum(1 << i for i, other in enumerate(others) if _end(other) <= earliest_next)
    not_before = sum(1 << i for i, other in enumerate(others) if _opening(other) > latest_before)
    either = ((1 << len(others)) - 1) & ~not_after & ~not_before
    found = 0
    some = either
    while True:
        found |= span(opens(not_after | some), closes(not_before | either ^ some) + 1)
        if not some:
            return room & found
        some = some - 1 & either


def _fill_in_turn(rooms: Sequence[int], spacing: Spacing) -> bool:
    """Whether all can be filled one after the other as they open: the plain case, and quick to see."""
    start = 0
    for _, _, room in sorted((_opening(room), _end(room), room) for room in rooms):
        opening = first(room, start)
        if opening is None:
            return False
        start = spacing.after(opening)
    return True


def _worth_trying(heads: list[tuple[int, int, bool, int]], spacing: Spacing) -> Iterator[tuple[int, int]]:
    """Of (opening, end, may be left out, index) those that may have to come next.

    One that opens no sooner and ends no sooner than another can change places with it, unless it must
    be in and the other need not be.
    """
    heads.sort()
    kept: list[tuple[int, bool]] = []
    for opening, end, optional, index in heads:
        if opening >= spacing.after(heads[0][0]):
            return
        if not any(ends <= end and (optional or not other) for ends, other in kept):
            kept.append((end, optional))
            yield opening, index


def _opens(rooms: Sequence[int], spacing: Spacing) -> Callable[[int], int]:
    """For a set of rooms: when the next may come once these are filled, as early as can be.

    DAY or later where they cannot be.
    """

    known = {0: 0}

    def opens(filled: int) -> int:
        if filled in known:
            return known[filled]
        latest_opening = max(_opening(rooms[index]) for index in _members(filled))
        soonest = DAY
        for index in _members(filled):
            if _end(rooms[index]) > latest_opening:  # else another one has to come after it
                opening = first(rooms[index], opens(filled ^ 1 << index))
                soonest = soonest if opening is None else min(soonest, opening)
        known[filled] = spacing.after(soonest) if soonest < DAY else DAY
        return known[filled]

    return opens


def _closes(rooms: Sequence[int], spacing: Spacing) -> Callable[[int], int]:
    """For a set of rooms: when the one before may come at the latest, these filled as late as can be.

    Negative where they cannot be.
    """

    known = {0: DAY - 1}

    def closes(filled: int) -> int:
        if filled in known:
            return known[filled]
        soonest_end = min(_end(rooms[index]) for index in _members(filled))
        latest = -1
        for index in _members(filled):
            if _opening(rooms[index]) < soonest_end:  # else another one has to come before it
                closing = last(rooms[index], closes(filled ^ 1 << index))
                latest = latest if closing is None else max(latest, closing)
        known[filled] = spacing.before(latest) if latest >= 0 else -1
        return known[filled]

    return closes


def _opening(room: int) -> int:
    return (room & -room).bit_length() - 1


def _end(room: int) -> int:
    return room.bit_length()


def _members(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
