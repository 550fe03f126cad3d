"""Whether all is well, and if not, what to look at first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_high

from nudger.web.board.doors import Overview

OVERDUE = timedelta(seconds=60)  # nothing waits that long while the daemon works and its budget allows
LATE = timedelta(seconds=5)  # what nudger promises


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that needs a look: a sentence, and where to look."""

    words: str
    link: str = ""  # below /board


def concerns(overview: Overview, now: datetime) -> list[Concern]:
    """The gravest first; none: all is well."""
    vitals = overview.vitals
    found = [Concern(alarm.words) for alarm in overview.alarms]
    waited = now - vitals.oldest_due_at if vitals.oldest_due_at else timedelta(0)
    if waited > OVERDUE:
        words = f"The oldest nudge has waited {span(waited)}. Is a sender resting, or the budget too small?"
        found.append(Concern(words, "/agenda"))
    elif vitals.lateness and (late := middle(vitals.lateness)) > LATE:
        words = f"Half of the latest nudges went out {span(late)} late, or more."
        found.append(Concern(words, "/agenda?show=sent"))
    if vitals.unknown:
        number = many(vitals.unknown, "message")
        words = f"{number} of unknown end: handed over, no answer, and never resent blindly."
        found.append(Concern(words, "/agenda?show=unknown"))
    if errors := vitals.problems.get("error", 0):
        words = f"{many(errors, 'problem')} in plan files. The last good plans keep running."
        found.append(Concern(words, "#plans"))
    return found


def middle(spans: Sequence[timedelta]) -> timedelta:
    """The median."""
    return median_high(spans)


def span(length: timedelta) -> str:
    """A duration as people say it: "0.4 s", "12 s", "5 min", "3 h", "2 days"."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h" if seconds < 172_800 else f"{seconds // 86_400:.0f} days"


def many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
