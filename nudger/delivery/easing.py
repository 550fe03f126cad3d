"""LESS, MORE, TINY: fewer nudges and smaller ones, a step at a time, and back. Pure."""

from datetime import datetime, timedelta

from nudger.effects import Effect, LowDays, Rate
from nudger.model import Standing

LOWEST = 2  # steps of LESS: a quarter of the plan's nudges
LOW_DAYS = timedelta(days=7)

Eased = tuple[tuple[Effect, ...], str]  # what it does, and which text says so


def less(standing: Standing) -> Eased:
    """Half of the nudges; once more, a quarter; and no further."""
    if standing.fewer >= LOWEST:
        return (), "less_lowest"
    return (Rate(standing.fewer + 1),), ("less", "less_again")[standing.fewer]


def more(standing: Standing, now: datetime) -> Eased:
    """Ends the low days, and takes one LESS back."""
    effects: list[Effect] = [LowDays(None)] if standing.low(now) else []
    if standing.fewer:
        effects.append(Rate(standing.fewer - 1))
    if standing.fewer > 1:
        return tuple(effects), "more_half"
    return tuple(effects), "more" if effects else "more_usual"


def low_days(now: datetime) -> Eased:
    """Only tiny messages for a week; asked for once more, a week from then."""
    return (LowDays(now + LOW_DAYS),), "low_day"
