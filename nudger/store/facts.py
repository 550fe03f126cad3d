"""Facts by key: what is kept once, how far the database has come, and whether it was restored."""

import json
from dataclasses import fields, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, select, update

from nudger.delivery.restored import Mark, Restored
from nudger.store.tables import fact
from nudger.store.transaction import Transaction

INSTANCE, MARK, RESTORED = "instance", "mark", "restored"
CARRIED = "carried to"  # a SQLite database that is another's state by now (carrying.py)
_SIGNED_OUT, _SIGNED_OUT_END = "signed out ", "signed out!"  # of these keys, and right behind them
_TURNS = 0x6D61726B  # any number: hosts of a fleet that mark at once take turns


def remember(tx: Transaction, key: str, value: str) -> str:
    """See Store.remember."""
    tx.connection.execute(tx.database.insert_new(fact), {"key": key, "value": value})
    return str(tx.connection.execute(select(fact.c.value).where(fact.c.key == key)).scalar_one())


def mark(tx: Transaction, now: datetime, at_least: int) -> Mark:
    """See Store.mark."""
    tx.take_turns(_TURNS)
    instance = remember(tx, INSTANCE, uuid4().hex)
    last = marked(tx)
    number = max(at_least, last.number if last else 0) + 1
    put(tx, MARK, f"{number} {now.isoformat()}")
    return Mark(instance, number, now)


def marked(tx: Transaction) -> Mark | None:
    """See Store.marked."""
    instance, text = get(tx, INSTANCE), get(tx, MARK)
    if instance is None or text is None:
        return None
    number, at = text.split()
    return Mark(instance, int(number), datetime.fromisoformat(at))


def restored(tx: Transaction) -> Restored | None:
    """See Store.restored."""
    text = get(tx, RESTORED)
    if text is None:
        return None
    kept = json.loads(text)
    instants = {key: datetime.fromisoformat(value) for key, value in kept.items() if key != "why" and value}
    return Restored(**{"why": kept["why"], **instants})


def hold_back(tx: Transaction, noticed: Restored) -> None:
    """See Store.hold_back."""
    tx.take_turns(_TURNS)
    before = restored(tx)
    if before is not None:
        later = max(before.done_until, noticed.done_until)
        since = before.knows_until if before.asked_at is None else noticed.knows_until
        noticed = replace(noticed, done_until=later, knows_until=min(since, noticed.knows_until))
    _keep_restored(tx, noticed)


def note_asked(tx: Transaction, now: datetime) -> None:
    """See Store.note_asked."""
    tx.take_turns(_TURNS)
    found = restored(tx)
    if found is not None:
        _keep_restored(tx, replace(found, asked_at=now))


def accept_restored(tx: Transaction, now: datetime) -> bool:
    """See Store.accept_restored."""
    tx.take_turns(_TURNS)
    found = restored(tx)
    if found is None or found.accepted_at is not None:
        return False
    _keep_restored(tx, replace(found, accepted_at=now, done_until=max(now, found.done_until)))
    return True


def _keep_restored(tx: Transaction, value: Restored) -> None:
    kept = {field.name: getattr(value, field.name) for field in fields(value)}
    put(tx, RESTORED, json.dumps(kept, default=datetime.isoformat))


def end_session(tx: Transaction, session: str, until: datetime, now: datetime) -> None:
    """See Store.end_session."""
    put(tx, _SIGNED_OUT + session, until.isoformat(timespec="seconds"))
    over = fact.c.value < now.isoformat(timespec="seconds")
    tx.connection.execute(delete(fact).where(fact.c.key.between(_SIGNED_OUT, _SIGNED_OUT_END), over))


def session_ended(tx: Transaction, session: str) -> bool:
    """See Store.session_ended."""
    return get(tx, _SIGNED_OUT + session) is not None


def get(tx: Transaction, key: str) -> str | None:
    value: str | None = tx.connection.scalar(select(fact.c.value).where(fact.c.key == key))
    return value


def put(tx: Transaction, key: str, value: str) -> None:
    remember(tx, key, value)
    tx.connection.execute(update(fact).where(fact.c.key == key).values(value=value))
