"""What is known of plan files: how they were when read, what is wrong with them, which belong together."""

from collections.abc import Collection, Mapping
from dataclasses import asdict

from sqlalchemy import bindparam, delete, func, insert, select

from nudger.delivery.planning import PlanRead
from nudger.phones import forms
from nudger.store import gone
from nudger.store.keys import among
from nudger.store.tables import person, plan, plan_file, plan_problem, reach
from nudger.store.transaction import Transaction

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
    """See Store.plan_marks."""
    if files is None:
        rows = tx.connection.execute(_MARKS)
    else:
        rows = tx.connection.execute(_MARKS_AMONG, {"ids": list(files)})
    found = {row.file: row.mark for row in rows}
    return found | dict.fromkeys(gone.files(tx, files, host) & found.keys(), "")


def everything(tx: Transaction) -> Collection[str]:
    """Every file that has a mark, or a problem."""
    return {*tx.connection.scalars(select(plan_file.c.file)), *tx.connection.scalars(_WITH_PROBLEMS)}


def count(tx: Transaction) -> int:
    """See Store.count_plan_files."""
    return tx.connection.scalar(_COUNT) or 0


def linked(tx: Transaction, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
    """See Store.linked_files."""
    found = set(tx.connection.scalars(_OF_IDS, {"ids": list(ids)}))
    found.update(
        tx.connection.scalars(_OF_PHONES, {"ids": [one for phone in phones for one in forms(phone)]})
    )
    found.update(tx.connection.scalars(_FAULTY, {"severity": "error"}))
    found.update(tx.connection.scalars(_LENDING))
    return found


def keep(tx: Transaction, read: PlanRead) -> None:
    """In place of what was kept of these files."""
    if read.files is None:
        tx.connection.execute(delete(plan_problem))
        tx.connection.execute(delete(plan_file))
    else:
        told_in = {problem.file for problem in read.problems}
        tx.connection.execute(_PROBLEMS_OF, {"ids": sorted(told_in.union(read.files))})
        tx.connection.execute(_MARKS_OF, {"ids": sorted(read.marks.keys() | set(read.files))})
    if read.problems:
        tx.connection.execute(insert(plan_problem), [asdict(problem) for problem in read.problems])
    rows = [{"file": file, "mark": mark, "lends": file in read.lenders} for file, mark in read.marks.items()]
    if rows:
        tx.connection.execute(insert(plan_file), rows)
