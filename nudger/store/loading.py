"""Plans taken over: who is new, changed, gone and back; and what their consent line says."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam, insert, literal_column, select, update

from nudger.delivery import changes
from nudger.delivery.planning import PlanChange, PlanFile, PlanRead
from nudger.model import History
from nudger.store import asking, codec, consent, erased, numbers, people, plan_files, searching, standing
from nudger.store.bulk import Bulk
from nudger.store.keys import among
from nudger.store.tables import AnyRow, person, plan
from nudger.store.transaction import Transaction

CHUNK = 500  # people of one statement
LOADING = 0x6C6F6164  # one load at a time: two hosts may see the same folder

_Item = TypeVar("_Item")

_KNOWN = select(person.c.id, person.c.digest, person.c.removed_at, plan.c.file).join(
    plan, plan.c.person == person.c.id
)
_PERSON: dict[str, BindParameter[str]] = {
    "name": bindparam("called"),
    "digest": bindparam("its_digest"),
    "search": bindparam("found_by"),
    "trusted": bindparam("its_trusted"),
}
_IN_FILES = _KNOWN.where(among(plan.c.file))
_BY_ID = _KNOWN.where(among(person.c.id))
_MOVED = Bulk(update(plan).where(plan.c.person == bindparam("one")).values(file=bindparam("its_file")))
_NEW_PERSON = Bulk(
    insert(person).values(
        id=bindparam("one"),
        history=bindparam("empty"),
        layout_at=bindparam("now"),
        opted_out=literal_column("''"),
        consented=literal_column("''"),
        layout_afresh=literal_column("true"),
        layout_version=literal_column("0"),
        **_PERSON,
    )
)
_PERSON_CHANGES = Bulk(update(person).where(person.c.id == bindparam("one")).values(_PERSON))
_PLAN: dict[str, BindParameter[str]] = {
    "file": bindparam("its_file"),
    "json": bindparam("head"),
    "nudges": bindparam("body"),
}
_BEFORE = select(plan.c.person, plan.c.json, plan.c.nudges).where(among(plan.c.person))
_NEW_PLAN = Bulk(insert(plan).values(person=bindparam("one"), **_PLAN))
_PLAN_CHANGES = Bulk(update(plan).where(plan.c.person == bindparam("one")).values(_PLAN))


def load_plans(tx: Transaction, read: PlanRead, now: datetime) -> PlanChange:
    """See Store.load_plans."""
    tx.take_turns(LOADING)
    read = erased.left_out(tx, read)
    given = {file.plan.person: file for file in read.plans}
    known = _known(tx, read.files, read.people)
    added = sorted(given.keys() - known.keys())
    changed = sorted(one for one in given.keys() & known.keys() if known[one].digest != given[one].digest)
    of_these = None if read.files is None else frozenset(read.files)
    removed = sorted(
        one
        for one, row in known.items()
        if one not in read.people and (of_these is None or row.file in of_these) and row.removed_at is None
    )
    restored = sorted(one for one, row in known.items() if one in read.people and row.removed_at is not None)
    moved = [one for one, file in read.people.items() if one in known and known[one].file != file]
    for ids in _chunks(sorted({*changed, *removed, *restored})):
        people.lock(tx, ids)
    _add(tx, [given[one] for one in added], now)
    _change(tx, [given[one] for one in changed], now)
    _MOVED.run(tx.connection, [{"one": one, "its_file": read.people[one]} for one in moved])
    _remove(tx, removed, now)
    _restore(tx, restored, now)
    plan_files.keep(tx, read)
    back = frozenset(restored)
    return PlanChange(
        tuple(added), tuple(one for one in changed if one not in back), tuple(removed), tuple(restored)
    )


def _known(tx: Transaction, files: Collection[str] | None, ids: Collection[str]) -> dict[str, AnyRow]:
    """Who was in these files, and who of these people there is."""
    if files is None:
        return {row.id: row for row in tx.connection.execute(_KNOWN)}
    in_files = tx.connection.execute(_IN_FILES, {"ids": list(files)})
    by_id = tx.connection.execute(_BY_ID, {"ids": list(ids)})
    return {row.id: row for row in (*in_files, *by_id)}


def _add(tx: Transaction, files: Sequence[PlanFile], now: datetime) -> None:
    empty = codec.history_to_json(History())
    for chunk in _chunks(files):
        _NEW_PERSON.run(tx.connection, [_person(file) | {"empty": empty, "now": now} for file in chunk])
        _NEW_PLAN.run(tx.connection, [_plan(file) for file in chunk])
        consent.align(tx, [file.plan for file in chunk], now)
        standing.record_events(tx, [file.plan.person for file in chunk], now, "plan added")


def _change(tx: Transaction, files: Sequence[PlanFile], now: datetime) -> None:
    for chunk in _chunks(files):
        edits = _edits(tx, chunk)
        _PERSON_CHANGES.run(tx.connection, [_person(file) for file in chunk])
        _PLAN_CHANGES.run(tx.connection, [edit.row for edit in edits])
        reached_anew = [edit.file.plan for edit in edits if edit.may_reach_anew]
        numbers.works_again(tx, consent.align(tx, reached_anew, now), now)
        standing.lay_out_again(tx, [file.plan.person for file in chunk], now)
        standing.write_events(tx, [edit.event(now) for edit in edits])


def _edits(tx: Transaction, files: Sequence[PlanFile]) -> list["_Edit"]:
    rows = tx.connection.execute(_BEFORE, {"ids": [file.plan.person for file in files]})
    before = {row.person: row for row in rows}
    return [_Edit(file, _plan(file), before[file.plan.person]) for file in files]


@dataclass(frozen=True, slots=True)
class _Edit:
    """A plan in the place of another, compared by their texts: most who extend one plan have the same ones,
    and an edit of that costs little more than to write it."""

    file: PlanFile
    row: dict[str, Any]
    before: AnyRow

    @property
    def may_reach_anew(self) -> bool:
        """Whether addresses, channels or the consent line may be other ones."""
        return self._other_head or _channels(self.before.nudges) != _channels(self.row["body"])

    def event(self, now: datetime) -> dict[str, Any]:
        """The line of the person's own log: among ten thousand others it is the one place for it."""
        return {"person": self.row["one"], "at": now, "what": "plan changed", "detail": self._in_words()}

    @property
    def _other_head(self) -> bool:
        return bool(self.before.json != self.row["head"])

    def _in_words(self) -> str:
        try:
            heads = [json.loads(head) for head in (self.before.json, self.row["head"]) if self._other_head]
            keys = changes.in_keys(*heads) if heads else []
            return changes.in_words(_in_nudges(self.before.nudges, self.row["body"]), keys)
        except (ValueError, LookupError, TypeError, AttributeError):
            return "in place of one that could not be read"


