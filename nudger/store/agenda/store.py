"""The verbs of `agenda.port` on the database, one transaction each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from nudger.agenda.entries import AskFrom, LaidOut, Layable, Mark, Restored
from nudger.agenda.set_aside import SetAside, Step, Trial
from nudger.store.agenda import laying_out
from nudger.store.sql.transactions import Care, Transaction, Transactions
from nudger.store.state import consent_requests, facts, people, set_aside, standing


class SqlAgendaStore:
    """Whose days are to be laid out, and what is planned for them.

    Each verb's promise stands in `AgendaStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def claim_layout(self, now: datetime, limit: int) -> Sequence[Layable]:
        return self._in.with_care(
            Step.LAY_OUT, now, lambda tx, care: laying_out.claim_layout(tx, now, limit, care)
        )

    def lay_out(self, days: Sequence[LaidOut], now: datetime) -> None:
        by_person = {laid.person: laid for laid in days}

        def lay_out(tx: Transaction, care: Care) -> None:
            people.lock(tx, by_person)
            for ids in care.groups(by_person):
                with care.over(ids):
                    laying_out.lay_out(tx, [by_person[one] for one in ids], now)

        self._in.with_care(Step.LAY_OUT, now, lay_out, wakes=True)

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
            return set_aside.all_of_them(tx)

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


class SqlRestoreStore:
    """How far the database has come, and whether it was restored from a backup.

    Each verb's promise stands in `RestoreStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def mark(self, now: datetime, at_least: int = 0) -> Mark:
        with self._in.write() as tx:
            return facts.mark(tx, now, at_least)

    def marked(self) -> Mark | None:
        with self._in.read() as tx:
            return facts.marked(tx)

    def prove(self, known: Mark) -> None:
        with self._in.write() as tx:
            facts.prove(tx, known)

    def restored(self) -> Restored | None:
        with self._in.read() as tx:
            return facts.restored(tx)

    def hold_back(self, noticed: Restored) -> None:
        with self._in.write() as tx:
            facts.hold_back(tx, noticed)

    def note_asked(self, now: datetime) -> None:
        with self._in.write() as tx:
            facts.note_asked(tx, now)

    def accept_restored(self, now: datetime) -> bool:
        with self._in.write(wakes=True) as tx:
            return facts.accept_restored(tx, now)

    def rescue(self, now: datetime) -> str | None:
        return self._in.database.rescue(now)
