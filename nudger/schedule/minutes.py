"""A set of minutes of a local day, held as the bits of an int: bit 0 is 00:00, bit 1439 is 23:59.

Intersections, differences and counts of such sets are single operations on a small integer, which is
what lets a day be laid out in microseconds.
"""

from datetime import time

from nudger.model import Window

DAY = 24 * 60
ALL = (1 << DAY) - 1
WALL = tuple(time(*divmod(minute, 60)) for minute in range(DAY))


def minute_of(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def span(start: int, end: int) -> int:
    """The minutes from `start` on and before `end`; what lies outside the day is left out."""
    start = max(start, 0)
    end = min(end, DAY)
    return ((1 << (end - start)) - 1) << start if start < end else 0


def within(window: Window) -> int:
    """The minutes of a window; one that passes midnight has both ends of the day."""
    start, end = minute_of(window.start), minute_of(window.end)
    return span(start, end) if start < end else ALL & ~span(end, start)


def first(minutes: int, earliest: int = 0) -> int | None:
    """The first minute of the set that is not before `earliest`."""
    rest = minutes >> earliest
    return earliest + (rest & -rest).bit_length() - 1 if rest else None


def last(minutes: int, latest: int = DAY - 1) -> int | None:
    """The last minute of the set that is not after `latest`."""
    rest = minutes & span(0, latest + 1)
    return rest.bit_length() - 1 if rest else None


def nth(minutes: int, index: int) -> int:
    """The minute of the set that has `index` others before it. Walks the set run by run."""
    start = 0
    while minutes:
        gap = (minutes & -minutes).bit_length() - 1
        start += gap
        minutes >>= gap
        run = (~minutes & (minutes + 1)).bit_length() - 1
        if index < run:
            return start + index
        index -= run
        start += run
        minutes >>= run
    raise IndexError("a set of minutes has fewer than asked for")


def cut(minutes: int, parts: int) -> tuple[int, ...]:
    """The set in `parts` consecutive parts of equal size; sizes differ by one minute at most."""
    size = minutes.bit_count()
    result = []
    for part in range(parts):
        low, high = size * part // parts, size * (part + 1) // parts
        result.append(minutes & span(nth(minutes, low), nth(minutes, high - 1) + 1) if low < high else 0)
    return tuple(result)
