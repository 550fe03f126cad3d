"""What a person has said of their own days, beside their plan: when they are away, and at which hours they
may be written to. It makes a plan quieter, never the contrary; an edit of the plan changes none of it.
Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

MOST_AWAY = 12  # spans that are kept of one person: the next ones


@dataclass(frozen=True, slots=True)
class Away:
    """Days without a nudge, known ahead: from `begins_at` on, and not at `ends_at`."""

    begins_at: datetime
    ends_at: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.begins_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Wishes:
    """All of it; a person who said nothing has the same as everybody else."""

    away: tuple[Away, ...] = ()  # in their order; between two of them there are nudges
    earliest: time | None = None  # wall times: nothing before it, and nothing from `latest` on
    latest: time | None = None

    @property
    def hours(self) -> str:
        """The hours that they asked for, in words for the operator; empty: those of the plan."""
        parts = [f"nothing before {self.earliest:%H:%M}"] if self.earliest is not None else []
        parts += [f"nothing from {self.latest:%H:%M} on"] if self.latest is not None else []
        return ", ".join(parts)

    def away_at(self, at: datetime) -> Away | None:
        """Returns the span that this instant lies in."""
        return next((span for span in self.away if at in span), None)

    def away_after(self, now: datetime) -> Sequence[Away]:
        """Returns the spans that are still to come."""
        return [span for span in self.away if span.begins_at > now]

    def with_away(self, span: Away, now: datetime) -> "Wishes":
        """Adds a span: what it meets is one with it, and what is over is forgotten."""
        return replace(self, away=_joined((*self.away, span), now))

    def back(self, now: datetime) -> "Wishes":
        """Ends the span that they are in; where they are in none, all that are to come."""
        here = self.away_at(now)
        return replace(self, away=tuple(one for one in self.away if one != here) if here else ())


NO_WISHES = Wishes()


def _joined(spans: Iterable[Away], now: datetime) -> tuple[Away, ...]:
    found: list[Away] = []
    for span in sorted(spans, key=lambda one: one.begins_at):
        if span.ends_at <= now:
            continue
        if found and span.begins_at <= found[-1].ends_at:
            found[-1] = Away(found[-1].begins_at, max(found[-1].ends_at, span.ends_at))
        else:
            found.append(span)
    return tuple(found[:MOST_AWAY])
