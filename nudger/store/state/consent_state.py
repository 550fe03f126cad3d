"""Consent as it stands: what of it outlives a person who was erased, and for each channel, where a person is
reached, and whether they agreed to it.

What outlives them: that a plan of theirs which is still there makes nobody of them again, and that a number
or an address which has said STOP has said so. Neither holds a word of theirs. An address is kept as a digest
under a key of this database alone, by which it is known again when a plan names it, and from which nobody
reads it.
"""

import hmac
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from nudger.agenda.laying_out import ask_again_at
from nudger.agenda.set_aside import is_theirs
from nudger.domain.errors import Problem
from nudger.domain.model import ChannelName, Plan
from nudger.domain.reach import are_one, forms, one_phone, stated
from nudger.plan_sync.port import PlanRead
from nudger.store.schema.tables import contact_word, fact, person, plan, reach
from nudger.store.sql.statements import EPOCH, AnyRow, Bulk, among
from nudger.store.sql.transactions import Transaction, suppress_theirs
from nudger.store.state import consent_record, facts, readable_people

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
    """Before the person goes: the mark, where their plan is still there, and each STOP."""
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
    """The same without them: where their plan stands is reported instead. Who has none any more is
    forgotten altogether, so that a later plan is a new person's; not where most plans are `lost` by one look,
    for they may be back with the next."""
    files = _files(tx)
    if not files:
        return read
    looked_in = files.keys() if read.files is None else {one for one in files if files[one] in read.files}
    if not lost:
        _forget(tx, [_KEY + one for one in looked_in - read.people.keys()])
    there = sorted(files.keys() & read.people.keys())
    for one in there:  # a file may have another name by now
        facts.put(tx, _KEY + one, read.people[one])
    reports = [Problem(read.people[one], 1, 1, "", MESSAGE, HINT) for one in there]
    plans = [file for file in read.plans if file.plan.person not in files]
    return replace(read, plans=plans, problems=[*read.problems, *reports])


def stops(tx: Transaction, addresses: Collection[Address]) -> dict[Address, Stop]:
    """Those of these addresses that had said STOP when their person was erased."""
    key = facts.known_secret(tx, _DIGESTS)
    if key is None or not addresses:
        return {}
    by_address = {address: _STOP + _digest(key, address) for address in addresses}
    rows = tx.connection.execute(_STOPS, {"ids": sorted(set(by_address.values()))})
    said = {row.key: _stop(row.value) for row in rows}
    return {address: said[fact_key] for address, fact_key in by_address.items() if fact_key in said}


def began_again(tx: Transaction, addresses: Iterable[Address]) -> None:
    """Their own later word counts."""
    key = facts.known_secret(tx, _DIGESTS)
    if key is not None:
        _forget(tx, [_STOP + _digest(key, address) for address in addresses])


def _keep_contacts(tx: Transaction, person_id: str) -> None:
    """A contact's last word is kept for as long as somebody's plan names them; their STOP longer."""
    gone = tx.connection.scalar(select(person.c.trusted).where(person.c.id == person_id))
    numbers = forms(gone or "")
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
        tx.connection.execute(delete(fact).where(among(fact.c.key)), {"ids": sorted(keys)})


FROM_PLAN = "plan: "  # how a consent that the plan's file states is marked

_SAME = reach.c.address == bindparam("at")  # another address has not failed yet
_REACH: dict[str, BindParameter[Any]] = {
    "address": bindparam("at"),
    "consented_at": bindparam("agreed"),
    "consent_how": bindparam("agreed_how"),
    "opted_out_at": bindparam("out"),
    "opted_out_how": bindparam("out_how"),
    "ask_at": bindparam("asks"),
    "asked_at": bindparam("asked"),
    "times_asked": bindparam("times"),
}
_NEW_REACH = Bulk(insert(reach).values(person=bindparam("one"), channel=bindparam("by"), **_REACH))
_REACH_CHANGES = Bulk(
    update(reach)
    .where(reach.c.person == bindparam("one"), reach.c.channel == bindparam("by"))
    .values(
        **_REACH,
        failures=case((_SAME, reach.c.failures), else_=literal_column("0")),
        rested_at=case((_SAME, reach.c.rested_at)),
    )
)


