"""How much is claimed ahead: as much as goes out in half a second anyway, and never less than LEAST.

More would lie about as `sending` when a daemon dies, and would have to be asked for one by one. Less would
leave a quick channel waiting for the next claim, and give each commit little to do.
"""

from dataclasses import dataclass

LEAST, MOST = 200, 1000
AHEAD = 0.5  # seconds
WINDOW = 0.25  # seconds over which is counted; by the machine's own time, whatever the clock on the wall says


@dataclass(slots=True)
class Pace:
    """Counts what ends."""

    _since: float = 0.0
    _ended: int = 0
    _per_second: float = 0.0

    def ended(self) -> None:
        self._ended += 1

    def ahead(self, now: float) -> int:
        """How many may be claimed and not ended."""
        if now - self._since >= WINDOW:
            self._per_second = self._ended / (now - self._since)
            self._since, self._ended = now, 0
        return max(LEAST, min(MOST, int(self._per_second * AHEAD)))
