"""Plans taken over: who is new, changed, gone and back, what their consent line says, and what a plan in the
place of another changes (whether it reaches the person another way, what their log says); the verbs of
`PlanStore` on the database.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import bindparam, insert, literal_column, select, update

from nudger.agenda import forecast
from nudger.agenda.entries import Missing, without
from nudger.domain.errors import Problem
from nudger.domain.model import History
from nudger.plan_sync.port import PlanChange, PlanFile, PlanRead
from nudger.store.plans import plan_files
from nudger.store.plans.plan_files import LOADING, NOBODY, Departures
from nudger.store.schema.tables import person, plan
from nudger.store.sending import endings
from nudger.store.sql.statements import AnyRow, Bulk, among, binds, chunks
from nudger.store.sql.transactions import Transaction, Transactions
from nudger.store.state import consent, erased, people, set_aside, standing

CHUNK = 500  # people of one statement
AT_ONCE = 2000  # people and files of one transaction: some 0.3 s on SQLite, for which a STOP can wait
Transacting = Callable[[], AbstractContextManager[Transaction]]
Known = Mapping[str, AnyRow]  # id -> id, digest, is_removed, file
_KNOWN = select(
    person.c.id, person.c.digest, person.c.removed_at.is_not(None).label("is_removed"), plan.c.file
).join(plan, plan.c.person == person.c.id)
_PERSON = binds("name", "digest", "search", "grouped", "trusted", "keep_words")
_IN_FILES = _KNOWN.where(among(plan.c.file))
_BY_ID = _KNOWN.where(among(person.c.id))
_MOVED = Bulk(update(plan).where(plan.c.person == bindparam("person")).values(binds("file")))
_NEW_PERSON = Bulk(
    insert(person).values(
        opted_out=literal_column("''"),
        consented=literal_column("''"),
        layout_afresh=literal_column("true"),
        layout_version=literal_column("0"),
        silent_since=bindparam("layout_at"),  # nothing came before
        **binds("id", "history", "layout_at"),
        **_PERSON,
    )
)
_PERSON_CHANGES = Bulk(update(person).where(person.c.id == bindparam("id")).values(_PERSON))
_PLAN = binds("file", "json", "nudges")
_NEW_PLAN = Bulk(insert(plan).values(**binds("person"), **_PLAN))
_PLAN_CHANGES = Bulk(update(plan).where(plan.c.person == bindparam("person")).values(_PLAN))


class SqlPlanStore:
    """Which plans run, and the files they came from.

    Each verb's promise stands in `PlanStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def load_plans(self, read: PlanRead, now: datetime) -> PlanChange:
        return load_plans(self._in.read, partial(self._in.write, wakes=True), read, now)

    def missing(self, limit: int = 50) -> Sequence[Missing]:
        with self._in.read() as tx:
            return plan_files.listed(tx, limit)

    def count_missing(self) -> int:
        with self._in.read() as tx:
            return plan_files.count_missing(tx)

    def accept_removal(self, now: datetime) -> Collection[str]:
        return plan_files.accept_all(partial(self._in.write, wakes=True), now)

    def plan_marks(self, files: Collection[str] | None = None, host: str = "") -> Mapping[str, str]:
        with self._in.read() as tx:
            return plan_files.marks(tx, files, host)

    def count_plan_files(self) -> int:
        with self._in.read() as tx:
            return plan_files.count(tx)

    def linked_files(self, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
        with self._in.read() as tx:
            return plan_files.linked(tx, ids, phones)

    def digests(self, ids: Collection[str]) -> Mapping[str, str]:
        with self._in.read() as tx:
            return people.digests(tx, ids)

    def has_people(self) -> bool:
        with self._in.read() as tx:
            return people.are_there(tx)


def load_plans(look: Transacting, write: Transacting, read: PlanRead, now: datetime) -> PlanChange:
    """See PlanStore.load_plans. What is small is one transaction. What is large is judged while others write,
    and then cut into many, so that nobody has to wait for it: first who leaves, then the others with their
    files, each of which counts as read with the last of its people. Cut off, the next load goes on, and does
    nothing again that is done."""
    with look() as tx:
        whole, known = _judged(tx, read, now)
        files = plan_files.everything(tx) if read.files is None else read.files
    if max(whole.size, len(known)) <= AT_ONCE:
        with write() as tx:
            tx.take_turns(LOADING)
            whole, known = _judged(tx, read, now)  # RACE: another load may have come before
            return whole.without_erased(tx).run(tx, known, now)
    del known
    with write() as tx:
        whole = whole.without_erased(tx)
    change = PlanChange()
    for part in whole.parts(files):
        with write() as tx:
            tx.take_turns(LOADING)
            change += part.run(tx, _of_ids(tx, part.read.people), now)
        tx.database.let_others_write()
    return change


def _judged(tx: Transaction, read: PlanRead, now: datetime) -> tuple["_Load", Known]:
    """What there is to do, and who is known of all whom it concerns. Changes nothing."""
    known = _known(tx, read.files, read.people)
    ran = {person_id: row.file for person_id, row in known.items() if not row.is_removed}
    return _Load(read, plan_files.judge(tx, read, ran, now)), known


@dataclass(frozen=True, slots=True)
class _Load:
    """A load that was judged, or the part of it that one transaction does."""

    read: PlanRead
    departures: Departures = NOBODY

    @property
    def size(self) -> int:
        """Counts people and files, each once."""
        return len(self.read.people) + len(self.read.marks) + self.departures.size

    def without_erased(self, tx: Transaction) -> "_Load":
        """Returns the same without those who were erased."""
        lost = bool(self.departures.missing or self.departures.waiting)
        return replace(self, read=erased.left_out(tx, self.read, lost=lost))

    def parts(self, files: Collection[str]) -> Iterator["_Load"]:
        """Cuts the load into parts of one transaction each; `files` are all that were read.

        Who leaves comes first: nobody who has another id by now is nudged under both.
        """
        whole, plans = self.read, {file.plan.person: file for file in self.read.plans}
        problems = defaultdict[str, list[Problem]](list)
        for problem in whole.problems:
            problems[problem.file].append(problem)

        def part(ids: Sequence[str], done: Collection[str]) -> "_Load":
            return _Load(
                replace(
                    whole,
                    files=done,
                    plans=[plans[person_id] for person_id in ids if person_id in plans],
                    people={person_id: whole.people[person_id] for person_id in ids},
                    problems=[problem for file in done for problem in problems.get(file, ())],
                    marks={file: whole.marks[file] for file in done if file in whole.marks},
                )
            )

        for departures in self.departures.parts(AT_ONCE):
            yield replace(part((), ()), departures=departures)
        everyone = sorted(whole.people, key=lambda person_id: (whole.people[person_id], person_id))
        last = {whole.people[person_id]: person_id for person_id in everyone}
        for ids in chunks(everyone, AT_ONCE):
            here = frozenset(ids)
            there = dict.fromkeys(whole.people[person_id] for person_id in ids)
            yield part(ids, [file for file in there if last[file] in here])
        for done in chunks(sorted({*files, *whole.marks, *problems} - last.keys()), AT_ONCE):
            yield part((), done)

    def run(self, tx: Transaction, known: Known, now: datetime) -> PlanChange:
        """Does it. `known`: at least those of its people whom the store has."""
        read, departures = self.read, self.departures
        given = {file.plan.person: file for file in read.plans}
        added = sorted(given.keys() - known.keys())
        changed = sorted(
            person_id
            for person_id in given.keys() & known.keys()
            if known[person_id].digest != given[person_id].digest
        )
        back = sorted(
            person_id for person_id in read.people if person_id in known and known[person_id].is_removed
        )
        moved = [
            person_id
            for person_id, file in read.people.items()
            if person_id in known and known[person_id].file != file
        ]
        theirs = {*changed, *back, *moved, *departures.everyone, *self._refusing(known)}
        for ids in chunks(sorted(theirs), CHUNK):
            people.lock(tx, ids)
        _add(tx, [given[person_id] for person_id in added], now)
        _change(tx, [given[person_id] for person_id in changed], now)
        if moved:
            _MOVED.run(
                tx.connection, [{"person": person_id, "file": read.people[person_id]} for person_id in moved]
            )
        plan_files.carry_out(tx, departures, read.host, now)
        if back:
            plan_files.restore(tx, back, now)
        if changed or back:
            set_aside.soon(tx, [*changed, *back], now)
        self._end_consents(tx, known, now)
        plan_files.keep(tx, read)
        restored = frozenset(back)
        changed = [person_id for person_id in changed if person_id not in restored]
        return PlanChange(tuple(added), tuple(changed), departures.removed, tuple(back), departures.missing)

    def _refusing(self, known: Known) -> set[str]:
        """Whose plan is faulty for a line of record that says that there is none."""
        read = self.read
        return {
            person_id
            for person_id in (*read.refused, *read.untold)
            if person_id in known and person_id in read.people
        }

    def _end_consents(self, tx: Transaction, known: Known, now: datetime) -> None:
        """Their last good plan runs on, without what a line of it says no longer."""
        refusing = self._refusing(known)
        if not refusing:
            return
        ended = []
        for someone, running in people.plans_of(tx, refusing).items():
            plan = without(running, consent=someone in self.read.refused, tell=someone in self.read.untold)
            if plan != running:
                ended.append(PlanFile(plan, known[someone].file, f"{known[someone].digest}, ended"))
        _change(tx, ended, now)
        consent.ask_nobody(tx, [file.plan.person for file in ended if file.plan.person in self.read.refused])


def _known(tx: Transaction, files: Collection[str] | None, ids: Collection[str]) -> Known:
    """Who was in these files, and who of these people there is."""
    if files is None:
        return {row.id: row for row in tx.connection.execute(_KNOWN)}
    in_files = tx.connection.execute(_IN_FILES, {"file_in": list(files)})
    return {row.id: row for row in in_files} | _of_ids(tx, ids)


def _of_ids(tx: Transaction, ids: Collection[str]) -> dict[str, AnyRow]:
    return {row.id: row for row in tx.connection.execute(_BY_ID, {"id_in": list(ids)})}


def _add(tx: Transaction, files: Sequence[PlanFile], now: datetime) -> None:
    empty = people.history_to_json(History())
    for chunk in chunks(files, CHUNK):
        _NEW_PERSON.run(
            tx.connection, [_person(file) | {"history": empty, "layout_at": now} for file in chunk]
        )
        _NEW_PLAN.run(tx.connection, [_plan(file) for file in chunk])
        consent.align(tx, [file.plan for file in chunk], now)
        standing.record_events(tx, [file.plan.person for file in chunk], now, standing.ADDED)


def _change(tx: Transaction, files: Sequence[PlanFile], now: datetime) -> None:
    for chunk in chunks(files, CHUNK):
        found = edits(tx, chunk, [_plan(file) for file in chunk])
        _PERSON_CHANGES.run(tx.connection, [_person(file) for file in chunk])
        _PLAN_CHANGES.run(tx.connection, [edit.row for edit in found])
        reached_anew = [edit.file.plan for edit in found if edit.may_reach_anew]
        endings.works_again(tx, consent.align(tx, reached_anew, now), now)
        standing.lay_out_again(tx, [file.plan.person for file in chunk], now)
        standing.write_events(tx, [edit.event(now) for edit in found])


def _person(file: PlanFile) -> dict[str, Any]:
    plan, trusted = file.plan, file.plan.trusted
    return {
        "id": plan.person,
        "name": plan.name,
        "digest": file.digest,
        "trusted": trusted.phone if trusted else None,
        "keep_words": plan.keep_words,
        "search": people.search_key(plan.person, plan.name),
        "grouped": plan.group or "",
    }


def _plan(file: PlanFile) -> dict[str, Any]:
    head, nudges = people.plan_to_json(file.plan)
    return {"person": file.plan.person, "file": file.file, "json": head, "nudges": nudges}


_BEFORE = select(plan.c.person, plan.c.json, plan.c.nudges).where(among(plan.c.person))


def edits(tx: Transaction, files: Sequence[PlanFile], rows: Sequence[dict[str, Any]]) -> list["Edit"]:
    """Compares each file with the plan that runs; `rows` are what is to be stored of them."""
    found = tx.connection.execute(_BEFORE, {"person_in": [file.plan.person for file in files]})
    before = {row.person: row for row in found}
    return [Edit(file, row, before[file.plan.person]) for file, row in zip(files, rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Edit:
    """A plan in the place of another, compared by their texts: most who extend one plan have the same ones,
    and an edit of that costs little more than to write it."""

    file: PlanFile
    row: dict[str, Any]
    before: AnyRow

    @property
    def may_reach_anew(self) -> bool:
        """Tells whether addresses, channels or the consent line may be other ones."""
        return self._other_head or _channels(self.before.nudges) != _channels(self.row["nudges"])

    def event(self, now: datetime) -> dict[str, Any]:
        """Makes the line of the person's own log: among ten thousand others it is the one place for it."""
        return {"person": self.row["person"], "at": now, "what": "plan changed", "detail": self._in_words()}

    @property
    def _other_head(self) -> bool:
        return bool(self.before.json != self.row["json"])

    def _in_words(self) -> str:
        try:
            heads = [json.loads(head) for head in (self.before.json, self.row["json"]) if self._other_head]
            keys = forecast.in_keys(*heads) if heads else []
            return forecast.error_in_words(_in_nudges(self.before.nudges, self.row["nudges"]), keys)
        except (ValueError, LookupError, TypeError, AttributeError):
            return "in place of one that could not be read"


@lru_cache(maxsize=people.NUDGES_KEPT)
def _in_nudges(before: str, after: str) -> list[str]:
    return [] if before == after else forecast.in_nudges(json.loads(before), json.loads(after))


@lru_cache(maxsize=people.NUDGES_KEPT)
def _channels(nudges: str) -> object:
    """On which channels they may go out; a text that cannot be read is like no other."""
    try:
        return {frozenset(nudge["channels"]) for nudge in json.loads(nudges)}
    except (ValueError, LookupError, TypeError):
        return nudges
