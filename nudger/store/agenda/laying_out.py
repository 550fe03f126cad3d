"""Days laid out: a person's slots become entries; the verbs of `AgendaStore` on the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, delete, literal_column, null, select, update

from nudger.agenda.entries import AskFrom, LaidOut, Layable
from nudger.agenda.set_aside import SetAside, Step, Trial
from nudger.domain.model import Origin, Person, Slot, State
from nudger.store.schema.tables import occurrence, person
from nudger.store.sql.statements import AnyRow, Bulk, NewRows, among, binds, day_before
from nudger.store.sql.transactions import Care, Transaction, Transactions
from nudger.store.state import consent_requests, people, set_aside, standing
from nudger.store.state.standing import CAUSES


class SqlAgendaStore:
    """Whose days are to be laid out, and what is planned for them.

    Each verb's promise stands in `AgendaStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def claim_layout(self, now: datetime, limit: int) -> Sequence[Layable]:
        return self._in.with_care(Step.LAY_OUT, now, lambda tx, care: claim_layout(tx, now, limit, care))

    def lay_out(self, days: Sequence[LaidOut], now: datetime) -> None:
        by_person = {laid.person: laid for laid in days}

        def all_of_them(tx: Transaction, care: Care) -> None:
            people.lock(tx, by_person)
            for ids in care.groups(by_person):
                with care.over(ids):
                    lay_out(tx, [by_person[person_id] for person_id in ids], now)

        self._in.with_care(Step.LAY_OUT, now, all_of_them, wakes=True)

    def lay_out_all_again(self, now: datetime) -> None:
        after = ""
        while page := self._ids(after):
            with self._in.write(wakes=True) as tx:
                people.lock(tx, page)
                standing.lay_out_again(tx, page, now)
            after = page[-1]

    def set_aside(self, faults: Mapping[str, Exception], looked_at: int, step: str, now: datetime) -> None:
        with self._in.write() as tx:
            people.lock(tx, faults)
            set_aside.put(tx, faults, looked_at, step, now)

    def those_set_aside(self) -> Sequence[SetAside]:
        with self._in.read() as tx:
            return set_aside.everyone_set_aside(tx)

    def try_all_again(self, now: datetime) -> None:
        with self._in.write() as tx:
            set_aside.all_soon(tx, now)

    def trial(self, person_id: str) -> Trial | None:
        with self._in.read() as tx:
            return set_aside.trial(tx, person_id)

    def take_back(self, person_id: str, now: datetime) -> None:
        with self._in.write(wakes=True) as tx:
            set_aside.take_back(tx, person_id, now)

    def give_up_waiting(self, now: datetime) -> None:
        with self._in.write() as tx:
            set_aside.give_up_waiting(tx, now)

    def ask_for_consent(self, now: datetime, limit: int, asks_from: AskFrom) -> int:
        def ask(tx: Transaction, care: Care) -> int:
            return consent_requests.ask_for_consent(tx, now, limit, asks_from, care)

        return self._in.with_care(Step.ASK, now, ask)

    def _ids(self, after: str) -> Sequence[str]:
        with self._in.read() as tx:
            return people.ids_after(tx, after)


_Key = tuple[date, str, int]


@dataclass(frozen=True, slots=True)
class _There:
    """What the agenda holds under a key."""

    id: int
    state: str
    cancelled_by: str | None
    attempts: int
    reason: str
    due_at: datetime
    expires_at: datetime
    kind: str | None
    origin: str


_DUE = (
    select(person.c.id)
    .where(person.c.layout_at <= bindparam("now"), person.c.removed_at.is_(None))
    # Not by id as well: of a million who are due at the same midnight each batch would sort all.
    .order_by(person.c.layout_at)
    .limit(bindparam("at_most"))
)
# Several hosts lay out at once, at midnight above all, and two processes of one after a large load: each
# takes people whom no other has taken. They are due again soon, in case that whoever took them is gone.
_TAKEN = timedelta(minutes=1)
_FREE = _DUE.with_for_update(skip_locked=True, key_share=True)
_TAKE = update(person).where(among(person.c.id)).values(layout_at=bindparam("layout_at"))
_LAYABLE = select(
    person.c.id, person.c.laid_out_through, person.c.layout_afresh, person.c.layout_version
).where(among(person.c.id))
_VERSIONS = select(person.c.id, person.c.laid_out_through, person.c.layout_version).where(
    among(person.c.id), person.c.removed_at.is_(None)
)
_THERE = select(
    occurrence.c.person,
    occurrence.c.local_date,
    occurrence.c.nudge,
    occurrence.c.slot,
    occurrence.c.id,
    occurrence.c.state,
    occurrence.c.cancelled_by,
    occurrence.c.attempts,
    occurrence.c.reason,
    # As `_Changes` compares them with what is wanted.
    occurrence.c.due_at,
    occurrence.c.expires_at,
    occurrence.c.kind,
    occurrence.c.origin,
).where(
    among(occurrence.c.person),
    occurrence.c.local_date >= bindparam("first_date"),
    occurrence.c.round == 0,
    occurrence.c.origin.in_((Origin.FIXED, Origin.DRAWN)),
)
_CHANGED = Bulk(
    update(occurrence)
    .where(occurrence.c.id == bindparam("id"))
    .values(
        state=literal_column(f"'{State.PLANNED}'"),
        wake_at=bindparam("due_at"),
        queue=null(),
        reason=literal_column("''"),
        cancelled_by=null(),
        settled_at=null(),
        **binds("kind", "origin", "due_at", "expires_at"),
    )
)
_MAY_DIFFER = ("due_at", "expires_at", "kind", "origin")
_LAID_OUT = Bulk(
    update(person)
    .where(person.c.id == bindparam("id"))
    .values(
        **binds("laid_out_through", "layout_at"),
        layout_afresh=literal_column("false"),
    )
)
_NEW = NewRows(
    occurrence,
    {
        **binds("person", "local_date", "nudge", "slot", "kind", "origin", "due_at", "expires_at"),
        "round": literal_column("0"),
        "state": literal_column(f"'{State.PLANNED}'"),
        "wake_at": bindparam("due_at"),
        "reason": literal_column("''"),
        "attempts": literal_column("0"),
        "refused": literal_column("''"),
    },
)


