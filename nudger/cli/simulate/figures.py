"""What a simulation comes to: counts, how late, how fast, how much of the machine."""

import resource
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nudger.agenda.entries import Sending
from nudger.cli.simulate.sayings import Saying
from nudger.domain.model import Outcome, State
from nudger.operations.overview import EntryCount

# Ended by a rule or by the clock, and so with a reason.
REASONED = (State.SUPPRESSED, State.MISSED, State.CANCELLED, State.FAILED)


@dataclass
class Figures:
    """Collected while people live, and put together at the end."""

    nudges: int = 0  # that the channel accepted
    answers: int = 0
    welcomes: int = 0
    moves: int = 0
    said: Counter[str] = field(default_factory=Counter)
    late: Counter[int] = field(default_factory=Counter)  # seconds of simulated time -> nudges
    behind: Counter[int] = field(default_factory=Counter)  # tenths of a real second -> nudges
    phases: dict[str, float] = field(default_factory=dict)  # real seconds
    _began: float = field(default_factory=time.perf_counter)

    def nudge(self, sending: Sending, at: datetime, since_moment: float) -> None:
        self.nudges += 1
        if sending.due_at is not None:
            self.late[int((at - sending.due_at).total_seconds())] += 1
        self.behind[int(since_moment * 10)] += 1

    def text(self, saying: Saying) -> None:
        self.said[saying.means] += 1

    def phase(self, name: str) -> None:
        """A phase ends here."""
        now = time.perf_counter()
        self.phases[name] = self.phases.get(name, 0.0) + now - self._began
        self._began = now


def percentile(counted: Mapping[int, int], share: float) -> int:
    """The least value that so large a share does not exceed; 0 of nothing."""
    left = share * sum(counted.values())
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    return max(counted, default=0)


@dataclass(frozen=True, slots=True)
class Settled:
    """How the agenda ended: its entries by state, and the reasons of what did not go out."""

    states: Mapping[str, int]
    reasons: Mapping[str, int]  # "suppressed: paused until …" -> entries
    outcomes: Mapping[str, int]
    without_reason: int

    @classmethod
    def of(cls, entries: Iterable[EntryCount]) -> "Settled":
        states, reasons, outcomes = Counter[str](), Counter[str](), Counter[str]()
        without = 0
        for one in entries:
            states[one.state] += one.number
            if one.outcome is not None:
                outcomes[Outcome(one.outcome)] += one.number
            if one.state in REASONED:
                reasons[f"{one.state}: {one.reason}"] += one.number
                without += 0 if one.reason else one.number
        return cls(states, reasons, outcomes, without)

    @property
    def laid_out(self) -> int:
        return sum(self.states.values())

    @property
    def settled(self) -> int:
        return self.laid_out - self.states.get(State.PLANNED, 0)


def report(
    figures: Figures, settled: Settled, kept: Mapping[str, int], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything, for programs; people get it as tables."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    living = figures.phases["living"]
    work = settled.settled + figures.answers + figures.welcomes
    return {
        "occurrences": settled.settled,
        "sent": figures.nudges,
        "seconds": round(living, 1),
        "per_second": round(settled.settled / living, 1),
        "messages_per_second": round((figures.nudges + figures.answers + figures.welcomes) / living, 1),
        **about,
        "laid_out": settled.laid_out,
        "work": work,
        "answers": figures.answers,
        "welcomes": figures.welcomes,
        "texts": sum(figures.said.values()),
        "said": dict(sorted(figures.said.items())),
        "moves": figures.moves,
        "states": dict(sorted(settled.states.items())),
        "outcomes": dict(sorted(settled.outcomes.items())),
        "reasons": dict(sorted(settled.reasons.items(), key=lambda pair: -pair[1])),
        "rightly_not_sent": dict(sorted(kept.items())),
        "late_seconds": _spread(figures.late, 1),
        "behind_seconds": _spread(figures.behind, 10),
        "phases": {name: round(took, 1) for name, took in figures.phases.items()},
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory": used.ru_maxrss * 1024,
    }


def _spread(counted: Mapping[int, int], parts: int) -> dict[str, float]:
    return {
        "p50": percentile(counted, 0.5) / parts,
        "p99": percentile(counted, 0.99) / parts,
        "max": max(counted, default=0) / parts,
    }
