"""Side by side: two ways of doing the same, in alternating rounds of one run, told as a ratio of medians."""

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from nudger import logs

ROUNDS = 7


@dataclass(frozen=True)
class Compared:
    """Units per second of ours and of theirs, medians over the rounds, and how far the rounds lie apart."""

    what: str
    unit: str
    ours: float
    theirs: float
    against: str
    spread: float  # of our rounds: (max - min) / median

    @property
    def ratio(self) -> float:
        """Above 1: we are faster."""
        return self.ours / self.theirs


def compare(
    what: str,
    unit: str,
    ours: Callable[[], int],
    theirs: Callable[[], int],
    against: str,
    rounds: int = ROUNDS,
) -> Compared:
    """Each callable does some work and returns how many units that was."""
    mine, others = [], []
    for _ in range(rounds):
        mine.append(_rate(ours))
        others.append(_rate(theirs))
    middle = statistics.median(mine)
    return Compared(what, unit, middle, statistics.median(others), against, (max(mine) - min(mine)) / middle)


def quietly() -> None:
    """What the daemon would log is neither printed nor paid for."""
    logs.configure("error", colours=False)


def table(rows: list[Compared]) -> None:
    """Prints what was measured, with the machine that it was measured on."""
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, medians\n")
    print(f"{'measure':<44}{'nudger':>14}{'against':>14}{'ratio':>8}{'spread':>8}  against what")
    for row in rows:
        print(
            f"{row.what + ', ' + row.unit:<44}{row.ours:>14,.0f}{row.theirs:>14,.0f}"
            f"{row.ratio:>8.2f}{row.spread:>8.0%}  {row.against}"
        )


def _rate(work: Callable[[], int]) -> float:
    start = time.perf_counter()
    units = work()
    return units / (time.perf_counter() - start)
