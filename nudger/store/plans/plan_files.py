"""What is known of plan files: how they were when read, what is wrong with them, which belong together; and
of plans that are gone: who leaves with them at once, and who stays until the operator has accepted it.

A folder that is suddenly empty is rather a disk that is not mounted than an edit. Whose plan was lost by
one look, with most others, goes on as before. They are kept here, with the host that looked, until a plan
of theirs is read again, or the operator says that they may go.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from nudger.agenda.entries import FEW, LATELY, Missing, is_sudden
from nudger.domain.effects import stated
from nudger.domain.model import phone_forms
from nudger.plan_sync.port import PlanRead
from nudger.store.schema.tables import APART, missing_plan, person, plan, plan_file, plan_problem, reach
from nudger.store.sql.statements import Bulk, among, chunks
from nudger.store.sql.transactions import Transaction
from nudger.store.state import consent_requests, facts, people, silence, standing

ALARM = "removal"
NAMED = 5  # people whom the alarm names
AT_ONCE = 2000  # people of one transaction
LOADING = 0x6C6F6164  # one load at a time: two hosts may see the same folder
_ACCEPTED = "removal accepted"  # the fact since when: who left before it was let go
_COUNT_MISSING = select(func.count()).select_from(missing_plan)
_ROWS = select(missing_plan.c.person, plan.c.file, missing_plan.c.since).join(
    plan, plan.c.person == missing_plan.c.person
)
_FIRST = _ROWS.order_by(missing_plan.c.person).limit(bindparam("at_most"))
_MISSING_BY_ID = _ROWS.where(among(missing_plan.c.person))
_FILES_OF_MISSING = select(plan.c.file).join(missing_plan, missing_plan.c.person == plan.c.person)
_OF_HOST = _FILES_OF_MISSING.where(missing_plan.c.host == bindparam("host"), among(plan.c.file))
_ALL_OF_HOST = _FILES_OF_MISSING.where(missing_plan.c.host == bindparam("host"))
_LATELY = (
    select(person.c.id, plan.c.file)
    .join(plan, plan.c.person == person.c.id)
    .where(APART, person.c.removed_at > bindparam("removed_since"))
)
_AT_ADDRESSES = select(reach.c.person).where(among(reach.c.address))
_NO_LONGER = delete(missing_plan).where(among(missing_plan.c.person))
_NEW = Bulk(insert(missing_plan), ("person", "host", "since"))
_REMOVED = update(person).where(among(person.c.id)).values(removed_at=bindparam("removed_at"), layout_at=None)
_RESTORED = update(person).where(among(person.c.id)).values(removed_at=None)


@dataclass(frozen=True, slots=True)
class Departures:
    """What comes of those whose plans are gone: ids of people."""

    removed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # they were not before
    revived: tuple[str, ...] = ()  # removed a moment ago, before it came to so many: missing as well
    found: tuple[str, ...] = ()  # they were missing, and are so no longer
    waiting: int = 0  # how many others are missing still
    accepted: bool = False  # the operator lets all of them go

    @property
    def everyone(self) -> Sequence[str]:
        """Returns all whom it concerns."""
        return (*self.removed, *self.missing, *self.revived, *self.found)

    @property
    def size(self) -> int:
        """Counts them."""
        return len(self.everyone)

    def parts(self, at_once: int) -> Iterator["Departures"]:
        """Cuts the same into parts of `at_once` people."""
        if self.accepted:
            yield Departures(accepted=True)
        for ids in chunks(self.found, at_once):
            yield Departures(found=tuple(ids))
        for ids in chunks(self.removed, at_once):
            yield Departures(removed=tuple(ids))
        for ids in chunks(self.missing, at_once):
            yield Departures(missing=tuple(ids))
        for ids in chunks(self.revived, at_once):
            yield Departures(revived=tuple(ids))


NOBODY = Departures()


def judge(tx: Transaction, read: PlanRead, ran: Mapping[str, str], now: datetime) -> Departures:
    """Judges what comes of those of `ran` who are not among the people of `read`.

    Args:
        tx: The transaction; nothing is changed in it.
        read: What was read of the plans folder.
        ran: id -> file, of all whose plan runs and stood in one of the files of `read`, and of the people
        of `read`.
        now: What is lately is reckoned from here.
    """
    lost = {person_id: file for person_id, file in ran.items() if person_id not in read.people}
    found, waiting = _found(tx, read)
    whole = Departures(found=found, waiting=waiting)
    if read.accepted:
        return replace(whole, removed=tuple(sorted(lost)), accepted=True)
    if not lost and not waiting:
        return whole
    renamed = _renamed(tx, read, ran)
    kept = {person_id for person_id, file in lost.items() if file in read.opaque}
    known = (
        {row.person for row in tx.connection.execute(_MISSING_BY_ID, {"person_in": list(lost)})}
        if waiting
        else set()
    )
    new = {
        person_id: file
        for person_id, file in lost.items()
        if person_id not in renamed and person_id not in known
    }
    if not new or (len(new) <= FEW and not waiting and not read.replaced):
        return replace(whole, removed=tuple(sorted((new.keys() | renamed) - kept)))
    before = _lately(tx, read, now)
    total = people.count(tx) + len(before) - len(renamed)
    if read.replaced or is_sudden(len(new) + len(before) + waiting, total):
        missing, revived = set(new), set(before)
    else:
        spoilt = set(_spoilt(new, before, [lost[person_id] for person_id in known], ran))
        missing, revived = (
            {person_id for person_id, file in ones.items() if file in spoilt} for ones in (new, before)
        )
    removed = ((new.keys() - missing) | renamed) - kept
    return replace(
        whole,
        removed=tuple(sorted(removed)),
        missing=tuple(sorted(missing)),
        revived=tuple(sorted(revived)),
    )


def _spoilt(
    new: Mapping[str, str], before: Mapping[str, str], known: Collection[str], ran: Mapping[str, str]
) -> Iterator[str]:
    """The files, rosters all of them, that lost most of their people. `known`: the file of each who was
    missing already."""
    lost, earlier, already = Counter(new.values()), Counter(before.values()), Counter(known)
    there = Counter(ran.values())
    for file, number in lost.items():
        if is_sudden(number + earlier[file] + already[file], there[file] + earlier[file]):
            yield file


def carry_out(tx: Transaction, departures: Departures, host: str, now: datetime) -> None:
    """Writes what comes of them; they are locked."""
    if departures.accepted:
        facts.put(tx, _ACCEPTED, now.isoformat())
    if departures.found:
        tx.connection.execute(_NO_LONGER, {"person_in": list(departures.found)})
        standing.record_events(tx, departures.found, now, "plan found")
    remove(tx, departures.removed, now)
    restore(tx, departures.revived, now)
    _miss(tx, (*departures.missing, *departures.revived), host, now)
    tell(tx, now)


def remove(tx: Transaction, ids: Collection[str], now: datetime) -> None:
    """Removes people whose plans are gone; nothing goes out to them any more."""
    if ids:
        tx.connection.execute(_REMOVED, {"id_in": list(ids), "removed_at": now})
        tx.connection.execute(_NO_LONGER, {"person_in": list(ids)})
        standing.cancel_waiting(tx, list(ids), standing.REMOVAL, now)
        standing.record_events(tx, ids, now, "plan removed")


def restore(tx: Transaction, ids: Collection[str], now: datetime) -> None:
    """Restores people who were removed, and have a plan again."""
    if ids:
        tx.connection.execute(_RESTORED, {"id_in": list(ids)})
        standing.lay_out_again(tx, ids, now)
        consent_requests.soon(tx, ids, now)
        silence.begin_anew(tx, ids, now)
        standing.record_events(tx, ids, now, "plan restored")


def _miss(tx: Transaction, ids: Collection[str], host: str, now: datetime) -> None:
    """Their plans are gone, and they go on."""
    _NEW.run(tx.connection, [{"person": person_id, "host": host, "since": now} for person_id in ids])
    standing.record_events(tx, ids, now, "plan missing", "nudged on until the operator lets them go")


def accept_all(write: Callable[[], AbstractContextManager[Transaction]], now: datetime) -> Collection[str]:
    """See PlanStore.accept_removal."""
    removed: list[str] = []
    while True:
        with write() as tx:
            ids = _accept(tx, now)
        if not ids:
            return removed
        removed += ids
        tx.database.let_others_write()


def _accept(tx: Transaction, now: datetime) -> Sequence[str]:
    """Removes the first of those who are missing; their ids. None: nobody is any more."""
    tx.take_turns(LOADING)
    found = tx.connection.execute(_FIRST, {"at_most": AT_ONCE}).all()
    ids = [row.person for row in found]
    people.lock(tx, ids)
    remove(tx, ids, now)
    # Where a file is there after all, on another host, it is read again, and its people are back.
    tx.connection.execute(_MARKS_OF, {"file_in": sorted({row.file for row in found})})
    facts.put(tx, _ACCEPTED, now.isoformat())
    tell(tx, now)
    return ids


def tell(tx: Transaction, now: datetime) -> None:
    """Raises the operator's alarm, or clears it, as it stands now."""
    number = count_missing(tx)
    if not number:
        facts.clear_alarm(tx, ALARM, now)
        return
    named = [row.person for row in tx.connection.execute(_FIRST, {"at_most": NAMED})]
    who = ", ".join(named) + (f" and {number - NAMED} more" if number > NAMED else "")
    words = (
        f"the plans of {number} people are gone, all by one look: {who}. They are nudged on. If their files "
        "are to be there, put them back: is the disk mounted, the roster whole? If they are to go: "
        "nudger plans accept-removal"
    )
    facts.raise_alarm(tx, ALARM, words, now)


