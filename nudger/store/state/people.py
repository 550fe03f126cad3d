"""People as rows: read, locked, found by address, and marked to be laid out."""

import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import JSON, bindparam, cast, delete, exc, func, insert, select, type_coerce, update

from nudger.agenda.gate import put_off, sent_on
from nudger.domain.effects import checked_end, computable_date
from nudger.domain.errors import Unreadable
from nudger.domain.model import BackOff, ChannelName, History, Nudge, Person, Plan, Standing, phone_forms
from nudger.domain.wishes import NO_WISHES, Wishes
from nudger.inbound.wishes import LOWEST
from nudger.schedule import with_hours
from nudger.store.schema.tables import away, person, plan, reach
from nudger.store.sql.statements import AnyRow, among
from nudger.store.sql.transactions import Transaction
from nudger.store.state import facts
from nudger.store.state.entries import channels_from

PAGE = 500


_PEOPLE = select(
    person.c.id,
    person.c.digest,
    person.c.paused_at,
    person.c.paused_until,
    person.c.removed_at,
    person.c.held_at,
    person.c.opted_out,
    person.c.consented,
    person.c.rested,
    person.c.fewer,
    person.c.tiny_until,
    person.c.untold,
    person.c.wishes,
    person.c.asked,
    person.c.asks_again,
    person.c.asks_again_at,
    person.c.silent_since,
    person.c.arrived_at,
    person.c.lost_at,
    person.c.history,
)
_BY_ID = _PEOPLE.where(among(person.c.id))
_DIGESTS = select(person.c.id, person.c.digest).where(among(person.c.id), person.c.removed_at.is_(None))
_ANYBODY = select(person.c.id).where(person.c.removed_at.is_(None)).limit(1)
_NEXT_IDS = select(person.c.id).where(person.c.id > bindparam("after")).order_by(person.c.id).limit(PAGE)
_PLANS = select(plan.c.person, plan.c.json, plan.c.nudges).where(among(plan.c.person))
# NO KEY UPDATE: it lets rows that merely refer to this one be written.
# By bytes: so Python sorts too, where a verb locks some after the others.
_THESE = select(person.c.id).where(among(person.c.id)).order_by(person.c.id.collate("C"))
_LOCK = _THESE.with_for_update(key_share=True)
_LOCK_FREE = _THESE.with_for_update(skip_locked=True, key_share=True)
_BY_ADDRESS = (
    select(person.c.id)
    .join(reach, reach.c.person == person.c.id)
    .where(reach.c.channel == bindparam("channel"), among(reach.c.address))
    .order_by(person.c.removed_at.is_not(None), person.c.id)
    .limit(1)
)


def lock(tx: Transaction, ids: Collection[str]) -> None:
    """Locks those of these people who exist until the transaction ends, by their ids. A transaction locks all
    that it will need at once, for a second time might come before the first of somebody else's. SQLite has
    one writer anyway."""
    if ids and not tx.database.is_sqlite:
        tx.connection.execute(_LOCK, {"id_in": sorted(ids)}).all()


def lock_free(tx: Transaction, ids: Collection[str]) -> set[str]:
    """Locks those of these people whom nobody has locked; who they are."""
    if not ids or tx.database.is_sqlite:
        return set(ids)
    return set(tx.connection.scalars(_LOCK_FREE, {"id_in": sorted(ids)}))


def read(tx: Transaction, ids: Collection[str]) -> dict[str, Person]:
    """Reads these people by id, as they stand in this transaction."""
    return _people(tx, tx.connection.execute(_BY_ID, {"id_in": ids}).all()) if ids else {}


def plans_of(tx: Transaction, ids: Collection[str]) -> Mapping[str, Plan]:
    """Reads their plans as their files have them, whatever hours they asked for since."""
    return _plans(tx, tx.connection.execute(_BY_ID, {"id_in": ids}).all())


def digests(tx: Transaction, ids: Collection[str]) -> Mapping[str, str]:
    """See PlanStore.digests."""
    return {row.id: row.digest for row in tx.connection.execute(_DIGESTS, {"id_in": list(ids)})}


def ids_around(tx: Transaction, person_id: str, number: int) -> Sequence[str]:
    """See PeopleStore.ids_around."""
    before = select(person.c.id).where(person.c.id < person_id).order_by(person.c.id.desc()).limit(number)
    after = select(person.c.id).where(person.c.id >= person_id).order_by(person.c.id).limit(number)
    return [*reversed(tx.connection.scalars(before).all()), *tx.connection.scalars(after)]


def count(tx: Transaction) -> int:
    """Counts those whose plan runs. The others have no next layout, whose index is a tenth of the table."""
    return tx.connection.scalar(select(func.count()).where(person.c.layout_at.is_not(None))) or 0


