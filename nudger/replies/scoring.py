"""How well replies are understood: texts with what they mean, held against what was made of them.

A table of texts (TSV, UTF-8, the first line names the columns) says of each what an honest person would take
it for; several intents may stand beside each other ("crisis|concern"), and any of them is right. What comes
out are counts with 95 % intervals, for each group of texts and for all; never a text.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from math import sqrt
from typing import TypeVar

from nudger.domain.errors import NudgerError
from nudger.replies.intent.meanings import CrisisKind, Intent, Understood

Value = TypeVar("Value", bound=StrEnum)

COLUMNS = ("text", "intent", "kind", "until", "now", "timezone", "country", "group")
NOW = "2026-11-23 10:00"  # a Monday
TIMEZONES = {"en": "America/New_York", "es": "Europe/Madrid", "fr": "Europe/Paris", "pt": "America/Sao_Paulo"}
LOOKALIKE = "lookalike"  # the group of what only sounds like danger
OPEN = "open"  # a pause without an end
Z = 1.96  # 95 %

_DANGER = frozenset({Intent.CRISIS, Intent.CONCERN})
_NO_COMMAND = _DANGER | {Intent.SAID, Intent.UNKNOWN, Intent.STOP}
_WALL = "%Y-%m-%d %H:%M"


class TableError(NudgerError):
    """A table of texts is not of the form that can be scored: every problem, each with its line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One text, and what it means."""

    text: str
    intents: frozenset[Intent]
    now: datetime
    zone: tzinfo
    kind: CrisisKind | None = None
    until: str = ""  # a wall time like "2026-11-23 16:00", or "open"; empty where nothing is said of it
    country: str | None = None
    group: str = ""

    @property
    def in_danger(self) -> bool:
        """Whether it speaks of danger, by any honest reading. A stop beside it takes nothing from it; whether
        "stop me" is a stop, nobody can tell."""
        if Intent.STOP in self.intents:
            return self.intents == {Intent.STOP, Intent.CRISIS}
        return bool(self.intents) and self.intents <= _DANGER

    @property
    def surely(self) -> bool:
        return self.intents in ({Intent.CRISIS}, {Intent.STOP, Intent.CRISIS})

    def is_met_by(self, found: Understood) -> bool:
        """Whether what was understood is right in every respect."""
        faults = {FOUND: False, KIND: False, HELD: False, INTENTS: False, TIMES: False}
        return all(hit is not faults.get(measure, True) for measure, hit in judged(self, found))


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        share, about = self.share, Z * Z / self.of
        middle = (share + about / 2) / (1 + about)
        half = Z * sqrt(share * (1 - share) / self.of + about / self.of / 4) / (1 + about)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.hits:5} of {self.of:5}  {self.share:6.1%}  ({low:.1%} to {high:.1%})"


@dataclass
class Score:
    """What became of many texts: by group, and for each measure how many of how many."""

    texts: Counter[str] = field(default_factory=Counter)
    hits: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    totals: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, case: Case, found: Understood) -> None:
        for group in dict.fromkeys((case.group, ALL)):
            self.texts[group] += 1
            for measure, hit in judged(case, found):
                self.hits[group][measure] += hit
                self.totals[group][measure] += 1

    def share(self, measure: str, group: str = "") -> Share | None:
        """Of one measure; None where no text of the group says anything of it."""
        of = self.totals[group or ALL][measure]
        return Share(self.hits[group or ALL][measure], of) if of else None

    def lines(self) -> Iterator[str]:
        """For people: each group, then all."""
        for group in (*sorted(one for one in self.texts if one != ALL), ALL):
            yield f"{group or 'without a group'}: {self.texts[group]} texts"
            for measure in MEASURES:
                share = self.share(measure, group)
                if share is not None:
                    yield f"  {measure:38} {share}"

    def table(self) -> dict[str, dict[str, object]]:
        """For programs: group -> measure -> hits, of, share, low, high."""
        return {group: dict(self._measures(group)) for group in self.texts}

    def _measures(self, group: str) -> Iterator[tuple[str, object]]:
        for measure in MEASURES:
            share = self.share(measure, group)
            if share is not None:
                low, high = share.interval
                yield (
                    measure,
                    {"hits": share.hits, "of": share.of, "share": share.share, "low": low, "high": high},
                )


ALL = "all"
FOUND, HELD, KIND = "crisis or concern found", "crisis found", "kind right, of those found"
LOOKALIKES_HELD, LOOKALIKES_CONCERNED = "look-alikes held", "look-alikes concerned"
OTHERS_HELD, OTHERS_CONCERNED = "other texts without danger held", "other texts without danger concerned"
OBEYED = "obeyed as a command though in danger"
MISSED_STOPS, FALSE_STOPS = "opt-outs missed", "false opt-outs"
INTENTS, TIMES = "intent right", "time right"
MEASURES = (
    FOUND, HELD, KIND, OBEYED, LOOKALIKES_HELD, LOOKALIKES_CONCERNED, OTHERS_HELD, OTHERS_CONCERNED,
    MISSED_STOPS, FALSE_STOPS, INTENTS, TIMES,
)  # fmt: skip


def judged(case: Case, found: Understood) -> Iterator[tuple[str, bool]]:
    """The measures that a text says something of, and whether each is met."""
    alarmed = found.crisis or found.concern
    if case.in_danger:
        yield FOUND, alarmed
        yield OBEYED, found.intent not in _NO_COMMAND
        if case.kind is not None and alarmed:
            yield KIND, found.danger is case.kind
    elif case.intents.isdisjoint(_DANGER):
        alike = case.group == LOOKALIKE
        yield (LOOKALIKES_HELD if alike else OTHERS_HELD), found.crisis
        yield (LOOKALIKES_CONCERNED if alike else OTHERS_CONCERNED), found.concern
    if case.surely:
        yield HELD, found.crisis
    if case.intents <= {Intent.STOP, Intent.CRISIS} and Intent.STOP in case.intents:
        yield MISSED_STOPS, found.intent is not Intent.STOP
    elif Intent.STOP not in case.intents:
        yield FALSE_STOPS, found.intent is Intent.STOP
    yield INTENTS, found.intent in case.intents
    if case.until:
        yield TIMES, case.until in shown(found, case.zone)


def shown(found: Understood, zone: tzinfo) -> frozenset[str]:
    """The wall times that a text may be said to mean: as it was asked for, and moved out of quiet hours."""
    instants = [at for at in (found.until, found.asked) if at is not None]
    if not instants:
        return frozenset({OPEN}) if found.intent in (Intent.PAUSE, Intent.AWAY) else frozenset()
    return frozenset(at.astimezone(zone).strftime(_WALL) for at in instants)


# --- reading a table ----------------------------------------------------------------------------------
def read_table(source: str, language: str, zone: Callable[[str], tzinfo | None]) -> list[Case]:
    """The cases of a table. Raises TableError with every problem, each with its line."""
    lines = source.removeprefix("\ufeff").splitlines()
    header = lines[0].split("\t") if lines else []
    problems = list(_wrong_header(header))
    if problems:
        raise TableError("\n".join(problems))
    cases = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        try:
            cases.append(_case(dict(zip(header, line.split("\t"), strict=False)), language, zone))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        raise TableError("\n".join(problems))
    return cases


def _wrong_header(header: Sequence[str]) -> Iterator[str]:
    known = ", ".join(COLUMNS)
    for name in header:
        if name not in COLUMNS:
            yield f"line 1: unknown column {name!r}; known are {known}"
    for name in ("text", "intent"):
        if name not in header:
            yield f"line 1: the column {name!r} is missing; known are {known}"


def _case(row: Mapping[str, str], language: str, zone: Callable[[str], tzinfo | None]) -> Case:
    name = row.get("timezone") or TIMEZONES.get(language, "UTC")
    found = zone(name)
    if found is None:
        raise ValueError(f'timezone: expected a name like "Europe/London", got {name!r}')
    until = row.get("until", "")
    if until and until != OPEN:
        _wall("until", until)
    return Case(
        text=row["text"],
        intents=frozenset(_known(Intent, "intent", one) for one in row["intent"].split("|")),
        now=_wall("now", row.get("now") or NOW).replace(tzinfo=found).astimezone(UTC),
        zone=found,
        kind=_known(CrisisKind, "kind", row["kind"]) if row.get("kind") else None,
        until=until,
        country=row.get("country") or None,
        group=row.get("group", ""),
    )


def _wall(column: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, _WALL)  # noqa: DTZ007 - the zone is another column
    except ValueError:
        raise ValueError(f'{column}: expected a wall time like "{NOW}", got {text!r}') from None


def _known(values: type[Value], column: str, text: str) -> Value:
    try:
        return values(text)
    except ValueError:
        raise ValueError(f"{column}: expected one of {', '.join(values)}, got {text!r}") from None
