"""Who has erased themselves, as long as a plan of theirs is there: it makes nobody of them again."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import delete, select

from nudger.delivery.planning import PlanRead
from nudger.errors import Problem
from nudger.store.tables import fact
from nudger.store.transaction import Transaction

MESSAGE = "this person has erased their data"
HINT = "remove their plan: nothing is sent to them any more, whatever it says"

_KEY = "erased: "  # before the id; the value is the file


def mark(tx: Transaction, person_id: str, file: str) -> None:
    tx.connection.execute(tx.database.insert_new(fact), {"key": _KEY + person_id, "value": file})


def everyone(tx: Transaction) -> frozenset[str]:
    """See Store.erased."""
    return frozenset(_files(tx))


def left_out(tx: Transaction, read: PlanRead) -> PlanRead:
    """The same without them: where their plan stands is reported instead. Who has none any more is
    forgotten altogether, so that a later plan is a new person's."""
    files = _files(tx)
    if not files:
        return read
    looked_in = files.keys() if read.files is None else {one for one in files if files[one] in read.files}
    _forget(tx, looked_in - read.people.keys())
    for one in files.keys() & read.people.keys():  # a file may have another name by now
        _forget(tx, [one])
        mark(tx, one, read.people[one])
    there = sorted(files.keys() & read.people.keys())
    reports = [Problem(read.people[one], 1, 1, "", MESSAGE, HINT) for one in there]
    plans = [file for file in read.plans if file.plan.person not in files]
    return replace(read, plans=plans, problems=[*read.problems, *reports])


def _files(tx: Transaction) -> dict[str, str]:
    """id -> file."""
    rows = tx.connection.execute(select(fact).where(fact.c.key.startswith(_KEY, autoescape=True)))
    return {row.key.removeprefix(_KEY): row.value for row in rows}


def _forget(tx: Transaction, ids: Collection[str]) -> None:
    if ids:
        tx.connection.execute(delete(fact).where(fact.c.key.in_([_KEY + one for one in ids])))