def places(tx: Transaction) -> Collection[tuple[str | None, str]]:
    """See OverviewStore.places. The database reads the JSON itself: a million plans take it two seconds,
    many times less than decoding each."""
    head = type_coerce(plan.c.json, JSON) if tx.database.is_sqlite else cast(plan.c.json, JSON)
    where = select(head["country"].as_string(), head["timezone"].as_string()).distinct()
    rows = where.join(person, person.c.id == plan.c.person).where(person.c.removed_at.is_(None))
    try:
        with tx.connection.begin_nested():
            found = {(country, timezone) for country, timezone in tx.connection.execute(rows).all()}
    except (exc.DataError, exc.OperationalError):
        found = _places_one_by_one(tx)
    return {(country, timezone) for country, timezone in found if isinstance(timezone, str)}


def _places_one_by_one(tx: Transaction) -> set[tuple[str | None, str | None]]:
    """Where one plan is no JSON, and spoils the database's own look at all of them."""
    found: set[tuple[str | None, str | None]] = set()
    after = ""
    while ids := ids_after(tx, after):
        heads = tx.connection.execute(_PLANS, {"person_in": ids}).all()
        found |= {(key_of(head, "country"), key_of(head, "timezone")) for _, head, _ in heads}
        after = ids[-1]
    return found


def are_there(tx: Transaction) -> bool:
    """See PlanStore.has_people."""
    return tx.connection.scalar(_ANYBODY) is not None


def ids_after(tx: Transaction, after: str) -> Sequence[str]:
    """Returns the next ids, at most PAGE of them."""
    return tx.connection.scalars(_NEXT_IDS, {"after": after}).all()


def find_by_address(tx: Transaction, channel: ChannelName, address: str) -> str | None:
    """Finds whose address this is, in whichever form of the number; someone whose plan is there comes before
    someone whose plan is gone."""
    found: str | None = tx.connection.scalar(
        _BY_ADDRESS, {"channel": channel, "address_in": phone_forms(address)}
    )
    return found


def put_history(tx: Transaction, person_id: str, history: History) -> None:
    """Writes a person's history, which nothing can be taken back of from now on."""
    text = history_to_json(history)
    tx.connection.execute(
        update(person)
        .where(person.c.id == person_id)
        .values(history=text, history_before=None, history_at=None)
    )


def put_wishes(tx: Transaction, person_id: str, wishes: Wishes) -> None:
    """Writes what a person has said of their days."""
    text = wishes_to_json(wishes)
    tx.connection.execute(update(person).where(person.c.id == person_id).values(wishes=text))
    tx.connection.execute(delete(away).where(away.c.person == person_id))
    if wishes.away:
        spans = [
            {"person": person_id, "begins_at": one.begins_at, "ends_at": one.ends_at} for one in wishes.away
        ]
        tx.connection.execute(insert(away), spans)


def count_out(tx: Transaction, person_id: str, at: datetime) -> None:
    """Counts what went out `at` no longer for its local date (a snooze of it will, in its place)."""
    one = read(tx, [person_id])[person_id]
    if one.history.on == tx.local_date(one.plan, at):
        put_history(tx, person_id, put_off(one.history))


def count_in(tx: Transaction, person_id: str, at: datetime) -> None:
    """Counts what went out `at`, and was counted out, for its local date again."""
    one = read(tx, [person_id])[person_id]
    day, history = tx.local_date(one.plan, at), one.history
    if history.on in (None, day):
        last_at = max(at, history.last_at or at)
        put_history(tx, person_id, replace(history, on=day, sent=sent_on(history, day) + 1, last_at=last_at))


def _people(tx: Transaction, rows: Sequence[AnyRow]) -> dict[str, Person]:
    if not rows:
        return {}
    plans = _plans(tx, rows)
    backs_off = {person_id: plan.back_off is not BackOff.OFF for person_id, plan in plans.items()}
    gap_ended_at = facts.gap_ended_at(tx) if any(backs_off.values()) else None
    found = {
        person_id: Person(
            plans[person_id],
            Standing(
                paused_at,
                paused_until,
                removed_at,
                held_at,
                channels_from(opted_out),
                channels_from(consented),
                channels_from(rested),
                fewer and min(max(fewer, 0), LOWEST),
                tiny_until,
                untold,
                channels_from(asked),
                channels_from(asks_again),
                asks_again_at,
                _latest(silent_since, gap_ended_at) if backs_off[person_id] else silent_since,
                arrived_at,
                lost_at,
                wishes_from_json(person_id, wishes),
            ),
            history_from_json(person_id, history),
        )
        for (
            person_id,
            _digest,
            paused_at,
            paused_until,
            removed_at,
            held_at,
            opted_out,
            consented,
            rested,
            fewer,
            tiny_until,
            untold,
            wishes,
            asked,
            asks_again,
            asks_again_at,
            silent_since,
            arrived_at,
            lost_at,
            history,
        ) in rows
    }
    for person_id, one in found.items():
        if one.standing.wishes is not NO_WISHES:
            found[person_id] = replace(one, plan=with_hours(one.plan, one.standing.wishes))
    return found


