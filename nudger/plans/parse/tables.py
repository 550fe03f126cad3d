"""Reads TOML's tables by the tables of keys, and keeps every fault on the way."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nudger.domain.model import Contact
from nudger.plans.format.documents import single_header
from nudger.plans.format.faults import (
    ERROR,
    FAULTY,
    WARNING,
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
from nudger.plans.parse import nudges, records
from nudger.plans.parse.drafts import ContactDraft, Draft, NudgeDraft
from nudger.plans.parse.keys import ALSO, CONTACT, NUDGE, PLAN, TABLES, Form, Key
from nudger.plans.parse.records import Refusal, undated

MOST = 100  # nudges, contacts, values of a list: far beyond a person's, and few enough to compare all
SHORTEST_GAP = timedelta(minutes=60)
Table = Mapping[str, Any]


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
        for breach in nudges.breaches(values, facts):
            draft.add(Fault((*path, *breach.path), breach.message, breach.hint, breach.severity))
            sound = sound and breach.severity != ERROR
        if nudge_id in seen:
            message = f'expected an id of its own, got "{nudge_id}" once more'
            draft.add(Fault((*path, "id"), message, "give this nudge another id"))
            sound = False
        nudge = nudges.build(values, nudge_id) if sound and nudge_id else None
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
        broken = list(records.breaches(values))
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