# When an address that was asked is asked once more; null where it is not.
_AGAIN_AT = case((and_(reach.c.asked_at.is_not(None), reach.c.consented_at.is_(None)), reach.c.ask_at))


def _channels(that: ColumnElement[datetime]) -> ScalarSelect[str]:
    """The person's channels of which that is true, with spaces between."""
    return (
        select(func.coalesce(func.aggregate_strings(reach.c.channel, " "), ""))
        .where(reach.c.person == person.c.id, that.is_not(None))
        .scalar_subquery()
    )


_STOPPED = select(reach).where(among(reach.c.address), reach.c.opted_out_at.is_not(None))
_UNASKED = update(reach).where(among(reach.c.person)).values(ask_at=None)
_STANDING = (
    update(person)
    .where(among(person.c.id))
    .values(
        opted_out=_channels(reach.c.opted_out_at),
        consented=_channels(reach.c.consented_at),
        asked=_channels(reach.c.asked_at),
        asks_again=_channels(_AGAIN_AT),
        asks_again_at=select(func.min(_AGAIN_AT)).where(reach.c.person == person.c.id).scalar_subquery(),
        rested=_channels(reach.c.rested_at),
    )
)


def align(tx: Transaction, plans: Sequence[Plan], now: datetime) -> list[tuple[str, str]]:
    """Addresses and consents brought in line with these plans. Returns each (person, channel) that had
    rested, for too much did not arrive, and has another address now."""
    ids = [one.person for one in plans]
    old = {(row.person, row.channel): row for row in _reached_so_far(tx, ids, now)}
    stops, before = _stops(tx, plans, old, now), _past(tx, plans, old)
    new: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    said: list[tuple[object, ...]] = []
    for one in plans:
        for channel in ChannelName:
            row, address = old.get((one.person, channel)), one.address(channel)
            if row is None and address is None:
                continue
            reached = _reached(one, channel, row, stops, before, now)
            said += _said(one, channel, row, reached, now)
            (new if row is None else changes).append(reached)
    consent_record.record_all(tx, said)
    _NEW_REACH.run(tx.connection, new)
    _REACH_CHANGES.run(tx.connection, changes)
    refresh(tx, ids)
    addresses = {one.person: one for one in plans}
    return [
        key
        for key, row in old.items()
        if row.rested_at is not None and addresses[key[0]].address(ChannelName(key[1])) != row.address
    ]


def ask_nobody(tx: Transaction, ids: Collection[str]) -> None:
    """The plans of these people say that there is no consent: they are not asked for one either."""
    tx.connection.execute(_UNASKED, {"ids": sorted(ids)})
    refresh(tx, ids)