def _latest(since: datetime | None, ended_at: datetime | None) -> datetime | None:
    """From when silence counts, where a gap of ours came after its beginning."""
    return since if since is None or ended_at is None else max(since, ended_at)


def _plans(tx: Transaction, rows: Sequence[AnyRow]) -> dict[str, Plan]:
    """The plans of these rows; only those that are not at hand are read and decoded."""
    digests = {row[0]: row[1] for row in rows}
    plans = tx.plans.get(digests)
    missing = digests.keys() - plans.keys()
    if missing:
        found = tx.connection.execute(_PLANS, {"person_in": list(missing)}).all()
        decoded = [plan_from_json(person_id, head, nudges) for person_id, head, nudges in found]
        tx.plans.put([(digests[plan.person], plan) for plan in decoded])
        plans |= {plan.person: plan for plan in decoded}
    return plans


NUDGES_KEPT = 2048  # decoded lists of nudges

_PLAN = TypeAdapter(Plan)
_NUDGES = TypeAdapter(tuple[Nudge, ...])
_HISTORY = TypeAdapter(History)
_WISHES = TypeAdapter(Wishes)
# A claim does these for everybody: the adapter's own methods would add half as much again.
_to_plan = _PLAN.validator.validate_json
_to_history = _HISTORY.validator.validate_json
_from_history = _HISTORY.serializer.to_json


def plan_to_json(plan: Plan) -> tuple[str, str]:
    """Writes the plan without its nudges, and the nudges. Defaults too: one that changes later must not
    change what is stored."""
    head = _PLAN.dump_json(plan, exclude={"nudges"})
    return head.decode(), _NUDGES.dump_json(plan.nudges).decode()


def plan_from_json(person: str, head: str, nudges: str) -> Plan:
    """Reads a plan.

    People of one roster or one shared plan have the same nudges: those are decoded once and shared, which
    makes all else cost a quarter, and a plan kept at hand a tenth of the memory.

    Raises:
        Unreadable: It cannot be read; where, and never the value.
    """
    try:
        plan: Plan = _to_plan(head, strict=True)
        # Nobody has seen it yet. `replace` would take as long as all of the decoding.
        object.__setattr__(plan, "nudges", _nudges(nudges))
    except ValidationError as error:
        raise _unreadable("plan", person, error) from None
    return plan


def key_of(head: object, key: str) -> str | None:
    """Reads one text of a stored plan; None where it has none, or cannot be read."""
    try:
        value = json.loads(head)[key] if isinstance(head, str) else None
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else None


@lru_cache(maxsize=NUDGES_KEPT)
def _nudges(text: str) -> tuple[Nudge, ...]:
    return _NUDGES.validate_json(text, strict=True)


def history_to_json(history: History) -> str:
    """Writes a history."""
    return _from_history(history).decode()


_NO_HISTORY = History()
_NO_HISTORY_TEXT = history_to_json(_NO_HISTORY)


def history_from_json(person: str, text: str) -> History:
    """Reads a history.

    Raises:
        Unreadable: It cannot be read, or reckoned with.
    """
    if text == _NO_HISTORY_TEXT:  # of everyone who is new
        return _NO_HISTORY
    try:
        history: History = _to_history(text, strict=True)
        return _reckoned(history)
    except ValueError as error:  # pydantic's is one too
        raise _unreadable("history", person, error) from None


def wishes_to_json(wishes: Wishes) -> str | None:
    """Writes what a person has said of their days; None where that is nothing."""
    return None if wishes == NO_WISHES else _WISHES.dump_json(wishes).decode()


def wishes_from_json(person: str, text: str | None) -> Wishes:
    """Reads it.

    Raises:
        Unreadable: It cannot be read, or reckoned with.
    """
    if text is None:
        return NO_WISHES
    try:
        wishes: Wishes = _WISHES.validate_json(text, strict=True)
        for span in wishes.away:
            checked_end(span.begins_at)
            checked_end(span.ends_at)
        return wishes
    except ValueError as error:  # pydantic's is one too
        raise _unreadable("wishes", person, error) from None


def _reckoned(history: History) -> History:
    """The history, with which the gate works out what comes next. Raises ValueError where it cannot."""
    for at in (history.last_at, history.shown_at, history.eased_at, *history.contacted.values()):
        checked_end(at)
    if history.on is not None and not computable_date(history.on):
        raise ValueError("expected a local date that can be reckoned with")
    return history


def _unreadable(what: str, person: str, error: ValueError) -> Unreadable:
    # Where it is wrong, and not the value: that may be a phone number.
    found = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ("its instants",)
    where = ".".join(str(part) for part in found)
    return Unreadable(
        f"the stored {what} of {person} cannot be read (at {where or 'its start'})",
        "Was the database written by another version of nudger? Change the plan's file a little and"
        " reload, or restore a backup.",
    )


def folded(text: str) -> str:
    """Folds a text, so that "jose" finds José, and "EMILE" finds Émile."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def search_key(person_id: str, name: str) -> str:
    """Makes the text by which a person is found."""
    return folded(f"{person_id} {name}")
