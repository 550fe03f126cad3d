"""The verbs of `inbound.port` on the database, one transaction each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from nudger.agenda.entries import Planned
from nudger.domain.effects import Response
from nudger.domain.model import Person
from nudger.domain.tokens import Link
from nudger.inbound.port import Entry, Inbound, Line, Respond, Writer
from nudger.store.inbound import replies
from nudger.store.operations import housekeeping, looking
from nudger.store.sql.transactions import Transaction, Transactions, suppress_theirs
from nudger.store.state import consent_state, people, readable_people, standing


class SqlInboundStore:
    """What people say, and what it does.

    Each verb's promise stands in `InboundStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def take_reply(self, inbound: Inbound, respond: Respond) -> Response | None:
        return self._in.plainly_after(lambda tx, fault: replies.take_reply(tx, inbound, respond, fault))

    def unseen(self, found: Sequence[Inbound]) -> Collection[str]:
        with self._in.read() as tx:
            return replies.unseen(tx, found)

    def act(
        self, person_id: str, now: datetime, respond: Respond, what: str, *, by: str = "operator"
    ) -> Response | None:
        what = f"{by}: {what}"
        return self._in.plainly_after(lambda tx, fault: replies.act(tx, person_id, now, respond, what, fault))

    def writer(self, person_id: str, now: datetime) -> Writer | None:
        with self._in.read() as tx, suppress_theirs():
            return replies.writer(tx, person_id, now)
        with self._in.read() as tx:
            return replies.plain_writer(tx, person_id)

    def linked(self, link: Link) -> Writer | None:
        with self._in.read() as tx, suppress_theirs():
            return replies.linked(tx, link)
        with self._in.read() as tx:
            return replies.plain_writer(tx, link.person)

    def take_link(self, link: Link, words: str, now: datetime, respond: Respond) -> Response | None:
        def take(tx: Transaction, fault: Exception | None) -> Response | None:
            return replies.take_link(tx, link, words, now, respond, fault)

        return self._in.plainly_after(take)

    def contact_said(self, address: str, stop: bool, at: datetime) -> bool:
        with self._in.write(wakes=True) as tx:
            return standing.contact_said(tx, address, stop, at)


class SqlPeopleStore:
    """The people, and what is held on them.

    Each verb's promise stands in `PeopleStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def person(self, person_id: str) -> Person | None:
        with self._in.read() as tx:
            return readable_people.read_all(tx, [person_id]).get(person_id)

    def people(self) -> Iterable[Person]:
        after = ""
        while page := self._page(after):
            yield from page
            after = page[-1].id

    def ids_around(self, person_id: str, number: int) -> Sequence[str]:
        with self._in.read() as tx:
            return people.ids_around(tx, person_id, number)

    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        with self._in.read() as tx:
            return looking.agenda(tx, person_id, since)

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        with self._in.read() as tx:
            return looking.conversation(tx, after, person, limit)

    def last_lines(self, person_id: str, limit: int = 60) -> Sequence[Line]:
        with self._in.read() as tx:
            return looking.last_lines(tx, person_id, limit)

    def log(self, person_id: str, limit: int = 100, before: datetime | None = None) -> Sequence[Entry]:
        with self._in.read() as tx:
            return looking.log(tx, person_id, limit, before)

    def erased(self) -> frozenset[str]:
        with self._in.read() as tx:
            return consent_state.everyone(tx)

    def export(self, person_id: str) -> Mapping[str, object] | None:
        with self._in.read() as tx:
            return housekeeping.export(tx, person_id)

    def forget(self, person_id: str) -> bool:
        with self._in.write() as tx:
            forgotten = housekeeping.forget(tx, person_id)
        if forgotten:
            self._in.database.scrub()
        return forgotten

    def _page(self, after: str) -> list[Person]:
        with self._in.read() as tx:
            ids = people.ids_after(tx, after)
            found = readable_people.read_all(tx, ids)
            return [found[one] for one in ids if one in found]
