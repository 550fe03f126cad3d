"""Plans taken over: who is new, changed, gone and back; and what their consent line says."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, insert, literal_column, select, update

from nudger.delivery.planning import PlanChange, PlanFile, PlanRead, without
from nudger.errors import Problem
from nudger.model import History
from nudger.store import (
    codec,
    consent,
    erased,
    gone,
    numbers,
    people,
    plan_files,
    searching,
    set_aside,
    standing,
)
from nudger.store.bulk import Bulk, chunks
from nudger.store.edits import edits
from nudger.store.gone import LOADING, NOBODY, Verdict
from nudger.store.keys import among
from nudger.store.tables import AnyRow, person, plan
from nudger.store.transaction import Transaction

CHUNK = 500  # people of one statement
AT_ONCE = 2000  # people and files of one transaction: some 0.3 s on SQLite, for which a STOP can wait

Transacting = Callable[[], AbstractContextManager[Transaction]]
Known = Mapping[str, AnyRow]  # id -> id, digest, is_removed, file

_KNOWN = select(
    person.c.id, person.c.digest, person.c.removed_at.is_not(None).label("is_removed"), plan.c.file
).join(plan, plan.c.person == person.c.id)
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
_NEW_PLAN = Bulk(insert(plan).values(person=bindparam("one"), **_PLAN))
_PLAN_CHANGES = Bulk(update(plan).where(plan.c.person == bindparam("one")).values(_PLAN))


def load_plans(look: Transacting, write: Transacting, read: PlanRead, now: datetime) -> PlanChange:
    """See Store.load_plans. What is small is one transaction. What is large is judged while others write, and
    then cut into many, so that nobody has to wait for it: first who leaves, then the others with their files,
    each of which counts as read with the last of its people. Cut off, the next load goes on, and does nothing
    again that is done."""
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
    ran = {one: row.file for one, row in known.items() if not row.is_removed}
    return _Load(read, gone.judge(tx, read, ran, now)), known


@dataclass(frozen=True, slots=True)
class _Load:
    """A load that was judged, or the part of it that one transaction does."""

    read: PlanRead
    verdict: Verdict = NOBODY

    @property
    def size(self) -> int:
        """People and files, each once."""
        return len(self.read.people) + len(self.read.marks) + self.verdict.size

    def without_erased(self, tx: Transaction) -> "_Load":
        """The same without those who were erased."""
        lost = bool(self.verdict.missing or self.verdict.waiting)
        return replace(self, read=erased.left_out(tx, self.read, lost=lost))

    def parts(self, files: Collection[str]) -> Iterator["_Load"]:
        """`files`: all that were read. Who leaves comes first: nobody who has another id by now is nudged
        under both."""
        whole, plans = self.read, {file.plan.person: file for file in self.read.plans}
        problems = defaultdict[str, list[Problem]](list)
        for problem in whole.problems:
            problems[problem.file].append(problem)

        def part(ids: Sequence[str], done: Collection[str]) -> "_Load":
            return _Load(
                replace(
                    whole,
                    files=done,
                    plans=[plans[one] for one in ids if one in plans],
                    people={one: whole.people[one] for one in ids},
                    problems=[problem for file in done for problem in problems.get(file, ())],
                    marks={file: whole.marks[file] for file in done if file in whole.marks},
                )
            )

        for verdict in self.verdict.parts(AT_ONCE):
            yield replace(part((), ()), verdict=verdict)
        everyone = sorted(whole.people, key=lambda one: (whole.people[one], one))
        last = {whole.people[one]: one for one in everyone}
        for ids in chunks(everyone, AT_ONCE):
            here = frozenset(ids)
            there = dict.fromkeys(whole.people[one] for one in ids)
            yield part(ids, [file for file in there if last[file] in here])
        for done in chunks(sorted({*files, *whole.marks, *problems} - last.keys()), AT_ONCE):
            yield part((), done)

    def run(self, tx: Transaction, known: Known, now: datetime) -> PlanChange:
        """Does it. `known`: at least those of its people whom the store has."""
        read, verdict = self.read, self.verdict
        given = {file.plan.person: file for file in read.plans}
        added = sorted(given.keys() - known.keys())
        changed = sorted(one for one in given.keys() & known.keys() if known[one].digest != given[one].digest)
        back = sorted(one for one in read.people if one in known and known[one].is_removed)
        moved = [one for one, file in read.people.items() if one in known and known[one].file != file]
        theirs = {*changed, *back, *moved, *verdict.everyone, *self._refusing(known)}
        for ids in chunks(sorted(theirs), CHUNK):
            people.lock(tx, ids)
        _add(tx, [given[one] for one in added], now)
        _change(tx, [given[one] for one in changed], now)
        _MOVED.run(tx.connection, [{"one": one, "its_file": read.people[one]} for one in moved])
        gone.carry_out(tx, verdict, read.host, now)
        gone.restore(tx, back, now)
        set_aside.soon(tx, [*changed, *back], now)
        self._end_consents(tx, known, now)
        plan_files.keep(tx, read)
        restored = frozenset(back)
        changed = [one for one in changed if one not in restored]
        return PlanChange(tuple(added), tuple(changed), verdict.removed, tuple(back), verdict.missing)

    def _refusing(self, known: Known) -> set[str]:
        """Whose plan is faulty for a line of record that says that there is none."""
        read = self.read
        return {one for one in (*read.refused, *read.untold) if one in known and one in read.people}

    def _end_consents(self, tx: Transaction, known: Known, now: datetime) -> None:
        """Their last good plan runs on, without what a line of it says no longer."""
        found = people.read(tx, self._refusing(known))
        ended = []
        for one in found.values():
            plan = without(one.plan, consent=one.id in self.read.refused, tell=one.id in self.read.untold)
            if plan != one.plan:
                ended.append(PlanFile(plan, known[one.id].file, f"{known[one.id].digest}, ended"))
        _change(tx, ended, now)
        consent.ask_nobody(tx, [file.plan.person for file in ended if file.plan.person in self.read.refused])


def _known(tx: Transaction, files: Collection[str] | None, ids: Collection[str]) -> Known:
    """Who was in these files, and who of these people there is."""
    if files is None:
        return {row.id: row for row in tx.connection.execute(_KNOWN)}
    in_files = tx.connection.execute(_IN_FILES, {"ids": list(files)})
    return {row.id: row for row in in_files} | _of_ids(tx, ids)


def _of_ids(tx: Transaction, ids: Collection[str]) -> dict[str, AnyRow]:
    return {row.id: row for row in tx.connection.execute(_BY_ID, {"ids": list(ids)})}


def _add(tx: Transaction, files: Sequence[PlanFile], now: datetime) -> None:
    empty = codec.history_to_json(History())
    for chunk in chunks(files, CHUNK):
        _NEW_PERSON.run(tx.connection, [_person(file) | {"empty": empty, "now": now} for file in chunk])
        _NEW_PLAN.run(tx.connection, [_plan(file) for file in chunk])
        consent.align(tx, [file.plan for file in chunk], now)
        standing.record_events(tx, [file.plan.person for file in chunk], now, standing.ADDED)


def _change(tx: Transaction, files: Sequence[PlanFile], now: datetime) -> None:
    for chunk in chunks(files, CHUNK):
        found = edits(tx, chunk, [_plan(file) for file in chunk])
        _PERSON_CHANGES.run(tx.connection, [_person(file) for file in chunk])
        _PLAN_CHANGES.run(tx.connection, [edit.row for edit in found])
        reached_anew = [edit.file.plan for edit in found if edit.may_reach_anew]
        numbers.works_again(tx, consent.align(tx, reached_anew, now), now)
        standing.lay_out_again(tx, [file.plan.person for file in chunk], now)
        standing.write_events(tx, [edit.event(now) for edit in found])


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
