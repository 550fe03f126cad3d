"""A database with people and their past in it, made fast: what the board is measured and pictured with.

People come in by the store's own verb. Entries, messages and replies go in row by row, as the daemon
would have left them; a day of work is not done again for each.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import Table, insert

from nudger.domain.model import At, ChannelName, Kind, Nudge, Origin, Outcome, Plan, State
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.store.schema.tables import message, occurrence, reply
from nudger.store.sql.statements import Bulk
from nudger.store.stores import Stores

FIRST = "Amara Ben Chloé Dina Elif Farid Grace Hugo Inés Jonas Kira Liam Maya Noor Olga Pia Rosa Sami Tove"
LAST = "Okafor Berg Castillo Dubois Evans Fischer García Haddad Ito Jensen Kowalski Lopez Moreau Öström Park"
ZONES = ("Europe/London", "Europe/Madrid", "America/New_York", "Europe/Paris", "America/Los_Angeles")
KINDS = (Kind.REST, Kind.MOVEMENT, Kind.REFLECTION, Kind.SUPPORT)
HOURS = (10, 13, 16)
WHY_NOT = ("quiet hours 20:00-09:00", "paused until 2026-11-30 09:00", "the daily limit of 3 is reached")
INTENTS = {Outcome.DONE: "done", Outcome.SNOOZED: "snooze", Outcome.SKIPPED: "skip"}
CHUNK = 20_000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How many people; each has every `every`-th of `days` behind them, the first `dense` all of them."""

    people: int
    days: int
    every: int
    dense: int


def populate(store: Stores, size: Size, now: datetime, seed: int = 7) -> int:
    """Fills an empty SQLite store up to `now`; gives how many entries of the past there are."""
    chance = Random(seed)
    plans = [_plan(number) for number in range(size.people)]
    files = [PlanFile(one, f"plans/{one.person}.toml", _digest(one)) for one in plans]
    store.plans.load_plans(PlanRead(None, files, {one.plan.person: one.file for one in files}, ()), now)
    next_number = _write(store, _past(plans, size, now, chance), 1)
    _write(store, _coming(plans, now), next_number)
    store.statistics.tally((now - timedelta(days=size.days)).date(), now.date())
    return next_number - 1


def _plan(number: int) -> Plan:
    first, last = FIRST.split(), LAST.split()
    name = f"{first[number % len(first)]} {last[number // len(first) % len(last)]}"
    kinds = [KINDS[(number + slot) % len(KINDS)] for slot in range(len(HOURS))]
    return Plan(
        f"p{number:06}",
        name,
        ZONES[number % len(ZONES)],
        phone=f"+4477{number:08}",
        channels=(ChannelName.SMS,),
        consent=None if number % 37 == 5 else "2025-11-20, in person",
        nudges=tuple(
            Nudge(f"{kind}-{slot}", kind, At((time(HOURS[slot]),))) for slot, kind in enumerate(kinds)
        ),
    )


def _digest(plan: Plan) -> str:
    return sha256(plan.person.encode()).hexdigest()


def _past(plans: Sequence[Plan], size: Size, now: datetime, chance: Random) -> Iterator[Row]:
    for back in range(size.days, -1, -1):
        day = now - timedelta(days=back)
        for number, plan in enumerate(plans):
            if number >= size.dense and (number + back) % size.every:
                continue
            for slot in range(len(HOURS) if number < size.dense else 1):
                due_at = datetime.combine(day.date(), time(HOURS[slot], number % 60), UTC)
                if due_at < now:
                    yield _ended(plan, slot, due_at, chance)


def _ended(plan: Plan, slot: int, due_at: datetime, chance: Random) -> Row:
    state, reason, outcome = State.SENT, "", None
    lot = chance.random()
    if plan.consent is None:
        state, reason = State.SUPPRESSED, "no consent on record for sms"
    elif lot < 0.07:
        state, reason = State.SUPPRESSED, chance.choice(WHY_NOT)
    elif lot < 0.09:
        state, reason = State.MISSED, "41m late, and it is fresh for 30m"
    elif lot < 0.095:
        state, reason = State.FAILED, "sms refused it"
    elif lot < 0.6:
        outcome = chance.choices(list(Outcome), (6, 3, 1))[0]
    return _entry(plan, slot, due_at, state, reason, outcome)


def _coming(plans: Sequence[Plan], now: datetime) -> Iterator[Row]:
    for number, plan in enumerate(plans):
        for slot, hour in enumerate(HOURS):
            due_at = datetime.combine(now.date(), time(hour, number % 60), UTC)
            due_at += timedelta(days=1) if due_at <= now else timedelta(0)
            yield _entry(plan, slot, due_at, State.PLANNED, "", None)


def _entry(
    plan: Plan, slot: int, due_at: datetime, state: State, reason: str, outcome: Outcome | None
) -> Row:
    nudge = plan.nudges[slot]
    planned = state is State.PLANNED
    return {
        "person": plan.person,
        "local_date": due_at.date(),
        "nudge": nudge.id,
        "slot": 1,
        "round": 0,
        "kind": nudge.kind,
        "origin": Origin.FIXED,
        "due_at": due_at,
        "expires_at": due_at + timedelta(minutes=30),
        "state": state,
        "wake_at": due_at if planned else None,
        "reason": reason,
        "attempts": 0,
        "refused": "",
        "via": ChannelName.SMS if state is State.SENT else None,
        "claimed_at": None if planned else due_at,
        "settled_at": None if planned else due_at + timedelta(milliseconds=400),
        "outcome": outcome,
        "outcome_at": due_at + timedelta(minutes=9) if outcome else None,
    }


def _write(store: Stores, entries: Iterable[Row], first: int) -> int:
    """The entries, numbered from `first`, with a message for each that went out and a reply for each that
    was answered; gives the next number."""
    numbered = enumerate(entries, first)
    while chunk := list(islice(numbered, CHUNK)):
        rows = [{"id": number, **entry} for number, entry in chunk]
        sent = [row for row in rows if row["state"] == State.SENT]
        messages = [_message(row) for row in sent]
        replies = [_reply(row) for row in sent if row["outcome"]]
        first += len(rows)
        with store.transactions.database.write() as connection:
            _bulk(occurrence, rows).run(connection, rows)
            _bulk(message, messages).run(connection, messages)
            _bulk(reply, replies).run(connection, replies)
    return first


def _bulk(table: Table, rows: Sequence[Row]) -> Bulk:
    return Bulk(insert(table).inline(), tuple(rows[0]) if rows else ())


def _message(row: Row) -> Row:
    return {
        "line": 2 * row["id"],
        "id": f"m{row['id']}",
        "occurrence": row["id"],
        "person": row["person"],
        "channel": ChannelName.SMS,
        "address": "",
        "text": "A slow breath out, if you like.",
        "subject": "",
        "segments": 1,
        "owner": "",
        "state": State.SENT,
        "reason": "",
        "attempted_at": row["due_at"] + timedelta(milliseconds=400),
    }


def _reply(row: Row) -> Row:
    return {
        "line": 2 * row["id"] + 1,
        "provider_id": f"r{row['id']}",
        "person": row["person"],
        "channel": ChannelName.SMS,
        "address": "",
        "text": str(row["outcome"]),
        "received_at": row["outcome_at"],
        "intent": INTENTS[row["outcome"]],
    }
