"""Who needs a person, and what of a day was lost: read from indexes that hold little else; and of which texts
the operator is told, each once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, literal_column, select, update

from nudger.domain.effects import Need, checked
from nudger.domain.model import CRISIS_ANSWERS, Origin, State
from nudger.operations.overview import Losses, Needed, TextInNeed
from nudger.store.operations.statistics import general
from nudger.store.schema.tables import APART, LOST, NEEDS, occurrence, person, reply
from nudger.store.sql.statements import AnyRow, among, day_before
from nudger.store.sql.transactions import Transaction, Transactions
from nudger.store.state import people
from nudger.store.state.entries import NUDGES

YOUNG = timedelta(hours=72)  # how long a hold or a text is news
DAY = timedelta(hours=24)
MOST = 200  # texts of one look
TOLERATED = 0.03  # of a day's nudges
_GRAVEST = list(Need)
_HELD = select(person.c.id, person.c.held_at).where(APART, person.c.held_at > bindparam("held_since"))
_OPEN = (
    select(reply.c.line, reply.c.person, reply.c.received_at, reply.c.needs)
    .where(NEEDS, reply.c.handled_at.is_(None), reply.c.received_at > bindparam("received_since"))
    .order_by(reply.c.received_at.desc(), reply.c.line.desc())
    .limit(MOST)
)
_ANSWERS = (
    select(occurrence.c.person, occurrence.c.due_at, occurrence.c.state, occurrence.c.reason)
    .where(
        among(occurrence.c.person),
        occurrence.c.local_date >= bindparam("first_date"),
        occurrence.c.nudge == "",
        occurrence.c.origin == Origin.ANSWER,
        occurrence.c.key.in_(CRISIS_ANSWERS),
    )
    .order_by(occurrence.c.id)
)
_UNTOLD = (
    select(reply.c.line, reply.c.person)
    .where(
        NEEDS,
        reply.c.told_at.is_(None),
        reply.c.handled_at.is_(None),
        reply.c.received_at > bindparam("received_since"),
    )
    .order_by(reply.c.received_at, reply.c.line)
    .limit(MOST)
)
_TELL = (
    update(reply)
    .where(among(reply.c.line), reply.c.told_at.is_(None))
    .values(told_at=bindparam("told"))
    .returning(reply.c.line, reply.c.person, reply.c.received_at)
)
_UNTELL = update(reply).where(among(reply.c.line)).values(told_at=None)
_OUT = (State.SENT, State.DELIVERED, State.UNKNOWN)


class SqlNeedStore:
    """Texts that need a person, and who was told of them.

    Each verb's promise stands in `NeedStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def claim_needs(self, now: datetime) -> Sequence[TextInNeed]:
        with self._in.read() as tx:  # nearly always there are none, and nobody waits for a look
            if not _untold(tx, now):
                return []
        with self._in.write() as tx:
            return claim(tx, now)

    def give_back_needs(self, texts: Sequence[TextInNeed]) -> None:
        with self._in.write() as tx:
            people.lock(tx, {text.person for text in texts})
            tx.connection.execute(_UNTELL, {"line_in": [text.line for text in texts]})


def claim(tx: Transaction, now: datetime) -> Sequence[TextInNeed]:
    """See NeedStore.claim_needs."""
    rows = _untold(tx, now)
    people.lock(tx, {row.person for row in rows})
    # RACE: another host may have claimed them since: these are the ones that it has not.
    told = tx.connection.execute(_TELL, {"line_in": [row.line for row in rows], "told": now})
    return sorted(
        (TextInNeed(row.line, row.person, checked(row.received_at)) for row in told),
        key=lambda text: (text.at, text.line),
    )


def _untold(tx: Transaction, now: datetime) -> Sequence[AnyRow]:
    return tx.connection.execute(_UNTOLD, {"received_since": now - YOUNG}).all()


def needed(tx: Transaction, now: datetime) -> Sequence[Needed]:
    """Finds who needs a person, once each: the gravest need first, of the same the latest."""
    since = now - YOUNG
    texts = tx.connection.execute(_OPEN, {"received_since": since}).all()
    held = {row.id: row.held_at for row in tx.connection.execute(_HELD, {"held_since": since})}
    first: dict[str, AnyRow] = {}
    for row in sorted(texts, key=lambda row: _GRAVEST.index(_need(row.needs))):
        first.setdefault(row.person, row)
    answers = _answers(tx, {*held, *first}, since)
    found = [_of_hold(one, at, answers.get(one)) for one, at in held.items()]
    found += [_of_text(row, answers.get(one)) for one, row in first.items() if one not in held]
    found.sort(key=lambda one: one.since, reverse=True)
    return sorted(found, key=lambda one: (_GRAVEST.index(one.need), not one.held))


def _need(kept: str) -> Need:
    """What cannot be read is looked at by somebody."""
    try:
        return Need(kept)
    except ValueError:
        return Need.PERSON


def _answers(tx: Transaction, ids: Collection[str], since: datetime) -> Mapping[str, AnyRow]:
    """The last text with helplines to each of these people."""
    if not ids:
        return {}
    asked = {"person_in": sorted(ids), "first_date": day_before(since)}
    return {row.person: row for row in tx.connection.execute(_ANSWERS, asked)}


def _of_hold(one: str, since: datetime, answer: AnyRow | None) -> Needed:
    return Needed(Need.CRISIS, one, since, True, *_came_of(answer, since))


def _of_text(row: AnyRow, answer: AnyRow | None) -> Needed:
    need = _need(row.needs)
    came = _came_of(answer, row.received_at) if need is not Need.PERSON else ()
    return Needed(need, row.person, row.received_at, False, *came)


def _came_of(answer: AnyRow | None, since: datetime) -> tuple[State | None, str]:
    if answer is None or answer.due_at < since:
        return None, ""
    return State(answer.state), answer.reason


def losses(tx: Transaction, now: datetime) -> Losses | None:
    """Counts what of the last 24 h was missed or failed, where that is more than TOLERATED. Where it is less,
    no more is read than shows that."""
    day = (occurrence.c.due_at > now - DAY, occurrence.c.due_at <= now, occurrence.c.origin.in_(NUDGES))
    number = func.count().label("number")
    lost = select(occurrence.c.reason, number).where(LOST, *day).group_by(occurrence.c.reason)
    reasons = Counter[str]()
    for row in tx.connection.execute(lost):
        reasons[general(row.reason)] += row.number
    if not (many := reasons.total()):
        return None
    enough = int(many / TOLERATED) + 1
    out = select(literal_column("1")).where(*day, occurrence.c.state.in_(_OUT)).limit(enough).subquery()
    gone = tx.connection.scalar(select(func.count()).select_from(out)) or 0
    if many <= TOLERATED * (many + gone):
        return None
    return Losses(many, many + gone, reasons.most_common(1)[0][0])
