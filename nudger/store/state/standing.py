"""A person's standing changed: pauses, consent, opt-outs, holds; what waits, cancelled with them; and
notices to trusted contacts: one that waits, the person's withdrawal, and the contact's own last word."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, insert, select, update

from nudger.domain.effects import Tell
from nudger.domain.model import FROM_A_TEXT, ChannelName, Origin, Person, Plan, State, one_phone, phone_forms
from nudger.domain.wishes import Away
from nudger.store.schema.tables import IS_PLANNED, contact_word, event, message, occurrence, person
from nudger.store.sql.statements import AnyRow, Bulk, among
from nudger.store.sql.transactions import Transaction
from nudger.store.state import (
    consent,
    consent_requests,
    erased,
    facts,
    people,
    silence,
)
from nudger.store.state.entries import channels_from, planned


@dataclass(frozen=True, slots=True)
class Cause:
    """What of a person's standing cancels what waits; laying out afresh plans it again."""

    name: str
    reason: str


HOLD = Cause("hold", "held until RESUME")
OPT_OUT = Cause("opt-out", "opted out")
REMOVAL = Cause("removal", "the plan file was removed")
ADDED = "plan added"
RATES = ("as planned", "half of the plan's", "a quarter of the plan's")  # by steps of LESS
CAUSES = frozenset(cause.name for cause in (HOLD, OPT_OUT, REMOVAL))

_NEW_EVENT = Bulk(insert(event).inline(), ("person", "at", "what", "detail"))

# An answer to a person's own text is no nudge: none of this stops it.
_WAITING = and_(IS_PLANNED, occurrence.c.origin.not_in(FROM_A_TEXT))

# Another one than before, which never grows beyond what the column holds.
_NEXT_VERSION = case((person.c.layout_version < 2**30, person.c.layout_version + 1), else_=0)


def pause(tx: Transaction, person_id: str, until: datetime | None, now: datetime) -> None:
    """Pauses the person, for good or until an instant."""
    _set(tx, person_id, paused_at=now, paused_until=until)
    silence.begin_anew(tx, [person_id], now)
    record_event(tx, person_id, now, "paused", f"until {until.isoformat()}" if until else "")


def go_away(tx: Transaction, one: Person, span: Away, now: datetime) -> None:
    """Notes the days away."""
    people.put_wishes(tx, one.id, one.standing.wishes.with_away(span, now))
    record_event(
        tx, one.id, now, "away", f"from {span.begins_at.isoformat()} until {span.ends_at.isoformat()}"
    )


def set_hours(
    tx: Transaction, one: Person, earliest: time | None, latest: time | None, now: datetime
) -> None:
    """Sets when they may be written to; what is still to come is laid out by it."""
    wishes = replace(one.standing.wishes, earliest=earliest, latest=latest)
    people.put_wishes(tx, one.id, wishes)
    lay_out_again(tx, [one.id], now)
    record_event(tx, one.id, now, "hours", wishes.hours or "as planned")


def resume(tx: Transaction, one: Person, lifts: bool, now: datetime) -> None:
    """Ends a pause, and days away; with `lifts` a crisis hold too. What is still to come is laid out."""
    lifted = lifts and one.standing.held_at is not None
    if one.standing.wishes.away_at(now) or not (lifted or one.standing.paused(now)):
        people.put_wishes(tx, one.id, one.standing.wishes.back(now))
    _set(tx, one.id, paused_at=None, paused_until=None, **({"held_at": None} if lifted else {}))
    if lifted or one.standing.paused_at is not None:
        silence.begin_anew(tx, [one.id], now)
    if lifted:
        facts.clear_alarm(tx, unanswered(one.id), now)
    lay_out_again(tx, [one.id], now)
    consent_requests.soon(tx, [one.id], now)
    record_event(tx, one.id, now, "resumed", "the crisis hold is lifted" if lifted else "")


def hold(tx: Transaction, one: Person, now: datetime) -> None:
    """Holds the person: from the first text on; a further one cancels whatever came in between."""
    since = one.standing.held_at
    _set(tx, one.id, held_at=since or now)
    cancel_waiting(tx, [one.id], HOLD, now)
    _take_back(tx, message.c.person == one.id, _IS_NO_ANSWER, now)
    record_event(tx, one.id, now, "crisis hold" if since is None else "crisis text, held already")


def alarm_unanswered(tx: Transaction, person_id: str, reason: str, now: datetime) -> None:
    """Tells the operator that somebody wrote in a crisis and got no answer."""
    words = f"the crisis answer to {person_id} was refused ({reason}): reach them another way"
    facts.raise_alarm(tx, unanswered(person_id), words, now)


def unanswered(person_id: str) -> str:
    """Returns the key of that alarm."""
    return f"crisis answer {person_id}"


