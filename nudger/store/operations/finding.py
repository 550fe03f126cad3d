"""People found by name, standing, group, channel and kind, and by what they lately got and gave a sign of;
and how many there are.

What an index knows is looked for in all people. What stands in the wide rows alone (when something last
arrived, from when somebody is silent; no index is worth what it would cost each send) is looked for in LOOKED
of them at most, and the page says where to look on.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, or_, select

from nudger.operations.overview import Apart, Glance, Lately, PeoplePage, PeopleWanted
from nudger.store.schema.tables import APART, IS_PLANNED, away, occurrence, person, plan, reach, set_aside
from nudger.store.sql.statements import among, reckoned
from nudger.store.sql.transactions import Transaction
from nudger.store.state import people
from nudger.store.state.entries import NUDGES
from nudger.store.state.set_aside import read_all

LOOKED = 10_000  # people whose rows one look reads at most
MOST_GROUPS = 200
NOTHING_FOR, SILENT_FOR = timedelta(days=7), timedelta(days=14)
_COUNT_SET_ASIDE = select(func.count()).select_from(set_aside)
_SIGNS = select(
    person.c.id,
    *(
        case((reckoned(one), one)).label(
            one.name
        )  # one spoilt value shows as none, and all others as they are
        for one in (person.c.arrived_at, person.c.signed_at)
    ),
).where(among(person.c.id))
_NEXT = (
    select(occurrence.c.person, func.min(occurrence.c.wake_at).label("next_at"))
    .where(
        among(occurrence.c.person),
        IS_PLANNED,
        reckoned(occurrence.c.wake_at),
        occurrence.c.origin.in_(NUDGES),
    )
    .group_by(occurrence.c.person)
)


def find_people(tx: Transaction, wanted: PeopleWanted, after: str, limit: int, now: datetime) -> PeoplePage:
    """See OverviewStore.find_people."""
    quick = select(person.c.id).where(*_indexed(wanted, now))
    slow = _in_rows(wanted, now)
    onward = quick.where(person.c.id > after).order_by(person.c.id)
    first = quick.where(person.c.id > "").order_by(person.c.id).limit(LOOKED).subquery()
    looked_at = tx.connection.scalar(select(func.count()).select_from(first)) or 0
    if not slow:
        ids = list(tx.connection.scalars(onward.limit(limit + 1)))
        on = ids[limit - 1] if len(ids) > limit else None
        return PeoplePage(_glances(tx, ids[:limit]), on, looked_at, counted_all=looked_at < LOOKED)
    ids, on = _in_some(tx, onward, slow, limit)
    number = tx.connection.scalar(select(func.count()).select_from(_wanted_of(first, slow).subquery())) or 0
    return PeoplePage(_glances(tx, ids), on, number, counted_all=looked_at < LOOKED)


def groups(tx: Transaction) -> Sequence[str]:
    """See OverviewStore.groups."""
    found: list[str] = []
    # Each from the index alone: DISTINCT would read an entry for everybody.
    while len(found) < MOST_GROUPS:
        following = select(func.min(person.c.grouped)).where(person.c.grouped > (found[-1] if found else ""))
        one = tx.connection.scalar(following)
        if one is None:
            break
        found.append(one)
    return found


def _indexed(wanted: PeopleWanted, now: datetime) -> list[ColumnElement[bool]]:
    """What an index answers."""
    found: list[ColumnElement[bool]] = []
    for word in people.folded(wanted.search).split():
        found.append(person.c.search.contains(word, autoescape=True))
    if wanted.group is not None:
        found.append(person.c.grouped == wanted.group)
    if wanted.apart is Apart.SET_ASIDE:
        found.append(person.c.id.in_(select(set_aside.c.person)))
    elif wanted.apart is not None:
        which = and_(APART, _is(wanted.apart, now))
        is_paused = or_(which, person.c.id.in_(_away(now)))
        found.append(is_paused if wanted.apart is Apart.PAUSED else which)
    return found


def _in_rows(wanted: PeopleWanted, now: datetime) -> list[ColumnElement[bool]]:
    """What stands in the rows alone. Whose plan is gone gets nothing, and is silent, by itself."""
    found: list[ColumnElement[bool]] = []
    if wanted.lately is not None:
        at, since = {
            Lately.NOTHING: (person.c.arrived_at, now - NOTHING_FOR),
            Lately.SILENT: (person.c.silent_since, now - SILENT_FOR),
        }[wanted.lately]
        found += [person.c.removed_at.is_(None), or_(at.is_(None), at <= since)]
    if wanted.channel is not None:
        here = (reach.c.person == person.c.id, reach.c.channel == wanted.channel)
        found.append(exists().where(*here, reach.c.address.is_not(None)))
    if wanted.kind is not None:
        of_kind = plan.c.nudges.contains(f'"kind":"{wanted.kind}"', autoescape=True)
        found.append(exists().where(plan.c.person == person.c.id, of_kind))
    return found


def _in_some(
    tx: Transaction, onward: Select[Any], slow: Collection[ColumnElement[bool]], limit: int
) -> tuple[list[str], str | None]:
    """Those of the next LOOKED people who are wanted, and where to look on."""
    some = onward.limit(LOOKED).subquery()
    ids = list(tx.connection.scalars(_wanted_of(some, slow).order_by(person.c.id).limit(limit + 1)))
    if len(ids) > limit:
        return ids[:limit], ids[limit - 1]
    last, number = tx.connection.execute(select(func.max(some.c.id), func.count()).select_from(some)).one()
    return ids, last if number == LOOKED else None


def _wanted_of(some: Subquery, slow: Collection[ColumnElement[bool]]) -> Select[Any]:
    return select(person.c.id).join(some, some.c.id == person.c.id).where(*slow)


def _glances(tx: Transaction, ids: Sequence[str]) -> list[Glance]:
    """What a list shows of each of these people, in this order."""
    if not ids:
        return []
    found = read_all(tx, ids)
    signs = {row.id: row for row in tx.connection.execute(_SIGNS, {"id_in": list(ids)})}
    following = {row.person: row.next_at for row in tx.connection.execute(_NEXT, {"person_in": list(ids)})}
    return [
        Glance(found[one], signs[one].arrived_at, signs[one].signed_at, following.get(one))
        for one in ids
        if one in found
    ]


def count_apart(tx: Transaction, now: datetime) -> dict[Apart, int]:
    """Counts who gets nothing for now, or less, by why."""
    of_standing = [apart for apart in Apart if apart is not Apart.SET_ASIDE]
    sums = [func.sum(case((_is(apart, now), 1), else_=0)) for apart in of_standing]
    row = tx.connection.execute(select(*sums).where(APART)).one()
    counts = {apart: int(number or 0) for apart, number in zip(of_standing, row, strict=True)}
    away_alone = tx.connection.scalar(
        select(func.count()).where(person.c.id.in_(_away(now)), ~in_pause(now)).select_from(person)
    )
    counts[Apart.PAUSED] += away_alone or 0
    return counts | {Apart.SET_ASIDE: tx.connection.scalar(_COUNT_SET_ASIDE) or 0}


def in_pause(now: datetime) -> ColumnElement[bool]:
    """Tells whose pause goes on."""
    going_on = or_(person.c.paused_until.is_(None), person.c.paused_until > now)
    return and_(person.c.paused_at.is_not(None), going_on)


def _away(now: datetime) -> Select[tuple[str]]:
    """Who is away."""
    return select(away.c.person).where(away.c.ends_at > now, away.c.begins_at <= now)


def _is(apart: Apart, now: datetime) -> ColumnElement[bool]:
    match apart:
        case Apart.PAUSED:
            return in_pause(now)
        case Apart.HELD:
            return person.c.held_at.is_not(None)
        case Apart.OPTED_OUT:
            return person.c.opted_out != ""
        case Apart.UNASKED:
            return and_(person.c.consented == "", person.c.removed_at.is_(None))
        case Apart.UNREACHABLE:
            return and_(person.c.rested != "", person.c.removed_at.is_(None))
        case Apart.REDUCED:
            return or_(person.c.fewer > 0, person.c.tiny_until > now)
        case _:
            return person.c.removed_at.is_not(None)
