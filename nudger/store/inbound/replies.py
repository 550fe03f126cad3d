"""Replies, taps on links and operators' acts: bound to a nudge, understood, and committed with all their
effects in one transaction; the verbs of `InboundStore` on the database.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from nudger.agenda.set_aside import Step
from nudger.domain.effects import Response
from nudger.domain.model import Origin, Outcome, Person, State, one_phone, phone_forms
from nudger.domain.tokens import Link
from nudger.inbound.port import OPERATOR, Answered, Bound, Inbound, Respond, Sent, Writer
from nudger.store.inbound import answers, effects, undo
from nudger.store.inbound.answers import OUT
from nudger.store.schema.tables import IS_PLANNED, event, message, occurrence, person, reach, reply
from nudger.store.sql.statements import AnyRow, among, day_before, reckoned
from nudger.store.sql.transactions import Transaction, Transactions, suppress_theirs
from nudger.store.state import entries, people, set_aside, silence, standing
from nudger.store.state.entries import KINDS, NUDGES, ORIGINS

DAY = timedelta(hours=24)
UNREAD = "unknown"  # the intent of a text that nudger fails over
QUOTABLE = 40  # messages back that somebody may tap on, or quote: more than a week of them
# Made once: to put a statement together costs several times what it costs to run it.
_KNOWN = select(reply.c.line).where(reply.c.provider_id == bindparam("provider_id"))
_KNOWN_AMONG = select(reply.c.provider_id).where(among(reply.c.provider_id))
_REACHED = select(reach.c.address).where(among(reach.c.address))
_TRUSTED = select(person.c.trusted).where(among(person.c.trusted))
_waiting, _before = occurrence.alias("waiting"), occurrence.alias("before")
_SNOOZED = (
    select(_before, _waiting.c.due_at.label("again_at"))
    .join(
        _waiting,
        (_waiting.c.person == _before.c.person)
        & (_waiting.c.local_date == _before.c.local_date)
        & (_waiting.c.nudge == _before.c.nudge)
        & (_waiting.c.slot == _before.c.slot)
        & (_waiting.c.round > _before.c.round),
    )
    .where(
        _waiting.c.person == bindparam("person"),
        _waiting.c.wake_at.is_not(None),
        _waiting.c.round > 0,
        _before.c.outcome == Outcome.SNOOZED,
    )
    .order_by(_before.c.claimed_at.desc(), _before.c.round.desc())
    .limit(1)
)
_CONTACT = (
    select(message.c.contact)
    # By the person first: there is an index on that, and none on the entry.
    .where(message.c.person == bindparam("person"), message.c.occurrence == bindparam("occurrence"))
    .order_by(message.c.line.desc())
    .limit(1)
)
_SENT = (
    select(message.c.text, occurrence.c.origin)
    .join(occurrence, occurrence.c.id == message.c.occurrence)
    .where(message.c.person == bindparam("person"))
    .order_by(message.c.line.desc())
    .limit(QUOTABLE)
)
_NEXT_DUE_AT = select(func.min(occurrence.c.wake_at)).where(
    occurrence.c.person == bindparam("person"),
    IS_PLANNED,
    reckoned(occurrence.c.wake_at),
    occurrence.c.origin.in_(NUDGES),
)
_ANSWERED = (
    select(occurrence.c.key, occurrence.c.due_at, reply.c.text)
    .outerjoin(reply, reply.c.line == occurrence.c.slot)  # an answer's slot is the line of what it answers
    .where(
        occurrence.c.person == bindparam("person"),
        occurrence.c.local_date >= bindparam("first_date"),
        occurrence.c.nudge == "",
        occurrence.c.origin == Origin.ANSWER,
        occurrence.c.due_at > bindparam("due_since"),
        occurrence.c.key.is_not(None),
    )
)
_ASKED = select(func.count()).where(
    occurrence.c.person == bindparam("person"),
    occurrence.c.local_date == bindparam("local_date"),
    occurrence.c.origin == Origin.ON_DEMAND,
    occurrence.c.state.in_((State.PLANNED, *OUT)),
)


class SqlInboundStore:
    """What people say, and what it does.

    Each verb's promise stands in `InboundStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def take_reply(self, inbound: Inbound, respond: Respond) -> Response | None:
        return self._in.plainly_after(lambda tx, fault: take_reply(tx, inbound, respond, fault))

    def unseen(self, found: Sequence[Inbound]) -> Collection[str]:
        with self._in.read() as tx:
            return unseen(tx, found)

    def act(
        self, person_id: str, now: datetime, respond: Respond, what: str, *, by: str = OPERATOR
    ) -> Response | None:
        def do(tx: Transaction, fault: Exception | None) -> Response | None:
            done = act(tx, person_id, now, respond, what, by, fault)
            if by != OPERATOR and done is not None and done.effects:
                silence.sign(tx, person_id, now)
            return done

        return self._in.plainly_after(do)

    def writer(self, person_id: str, now: datetime) -> Writer | None:
        with self._in.read() as tx, suppress_theirs():
            return writer(tx, person_id, now)
        with self._in.read() as tx:
            return plain_writer(tx, person_id)

    def linked(self, link: Link) -> Writer | None:
        with self._in.read() as tx, suppress_theirs():
            return linked(tx, link)
        with self._in.read() as tx:
            return plain_writer(tx, link.person)

    def take_link(self, link: Link, words: str, now: datetime, respond: Respond) -> Response | None:
        def take(tx: Transaction, fault: Exception | None) -> Response | None:
            return take_link(tx, link, words, now, respond, fault)

        return self._in.plainly_after(take)

    def contact_said(self, address: str, stop: bool, at: datetime) -> bool:
        with self._in.write(wakes=True) as tx:
            return standing.contact_said(tx, address, stop, at)