def _reached_so_far(tx: Transaction, ids: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """Rows of `reach`; what cannot be read of them is put right first."""
    rows = select(reach).where(reach.c.person.in_(ids), reach.c.channel.in_(ChannelName))
    with suppress_theirs():
        found = tx.connection.execute(rows).all()
        texts = (text for row in found for text in (row.address, row.consent_how, row.opted_out_how))
        if all(isinstance(text, str | None) for text in texts):
            return found
    readable_people.reaches(tx, ids, now)
    return tx.connection.execute(rows).all()


def refresh(tx: Transaction, ids: Collection[str]) -> None:
    """What `reach` says of these people, brought into the rows that a claim reads."""
    tx.connection.execute(_STANDING, {"ids": list(ids)})


def _reached(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    stops: Mapping[Address, Stop],
    before: Mapping[consent_record.Address, consent_record.Past],
    now: datetime,
) -> dict[str, Any]:
    address = one.address(channel)
    known = _known(one, channel, row, before)
    agreed, agreed_how = _consent(one, channel, known, now)
    # The person's own STOP outlives their address; and an address new to the person brings its own.
    stop = _own_stop(row)
    if stop is None and (row is None or not are_one(row.address, address)):
        stop = stops.get((channel, address or ""))
    asks = address and channel in one.sends_on and not (agreed or stop)
    again_at = ask_again_at(known.asked_at, known.times, now)
    return {
        "one": one.person,
        "by": channel,
        "at": address,
        "asks": (again_at if known.asked_at else now) if asks else None,
        "asked": known.asked_at,
        "times": known.times,
        "agreed": agreed,
        "agreed_how": agreed_how,
        "out": stop.opted_out_at if stop else None,
        "out_how": stop.opted_out_how if stop else None,
    }


def _known(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    before: Mapping[consent_record.Address, consent_record.Past],
) -> consent_record.Past:
    """What the address that the plan names has been asked, and has said."""
    address = one.address(channel)
    if row is not None and are_one(row.address, address):
        return consent_record.Past(row.asked_at, row.consented_at, row.consent_how, row.times_asked)
    return before.get((one.person, channel, address or ""), consent_record.Past())


def _past(
    tx: Transaction, plans: Sequence[Plan], old: Mapping[tuple[str, str], AnyRow]
) -> Mapping[consent_record.Address, consent_record.Past]:
    """What addresses that people come back to had said: nobody is asked twice."""
    moved = {
        (one.person, channel, address)
        for one in plans
        for channel in ChannelName
        if (address := one.address(channel))
        and (row := old.get((one.person, channel)))
        and not are_one(row.address, address)
    }
    return consent_record.past(tx, moved)


def _said(
    one: Plan, channel: ChannelName, row: AnyRow | None, reached: Mapping[str, Any], now: datetime
) -> Iterator[tuple[object, ...]]:
    """What the plan's own line newly says of consent, or says no longer."""
    how, was = reached["agreed_how"], row.consent_how if row else None
    if reached["agreed"] == now and how is not None and how.startswith(FROM_PLAN):
        yield (one.person, channel, reached["at"], now, consent_record.AGREED, how, None, None)
    elif row is not None and was is not None and was.startswith(FROM_PLAN) and how is None:
        yield (one.person, channel, row.address, now, consent_record.WITHDRAWN, was, None, None)


def _own_stop(row: AnyRow | None) -> Stop | None:
    return None if row is None or row.opted_out_at is None else Stop(row.opted_out_at, row.opted_out_how)


def _stops(
    tx: Transaction, plans: Sequence[Plan], old: Mapping[tuple[str, str], AnyRow], now: datetime
) -> dict[Address, Stop]:
    """Where an address has said STOP under another name, or that of somebody who was erased: a file that
    is renamed, or comes back, must not undo that."""
    new = {
        (str(channel), address)
        for one in plans
        for channel in ChannelName
        if (address := one.address(channel))
        and ((row := old.get((one.person, channel))) is None or not are_one(row.address, address))
    }
    if not new:
        return {}
    of_others = {
        (row.channel, one): Stop(row.opted_out_at, row.opted_out_how)
        for row in _stopped(tx, sorted({one for _, number in new for one in forms(number)}), now)
        for one in forms(row.address)
    }
    return stops(tx, new) | of_others


def _stopped(tx: Transaction, addresses: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """Rows of `reach` whose people said STOP; one that cannot be read is one of now."""
    given = {"ids": addresses}
    with suppress_theirs():
        return tx.connection.execute(_STOPPED, given).all()
    whose = tx.connection.scalars(_STOPPED.with_only_columns(reach.c.person), given).all()
    readable_people.reaches(tx, whose, now)
    return tx.connection.execute(_STOPPED, given).all()


def _consent(
    one: Plan, channel: ChannelName, known: consent_record.Past, now: datetime
) -> tuple[datetime | None, str | None]:
    """Since when and how the person agreed to be written to at the address that the plan names."""
    address, since, how = one.address(channel), known.agreed_at, known.agreed_how
    if one.consent is None:
        # What only the file said is gone with its line; what the person said stays.
        return (None, None) if how is not None and how.startswith(FROM_PLAN) else (since, how)
    if since is None and address is not None and channel in _named(one):
        return now, FROM_PLAN + one.consent
    return since, how


def _named(one: Plan) -> frozenset[ChannelName]:
    return frozenset(one.channels).union(*(nudge.channels for nudge in one.nudges))


def put(tx: Transaction, person_id: str, channels: Collection[ChannelName], **values: Any) -> None:
    """Changes what is known of these channels, whether there is an address yet or not: a STOP outlives
    all addresses."""
    new = [{"person": person_id, "channel": channel} for channel in channels]
    if new:
        tx.connection.execute(tx.database.insert_new(reach), new)
        those = update(reach).where(reach.c.person == person_id, reach.c.channel.in_(channels))
        tx.connection.execute(those.values(**values))
        refresh(tx, [person_id])
