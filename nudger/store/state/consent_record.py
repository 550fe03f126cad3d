"""The record of consent: every question and answer as it came. Rows are added, and never changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select

from nudger.domain.model import ChannelName, Person
from nudger.domain.reach import forms, one_phone
from nudger.store.schema.tables import consent
from nudger.store.sql.statements import Bulk
from nudger.store.sql.transactions import Transaction, readable_rows

ASKED = "asked"
NOT_REACHED = "not reached"  # the address would not take the question
NOT_ASKED = "not asked"  # after "asked": the provider surely does not have the question
AGREED = "agreed"
WITHDRAWN = "withdrawn"  # the plan's line is gone
OPTED_OUT = "opted out"
NEVER = 2  # times asked, from which on it is not asked

_COLUMNS = ("person", "channel", "address", "at", "what", "how", "question", "answer")
_NEW = Bulk(insert(consent).inline(), _COLUMNS)

Address = tuple[str, ChannelName, str]  # whose, on which channel, where


@dataclass(frozen=True, slots=True)
class Past:
    """What an address that someone comes back to had said before."""

    asked_at: datetime | None = None
    agreed_at: datetime | None = None
    agreed_how: str | None = None
    times: int = 0  # it was asked; NEVER where it will not take the question
    before_at: datetime | None = None  # when it was asked before that


def record(
    tx: Transaction,
    person: str,
    channel: ChannelName,
    address: str | None,
    at: datetime,
    what: str,
    how: str,
    *,
    question: str | None = None,
    answer: str | None = None,
) -> None:
    record_all(tx, [(person, channel, address, at, what, how, question, answer)])


def record_all(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    _NEW.run(tx.connection, [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


def answered(
    tx: Transaction,
    one: Person,
    channels: Collection[ChannelName],
    at: datetime,
    what: str,
    how: str,
    words: str | None,
) -> None:
    """The person's answer on each channel, with the question that it answers where there was one."""
    for channel in sorted(channels):
        address = one.plan.address(channel)
        asked = select(consent.c.question).where(
            consent.c.person == one.id,
            consent.c.channel == channel,
            consent.c.address.in_(forms(address or "")),
            consent.c.what == ASKED,
        )
        question = tx.connection.scalar(asked.order_by(consent.c.id.desc()).limit(1))
        record(tx, one.id, channel, address, at, what, how, question=question, answer=words)


def past(tx: Transaction, addresses: Collection[Address]) -> Mapping[Address, Past]:
    """What these addresses had said, as far as it still stands."""
    found: dict[Address, Past] = {}
    if not addresses:
        return found
    people = {person for person, _, _ in addresses}
    wanted = {(person, channel, one_phone(address)): address for person, channel, address in addresses}
    said = select(consent).where(consent.c.person.in_(people), consent.c.channel.in_(ChannelName))
    for row in readable_rows(tx, said.order_by(consent.c.id), consent.c.id):
        person, channel = row.person, ChannelName(row.channel)
        if (address := wanted.get((person, channel, one_phone(row.address or "")))) is not None:
            key = (person, channel, address)
            found[key] = _after(found.get(key, Past()), row.what, row.at, row.how)
    return found


def _after(before: Past, what: str, at: datetime, how: str) -> Past:
    if what == ASKED:
        return replace(before, asked_at=at, times=before.times + 1, before_at=before.asked_at)
    if what == NOT_REACHED:
        return replace(before, asked_at=at, times=NEVER)
    if what == NOT_ASKED:
        return replace(before, asked_at=before.before_at, times=max(0, before.times - 1), before_at=None)
    if what == AGREED:
        return replace(before, agreed_at=at, agreed_how=how)
    return replace(before, agreed_at=None, agreed_how=None)