def take_reply(
    tx: Transaction, inbound: Inbound, respond: Respond, fault: Exception | None = None
) -> Response | None:
    """See InboundStore.take_reply. After a `fault` it is taken plainly."""
    if tx.connection.scalar(_KNOWN, {"provider_id": inbound.provider_id}) is not None:
        return None
    person_id = people.find_by_address(tx, inbound.channel, inbound.address)
    if person_id is None:
        return None
    people.lock(tx, [person_id])
    found = writer(tx, person_id, inbound.received_at) if fault is None else plain_writer(tx, person_id)
    if found is None:
        return None
    if inbound.taken_at is not None and fault is None:
        found = _with_what_followed(tx, found, inbound.received_at)
    response = respond(found) if fault is None else _plainly(tx, found, respond)
    line = tx.next_line()
    row = _row(inbound, person_id, found.bound, response)
    # RACE: the same text taken on another host; only one of the two adds it.
    added = tx.database.insert_new(reply).returning(reply.c.line)
    if tx.connection.scalar(added, {"line": line, **row}) is None:
        return None
    act = effects.Act(
        found.person,
        inbound.received_at,
        line,
        inbound.channel,
        inbound.text,
        inbound.taken_at,
        response.intent,
    )
    effects.apply(tx, act, response.effects)
    if response.is_sign:
        silence.sign(tx, person_id, inbound.received_at)
    at = inbound.taken_at or inbound.received_at
    if fault is None:
        set_aside.soon(tx, [person_id], at)
    else:
        set_aside.put(tx, {person_id: fault}, 1, Step.READ, at)
    return response


def act(
    tx: Transaction,
    person_id: str,
    now: datetime,
    respond: Respond,
    what: str,
    by: str,
    fault: Exception | None = None,
) -> Response | None:
    """See InboundStore.act. After a `fault` it is done plainly, and what cannot be read is put right."""
    people.lock(tx, [person_id])
    found = writer(tx, person_id, now) if fault is None else plain_writer(tx, person_id)
    if found is None:
        return None
    response = respond(found) if fault is None else effects.plain(respond(found))
    if not response.effects:
        return response
    standing.record_event(tx, person_id, now, f"{by}: {what}")
    own = "" if by == OPERATOR else response.intent
    doing = effects.Act(found.person, now, -tx.next_line(), None, intent=own)
    effects.apply(tx, doing, response.effects)
    if fault is not None:
        set_aside.put(tx, {person_id: fault}, 1, Step.ACT, now)
    set_aside.soon(tx, [person_id], now)
    return response


