"""What comes oftener than is good: professional help is named once a week at most.

It is an offer, and to be told of it every day reads as "you are ill".
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache

from nudger.model import Between, Kind, Nudge
from nudger.schedule import falls_on, wall_times

WEEK = timedelta(days=7)
AHEAD = 366  # dates looked at


def care_too_often(nudges: Sequence[Nudge], today: date) -> tuple[int, date, date] | None:
    """The first nudge of kind care that comes within a week of another time of care: its index, and both
    local dates. None where care comes once a week at most, from `today` on for a year."""
    care = tuple((index, nudge) for index, nudge in enumerate(nudges) if nudge.kind is Kind.CARE)
    return _first_close(care, today) if care else None


@lru_cache(maxsize=1024)
def _first_close(care: tuple[tuple[int, Nudge], ...], today: date) -> tuple[int, date, date] | None:
    last: date | None = None
    for index, day in _times(care, today):
        if last is not None and day - last < WEEK:
            return index, last, day
        last = day
    return None


def _times(care: Sequence[tuple[int, Nudge]], today: date) -> Iterator[tuple[int, date]]:
    for day in (today + timedelta(days=ahead) for ahead in range(AHEAD)):
        for index, nudge in care:
            if falls_on(nudge, day):
                times = nudge.when.times if isinstance(nudge.when, Between) else len(wall_times(nudge, day))
                yield from [(index, day)] * times
