"""One plan file (or a row of a roster) as it was read: its tables by the tables of keys, which keys go
together, and every fault on the way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any, Protocol

from nudger.domain.errors import Problem
from nudger.domain.model import At, Between, Contact, Cron, Every, Kind, Nudge, OnDays
from nudger.plans.format.documents import single_header
from nudger.plans.format.faults import (
    ERROR,
    FAULTY,
    WARNING,
    Breach,
    Facts,
    Fault,
    Path,
    Wrong,
    did_you_mean,
    listed,
    meant,
    shown,
)
from nudger.plans.format.times import in_words
from nudger.plans.parse.asks import ask_breaches
from nudger.plans.parse.details import Refusal, opt_in_breaches, undated
from nudger.plans.parse.keys import ALSO, CONTACT, NUDGE, PLAN, TABLES, WHEN, Form, Key
from nudger.schedule import falls_on

MOST = 100  # nudges, contacts, values of a list: far beyond a person's, and few enough to compare all
SHORTEST_GAP = timedelta(minutes=60)
Table = Mapping[str, Any]


class Locator(Protocol):
    """Knows where things stand in a file."""

    def find(self, path: Path) -> tuple[int, int]:
        """Finds line and column of the value at `path`, or else of what it would be in."""

    def find_key(self, path: Path) -> tuple[int, int]:
        """Finds line and column of a key that is there."""


@dataclass(frozen=True, slots=True)
class NudgeDraft:
    """One [[nudge]]."""

    path: Path
    id: str | None  # None where it cannot be told
    nudge: Nudge | None  # None where something in it is wrong
    at: tuple[time, ...] = ()  # in the order of the file


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """One [[contact]]."""

    path: Path
    name: str | None
    contact: Contact | None


@dataclass(slots=True)
class Draft:
    """What one file, or one row of a roster, says."""

    file: str
    place: Locator
    who: str = ""  # begins the `where` of a roster's row
    readable: bool = True
    values: dict[str, Any] = field(default_factory=dict)  # of the plan's own keys; FAULTY where wrong
    nudges: list[NudgeDraft] = field(default_factory=list)
    contacts: list[ContactDraft] = field(default_factory=list)
    labels: dict[Path, str] = field(default_factory=dict)  # what problems call a nudge or a contact
    faults: dict[Fault, None] = field(default_factory=dict)  # in order, and each once

    failed: bool = False  # it has an error of its own
    refused: set[str] = field(default_factory=set)  # keys of record that say that there is none

    def add(self, fault: Fault) -> None:
        """Keeps a fault of this plan's own."""
        self.faults[fault] = None
        self.failed = self.failed or fault.severity == ERROR

    def lend(self, fault: Fault) -> None:
        """Keeps what holds only for some who extend this plan: it does not fail the others."""
        self.faults[fault] = None

    def problems(self) -> Iterator[Problem]:
        """Yields the faults, each with its line and column."""
        for fault in self.faults:
            find = self.place.find_key if fault.on_key else self.place.find
            line, column = fault.spot or find(fault.path)
            where = ": ".join(part for part in (self.who, self._where(fault)) if part)
            yield Problem(self.file, line, column, where, fault.message, fault.hint, fault.severity)

    def label(self, path: Path) -> str:
        """Names a place: `nudge "rest": at` for ("nudge", 2, "at", 0)."""
        size = next((size for size in (2, 1) if path[:size] in self.labels), 0)
        parts = [self.labels[path[:size]]] if size else []
        parts += [str(part) for part in path[size : size + 1]]
        return ": ".join(parts)

    def _where(self, fault: Fault) -> str:
        if fault.where is not None:
            return fault.where
        return self.label(fault.path[:-1] if fault.on_key else fault.path)


def read_plan(draft: Draft, data: Table, facts: Facts) -> None:
    """Fills a draft from the tables of its file."""
    top = {name: value for name, value in data.items() if name not in TABLES}
    tables = {name: _tables(draft, name, data.get(name, [])) for name in TABLES}
    draft.values = _read_table(draft, PLAN, (), top, facts)
    gap = draft.values.get("gap")
    if isinstance(gap, timedelta) and gap < SHORTEST_GAP:
        message = f"{in_words(gap)} leaves little peace between nudges"
        draft.add(Fault(("gap",), message, "60 minutes or more are kinder", WARNING))
    consent = draft.values.get("consent")
    if isinstance(consent, str) and (lack := undated(consent)):
        draft.add(Fault(("consent",), *lack, WARNING))
    _read_nudges(draft, tables["nudge"], facts)
    _read_contacts(draft, tables["contact"], facts)


