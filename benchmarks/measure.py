"""What a benchmark gives: figures side by side with their targets, costs over size, and where time goes.

Each `bench_<name>.py` has `run(quick) -> list[Compared]`; at need `curves(quick) -> list[Curve]` and
`profiles(quick) -> list[Profile]`. The first line of its docstring is its title, the rest says how it is
measured: both stand in docs/performance.md. `quick`: small sizes and few rounds, to see whether it runs.
"""

import cProfile
import pstats
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nudger.app import service

ROUNDS = 7
SECONDS = {"s": 1.0, "ms": 1e3, "µs": 1e6}  # units of time, in how many of them a second has
HERE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Target:
    """What the ratio must be, or the figure itself where nothing stands against it."""

    bound: float
    least: bool

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"

    def met(self, figure: float) -> bool:
        return figure >= self.bound if self.least else figure <= self.bound


def at_least(bound: float) -> Target:
    return Target(bound, least=True)


def at_most(bound: float) -> Target:
    return Target(bound, least=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """Ours and theirs, medians over the rounds in `unit`, and how far our rounds lie apart."""

    what: str
    unit: str  # "files/s": more is better; "ms": less is. The target says which
    ours: float
    theirs: float | None  # None: a figure by itself
    against: str
    spread: float  # of our rounds: (max - min) / median
    target: Target | None = None
    note: str = ""  # what a reader has to know of this figure

    @property
    def ratio(self) -> float | None:
        """Ours to theirs."""
        return None if self.theirs is None else self.ours / self.theirs

    @property
    def met(self) -> bool | None:
        """None where there is no target."""
        if self.target is None:
            return None
        return self.target.met(self.ours if self.ratio is None else self.ratio)


@dataclass(frozen=True, slots=True)
class Curve:
    """A cost over size: one plot, a line each."""

    title: str
    sizes: str  # what is counted along the bottom, "people"
    unit: str  # of the cost
    lines: Mapping[str, Sequence[tuple[float, float]]]  # label -> (size, cost)


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the time of one thing goes: its parts with their shares, the largest first."""

    what: str
    shares: Sequence[tuple[str, float]]


def figure(
    what: str,
    unit: str,
    ours: Sequence[float],
    theirs: Sequence[float] | None,
    against: str,
    target: Target | None = None,
    note: str = "",
) -> Compared:
    """From the figures of all rounds, however they were got."""
    middle = statistics.median(ours)
    others = None if theirs is None else statistics.median(theirs)
    spread = (max(ours) - min(ours)) / middle if middle else 0.0
    return Compared(what, unit, middle, others, against, spread, target, note)


def compare(
    what: str,
    unit: str,
    ours: Callable[[], int],
    theirs: Callable[[], int],
    against: str,
    rounds: int = ROUNDS,
    target: Target | None = None,
    clock: Callable[[], float] = time.perf_counter,
    note: str = "",
) -> Compared:
    """Each callable does some work and returns how many units that was; they take turns.

    `unit` is a rate ("files/s"), or a time that one of them takes ("s", "ms", "µs"). `clock` may be
    `busy`, where the machine has other things to do.
    """
    mine, others = [], []
    for _ in range(rounds):
        mine.append(_per_unit(ours, clock))
        others.append(_per_unit(theirs, clock))
    if unit in SECONDS:
        mine, others = ([one * SECONDS[unit] for one in each] for each in (mine, others))
    else:
        mine, others = ([1 / one for one in each] for each in (mine, others))
    return figure(what, unit, mine, others, against, target, note)


def profile(what: str, work: Callable[[], object], parts: int = 12) -> Profile:
    """The functions in which `work` itself spends most, by their own time. cProfile makes what is called
    often look dearer than it is: shares, not figures."""
    profiler = cProfile.Profile()
    profiler.runcall(work)
    stats = pstats.Stats(profiler).get_stats_profile()
    costs = {
        f"{_place(one.file_name)} {_name(name)}".strip(): one.tottime
        for name, one in stats.func_profiles.items()
    }
    whole = sum(costs.values()) or 1.0
    largest = sorted(costs.items(), key=lambda item: -item[1])[:parts]
    return Profile(what, [(where, cost / whole) for where, cost in largest])


def busy() -> float:
    """Processor seconds of this process and of those that it had and that have ended: a clock for
    `compare`, where the machine has other things to do."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def quietly() -> None:
    """What the daemon would log is neither printed nor paid for."""
    service.configure("error", colours=False)


def table(rows: Sequence[Compared]) -> None:
    """Prints what was measured."""
    print(f"{'measure':<52}{'nudger':>14}{'against':>14}{'ratio':>8}{'spread':>8}{'target':>9}  against what")
    for row in rows:
        theirs = "" if row.theirs is None else number(row.theirs)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        target = "" if row.target is None else f"{row.target}"
        print(
            f"{row.what + ', ' + row.unit:<52}{number(row.ours):>14}{theirs:>14}{ratio:>8}{row.spread:>8.0%}"
            f"{target:>9}  {row.against}{'' if row.met is not False else '  NOT MET'}"
        )


def number(value: float) -> str:
    """As it reads well: three figures at least, none after a hundred."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == int(value) else f"{value:.{1 if size >= 10 else 2}f}"


def _place(file: str) -> str:
    path = Path(file)
    if not path.is_absolute():
        return ""
    if path.is_relative_to(HERE) and "site-packages" not in path.parts:
        return str(path.relative_to(HERE))
    return "/".join(path.parts[-2:])


def _per_unit(work: Callable[[], int], clock: Callable[[], float]) -> float:
    start = clock()
    units = work()
    return (clock() - start) / units


def _name(function: str) -> str:
    """Without the address in memory that a built-in function comes with."""
    return function.partition(" at 0x")[0].strip("<>")