def set_rate(tx: Transaction, person_id: str, fewer: int, now: datetime) -> None:
    """Sets by how many steps of LESS the person gets fewer nudges."""
    _set(tx, person_id, fewer=fewer)
    record_event(tx, person_id, now, "nudges", RATES[fewer])


def set_low_days(tx: Transaction, person_id: str, until: datetime | None, now: datetime) -> None:
    """Sets until when the person gets tiny steps only."""
    _set(tx, person_id, tiny_until=until)
    record_event(tx, person_id, now, "low days", f"until {until.isoformat()}" if until else "ended")


def opt_out(
    tx: Transaction,
    one: Person,
    channels: Collection[ChannelName],
    how: str,
    now: datetime,
    words: str | None = None,
) -> None:
    """Closes these channels; what waits and has no other one left is cancelled. `words` are those that the
    person said it in."""
    consent.put(tx, one.id, channels, opted_out_at=now, opted_out_how=how, ask_at=None)
    consent.answered(
        tx, one, frozenset(channels) - one.standing.opted_out, now, consent.OPTED_OUT, how, words
    )
    closed = one.standing.opted_out | frozenset(channels)
    waiting = tx.connection.execute(
        select(occurrence.c.id, occurrence.c.nudge, occurrence.c.refused, occurrence.c.channel).where(
            occurrence.c.person == one.id, _WAITING
        )
    )
    stranded = [row.id for row in waiting if not _ways(one.plan, row) - closed - channels_from(row.refused)]
    cancel(tx, stranded, OPT_OUT, now)
    here = and_(message.c.person == one.id, message.c.channel.in_(sorted(channels)))
    _take_back(tx, here, _IS_NO_ANSWER, now)
    for channel in sorted(channels):
        record_event(tx, one.id, now, "opted out", f"{channel}: {how}")


def opt_in(
    tx: Transaction,
    one: Person,
    channels: Collection[ChannelName],
    how: str,
    now: datetime,
    words: str | None = None,
) -> None:
    """Takes consent to these channels, in the person's own `words`; what is to come today is laid out."""
    consent.put(
        tx,
        one.id,
        channels,
        consented_at=now,
        consent_how=how,
        opted_out_at=None,
        opted_out_how=None,
        ask_at=None,
    )
    new = frozenset(channels) - (one.standing.consented - one.standing.opted_out)
    consent.answered(tx, one, new, now, consent.AGREED, how, words)
    erased.began_again(tx, _addresses(one.plan, channels))
    silence.begin_anew(tx, [one.id], now)
    lay_out_again(tx, [one.id], now)
    for channel in sorted(channels):
        record_event(tx, one.id, now, "opted in", f"{channel}: {how}")


def _addresses(plan: Plan, channels: Collection[ChannelName]) -> list[erased.Address]:
    return [(channel, address) for channel in channels if (address := plan.address(channel)) is not None]


def ways(plan: Plan, nudge_id: str) -> frozenset[ChannelName]:
    """Returns the channels on which a nudge of this plan can go out at all."""
    nudge = plan.nudge(nudge_id)
    named = nudge.channels if nudge and nudge.channels else plan.channels
    return frozenset(channel for channel in named if plan.address(channel))


def _ways(plan: Plan, row: AnyRow) -> frozenset[ChannelName]:
    """The same of an entry; one that asks for consent on a channel has that one alone."""
    return ways(plan, row.nudge) if row.channel is None else frozenset({ChannelName(row.channel)})


def cancel_waiting(tx: Transaction, ids: Collection[str], cause: Cause, now: datetime) -> None:
    """Cancels all that is planned for these people, but answers."""
    _cancel(tx, and_(occurrence.c.person.in_(ids), _WAITING), cause, now)


def cancel(tx: Transaction, entries: Collection[int], cause: Cause, now: datetime) -> None:
    """Cancels these entries."""
    if entries:
        _cancel(tx, occurrence.c.id.in_(entries), cause, now)


def lay_out_again(tx: Transaction, ids: Collection[str], now: datetime) -> None:
    """Has the days of these people laid out afresh; what is being computed for them now is out of date."""
    tx.connection.execute(
        update(person)
        .where(person.c.id.in_(ids), person.c.removed_at.is_(None))
        .values(layout_at=now, layout_afresh=True, layout_version=_NEXT_VERSION)
    )


def record_event(tx: Transaction, person_id: str, at: datetime, what: str, detail: str = "") -> None:
    """Adds a line to a person's log."""
    record_events(tx, [person_id], at, what, detail)


def record_events(tx: Transaction, ids: Iterable[str], at: datetime, what: str, detail: str = "") -> None:
    """Adds the same line to the logs of these people."""
    write_events(tx, [{"person": person_id, "at": at, "what": what, "detail": detail} for person_id in ids])


