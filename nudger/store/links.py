"""The links of emails: whom one names and how they stand, and what pressing it does, in one transaction."""

from datetime import datetime

from sqlalchemy import insert, select

from nudger.delivery.inbound import Bound, Respond, Writer
from nudger.delivery.set_aside import Step
from nudger.effects import Response
from nudger.model import Outcome
from nudger.store import effects, people, rounds, set_aside
from nudger.store.entries import KINDS
from nudger.store.replies import plain_writer
from nudger.store.tables import message, occurrence, reply
from nudger.store.transaction import Transaction
from nudger.tokens import Link


def linked(tx: Transaction, link: Link) -> Writer | None:
    """See Store.linked."""
    one = people.read(tx, [link.person]).get(link.person)
    return Writer(one, _bound(tx, link)) if one else None


def take_link(
    tx: Transaction,
    link: Link,
    words: str,
    now: datetime,
    respond: Respond,
    fault: Exception | None = None,
) -> Response | None:
    """See Store.take_link. After a `fault` it is done plainly."""
    people.lock(tx, [link.person])
    writer = linked(tx, link) if fault is None else plain_writer(tx, link.person)
    if writer is None:
        return None
    response = respond(writer) if fault is None else effects.plain(respond(writer))
    if not response.effects:
        return response
    line = tx.next_line()
    row = {
        "line": line,
        "provider_id": f"link-{line}",
        "person": link.person,
        "channel": link.channel,
        "address": (writer.bound.address if writer.bound else None) or "",
        "text": words,
        "received_at": now,
        "intent": response.intent,
        "until": response.until,
        "occurrence": writer.bound.occurrence if writer.bound else None,
    }
    tx.connection.execute(insert(reply), row)
    effects.apply(tx, effects.Act(writer.person, now, line, link.channel, words), response.effects)
    if fault is None:
        set_aside.soon(tx, [link.person], now)
    else:
        set_aside.put(tx, {link.person: fault}, 1, Step.READ, now)
    return response


def _bound(tx: Transaction, link: Link) -> Bound | None:
    """The entry that the link is bound to, with what has come of it, and the address that it went to."""
    entry = tx.connection.execute(
        select(occurrence).where(occurrence.c.id == link.occurrence, occurrence.c.person == link.person)
    ).one_or_none()
    if entry is None:
        return None
    went = select(message.c.address, message.c.contact).where(
        message.c.person == link.person,
        message.c.occurrence == link.occurrence,
        message.c.channel == link.channel,
    )
    sent = tx.connection.execute(went.order_by(message.c.line.desc()).limit(1)).first()
    return Bound(
        entry.id,
        entry.nudge,
        KINDS[entry.kind],
        entry.due_at,
        rounds.comes_again_at(tx, entry),
        Outcome(entry.outcome) if entry.outcome else None,
        sent.address if sent else None,
        sent.contact if sent else None,
    )