def _row(inbound: Inbound, person_id: str, bound: Bound | None, response: Response) -> dict[str, Any]:
    return {
        "provider_id": inbound.provider_id,
        "person": person_id,
        "channel": inbound.channel,
        "address": inbound.address,
        "text": inbound.text,
        "received_at": inbound.received_at,
        "intent": response.intent,
        "until": response.until,
        "occurrence": bound.occurrence if bound else None,
        "needs": response.needs,
    }


def plain_writer(tx: Transaction, person_id: str) -> Writer | None:
    """Reads the person as far as they can be read, with nothing that they may mean."""
    found = set_aside.salvaged(tx, person_id)
    return None if found is None else Writer(found, None)


def _plainly(tx: Transaction, found: Writer, respond: Respond) -> Response:
    """What a text does to who cannot be read whole: a STOP, a crisis, a pause count, and are answered. One
    that nudger fails over all the same is kept, for the operator to read."""
    for someone in set_aside.spoken_to(found.person):
        with suppress_theirs(), tx.connection.begin_nested():
            return effects.plain(respond(replace(found, person=someone)))
    return Response(UNREAD)


def writer(tx: Transaction, person_id: str, at: datetime) -> Writer | None:
    """See InboundStore.writer."""
    one = people.read(tx, [person_id]).get(person_id)
    if one is None:
        return None
    went = answers.went(tx, one, at)
    lately = [row for row in went if row.attempted_at >= at - DAY]
    unanswered = next((row for row in lately if row.outcome is None), None)
    return Writer(
        person=one,
        bound=_bound(tx, unanswered) if unanswered else _snoozed(tx, one),
        after=_bound(tx, lately[0]) if lately else None,
        open_ask=answers.open_ask(went, at),
        next_due_at=_next_due_at(tx, one),
        answered=_answered(tx, one, at),
        asked_today=_asked_today(tx, one, at),
        contact_stopped=standing.has_stopped(tx, one.plan),
        sent=_sent(tx, one),
        last_command=undo.last_command(tx, person_id),
    )


def _with_what_followed(tx: Transaction, found: Writer, at: datetime) -> Writer:
    """With what happened since a text that was taken late, and when the person was first known."""
    of_theirs = event.c.person == found.person.id
    since = tx.connection.scalars(select(event.c.what).where(of_theirs, event.c.at > at).distinct())
    added = select(func.max(event.c.at)).where(of_theirs, event.c.what == standing.ADDED)
    return replace(found, since=frozenset(since), known_since=tx.connection.scalar(added))


def unseen(tx: Transaction, found: Sequence[Inbound]) -> Collection[str]:
    """See InboundStore.unseen."""
    ids = {text.provider_id for text in found}
    known = set(tx.connection.scalars(_KNOWN_AMONG, {"provider_id_in": sorted(ids)}))
    numbers = {form: text for text in found for form in phone_forms(text.address)}
    ours = {*tx.connection.scalars(_REACHED, {"address_in": sorted(numbers)})}
    ours |= {*tx.connection.scalars(_TRUSTED, {"trusted_in": sorted(numbers)})}
    phones = {one_phone(number) for number in ours}
    return {text.provider_id for text in found if one_phone(text.address) in phones} - known


def _snoozed(tx: Transaction, one: Person) -> Bound | None:
    """The nudge that was put off last, and waits."""
    row = tx.connection.execute(_SNOOZED, {"person": one.id}).first()
    return _bound(tx, row, row.again_at) if row else None