def write_events(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Lines of people's logs: person, at, what, detail."""
    _NEW_EVENT.run(tx.connection, rows)


# Longer than any provider holds a text: what was attempted before is not there any more.
_MAY_WAIT = timedelta(hours=48)
_IS_NO_ANSWER = occurrence.c.origin.not_in(FROM_A_TEXT)


def _take_back(
    tx: Transaction, which: ColumnElement[bool], origin: ColumnElement[bool], now: datetime
) -> None:
    """Marks what was handed over and may still wait at its provider, or will come there: see
    sending/recall.py."""
    tx.connection.execute(
        update(message)
        .where(
            which,
            message.c.state.in_([State.SENDING, State.UNKNOWN, State.SENT]),
            message.c.attempted_at > now - _MAY_WAIT,
            exists().where(occurrence.c.id == message.c.occurrence, origin),
        )
        .values(recall_at=now)
    )


def _cancel(tx: Transaction, which: ColumnElement[bool], cause: Cause, now: datetime) -> None:
    tx.connection.execute(
        update(occurrence)
        .where(which)
        .values(
            state=State.CANCELLED, wake_at=None, reason=cause.reason, cancelled_by=cause.name, settled_at=now
        )
    )


def _set(tx: Transaction, person_id: str, **values: Any) -> None:
    tx.connection.execute(update(person).where(person.c.id == person_id).values(**values))


WITHDRAWN = Cause("withdrawn", "withdrawn by the person")
STOPPED = Cause("contact", "the contact said STOP")
_TRUSTING = select(person.c.id).where(among(person.c.trusted))


def tell(tx: Transaction, person_id: str, told: Tell, at: datetime, **identity: Any) -> None:
    """Plans a notice to the trusted contact, due at once."""
    entry = planned(
        person=person_id,
        nudge="",
        origin=Origin.NOTICE,
        text=told.text,
        channel=ChannelName.SMS,
        **identity,
    )
    tx.connection.execute(occurrence.insert(), entry)
    record_event(tx, person_id, at, "notice to a trusted contact", told.contact)


def withdraw(tx: Transaction, person_id: str, record: str, now: datetime) -> None:
    """Withdraws the person's opt-in of these words, which counts no more."""
    tx.connection.execute(update(person).where(person.c.id == person_id).values(untold=record))
    _cancel_notice(tx, [person_id], WITHDRAWN, now)
    record_event(tx, person_id, now, "notices withdrawn")


def has_stopped(tx: Transaction, plan: Plan) -> bool:
    """Tells whether the trusted contact of this plan wants no notices."""
    number = plan.trusted.phone if plan.trusted else None
    if number is None:
        return False
    words = select(contact_word.c.stopped).where(contact_word.c.address.in_(phone_forms(number)))
    stopped = tx.connection.scalar(words.order_by(contact_word.c.at.desc()).limit(1))
    # Of somebody erased who had this contact; a word that came since counts.
    return bool(erased.stops(tx, [(erased.CONTACT, number)])) if stopped is None else bool(stopped)


def trusting(tx: Transaction, addresses: Collection[str]) -> set[str]:
    """Returns whose trusted contact is at one of these addresses."""
    numbers = sorted({form for address in addresses for form in phone_forms(address)})
    return set(tx.connection.scalars(_TRUSTING, {"trusted_in": numbers})) if numbers else set()


def contact_said(tx: Transaction, address: str, stop: bool, at: datetime) -> bool:
    """See InboundStore.contact_said."""
    ids = trusting(tx, [address])
    if not ids:
        return False
    people.lock(tx, ids)
    return say(tx, address, stop, at)


def say(tx: Transaction, address: str, stop: bool, at: datetime) -> bool:
    """Takes a contact's word, where all who trust this contact are locked already: they are more than the one
    person whom a message was about."""
    ids = sorted(trusting(tx, [address]))
    number = one_phone(address)
    first = {"address": number, "stopped": stop, "at": at}
    added = tx.database.insert_new(contact_word).returning(contact_word.c.address)
    if tx.connection.scalar(added, first) is None:
        later = update(contact_word).where(contact_word.c.address == number, contact_word.c.at < at)
        if not tx.connection.execute(later.values(stopped=stop, at=at)).rowcount:
            return True  # an older word, or the same one once more
    if stop:
        _cancel_notice(tx, ids, STOPPED, at)
    record_events(tx, ids, at, "trusted contact said " + ("STOP" if stop else "START"))
    return True


def _cancel_notice(tx: Transaction, ids: Collection[str], cause: Cause, now: datetime) -> None:
    waiting = select(occurrence.c.id).where(
        occurrence.c.person.in_(ids), IS_PLANNED, occurrence.c.origin == Origin.NOTICE
    )
    cancel(tx, list(tx.connection.scalars(waiting)), cause, now)
    _take_back(tx, message.c.person.in_(ids), occurrence.c.origin == Origin.NOTICE, now)
