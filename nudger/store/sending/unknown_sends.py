"""Messages whose end is unknown: found, asked about, and settled by what the provider answered."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, literal_column, or_, select, update

from nudger.domain.model import ChannelName, State
from nudger.domain.reach import checked
from nudger.sending.port import AskAgain, Doubt, FoundThere, Judge, Listed, NotThere, Reconciled, Resolution
from nudger.sending.receipts import ASK_FOR, LONGEST_WAIT
from nudger.store.schema.tables import message
from nudger.store.sending import receipts
from nudger.store.sending.endings import ANSWERED, Ending, rows, take_back, write
from nudger.store.sql.statements import AnyRow, Bulk, among
from nudger.store.sql.transactions import Transaction, made
from nudger.store.state import alarms, people, senders

# Written out, not bound: SQLite takes a partial index only where it can see the value.
TAKEN = timedelta(seconds=20)  # longer than a question takes

_UNKNOWN = message.c.state == literal_column("'unknown'")
_ASK_AGAIN = Bulk(
    update(message)
    .where(message.c.id == bindparam("one"))
    .values(asks=message.c.asks + literal_column("1"), ask_at=bindparam("at"))
)
_OURS = select(message.c.provider_id).where(
    among(message.c.person, "whose"), among(message.c.provider_id, "theirs")
)


def doubts(tx: Transaction, now: datetime, channels: Collection[ChannelName], limit: int) -> list[Doubt]:
    """See SendingStore.doubts."""
    due = or_(
        message.c.ask_at.is_(None),
        message.c.ask_at <= now,
        message.c.ask_at > now + LONGEST_WAIT,  # the clock was stepped back since
    )
    mine = (
        select(message.c.id)
        .where(_UNKNOWN, message.c.channel.in_(channels), message.c.attempted_at > now - ASK_FOR, due)
        .order_by(message.c.attempted_at, message.c.id)
        .limit(limit)
    )
    if not tx.database.is_sqlite:
        # Each is asked about by one host; soon by another, if that one is gone or gets no answer.
        mine = mine.with_for_update(skip_locked=True)
        taken = update(message).where(message.c.id.in_(mine)).values(ask_at=now + TAKEN)
        ids = tx.connection.scalars(taken.returning(message.c.id)).all()
        mine = select(message.c.id).where(message.c.id.in_(ids))
    found = (
        select(
            message.c.id,
            message.c.person,
            message.c.channel,
            message.c.address,
            message.c.text,
            message.c.attempted_at,
            message.c.asks,
        )
        .where(message.c.id.in_(mine))
        .order_by(message.c.attempted_at, message.c.id)
    )
    return made(tx, found, message.c.id, _doubt)


def _doubt(row: AnyRow) -> Doubt:
    at, channel = checked(row.attempted_at), ChannelName(row.channel)
    return Doubt(row.id, row.person, channel, row.address, row.text, at, row.asks)


def wait(tx: Transaction, about: Sequence[Doubt], until: datetime) -> None:
    """Nothing is concluded of these before then."""
    for doubt in about:
        tx.connection.execute(update(message).where(message.c.id == doubt.message).values(ask_at=until))


def reconcile(
    tx: Transaction, about: Sequence[Doubt], listed: Sequence[Listed], judge: Judge, now: datetime
) -> Reconciled:
    """See SendingStore.reconcile."""
    told = [one.report for one in listed]
    theirs = receipts.told_by_contacts(tx, [doubt.address for doubt in about], told)
    people.lock(tx, {doubt.person for doubt in about} | theirs)
    # RACE: settled while the provider was asked, by a status or by a receipt that came late.
    open_ = {one: row for one, row in _rows(tx, about).items() if row.state == State.UNKNOWN}
    still = [doubt for doubt in about if doubt.message in open_]
    answers = judge(still, _nobodys(tx, about, listed))
    found = [
        receipts.apply(tx, open_[answer.doubt.message], answer.report, now)
        for answer in answers
        if isinstance(answer, FoundThere)
    ]
    lost = [open_[answer.doubt.message] for answer in answers if isinstance(answer, NotThere)]
    write(tx, [_free(row, now) for row in lost], now)
    take_back(tx, lost)
    _ASK_AGAIN.run(tx.connection, [_again(one) for one in answers if isinstance(one, AskAgain)])
    senders.ended(tx, [fault for one in found if one for fault in one.faults], now)
    alarms.count(tx, {"reconciled_found": len(found), "reconciled_not_there": len(lost)})
    return Reconciled(len(found), len(lost))


def _rows(tx: Transaction, about: Sequence[Doubt]) -> dict[str, AnyRow]:
    return rows(tx, [doubt.message for doubt in about])


def _nobodys(tx: Transaction, about: Sequence[Doubt], listed: Sequence[Listed]) -> list[Listed]:
    """What is listed and no message's yet: the id of a text that went out well is credited once."""
    ids = [one.report.provider_id for one in listed]
    keys = {"whose": sorted({doubt.person for doubt in about}), "theirs": ids}
    ours = set(tx.connection.scalars(_OURS, keys)) if ids else set()
    return [one for one in listed if one.report.provider_id not in ours]


def _free(row: AnyRow, now: datetime) -> Ending:
    """The same entry once more. The gate judges it anew, so a STOP, a hold, a pause and an edit since
    then are seen; what was answered or put off meanwhile does not come again."""
    reason = receipts.NOT_THERE
    if row.outcome is not None:
        return Ending(row, State.FAILED, State.CANCELLED, ANSWERED)
    if now > row.expires_at:
        return Ending(row, State.FAILED, State.MISSED, f"{reason}, and by then it was too late")
    return Ending(row, State.FAILED, State.PLANNED, reason, now, row.refused)


def _again(answer: Resolution) -> dict[str, Any]:
    assert isinstance(answer, AskAgain)
    return {"one": answer.doubt.message, "at": answer.at}