def count_missing(tx: Transaction) -> int:
    """Counts the people who are missing."""
    return tx.connection.scalar(_COUNT_MISSING) or 0


def listed(tx: Transaction, limit: int) -> Sequence[Missing]:
    """See PlanStore.missing."""
    return [Missing(*row) for row in tx.connection.execute(_FIRST, {"at_most": limit})]


def files_of_missing(tx: Transaction, of: Collection[str] | None, host: str) -> set[str]:
    """Returns where those stood whom this host misses: of these files, or of all."""
    if of is None:
        return set(tx.connection.scalars(_ALL_OF_HOST, {"host": host}))
    return set(tx.connection.scalars(_OF_HOST, {"host": host, "file_in": list(of)}))


def _found(tx: Transaction, read: PlanRead) -> tuple[tuple[str, ...], int]:
    """Those of the missing whose plans were read, and how many are missing still."""
    missing = count_missing(tx)
    if not missing:
        return (), 0
    found = sorted(
        row.person for row in tx.connection.execute(_MISSING_BY_ID, {"person_in": list(read.people)})
    )
    return tuple(found), missing - len(found)


def _lately(tx: Transaction, read: PlanRead, now: datetime) -> Mapping[str, str]:
    """id -> file of those who left a moment ago, but for those whom the operator let go."""
    accepted = facts.get(tx, _ACCEPTED)
    since = now - LATELY if accepted is None else max(now - LATELY, stated(accepted, now - LATELY))
    rows = tx.connection.execute(_LATELY, {"removed_since": since})
    return {row.id: row.file for row in rows if row.id not in read.people}


