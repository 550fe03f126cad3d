"""Facts by key: what is kept once, how far the database has come, and whether it was restored."""

import json
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime
from secrets import token_bytes
from uuid import uuid4

from sqlalchemy import delete, false, select, update

from nudger.agenda.entries import Mark, Restored
from nudger.domain.errors import StoreReplaced
from nudger.domain.tokens import KEY_BYTES
from nudger.store.schema.tables import fact
from nudger.store.sql.database import REPLACED
from nudger.store.sql.statements import EPOCH
from nudger.store.sql.transactions import Transaction

INSTANCE, MARK, RESTORED = "instance", "mark", "restored"
CARRIED = "carried to"  # a SQLite database that is another's state by now (carrying.py)
_SIGNED_OUT, _SIGNED_OUT_END = "signed out ", "signed out!"  # of these keys, and right behind them
_TURNS = 0x6D61726B  # any number: hosts of a fleet that mark at once take turns


def remember(tx: Transaction, key: str, value: str) -> str:
    """See FactStore.remember."""
    tx.connection.execute(tx.database.insert_new(fact), {"key": key, "value": value})
    return str(tx.connection.execute(select(fact.c.value).where(fact.c.key == key)).scalar_one())


def mark(tx: Transaction, now: datetime, at_least: int) -> Mark:
    """See RestoreStore.mark."""
    tx.take_turns(_TURNS)
    instance = remember(tx, INSTANCE, uuid4().hex)
    last = marked(tx)
    number = max(at_least, last.number if last else 0) + 1
    put(tx, MARK, f"{number} {now.isoformat()}")
    return Mark(instance, number, now)


def marked(tx: Transaction) -> Mark | None:
    """See RestoreStore.marked."""
    instance, text = get(tx, INSTANCE), get(tx, MARK)
    if instance is None or text is None:
        return None
    number, _, at = text.partition(" ")
    with suppress(ValueError):
        return Mark(instance, int(number), datetime.fromisoformat(at))
    return None  # as if it had never been marked


def prove(tx: Transaction, known: Mark) -> None:
    """See RestoreStore.prove."""
    tx.database.demand_unwritten()
    tx.connection.execute(delete(fact).where(false()))  # nothing; where nothing can be written, it fails
    found, instance = marked(tx), get(tx, INSTANCE)
    if instance == known.instance and (found is None or found.number >= known.number):
        return  # a mark that cannot be read is written anew by the next one
    other = instance != known.instance
    said = "another one is in its place" if other else "an older one is in its place"
    fault = StoreReplaced(f"the database {tx.database.name} was replaced: {said}", REPLACED, said)
    tx.database.refuse(fault)
    raise fault


def restored(tx: Transaction) -> Restored | None:
    """See RestoreStore.restored."""
    text = get(tx, RESTORED)
    if text is None:
        return None
    try:
        kept = json.loads(text)
        instants = {
            key: datetime.fromisoformat(value) for key, value in kept.items() if key != "why" and value
        }
        return Restored(**{"why": kept["why"], **instants})
    except (ValueError, TypeError, LookupError, AttributeError):
        # It says that something was restored, and not what: nothing goes out before somebody has looked.
        return Restored(EPOCH, EPOCH, EPOCH, "what is kept of a restored backup cannot be read")


def hold_back(tx: Transaction, noticed: Restored) -> None:
    """See RestoreStore.hold_back."""
    tx.take_turns(_TURNS)
    before = restored(tx)
    if before is not None:
        later = max(before.done_until, noticed.done_until)
        since = before.knows_until if before.asked_at is None else noticed.knows_until
        noticed = replace(noticed, done_until=later, knows_until=min(since, noticed.knows_until))
    _keep_restored(tx, noticed)


def note_asked(tx: Transaction, now: datetime) -> None:
    """See RestoreStore.note_asked."""
    tx.take_turns(_TURNS)
    found = restored(tx)
    if found is not None:
        _keep_restored(tx, replace(found, asked_at=now))


def accept_restored(tx: Transaction, now: datetime) -> bool:
    """See RestoreStore.accept_restored."""
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
    """See UpkeepStore.end_session."""
    put(tx, _SIGNED_OUT + session, until.isoformat(timespec="seconds"))
    over = fact.c.value < now.isoformat(timespec="seconds")
    tx.connection.execute(delete(fact).where(fact.c.key.between(_SIGNED_OUT, _SIGNED_OUT_END), over))


def session_ended(tx: Transaction, session: str) -> bool:
    """See UpkeepStore.session_ended."""
    return get(tx, _SIGNED_OUT + session) is not None


def get(tx: Transaction, key: str) -> str | None:
    """What is kept; an empty text where it is none that can be read."""
    value: object = tx.connection.scalar(select(fact.c.value).where(fact.c.key == key))
    return value if value is None or isinstance(value, str) else ""


def secret(tx: Transaction, key: str) -> bytes:
    """See UpkeepStore.secret."""
    kept = known_secret(tx, key)
    if kept is None:
        tx.take_turns(_TURNS)  # RACE: two hosts that start at once; the second keeps the first one's
        kept = known_secret(tx, key)
    if kept is None:
        kept = token_bytes(KEY_BYTES)
        put(tx, key, kept.hex())
    return kept


def known_secret(tx: Transaction, key: str) -> bytes | None:
    """None where there is none, or none that can be read."""
    with suppress(ValueError):
        kept = bytes.fromhex(get(tx, key) or "")
        return kept if len(kept) == KEY_BYTES else None
    return None


def number(tx: Transaction, key: str) -> int:
    """A fact that is a number; 0 where there is none."""
    text = get(tx, key)
    return int(text) if text is not None and text.isascii() and text.isdecimal() else 0


def instant(tx: Transaction, key: str) -> datetime:
    """A fact that is an instant; the first of all where there is none."""
    with suppress(ValueError):
        return datetime.fromisoformat(get(tx, key) or "")
    return EPOCH


def put(tx: Transaction, key: str, value: str) -> None:
    remember(tx, key, value)
    tx.connection.execute(update(fact).where(fact.c.key == key).values(value=value))