def _tables(draft: Draft, name: str, value: object) -> list[tuple[Path, Table]]:
    """The tables of `[[name]]`, each with its path."""
    if isinstance(value, dict):
        message, hint = single_header(name)
        draft.add(Fault((name,), message, hint))
        return [((name,), value)]
    if not isinstance(value, list):
        draft.add(Fault((name,), f"expected [[{name}]] tables, got {shown(value)}", f"write [[{name}]]"))
        return []
    found: list[tuple[Path, Table]] = []
    if len(value) > MOST:
        message = f"expected at most {MOST} [[{name}]] tables, got {len(value)}"
        draft.add(Fault((name, MOST), message, "is this one person's plan?"))
    for index, table in enumerate(value[:MOST]):
        if isinstance(table, dict):
            found.append(((name, index), table))
        else:
            draft.add(Fault((name, index), f"expected a table, got {shown(table)}", f"write [[{name}]]"))
    return found


def _read_nudges(draft: Draft, tables: list[tuple[Path, Table]], facts: Facts) -> None:
    read = [(path, _read_table(draft, NUDGE, path, table, facts)) for path, table in tables]
    seen: set[str] = set()
    for (path, values), nudge_id in zip(read, _ids([values for _, values in read]), strict=True):
        number = path[-1] + 1 if isinstance(path[-1], int) else 1
        draft.labels[path] = f'nudge "{nudge_id}"' if nudge_id else f"nudge {number}"
        sound = FAULTY not in values.values() and nudge_id is not None
        for breach in nudge_breaches(values, facts):
            draft.add(Fault((*path, *breach.path), breach.message, breach.hint, breach.severity))
            sound = sound and breach.severity != ERROR
        if nudge_id in seen:
            message = f'expected an id of its own, got "{nudge_id}" once more'
            draft.add(Fault((*path, "id"), message, "give this nudge another id"))
            sound = False
        nudge = build_nudge(values, nudge_id) if sound and nudge_id else None
        seen.add(nudge_id or "")
        at = values.get("at", ())
        draft.nudges.append(NudgeDraft(path, nudge_id, nudge, at if isinstance(at, tuple) else ()))


def _ids(read: list[dict[str, Any]]) -> list[str | None]:
    """What each nudge is called: its own id, else its kind, kind-2, ... passing over ids that are given."""
    given = {values["id"] for values in read if isinstance(values.get("id"), str)}
    counts = Counter[str]()
    ids: list[str | None] = []
    for values in read:
        own, kind = values.get("id"), values.get("kind")
        if own is not None:
            ids.append(own if isinstance(own, str) else None)
        elif kind is None or kind is FAULTY:
            ids.append(None)
        else:
            ids.append(_free(str(kind), counts, given))
    return ids


def _free(kind: str, counts: Counter[str], given: set[Any]) -> str:
    while True:
        counts[kind] += 1
        name = kind if counts[kind] == 1 else f"{kind}-{counts[kind]}"
        if name not in given:
            return name


def _read_contacts(draft: Draft, tables: list[tuple[Path, Table]], facts: Facts) -> None:
    seen: set[str] = set()
    for number, (path, table) in enumerate(tables, 1):
        values = _read_table(draft, CONTACT, path, table, facts)
        name = values.get("name")
        name = name if isinstance(name, str) else None
        draft.labels[path] = f'contact "{name}"' if name else f"contact {number}"
        if "name" not in values:
            draft.add(Fault(path, 'expected "name", got none', 'add name = "Sam"'))
        if name in seen:
            message = f'expected a name of its own, got "{name}" once more'
            draft.add(Fault((*path, "name"), message, "tell the two apart, as the person would"))
            continue
        seen.add(name or "")
        if "phone" not in values and "email" not in values:
            hint = "add how to reach them, so that it is at hand"
            draft.add(Fault(path, 'expected "phone" or "email", got none', hint, WARNING))
        broken = list(opt_in_breaches(values))
        for breach in broken:
            draft.add(Fault((*path, *breach.path), breach.message, breach.hint))
        sound = name is not None and FAULTY not in values.values() and not broken
        draft.contacts.append(ContactDraft(path, name, Contact(**values) if sound else None))


