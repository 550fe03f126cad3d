"""Notices to trusted contacts: one that waits, the person's withdrawal, and the contact's own last word."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from nudger.effects import Tell
from nudger.model import ChannelName, Origin, Plan
from nudger.phones import forms, one_phone
from nudger.store import erased, people, standing
from nudger.store.entries import planned
from nudger.store.keys import among
from nudger.store.standing import Cause, record_event, record_events
from nudger.store.tables import IS_PLANNED, contact_word, occurrence, person
from nudger.store.transaction import Transaction

WITHDRAWN = Cause("withdrawn", "withdrawn by the person")
STOPPED = Cause("contact", "the contact said STOP")
_TRUSTING = select(person.c.id).where(among(person.c.trusted))


def tell(tx: Transaction, person_id: str, told: Tell, at: datetime, **identity: Any) -> None:
    """A notice, due at once."""
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
    """The person's opt-in of these words counts no more."""
    tx.connection.execute(update(person).where(person.c.id == person_id).values(untold=record))
    _cancel(tx, [person_id], WITHDRAWN, now)
    record_event(tx, person_id, now, "notices withdrawn")


def has_stopped(tx: Transaction, plan: Plan) -> bool:
    """Whether the trusted contact of this plan wants no notices."""
    number = plan.trusted.phone if plan.trusted else None
    if number is None:
        return False
    words = select(contact_word.c.stopped).where(contact_word.c.address.in_(forms(number)))
    stopped = tx.connection.scalar(words.order_by(contact_word.c.at.desc()).limit(1))
    # Of somebody erased who had this contact; a word that came since counts.
    return bool(erased.stops(tx, [(erased.CONTACT, number)])) if stopped is None else bool(stopped)


def trusting(tx: Transaction, addresses: Collection[str]) -> set[str]:
    """Whose trusted contact is at one of these addresses."""
    numbers = sorted({form for address in addresses for form in forms(address)})
    return set(tx.connection.scalars(_TRUSTING, {"ids": numbers})) if numbers else set()


def contact_said(tx: Transaction, address: str, stop: bool, at: datetime) -> bool:
    """See Store.contact_said."""
    ids = trusting(tx, [address])
    if not ids:
        return False
    people.lock(tx, ids)
    return say(tx, address, stop, at)


def say(tx: Transaction, address: str, stop: bool, at: datetime) -> bool:
    """The same, where all who trust this contact are locked already: they are more than the one person whom
    a message was about."""
    ids = sorted(trusting(tx, [address]))
    number = one_phone(address)
    first = {"address": number, "stopped": stop, "at": at}
    added = tx.database.insert_new(contact_word).returning(contact_word.c.address)
    if tx.connection.scalar(added, first) is None:
        later = update(contact_word).where(contact_word.c.address == number, contact_word.c.at < at)
        if not tx.connection.execute(later.values(stopped=stop, at=at)).rowcount:
            return True  # an older word, or the same one once more
    if stop:
        _cancel(tx, ids, STOPPED, at)
    record_events(tx, ids, at, "trusted contact said " + ("STOP" if stop else "START"))
    return True


def _cancel(tx: Transaction, ids: Collection[str], cause: Cause, now: datetime) -> None:
    waiting = select(occurrence.c.id).where(
        occurrence.c.person.in_(ids), IS_PLANNED, occurrence.c.origin == Origin.NOTICE
    )
    standing.cancel(tx, list(tx.connection.scalars(waiting)), cause, now)
