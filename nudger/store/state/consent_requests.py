"""Asking for consent: who is to be asked, the entry that asks, and the record of what was said.

An address is asked once, and once more where the question was left open. `reach.ask_at` says when to see
whether it can be; it is null where there is nothing to ask, or where only an event can change that (a plan, a
RESUME, a plan that is back).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, insert, select, update

from nudger.agenda.entries import AskFrom
from nudger.agenda.laying_out import ask_again_at
from nudger.domain.model import ChannelName, Origin, Person, State
from nudger.store.schema.tables import message, occurrence, person, reach
from nudger.store.sql.statements import AnyRow, Bulk, among
from nudger.store.sql.transactions import Care, Transaction
from nudger.store.state import consent, people
from nudger.store.state.consent import ASKED, NOT_ASKED, NOT_REACHED, Past, past, record
from nudger.store.state.entries import CHANNELS, planned

FRESH = timedelta(days=30)  # how long the way out may be closed before the asking is tried anew
AFTER_A_FAULT = timedelta(hours=1)

_TO_ASK = select(reach.c.person, reach.c.channel).where(reach.c.ask_at <= bindparam("now"))
_OPEN = (State.PLANNED, State.SENDING)
_ASKABLE = and_(
    reach.c.address.is_not(None),
    reach.c.consented_at.is_(None),
    reach.c.opted_out_at.is_(None),
)
_ASK_AT = Bulk(
    update(reach)
    .where(reach.c.person == bindparam("person"), reach.c.channel == bindparam("channel"))
    .values(ask_at=bindparam("ask_at", type_=reach.c.ask_at.type))
)


def soon(tx: Transaction, ids: Collection[str], now: datetime) -> None:
    """Looks at these people anew: what kept them from being asked may have ended."""
    askable = update(reach).where(reach.c.person.in_(ids), _ASKABLE, reach.c.asked_at.is_(None))
    tx.connection.execute(askable.values(ask_at=now))
    asked = select(reach.c.person, reach.c.channel, reach.c.asked_at, reach.c.times_asked)
    rows = tx.connection.execute(
        asked.where(reach.c.person.in_(ids), _ASKABLE, reach.c.times_asked == 1)
    ).all()
    if rows:
        again = [ask_again_at(row.asked_at, row.times_asked, now) for row in rows]
        _ask_at(tx, [(row.person, row.channel, at) for row, at in zip(rows, again, strict=True)])


def _ask_at(tx: Transaction, then: Sequence[tuple[str, str, datetime | None]]) -> None:
    _ASK_AT.run(
        tx.connection, [{"person": person, "channel": channel, "ask_at": at} for person, channel, at in then]
    )
    consent.refresh(tx, sorted({person_id for person_id, _, _ in then}))


def ask_for_consent(tx: Transaction, now: datetime, limit: int, asks_from: AskFrom, care: Care) -> int:
    """See AgendaStore.ask_for_consent."""
    first = _TO_ASK.order_by(reach.c.ask_at, reach.c.person).limit(bindparam("at_most"))
    if not tx.database.is_sqlite:  # whom another daemon has locked, it is looking at
        first = first.join(person, person.c.id == reach.c.person).with_for_update(
            of=person, skip_locked=True, key_share=True
        )
    met = tx.connection.execute(first, {"now": now, "at_most": limit}).all()
    looked_at = 0
    for ids in care.groups(sorted({row.person for row in met})):
        with care.over(ids):
            looked_at += _ask(tx, ids, now, asks_from)
    return looked_at


def _ask(tx: Transaction, ids: Sequence[str], now: datetime, asks_from: AskFrom) -> int:
    # RACE: asked by another daemon, agreed or opted out, before the lock was given.
    rows = tx.connection.execute(_TO_ASK.where(among(reach.c.person)), {"now": now, "person_in": ids}).all()
    found, under_way = people.read(tx, ids), _under_way(tx, ids)
    then, entries = [], []
    for row in rows:
        one, channel = found[row.person], ChannelName(row.channel)
        at = None if (one.id, channel) in under_way else asks_from(one, channel)
        if at is not None and at <= now:
            entries.append(_entry(tx, one, channel, now))
            at = None
        then.append((one.id, channel, at))
    if entries:
        tx.connection.execute(insert(occurrence), entries)
    _ask_at(tx, then)
    return len(rows)


def ended(tx: Transaction, welcomes: Sequence["Welcomed"], now: datetime) -> None:
    """Records how asking ended, or has it tried anew where the fault was not the address's."""
    for welcome in welcomes:
        person, channel = welcome.row.person, ChannelName(welcome.row.channel)
        if welcome.asked or welcome.refused:
            _record(tx, welcome, ASKED if welcome.asked else NOT_REACHED, now)
            past = _past(tx, welcome)
            again_at = ask_again_at(past.asked_at, past.times, now)
            consent.put(tx, person, [channel], **_asked(past), ask_at=again_at)
            continue
        if welcome.row.state == State.UNKNOWN:  # it counted as asked until now
            _record(tx, welcome, NOT_ASKED, now)
            consent.put(tx, person, [channel], **_asked(_past(tx, welcome)))
        if not welcome.again:
            consent.put(tx, person, [channel], ask_at=now + AFTER_A_FAULT)


def _past(tx: Transaction, one: "Welcomed") -> Past:
    key = (one.row.person, ChannelName(one.row.channel), one.row.address)
    return past(tx, {key}).get(key, Past())


def _asked(past: Past) -> dict[str, object]:
    return {"asked_at": past.asked_at, "times_asked": past.times}


def _record(tx: Transaction, one: "Welcomed", what: str, now: datetime) -> None:
    text = tx.connection.scalar(select(message.c.text).where(message.c.id == one.row.id))
    how = "welcome" if what == ASKED else one.reason
    record(tx, one.row.person, ChannelName(one.row.channel), one.row.address, now, what, how, question=text)


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The end of one message that asks: it may have arrived, the address will not take it, or neither."""

    row: AnyRow  # with id, person, channel, address
    asked: bool
    refused: bool
    again: bool  # the same entry is tried once more
    reason: str


def _under_way(tx: Transaction, ids: Collection[str]) -> set[tuple[str, ChannelName | None]]:
    rows = tx.connection.execute(
        select(occurrence.c.person, occurrence.c.channel).where(
            among(occurrence.c.person), occurrence.c.origin == Origin.WELCOME, occurrence.c.state.in_(_OPEN)
        ),
        {"person_in": ids},
    )
    return {(row.person, CHANNELS[row.channel]) for row in rows}


def _entry(tx: Transaction, one: Person, channel: ChannelName, now: datetime) -> dict[str, object]:
    return planned(
        person=one.id,
        local_date=tx.local_date(one.plan, now),
        nudge="",
        slot=-tx.next_line(),
        origin=Origin.WELCOME,
        due_at=now,
        expires_at=now + FRESH,
        channel=channel,
    )
