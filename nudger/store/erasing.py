"""All that is held on a person: handed over, or erased."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, Table, Text, cast, delete, select, update

from nudger.delivery.set_aside import is_theirs
from nudger.store import erased, numbers, people
from nudger.store.tables import (
    AnyRow,
    alarm,
    consent,
    event,
    message,
    missing_plan,
    occurrence,
    person,
    plan,
    plan_file,
    plan_problem,
    reach,
    reply,
    set_aside,
)
from nudger.store.transaction import Transaction

# In the order in which they may go: what refers to a person before the person.
ALL_OF_A_PERSON = (event, reply, message, occurrence, consent, set_aside, reach, missing_plan, plan)


def export(tx: Transaction, person_id: str) -> Mapping[str, object] | None:
    """See Store.export."""
    themselves = _read(tx, select(person).where(person.c.id == person_id))
    if not themselves:
        return None
    held = {table.name: _rows(tx, table, person_id) for table in reversed(ALL_OF_A_PERSON)}
    return {"person": themselves[0]} | held


def forget(tx: Transaction, person_id: str) -> bool:
    """See Store.forget."""
    people.lock(tx, [person_id])
    if tx.connection.scalar(select(person.c.id).where(person.c.id == person_id)) is None:
        return False
    erased.keep(tx, person_id)
    # What is wrong with their file may quote it.
    file = select(plan.c.file).where(plan.c.person == person_id).scalar_subquery()
    tx.connection.execute(delete(plan_problem).where(plan_problem.c.file == file))
    # Where the file is still there, it is read again, and is told to be that of an erased person.
    tx.connection.execute(update(plan_file).where(plan_file.c.file == file).values(mark=""))
    for table in ALL_OF_A_PERSON:
        tx.connection.execute(delete(table).where(table.c.person == person_id))
    # A fault that the operator knows of names the person.
    tx.connection.execute(delete(alarm).where(alarm.c.key.in_(numbers.alarm_keys(person_id))))
    tx.connection.execute(delete(person).where(person.c.id == person_id))
    tx.plans.drop(person_id)
    return True


def _rows(tx: Transaction, table: Table, person_id: str) -> list[dict[str, Any]]:
    order = list(table.primary_key.columns)
    return _read(tx, select(table).where(table.c.person == person_id).order_by(*order))


def _read(tx: Transaction, statement: Select[Any]) -> list[dict[str, Any]]:
    """All of it: what is no date, or no number, as it stands."""
    try:
        return [_as_json(row) for row in tx.connection.execute(statement)]
    except Exception as fault:
        if not is_theirs(fault):
            raise
    columns = [cast(column, Text).label(column.name) for column in statement.selected_columns]
    return [_as_json(row) for row in tx.connection.execute(statement.with_only_columns(*columns))]


def _as_json(row: AnyRow) -> dict[str, Any]:
    return {
        key: value.isoformat()
        if isinstance(value, datetime | date)
        else value.decode(errors="replace")
        if isinstance(value, bytes)
        else value
        for key, value in row._mapping.items()
    }
