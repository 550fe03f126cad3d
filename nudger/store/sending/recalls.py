"""What is to be taken back from its provider: marked with the STOP that wants it (`state/standing.py`), and
asked for by `sending.recall`."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from nudger.agenda.entries import Report, Stage
from nudger.agenda.set_aside import Step
from nudger.domain.model import ChannelName, State
from nudger.sending.recall import AGAIN, HOPE, OPEN, Recall, TakenBack, again_at
from nudger.store.schema.tables import message
from nudger.store.sending import reports
from nudger.store.sending.endings import rows
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction, Transactions, made
from nudger.store.state import people

_DUE = (
    select(message.c.id, message.c.person, message.c.channel, message.c.state)
    .where(
        message.c.recall_at <= bindparam("now"),
        message.c.attempted_at > bindparam("attempted_after"),
        among(message.c.channel),
        message.c.state.in_([*OPEN, State.SENT]),
    )
    .order_by(message.c.recall_at, message.c.id)
    .limit(bindparam("at_most"))
)
_NEXT = update(message).where(message.c.id == bindparam("of_id")).values(recall_at=bindparam("recall_at"))


class SqlRecallStore:
    """What is to be taken back.

    Each verb's promise stands in `RecallStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def recalls(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Recall]:
        values = {"now": now, "attempted_after": now - HOPE, "channel_in": sorted(channels), "at_most": limit}
        with self._in.read() as tx:
            return made(tx, _DUE, message.c.id, _recall, values)

    def recalled(self, recall: Recall, answer: TakenBack | None, now: datetime) -> None:
        def write(tx: Transaction, those: Sequence[Recall]) -> None:
            for one in those:
                _recalled(tx, one, answer, now)

        def put_off(tx: Transaction, those: Sequence[Recall]) -> None:
            for one in those:
                tx.connection.execute(_NEXT, {"of_id": one.message, "recall_at": now + AGAIN})

        self._in.for_each(Step.END, now, {recall.person: [recall]}, write, put_off)


def _recall(row: AnyRow) -> Recall:
    return Recall(row.id, row.person, ChannelName(row.channel), State(row.state))


def _recalled(tx: Transaction, recall: Recall, answer: TakenBack | None, now: datetime) -> None:
    people.lock(tx, {recall.person})
    row = rows(tx, [recall.message]).get(recall.message)
    if row is None:
        return  # released, or its person erased
    if answer is TakenBack.YES:
        reports.apply(tx, row, Report(recall.message, Stage.CANCELLED), now)
    # RACE: it may have been settled while the provider was asked; but what it said was said before that.
    known = Recall(recall.message, recall.person, recall.channel, State(row.state))
    later = recall if recall.state in OPEN else known
    at = now + AGAIN if answer is None else again_at(later, answer, now)
    tx.connection.execute(_NEXT, {"of_id": recall.message, "recall_at": at})