def _bound(tx: Transaction, row: AnyRow, snoozed_until: datetime | None = None) -> Bound:
    return Bound(
        row.id,
        row.nudge,
        KINDS[row.kind],
        row.due_at,
        snoozed_until,
        contact=tx.connection.scalar(_CONTACT, {"person": row.person, "occurrence": row.id}),
    )


def _next_due_at(tx: Transaction, one: Person) -> datetime | None:
    earliest: datetime | None = tx.connection.scalar(_NEXT_DUE_AT, {"person": one.id})
    return earliest


def _sent(tx: Transaction, one: Person) -> tuple[Sent, ...]:
    """What a text of theirs may tap on or quote; words that are blanked are nobody's any more."""
    rows = tx.connection.execute(_SENT, {"person": one.id})
    return tuple(Sent(text, ORIGINS[origin]) for text, origin in rows if text and origin in ORIGINS)


def _answered(tx: Transaction, one: Person, at: datetime) -> tuple[Answered, ...]:
    """Which of nudger's texts answered this person in the last 24 h."""
    asked = {"person": one.id, "first_date": day_before(at, 2), "due_since": at - DAY}
    rows = tx.connection.execute(_ANSWERED, asked)
    return tuple(Answered(key, due_at, text or "") for key, due_at, text in rows)


def _asked_today(tx: Transaction, one: Person, at: datetime) -> int:
    """How many nudges went out on demand on this local date, or are about to."""
    counted = tx.connection.scalar(_ASKED, {"person": one.id, "local_date": tx.local_date(one.plan, at)})
    return int(counted or 0)


def linked(tx: Transaction, link: Link) -> Writer | None:
    """See InboundStore.linked."""
    one = people.read(tx, [link.person]).get(link.person)
    return Writer(one, _bound_by(tx, link)) if one else None


def take_link(
    tx: Transaction,
    link: Link,
    words: str,
    now: datetime,
    respond: Respond,
    fault: Exception | None = None,
) -> Response | None:
    """See InboundStore.take_link. After a `fault` it is done plainly."""
    people.lock(tx, [link.person])
    writer = linked(tx, link) if fault is None else plain_writer(tx, link.person)
    if writer is None:
        return None
    response = respond(writer) if fault is None else effects.plain(respond(writer))
    if not response.effects:
        return response
    line = tx.next_line()
    row = {
        "line": line,
        "provider_id": f"link-{line}",
        "person": link.person,
        "channel": link.channel,
        "address": (writer.bound.address if writer.bound else None) or "",
        "text": words,
        "received_at": now,
        "intent": response.intent,
        "until": response.until,
        "occurrence": writer.bound.occurrence if writer.bound else None,
    }
    tx.connection.execute(insert(reply), row)
    doing = effects.Act(writer.person, now, line, link.channel, words, intent=response.intent)
    effects.apply(tx, doing, response.effects)
    silence.sign(tx, link.person, now)
    if fault is None:
        set_aside.soon(tx, [link.person], now)
    else:
        set_aside.put(tx, {link.person: fault}, 1, Step.READ, now)
    return response


def _bound_by(tx: Transaction, link: Link) -> Bound | None:
    """The entry that the link is bound to, with what has come of it, and the address that it went to."""
    entry = tx.connection.execute(
        select(occurrence).where(occurrence.c.id == link.occurrence, occurrence.c.person == link.person)
    ).one_or_none()
    if entry is None:
        return None
    went = select(message.c.address, message.c.contact).where(
        message.c.person == link.person,
        message.c.occurrence == link.occurrence,
        message.c.channel == link.channel,
    )
    sent = tx.connection.execute(went.order_by(message.c.line.desc()).limit(1)).first()
    return Bound(
        entry.id,
        entry.nudge,
        KINDS[entry.kind],
        entry.due_at,
        entries.comes_again_at(tx, entry),
        Outcome(entry.outcome) if entry.outcome else None,
        sent.address if sent else None,
        sent.contact if sent else None,
    )
