"""How fast a sender may send: segments per second, as carriers count."""

from datetime import datetime, timedelta

FULL = timedelta(seconds=1)  # what may go out at once after a rest: one second's worth


class Budget:
    """A token bucket of one second's depth, at least one segment; None as rate is without limit."""

    def __init__(self, per_second: float | None) -> None:
        self._rate = per_second
        self._depth = max(1.0, per_second or 0.0)
        self._left = self._depth
        self._at: datetime | None = None

    def room(self, now: datetime, at_most: int) -> int:
        """Segments that may go out now."""
        if self._rate is None:
            return at_most
        # A clock stepped back gives nothing back; one stepped ahead fills the bucket once.
        passed = max(0.0, (now - self._at).total_seconds()) if self._at else 0.0
        self._left, self._at = min(self._depth, self._left + passed * self._rate), now
        return max(0, min(at_most, int(self._left)))

    def spend(self, segments: int) -> None:
        """May go below zero: a message is never cut, the next one waits longer."""
        self._left -= segments

    def wait(self) -> timedelta:
        """Until there is room for one segment."""
        if self._rate is None or self._left >= 1:
            return timedelta(0)
        return timedelta(seconds=(1 - self._left) / self._rate)
