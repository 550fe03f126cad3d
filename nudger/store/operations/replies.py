"""What people have written, as an operator looks for it, and who has seen to it; the verbs of `ReplyStore` on
the database. No look reads more replies than it can in a moment, whoever asks for what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, func, literal, select, tuple_, update

from nudger.domain.effects import FIRST, Need, checked, checked_end
from nudger.domain.model import ChannelName
from nudger.operations.overview import Cursor, RepliesPage, RepliesWanted, SeenReply
from nudger.store.schema.tables import NEEDS, person, reply
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction, Transactions, made
from nudger.store.state import people, standing

READ = 2000  # replies that one look reads at most
COUNTED = 10_000  # replies that are counted at most
HANDLED, OPEN = "reply handled", "reply open again"  # in the person's log
_SHOWN = (
    reply.c.line,
    reply.c.person,
    person.c.name,
    reply.c.channel,
    reply.c.received_at,
    reply.c.intent,
    reply.c.needs,
    reply.c.handled_at,
    reply.c.handled_by,
)
_THESE = (
    select(*_SHOWN, reply.c.text)
    .join(person, person.c.id == reply.c.person)
    .where(among(reply.c.line))
    .order_by(reply.c.received_at.desc(), reply.c.line.desc())
)
_WHOSE = select(reply.c.person, reply.c.received_at, reply.c.handled_at).where(
    reply.c.line == bindparam("line")
)
# A question of each row that is looked at: a join would begin with all people of the group.
_GROUP = select(person.c.grouped).where(person.c.id == reply.c.person).scalar_subquery().label("grouped")
_HANDLE = update(reply).where(reply.c.line == bindparam("of_line"))


class SqlReplyStore:
    """What people have written, and who has seen to it.

    Each verb's promise stands in `ReplyStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def replies(
        self,
        wanted: RepliesWanted,
        now: datetime,
        before: Cursor | None = None,
        limit: int = 50,
        *,
        words: bool = False,
    ) -> RepliesPage:
        with self._in.read() as tx:
            return replies(tx, wanted, now, before, limit, words=words)

    def handle(self, line: int, by: str | None, now: datetime) -> SeenReply | None:
        with self._in.write() as tx:
            return handle(tx, line, by, now)


def replies(
    tx: Transaction,
    wanted: RepliesWanted,
    now: datetime,
    before: Cursor | None,
    limit: int,
    *,
    words: bool,
) -> RepliesPage:
    """See ReplyStore.replies."""
    looked_at = _looked_at(wanted, now)
    place = tuple_(reply.c.received_at, reply.c.line)
    page = looked_at
    if before is not None:
        page = page.where(reply.c.received_at <= before.at, place < (before.at, before.id))
    rows = tx.connection.execute(
        page.order_by(reply.c.received_at.desc(), reply.c.line.desc()).limit(READ)
    ).all()
    fitting = [row for row in rows if _fits(row, wanted)]
    shown = fitting[:limit]
    if len(fitting) > limit:
        on: AnyRow | None = shown[-1]
    else:
        on = rows[-1] if len(rows) == READ else None
    number, counted_all = _count(tx, looked_at, wanted)
    found = _read(tx, [row.line for row in shown], words=words)
    return RepliesPage(found, Cursor(on.received_at, on.line) if on else None, number, counted_all)


def handle(tx: Transaction, line: int, by: str | None, now: datetime) -> SeenReply | None:
    """See ReplyStore.handle."""
    whose = tx.connection.execute(_WHOSE, {"line": line}).first()
    if whose is None:
        return None
    people.lock(tx, [whose.person])
    kept = tx.connection.execute(_WHOSE, {"line": line}).first()
    if kept is None:
        return None  # RACE: forgotten since
    if (kept.handled_at is None) == (by is not None):
        values = {"handled_at": now if by is not None else None, "handled_by": by}
        tx.connection.execute(_HANDLE.values(**values), {"of_line": line})
        written = f"written {kept.received_at.isoformat()}"
        what, detail = (HANDLED, f"by {by}, {written}") if by is not None else (OPEN, written)
        standing.record_event(tx, whose.person, now, what, detail)
    return next(iter(_read(tx, [line], words=False)), None)


def _looked_at(wanted: RepliesWanted, now: datetime) -> Select[Any]:
    """What an index finds of what is wanted."""
    found: list[ColumnElement[bool] | TextClause] = [
        reply.c.received_at.between(max(wanted.since or FIRST, FIRST), min(wanted.until or now, now))
    ]
    if wanted.intent is not None:
        found.append(reply.c.intent == wanted.intent)
    if wanted.person is not None:
        found.append(reply.c.person == wanted.person)
    if wanted.need is not None or wanted.in_need:
        found.append(NEEDS)
    group = _GROUP if wanted.group is not None else literal("").label("grouped")
    looked_at = select(reply.c.line, reply.c.received_at, reply.c.handled_at, reply.c.needs, group)
    return looked_at.where(*found)


def _fits(row: AnyRow, wanted: RepliesWanted) -> bool:
    """Whether it is wanted by what no index knows."""
    if wanted.need is not None and row.needs != wanted.need:
        return False
    if wanted.group is not None and row.grouped != wanted.group:
        return False
    return wanted.handled is None or (row.handled_at is not None) == wanted.handled


def _count(tx: Transaction, looked_at: Select[Any], wanted: RepliesWanted) -> tuple[int, bool]:
    """How many are wanted, of the latest COUNTED."""
    latest = looked_at.order_by(reply.c.received_at.desc(), reply.c.line.desc()).limit(COUNTED).subquery()
    number = select(func.count()).select_from(latest)
    if wanted.need is not None:
        number = number.where(latest.c.needs == wanted.need)
    if wanted.group is not None:
        number = number.where(latest.c.grouped == wanted.group)
    if wanted.handled is not None:
        is_open = latest.c.handled_at.is_(None)
        number = number.where(~is_open if wanted.handled else is_open)
    looked_over = tx.connection.scalar(select(func.count()).select_from(latest)) or 0
    return tx.connection.scalar(number) or 0, looked_over < COUNTED


def _read(tx: Transaction, lines: Sequence[int], *, words: bool) -> list[SeenReply]:
    def seen(row: AnyRow) -> SeenReply:
        return SeenReply(
            Cursor(checked(row.received_at), row.line),
            row.person,
            row.name,
            ChannelName(row.channel),
            row.intent,
            Need(row.needs) if row.needs else None,
            checked_end(row.handled_at),
            row.handled_by,
            row.text if words else "",
        )

    return made(tx, _THESE, reply.c.line, seen, {"line_in": list(lines)}) if lines else []