@lru_cache(maxsize=codec.NUDGES_KEPT)
def _in_nudges(before: str, after: str) -> list[str]:
    return [] if before == after else changes.in_nudges(json.loads(before), json.loads(after))


@lru_cache(maxsize=codec.NUDGES_KEPT)
def _channels(nudges: str) -> object:
    """On which channels they may go out; a text that cannot be read is like no other."""
    try:
        return {frozenset(nudge["channels"]) for nudge in json.loads(nudges)}
    except (ValueError, LookupError, TypeError):
        return nudges


def _person(file: PlanFile) -> dict[str, Any]:
    plan, trusted = file.plan, file.plan.trusted
    return {
        "one": plan.person,
        "called": plan.name,
        "its_digest": file.digest,
        "its_trusted": trusted.phone if trusted else None,
        "found_by": searching.key(plan.person, plan.name),
    }


def _plan(file: PlanFile) -> dict[str, Any]:
    head, nudges = codec.plan_to_json(file.plan)
    return {"one": file.plan.person, "its_file": file.file, "head": head, "body": nudges}


def _remove(tx: Transaction, ids: Sequence[str], now: datetime) -> None:
    for chunk in _chunks(ids):
        tx.connection.execute(
            update(person).where(person.c.id.in_(chunk)).values(removed_at=now, layout_at=None)
        )
        standing.cancel_waiting(tx, chunk, standing.REMOVAL, now)
        standing.record_events(tx, chunk, now, "plan removed")


def _restore(tx: Transaction, ids: Sequence[str], now: datetime) -> None:
    for chunk in _chunks(ids):
        tx.connection.execute(update(person).where(person.c.id.in_(chunk)).values(removed_at=None))
        standing.lay_out_again(tx, chunk, now)
        asking.soon(tx, chunk, now)
        standing.record_events(tx, chunk, now, "plan restored")


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