def _renamed(tx: Transaction, read: PlanRead, ran: Mapping[str, str]) -> set[str]:
    """Those who have another id by now: somebody who comes with this load has their number or address.
    Nobody is nudged under two names."""
    fresh = [file.plan for file in read.plans if file.plan.person not in ran]
    addresses = {form for plan in fresh for at in (plan.phone, plan.email) if at for form in phone_forms(at)}
    if not addresses:
        return set()
    there = tx.connection.scalars(_AT_ADDRESSES, {"address_in": sorted(addresses)}).all()
    gone = {row.person for row in tx.connection.execute(_MISSING_BY_ID, {"person_in": there})}
    return (gone | (ran.keys() & set(there))) - read.people.keys()


_PROBLEMS_OF = delete(plan_problem).where(among(plan_problem.c.file))
_MARKS_OF = delete(plan_file).where(among(plan_file.c.file))
_MARKS = select(plan_file.c.file, plan_file.c.mark)
_MARKS_AMONG = _MARKS.where(among(plan_file.c.file))
_WITH_PROBLEMS = select(plan_problem.c.file).distinct()
_COUNT = select(func.count()).select_from(plan_file)
_RUNNING = select(plan.c.file).join(person, person.c.id == plan.c.person).where(person.c.removed_at.is_(None))
_OF_IDS = _RUNNING.where(among(person.c.id))
_OF_PHONES = _RUNNING.join(reach, reach.c.person == person.c.id).where(among(reach.c.address))
_FAULTY = (
    select(plan_file.c.file)
    .join(plan_problem, plan_problem.c.file == plan_file.c.file)
    .where(plan_problem.c.severity == bindparam("severity"))
)
_LENDING = select(plan_file.c.file).where(plan_file.c.lends)


def marks(tx: Transaction, files: Collection[str] | None, host: str) -> Mapping[str, str]:
    """See PlanStore.plan_marks."""
    if files is None:
        rows = tx.connection.execute(_MARKS)
    else:
        rows = tx.connection.execute(_MARKS_AMONG, {"file_in": list(files)})
    found = {row.file: row.mark for row in rows}
    return found | dict.fromkeys(files_of_missing(tx, files, host) & found.keys(), "")


def everything(tx: Transaction) -> Collection[str]:
    """Returns every file that has a mark, or a problem."""
    return {*tx.connection.scalars(select(plan_file.c.file)), *tx.connection.scalars(_WITH_PROBLEMS)}


def count(tx: Transaction) -> int:
    """See PlanStore.count_plan_files."""
    return tx.connection.scalar(_COUNT) or 0


def linked(tx: Transaction, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
    """See PlanStore.linked_files."""
    found = set(tx.connection.scalars(_OF_IDS, {"id_in": list(ids)}))
    found.update(
        tx.connection.scalars(
            _OF_PHONES, {"address_in": [form for phone in phones for form in phone_forms(phone)]}
        )
    )
    found.update(tx.connection.scalars(_FAULTY, {"severity": "error"}))
    found.update(tx.connection.scalars(_LENDING))
    return found


def keep(tx: Transaction, read: PlanRead) -> None:
    """Keeps what was read of these files, in place of what was kept of them."""
    if read.files is None:
        tx.connection.execute(delete(plan_problem))
        tx.connection.execute(delete(plan_file))
    else:
        told_in = {problem.file for problem in read.problems}
        tx.connection.execute(_PROBLEMS_OF, {"file_in": sorted(told_in.union(read.files))})
        tx.connection.execute(_MARKS_OF, {"file_in": sorted(read.marks.keys() | set(read.files))})
    if read.problems:
        tx.connection.execute(insert(plan_problem), [asdict(problem) for problem in read.problems])
    rows = [{"file": file, "mark": mark, "lends": file in read.lenders} for file, mark in read.marks.items()]
    if rows:
        tx.connection.execute(insert(plan_file), rows)
