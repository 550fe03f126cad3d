"""What an edit of a plan changes in the week to come: said before it takes effect."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from nudger.model import Plan
from nudger.schedule import lay_out

DAYS = 7


@dataclass(frozen=True, slots=True)
class Change:
    """Times that are new, and times that are gone."""

    added: int
    gone: int

    def __str__(self) -> str:
        return f"+{self.added}, -{self.gone} this week" if self.added or self.gone else "same times this week"


def change(old: Plan, new: Plan, today: date, seed: str, zones: tuple[tzinfo, tzinfo]) -> Change:
    """Compares the wall times of each nudge over the next DAYS local dates; a time that moved is one
    gone and one added. `zones` are those of the old and of the new plan."""
    before, after = _times(old, today, seed, zones[0]), _times(new, today, seed, zones[1])
    return Change((after - before).total(), (before - after).total())


def _times(plan: Plan, today: date, seed: str, zone: tzinfo) -> Counter[tuple[object, ...]]:
    days = (today + timedelta(days=offset) for offset in range(DAYS))
    slots = (slot for day in days for slot in lay_out(plan, day, seed, zone))
    return Counter((slot.nudge, slot.local_date, slot.due_at) for slot in slots if slot.due_at is not None)
