"""The rules inside one [[nudge]]: which keys go together, and whether it ever comes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from nudger.model import At, Between, Cron, Every, Kind, Nudge, OnDays
from nudger.plans.facts import Facts
from nudger.plans.faults import ERROR, FAULTY, WARNING, Path, listed
from nudger.schedule import falls_on

WHEN = ("at", "between", "cron")
CYCLE = 40 * 366  # days in which every date of the calendar has come on every day of the week
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a nudge breaks, at one of its keys; at its header where `key` is None."""

    key: str | None
    message: str
    hint: str = ""
    severity: str = ERROR

    @property
    def path(self) -> Path:
        """From the nudge on."""
        return () if self.key is None else (self.key,)


def breaches(values: Mapping[str, Any], facts: Facts) -> Iterator[Breach]:
    """What is wrong with the keys of a nudge taken together, each one read before."""
    if "kind" not in values:
        yield Breach(None, 'expected "kind", got none', f'add kind = "rest", or {listed(tuple(Kind)[1:])}')
    yield from _when(values)
    if "every" in values and "days" in values:
        later = _later(values, "every", "days")
        yield Breach(later, 'expected "every" or "days", got both', "take one of them away")
    if "message" in values and "template" in values:
        later = _later(values, "message", "template")
        yield Breach(later, 'expected "message" or "template", got both', "take one of them away")
    yield from _dates(values, facts.today)
    yield from _words(values, facts)


def build(values: Mapping[str, Any], nudge_id: str) -> Nudge:
    """The nudge of values that break no rule."""
    plain = {key: value for key, value in values.items() if key not in _BUILT}
    return Nudge(id=nudge_id, when=_when_of(values), dates=_dates_of(values), **plain)


_BUILT = frozenset((*WHEN, "id", "times", "every", "days"))


def _when(values: Mapping[str, Any]) -> Iterator[Breach]:
    given = [key for key in values if key in WHEN]
    if not given:
        yield Breach(None, 'expected one of "at", "between" and "cron", got none', 'add at = "13:00"')
    for key in given[1:]:
        found = listed((f'"{one}"' for one in given), "and")
        yield Breach(key, f'expected only one of "at", "between" and "cron", got {found}', "take one away")
    if "times" in values and "between" not in values and given:
        hint = 'for several fixed times write at = ["10:00", "15:00"]'
        yield Breach("times", f'expected "times" beside "between", got it beside "{given[0]}"', hint)
    if "every" in values and "cron" in values:
        hint = "cron says on which dates by itself; or use at"
        yield Breach("every", 'expected "every" beside "at" or "between", got it beside "cron"', hint)


def _dates(values: Mapping[str, Any], today: date) -> Iterator[Breach]:
    starts, ends = values.get("starts"), values.get("ends")
    if FAULTY in (starts, ends):
        return
    if starts is not None and ends is not None and ends < starts:
        yield Breach(
            "ends", f"expected a date that is not before `starts`, {starts}, got {ends}", "swap them"
        )
        return
    bounded = (starts is not None and ends is not None) or ("cron" in values and "days" in values)
    if bounded and _is_known(values) and not _comes(_when_of(values), _dates_of(values), starts, ends):
        found = f" from {starts} to {ends}" if starts and ends else ""
        yield Breach(
            "ends" if ends else "days",
            f"expected some date to fall on, got none{found}",
            "it never comes: change its days or its dates",
        )
        return
    if ends is not None and ends < today:
        yield Breach("ends", f"ended on {ends}, it comes no more", "move the date, or take it out", WARNING)


def _words(values: Mapping[str, Any], facts: Facts) -> Iterator[Breach]:
    message = values.get("message")
    if isinstance(message, str) and (problem := facts.wording.check(message, has_contact=True)):
        yield Breach("message", problem, "docs/plans.md lists what a message can use")


def _is_known(values: Mapping[str, Any]) -> bool:
    """Whether on which dates it falls can be told."""
    needed = [values[key] for key in (*WHEN, "times", "every", "days") if key in values]
    one = sum(key in values for key in WHEN) == 1 and not ("every" in values and "days" in values)
    return one and FAULTY not in needed


@lru_cache(maxsize=4096)
def _comes(when: At | Between | Cron, dates: OnDays | Every, starts: date | None, ends: date | None) -> bool:
    """Whether there is a date that such a nudge falls on."""
    nudge = Nudge("", Kind.REST, when, dates, starts, ends)
    start = starts or (ends - CYCLE * A_DAY if ends and ends.year > 100 else date(2024, 1, 1))
    last = min((ends or date.max).toordinal(), start.toordinal() + CYCLE)
    return any(falls_on(nudge, date.fromordinal(day)) for day in range(start.toordinal(), last + 1))


def _when_of(values: Mapping[str, Any]) -> At | Between | Cron:
    if "at" in values:
        return At(tuple(sorted(values["at"])))
    if "between" in values:
        return Between(values["between"], values.get("times", 1))
    return Cron(values["cron"])


def _dates_of(values: Mapping[str, Any]) -> OnDays | Every:
    if "every" in values:
        return Every(values["every"])
    return OnDays(frozenset(values["days"])) if "days" in values else _DAILY


_DAILY = OnDays()


def _later(values: Mapping[str, Any], *keys: str) -> str:
    """The one of `keys` that stands last in the file."""
    return [key for key in values if key in keys][-1]