def claim_layout(tx: Transaction, now: datetime, limit: int, care: Care) -> Sequence[Layable]:
    """See AgendaStore.claim_layout."""
    due = _DUE if tx.database.is_sqlite else _FREE
    met = tx.connection.scalars(due, {"now": now, "at_most": limit}).all()
    if met:
        tx.connection.execute(_TAKE, {"id_in": met, "layout_at": now + _TAKEN})
    taken: list[Layable] = []
    for ids in care.groups(met):
        with care.over(ids):
            found = people.read(tx, ids)
            rows = {row.id: row for row in tx.connection.execute(_LAYABLE, {"id_in": ids}).all()}
            taken += [_layable(found[person_id], rows[person_id]) for person_id in ids]
    return taken


def _layable(one: Person, row: AnyRow) -> Layable:
    return Layable(one, row.laid_out_through, row.layout_afresh, row.layout_version)


def lay_out(tx: Transaction, days: Sequence[LaidOut], now: datetime) -> None:
    """See AgendaStore.lay_out."""
    ids = [laid.person for laid in days]
    people.lock(tx, ids)
    rows = {row.id: row for row in tx.connection.execute(_VERSIONS, {"id_in": ids})}
    # RACE: a plan that changed (or a START, or a removal) while its days were computed: these slots
    # are out of date, and the person is still due to be laid out.
    current = [
        laid
        for laid in days
        if laid.person in rows and laid.version in (None, rows[laid.person].layout_version)
    ]
    again = [laid for laid in current if laid.afresh and rows[laid.person].laid_out_through is not None]
    there = _there(tx, again, now)
    changes = _Changes(now)
    for laid in current:
        changes.compare(laid, there.get(laid.person, {}))
    changes.write(tx)
    if current:
        _LAID_OUT.run(
            tx.connection,
            [
                {"id": laid.person, "laid_out_through": laid.through, "layout_at": laid.next_at}
                for laid in current
            ],
        )


def _there(tx: Transaction, days: Sequence[LaidOut], now: datetime) -> dict[str, dict[_Key, _There]]:
    """What the agenda holds of the plans of these people, for the days that may still be to come."""
    there: dict[str, dict[_Key, _There]] = {}
    if not days:
        return there
    first = min((slot.local_date for laid in days for slot in laid.slots), default=now.date())
    since = min(first, day_before(now))
    found = tx.connection.execute(
        _THERE, {"person_in": [laid.person for laid in days], "first_date": since}
    ).all()
    # By position: after an edit that ten thousand people share, names would take longer than the database.
    for person_id, day, nudge, slot, *row in found:
        there.setdefault(person_id, {})[day, nudge, slot] = _There(*row)
    return there


@dataclass(slots=True)
class _Changes:
    """What a laying out is about to write."""

    now: datetime
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)

    def compare(self, laid: LaidOut, there: Mapping[_Key, "_There"]) -> None:
        """Adds what is not there; changes and removes only what `there` names (so: only afresh)."""
        wanted = {
            (slot.local_date, slot.nudge, slot.number): _entry(laid, slot, slot.due_at)
            for slot in laid.slots
            if slot.due_at is not None
        }
        for key, entry in wanted.items():
            if key not in there:
                self.new.append(entry)
            elif self._may_change(there[key], entry["due_at"]):
                self._change(there[key], entry)
        self.gone += [row.id for key, row in there.items() if key not in wanted and self._untouched(row)]

    def _may_change(self, row: "_There", due_at: datetime) -> bool:
        return self._untouched(row) or (
            row.state == State.CANCELLED and row.cancelled_by in CAUSES and due_at >= self.now
        )

    def _untouched(self, row: "_There") -> bool:
        """Still to come, and never looked at: no send was tried, no verdict put it off."""
        return row.state == State.PLANNED and row.due_at > self.now and not row.attempts and not row.reason

    def _change(self, row: "_There", entry: dict[str, Any]) -> None:
        wanted = [entry[name] for name in _MAY_DIFFER]
        if row.state != State.PLANNED or wanted != [row.due_at, row.expires_at, row.kind, row.origin]:
            self.changed.append({"id": row.id, **dict(zip(_MAY_DIFFER, wanted, strict=True))})

    def write(self, tx: Transaction) -> None:
        """Writes all that was noted, in three statements at most."""
        if self.gone:
            tx.connection.execute(delete(occurrence).where(occurrence.c.id.in_(self.gone)))
        if self.changed:
            _CHANGED.run(tx.connection, self.changed)
        if self.new:
            # What is due together lies together: a claim of 500 then writes some ten pages, not 500.
            self.new.sort(key=itemgetter("due_at"))
            _NEW.run(tx.connection, self.new)


def _entry(laid: LaidOut, slot: Slot, due_at: datetime) -> dict[str, Any]:
    return {
        "person": laid.person,
        "local_date": slot.local_date,
        "nudge": slot.nudge,
        "slot": slot.number,
        "kind": laid.kinds[slot.nudge],
        "origin": slot.origin,
        "due_at": due_at,
        "expires_at": due_at + laid.expires[slot.nudge],
    }
