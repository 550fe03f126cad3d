"""People whom nudger fails over: parked, listed, tried again, taken back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, select, update

from nudger.agenda.set_aside import REASON, TRY_AGAIN, SetAside, Trial, alarm_key, in_words, is_everybodys
from nudger.domain.model import FROM_A_TEXT, State
from nudger.store.schema.tables import IS_PLANNED, occurrence, person, reach, set_aside
from nudger.store.sql.statements import among
from nudger.store.sql.transactions import Transaction, made
from nudger.store.state import alarms, consent_requests, consent_state, people, readable_people
from nudger.store.state.entries import DUE, PARKED, as_due
from nudger.store.state.standing import lay_out_again, record_event

# An answer to their own text is tried as far as anything of them can be read.
_DUE_NUDGES = and_(IS_PLANNED, occurrence.c.origin.not_in(FROM_A_TEXT))
_ALL = select(set_aside).order_by(set_aside.c.person)
_IDS = select(set_aside.c.person)


def put(tx: Transaction, faults: Mapping[str, Exception], looked_at: int, step: str, now: datetime) -> None:
    """See AgendaStore.set_aside."""
    if not faults:
        return
    known = set(tx.connection.scalars(_IDS))
    new = faults.keys() - known
    _refuse_everybodys(tx, len(new), looked_at, len(known | new), next(iter(faults.values())))
    for one, fault in faults.items():
        _put(tx, one, fault, step, now, new=one in new)


def _refuse_everybodys(tx: Transaction, failed: int, looked_at: int, standing: int, fault: Exception) -> None:
    """Raises the fault where it is nudger's own: by those looked at now, and by all who are set aside."""
    if is_everybodys(failed, looked_at) or (failed and is_everybodys(standing, people.count(tx))):
        raise fault


def _put(tx: Transaction, one: str, fault: Exception, step: str, now: datetime, *, new: bool) -> None:
    words, then = in_words(fault), now + TRY_AGAIN
    row = {"person": one, "since": now, "step": step, "fault": words, "try_at": then}
    tx.connection.execute(tx.database.insert_new(set_aside), row)
    that = update(set_aside).where(set_aside.c.person == one)
    tx.connection.execute(that.values(step=step, fault=words, try_at=then))
    _park(tx, one, now)
    alarms.raise_alarm(tx, alarm_key(one), SetAside(one, now, step, words, then).words, now)
    if new:
        record_event(tx, one, now, "set aside", f"{step}: {words}")


def _park(tx: Transaction, one: str, now: datetime) -> None:
    """What is due waits out of the way; the duties pass them over until they are tried again."""
    due = and_(occurrence.c.person == one, _DUE_NUDGES, occurrence.c.wake_at <= now)
    tx.connection.execute(update(occurrence).where(due).values(queue=PARKED, reason=REASON))
    tx.connection.execute(
        update(person).where(person.c.id == one, person.c.layout_at <= now).values(layout_at=now + TRY_AGAIN)
    )
    tx.connection.execute(
        update(reach).where(reach.c.person == one, reach.c.ask_at <= now).values(ask_at=now + TRY_AGAIN)
    )


def all_of_them(tx: Transaction) -> Sequence[SetAside]:
    """See AgendaStore.those_set_aside."""
    return made(
        tx,
        _ALL,
        set_aside.c.person,
        lambda row: SetAside(row.person, row.since, row.step, row.fault, row.try_at),
    )


def soon(tx: Transaction, ids: Collection[str], now: datetime) -> None:
    """An edit of theirs, or an act on them, may have put right what was wrong; what cannot be read is."""
    given = {"ids": list(ids)}
    for one in tx.connection.scalars(_IDS.where(among(set_aside.c.person)), given).all():
        if mended := readable_people.mend(tx, one, now):
            consent_state.refresh(tx, [one])
            record_event(tx, one, now, "put right", ", ".join(sorted(set(mended))))
    tx.connection.execute(update(set_aside).where(among(set_aside.c.person)).values(try_at=now), given)


def all_soon(tx: Transaction, now: datetime) -> None:
    """See AgendaStore.try_all_again. Who is tried, or edited, right now is passed over."""
    ids = tx.connection.scalars(_IDS.with_for_update(skip_locked=True)).all()
    soon(tx, ids, now)


def trial(tx: Transaction, person_id: str) -> Trial | None:
    """See AgendaStore.trial."""
    found = people.read(tx, [person_id]).get(person_id)
    if found is None:
        return None
    rows = tx.connection.execute(
        select(*DUE).where(occurrence.c.person == person_id, IS_PLANNED).order_by(occurrence.c.id)
    )
    return Trial(found, [as_due(row) for row in rows])


def take_back(tx: Transaction, person_id: str, now: datetime) -> None:
    """See AgendaStore.take_back."""
    people.lock(tx, [person_id])
    if not tx.connection.execute(delete(set_aside).where(set_aside.c.person == person_id)).rowcount:
        return  # RACE: another host was quicker
    parked = and_(occurrence.c.person == person_id, IS_PLANNED, occurrence.c.queue == PARKED)
    tx.connection.execute(update(occurrence).where(parked).values(queue=None))
    lay_out_again(tx, [person_id], now)
    consent_requests.soon(tx, [person_id], now)
    alarms.clear_alarm(tx, alarm_key(person_id), now)
    record_event(tx, person_id, now, "taken back")


def give_up_waiting(tx: Transaction, now: datetime) -> None:
    """What was parked and is too late by now has its end, though nobody can judge it. What somebody else
    writes right now, the next look finds."""
    late = and_(occurrence.c.queue == PARKED, IS_PLANNED, occurrence.c.expires_at < now)
    ids = tx.connection.scalars(select(occurrence.c.id).where(late).with_for_update(skip_locked=True)).all()
    if ids:
        ends = {"state": State.MISSED, "wake_at": None, "reason": REASON, "settled_at": now}
        tx.connection.execute(update(occurrence).where(among(occurrence.c.id)).values(ends), {"ids": ids})


def count(tx: Transaction) -> int:
    """How many are set aside."""
    return tx.connection.scalar(select(func.count()).select_from(set_aside)) or 0