def _read_table(
    draft: Draft, keys: Mapping[str, Key], path: Path, table: Table, facts: Facts
) -> dict[str, Any]:
    """The values of one table by key; FAULTY where one is wrong. Unknown keys are left out."""
    values: dict[str, Any] = {}
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            fault = Fault((*path, name), f"unknown key {shown(name)}", _hint(name, keys), on_key=True)
            draft.add(fault)
        elif key.form.many:
            values[name] = _read_many(draft, key.form, (*path, name), value, facts)
        else:
            try:
                values[name] = key.form.read(value, facts)
            except Wrong as wrong:
                draft.add(Fault((*path, name), wrong.message, wrong.hint))
                values[name] = FAULTY
                if isinstance(wrong, Refusal):
                    draft.refused.add(name)
    return values


def _read_many(draft: Draft, form: Form, path: Path, value: object, facts: Facts) -> object:
    """One value or a list of them, none twice; FAULTY if any of them is wrong."""
    if isinstance(value, str) and value in form.alone:
        return form.alone[value]
    if not isinstance(value, list) or not value:
        ones = {path: value}  # an empty list is as wrong as any other value that is none
    elif len(value) > MOST:
        draft.add(Fault(path, f"expected at most {MOST} of them, got {len(value)}"))
        return FAULTY
    else:
        ones = {(*path, index): one for index, one in enumerate(value)}
    read: dict[Any, None] = {}
    sound = True
    for at, one in ones.items():
        try:
            found = form.read(one, facts)
        except Wrong as wrong:
            hint = "put something into it, or leave it out" if value == [] else wrong.hint
            draft.add(Fault(at, wrong.message, hint))
            sound = False
            continue
        if found in read:
            draft.add(Fault(at, f"{shown(one)} is named twice", "take one of them away"))
            sound = False
        read[found] = None
    return tuple(read) if sound else FAULTY


def _hint(name: str, keys: Mapping[str, Key]) -> str:
    """What to do about a key that is unknown here."""
    if name == "id" and keys is PLAN:
        return "a person's id is the name of their file"
    if name in PLAN:
        return f'"{name}" belongs at the top of the file, above the first [[nudge]] or [[contact]]'
    for table, others in TABLES.items():
        if name in others:
            return f'"{name}" belongs in a [[{table}]]'
    known = (*keys, *TABLES) if keys is PLAN else tuple(keys)
    also = {word: key for word, key in ALSO.items() if key in known}
    return did_you_mean(meant(name, known, also), f"known here: {listed(known, 'and')}")


CYCLE = 40 * 366  # days in which every date of the calendar has come on every day of the week
A_DAY = timedelta(days=1)


def nudge_breaches(values: Mapping[str, Any], facts: Facts) -> Iterator[Breach]:
    """Finds what is wrong with the keys of a nudge taken together, each one read before."""
    if "kind" not in values:
        yield Breach(None, 'expected "kind", got none', f'add kind = "rest", or {listed(tuple(Kind)[1:])}')
    yield from _when(values)
    if "every" in values and "days" in values:
        later = _later(values, "every", "days")
        yield Breach(later, 'expected "every" or "days", got both', "take one of them away")
    if "message" in values and "template" in values:
        later = _later(values, "message", "template")
        yield Breach(later, 'expected "message" or "template", got both', "take one of them away")
    if values.get("keep") is True and "between" in values:
        hint = "what is drawn may be left out; name a time with at, or take keep away"
        yield Breach("keep", 'expected "keep" beside "at" or "cron", got it beside "between"', hint)
    yield from ask_breaches(values)
    yield from _dates(values, facts.today)
    yield from _words(values, facts)


def build_nudge(values: Mapping[str, Any], nudge_id: str) -> Nudge:
    """Makes the nudge of values that break no rule."""
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
    ask = values.get("ask")
    ask = ask if isinstance(ask, str) else None
    if isinstance(message, str) and (problem := facts.wording.check(message, has_contact=True, ask=ask)):
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
