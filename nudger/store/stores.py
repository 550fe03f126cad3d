"""One database's stores, one a subject."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from nudger.store.agenda.laying_out import SqlAgendaStore
from nudger.store.inbound.answers import SqlAnswerStore
from nudger.store.inbound.replies import SqlInboundStore
from nudger.store.operations.housekeeping import SqlUpkeepStore
from nudger.store.operations.looking import SqlPeopleStore
from nudger.store.operations.needs import SqlNeedStore
from nudger.store.operations.overview import SqlOverviewStore
from nudger.store.operations.replies import SqlReplyStore
from nudger.store.operations.statistics import SqlStatisticsStore
from nudger.store.plans.loading import SqlPlanStore
from nudger.store.sending.recalls import SqlRecallStore
from nudger.store.sending.store import SqlSendingStore
from nudger.store.sql.database import Database
from nudger.store.sql.transactions import Transactions, begins_again
from nudger.store.state import set_aside
from nudger.store.state.facts import SqlAlarmStore, SqlFactStore, SqlRestoreStore


@dataclass(frozen=True, slots=True)
class Stores:
    """What one database keeps, in SQLite or PostgreSQL: the durable truth."""

    plans: SqlPlanStore
    agenda: SqlAgendaStore
    restore: SqlRestoreStore
    facts: SqlFactStore
    sending: SqlSendingStore
    recalls: SqlRecallStore
    inbound: SqlInboundStore
    answers: SqlAnswerStore
    people: SqlPeopleStore
    alarms: SqlAlarmStore
    needs: SqlNeedStore
    replies: SqlReplyStore
    overview: SqlOverviewStore
    statistics: SqlStatisticsStore
    upkeep: SqlUpkeepStore
    transactions: Transactions

    async def listen(self, woken: Callable[[], None]) -> None:
        """Calls `woken` when another process has changed what may be due at once: a reply, an operator's
        act, plans, days laid out. May miss some. Never returns."""
        await self.transactions.listen(woken)

    def keep_open(self) -> None:
        """Notices what happens to a SQLite file under it, for a daemon."""
        self.transactions.database.keep_open()

    def close(self) -> None:
        """Gives the connections back."""
        self.transactions.database.close()


def stores_of(database: Database, zone: Callable[[str], tzinfo]) -> Stores:
    """Makes the stores of this database; `zone` finds a time zone by its name."""
    transactions = Transactions(database, zone, set_aside.put)
    stores = (
        SqlPlanStore(transactions),
        SqlAgendaStore(transactions),
        SqlRestoreStore(transactions),
        SqlFactStore(transactions),
        SqlSendingStore(transactions),
        SqlRecallStore(transactions),
        SqlInboundStore(transactions),
        SqlAnswerStore(transactions),
        SqlPeopleStore(transactions),
        SqlAlarmStore(transactions),
        SqlNeedStore(transactions),
        SqlReplyStore(transactions),
        SqlOverviewStore(transactions),
        SqlStatisticsStore(transactions),
        SqlUpkeepStore(transactions),
    )
    # SQLite has one writer, who is never undone for another's sake.
    for store in () if database.is_sqlite else stores:
        begins_again(store)
    return Stores(*stores, transactions)
