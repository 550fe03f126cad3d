"""Quiet hours made longer by what a person says of theirs."""

from datetime import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nudger.domain.model import Window
from nudger.schedule import quieter

MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(*divmod(minute, 60)))
WALL = [time(*divmod(minute, 60)) for minute in range(0, 24 * 60, 5)]


@pytest.mark.parametrize(
    ("quiet", "earliest", "latest", "expected"),
    [
        ("20:00-09:00", "10:00", None, "20:00-10:00"),
        ("20:00-09:00", None, "18:00", "18:00-09:00"),
        ("20:00-09:00", "10:00", "18:00", "18:00-10:00"),
        ("20:00-09:00", "08:00", "21:00", "20:00-09:00"),
        ("20:00-09:00", "20:00", None, None),
        ("01:00-06:00", None, "18:00", "18:00-06:00"),
        ("13:00-15:00", None, "18:00", "13:00-00:00"),
        (None, "10:00", None, "00:00-10:00"),
        (None, None, "18:00", "18:00-00:00"),
        (None, "10:00", "10:00", None),
    ],
)
def test_hours_make_quiet_hours_longer_and_nothing_else(
    quiet: str | None, earliest: str | None, latest: str | None, expected: str | None
) -> None:
    found = quieter(_window(quiet), _wall(earliest), _wall(latest))

    assert (str(found) if found else None) == expected


@given(start=MINUTES, end=MINUTES, earliest=st.none() | MINUTES, latest=st.none() | MINUTES)
def test_what_was_quiet_or_is_not_wanted_is_quiet(
    start: time, end: time, earliest: time | None, latest: time | None
) -> None:
    assume(start != end)
    assume(earliest is not None or latest is not None)
    assume(earliest is None or latest is None or earliest < latest)
    quiet = Window(start, end)

    found = quieter(quiet, earliest, latest)

    assume(found is not None)
    assert found is not None
    for wall in WALL:
        unwanted = (earliest is not None and wall < earliest) or (latest is not None and wall >= latest)
        assert wall in found or not (wall in quiet or unwanted)


def _wall(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _window(text: str | None) -> Window | None:
    start, _, end = (text or "").partition("-")
    return Window(time.fromisoformat(start), time.fromisoformat(end)) if text else None
