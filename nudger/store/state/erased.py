"""What outlives a person who was erased: that a plan of theirs which is still there makes nobody of them
again, and that a number or an address which has said STOP has said so.

Neither holds a word of theirs. An address is kept as a digest under a key of this database alone, by which it
is known again when a plan names it, and from which nobody reads it.
"""

import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    Select,
    delete,
    select,
)

from nudger.agenda.set_aside import is_theirs
from nudger.domain.effects import stated
from nudger.domain.errors import Problem
from nudger.domain.model import one_phone, phone_forms
from nudger.plan_sync.port import PlanRead
from nudger.store.schema.shared import fact
from nudger.store.schema.tables import contact_word, person, plan, reach
from nudger.store.sql.statements import EPOCH, among
from nudger.store.sql.transactions import Transaction
from nudger.store.state import facts

MESSAGE = "this person's data was erased"
HINT = (
    "remove their plan: while it is there nothing is sent to them, whatever it says; one that comes later"
    " is a new person's"
)
CONTACT = "contact"  # in place of a channel: a trusted contact's STOP to notices
_KEY = "erased: "  # before the id; the value is the file
_STOP = "stop: "  # before the digest; the value is when and how
_DIGESTS = "key of digests"
_STOPS = select(fact.c.key, fact.c.value).where(among(fact.c.key))
Address = tuple[str, str]  # channel, or CONTACT; and where


@dataclass(frozen=True, slots=True)
class Stop:
    """An address has said STOP."""

    opted_out_at: datetime
    opted_out_how: str


def keep(tx: Transaction, person_id: str) -> None:
    """Keeps, before the person goes, the mark where their plan is still there, and each STOP."""
    there = select(plan.c.file).join(person, person.c.id == plan.c.person)
    file = tx.connection.scalar(there.where(person.c.id == person_id, person.c.removed_at.is_(None)))
    if file is not None:
        facts.put(tx, _KEY + person_id, file)
    said = select(reach.c.channel, reach.c.address, reach.c.opted_out_how)
    those = (reach.c.person == person_id, reach.c.opted_out_at.is_not(None), reach.c.address.is_not(None))
    for row in tx.connection.execute(said.where(*those)).all():
        that = (reach.c.person == person_id, reach.c.channel == row.channel)
        at = _when(tx, select(reach.c.opted_out_at).where(*that))
        _keep_stop(tx, (str(row.channel), str(row.address)), at, str(row.opted_out_how or ""))
    _keep_contacts(tx, person_id)


def everyone(tx: Transaction) -> frozenset[str]:
    """See PeopleStore.erased."""
    return frozenset(_files(tx))


def left_out(tx: Transaction, read: PlanRead, *, lost: bool) -> PlanRead:
    """Leaves those who were erased out of what was read: where their plan stands is reported instead.

    Who has none any more is forgotten altogether, so that a later plan is a new person's; not where most
    plans are `lost` by one look, for they may be back with the next.
    """
    files = _files(tx)
    if not files:
        return read
    looked_in = (
        files.keys()
        if read.files is None
        else {person_id for person_id in files if files[person_id] in read.files}
    )
    if not lost:
        _forget(tx, [_KEY + person_id for person_id in looked_in - read.people.keys()])
    there = sorted(files.keys() & read.people.keys())
    for person_id in there:  # a file may have another name by now
        facts.put(tx, _KEY + person_id, read.people[person_id])
    reports = [Problem(read.people[person_id], 1, 1, "", MESSAGE, HINT) for person_id in there]
    plans = [file for file in read.plans if file.plan.person not in files]
    return replace(read, plans=plans, problems=[*read.problems, *reports])


def stops(tx: Transaction, addresses: Collection[Address]) -> dict[Address, Stop]:
    """Returns those of these addresses that had said STOP when their person was erased."""
    key = facts.known_secret(tx, _DIGESTS)
    if key is None or not addresses:
        return {}
    by_address = {address: _STOP + _digest(key, address) for address in addresses}
    rows = tx.connection.execute(_STOPS, {"key_in": sorted(set(by_address.values()))})
    said = {row.key: _stop(row.value) for row in rows}
    return {address: said[fact_key] for address, fact_key in by_address.items() if fact_key in said}


def began_again(tx: Transaction, addresses: Iterable[Address]) -> None:
    """Forgets the STOP of these addresses, for their own later word counts."""
    key = facts.known_secret(tx, _DIGESTS)
    if key is not None:
        _forget(tx, [_STOP + _digest(key, address) for address in addresses])


def _keep_contacts(tx: Transaction, person_id: str) -> None:
    """A contact's last word is kept for as long as somebody's plan names them; their STOP longer."""
    gone = tx.connection.scalar(select(person.c.trusted).where(person.c.id == person_id))
    numbers = phone_forms(gone or "")
    named = select(person.c.id).where(person.c.trusted.in_(numbers), person.c.id != person_id).limit(1)
    if gone is None or tx.connection.scalar(named) is not None:
        return
    those = contact_word.c.address.in_(numbers)
    for row in tx.connection.execute(
        select(contact_word.c.address, contact_word.c.stopped).where(those)
    ).all():
        if row.stopped:
            at = _when(tx, select(contact_word.c.at).where(contact_word.c.address == row.address))
            _keep_stop(tx, (CONTACT, row.address), at, "")
    tx.connection.execute(delete(contact_word).where(those))


def _when(tx: Transaction, at: Select[Any]) -> datetime:
    try:
        found: datetime = tx.connection.execute(at).scalar_one()
    except Exception as fault:
        if not is_theirs(fault):
            raise
        return EPOCH  # whenever it was, it was said
    return found


def _keep_stop(tx: Transaction, address: Address, at: datetime, how: str) -> None:
    key = facts.secret(tx, _DIGESTS)
    facts.put(tx, _STOP + _digest(key, address), f"{at.isoformat()} {how}")


def _stop(value: str) -> Stop:
    at, _, how = value.partition(" ")
    return Stop(stated(at, EPOCH), how)  # whenever it was, it was said


def _digest(key: bytes, address: Address) -> str:
    channel, where = address
    return hmac.digest(key, f"{channel}\0{one_phone(where)}".encode(), sha256).hex()


def _files(tx: Transaction) -> dict[str, str]:
    """id -> file."""
    rows = tx.connection.execute(select(fact).where(fact.c.key.startswith(_KEY, autoescape=True)))
    return {row.key.removeprefix(_KEY): row.value for row in rows}


def _forget(tx: Transaction, keys: Collection[str]) -> None:
    if keys:
        tx.connection.execute(delete(fact).where(among(fact.c.key)), {"key_in": sorted(keys)})
