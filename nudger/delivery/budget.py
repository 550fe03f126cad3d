"""How fast a sender may send: segments per second, as carriers count."""

from datetime import datetime, timedelta


def filled(left: float | None, at: datetime | None, per_second: float, now: datetime) -> float:
    """What is in a bucket that held `left` at `at`; None: it is full. It holds one second's worth, so that
    a rest brings no burst, and at least one segment."""
    depth = max(1.0, per_second)
    if left is None or at is None:
        return depth
    # A clock stepped back gives nothing back; one stepped ahead fills the bucket once.
    passed = max(0.0, (now - at).total_seconds())
    return min(depth, left + passed * per_second)


class Budget:
    """A bucket that is played with, to see ahead."""

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._left: float | None = None
        self._at: datetime | None = None

    def room(self, now: datetime, at_most: int) -> int:
        """Segments that may go out now."""
        self._left, self._at = filled(self._left, self._at, self._rate, now), now
        return max(0, min(at_most, int(self._left)))

    def spend(self, segments: int) -> None:
        """May go below zero: a message is never cut, the next one waits longer."""
        assert self._left is not None
        self._left -= segments

    def wait(self) -> timedelta:
        """Until there is room for one segment."""
        left = self._left or 0.0
        return timedelta(seconds=max(0.0, 1 - left) / self._rate)
