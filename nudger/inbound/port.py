"""What inbound needs of the store: replies, acts, people. Raises as `agenda.port` says."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from nudger.agenda.entries import Planned
from nudger.domain.effects import Response
from nudger.domain.model import Person
from nudger.domain.tokens import Link
from nudger.inbound.replies import Entry, Inbound, Line, Respond, Writer


class InboundStore(Protocol):
    """What people say, and what it does."""

    def take_reply(self, inbound: Inbound, respond: Respond) -> Response | None:
        """Commits the text, what it was understood as, and all its effects in one transaction. None, and
        nothing changed, where the provider's id is known or nobody has this address."""

    def unseen(self, found: Sequence[Inbound]) -> Collection[str]:
        """The provider's ids of those that are not known, and come from a person's or a trusted contact's
        number. One read, however many they are."""

    def act(
        self, person_id: str, now: datetime, respond: Respond, what: str, *, by: str = "operator"
    ) -> Response | None:
        """The same for an act that is no text: an operator's, or one of the person's own page. None where
        there is no such person; where `respond` finds nothing to do, nothing is kept."""

    def writer(self, person_id: str, now: datetime) -> Writer | None:
        """The person as a reply of now would find them."""

    def linked(self, link: Link) -> Writer | None:
        """Whom the link names, bound to its entry (None where that is gone); None where nobody is."""

    def take_link(self, link: Link, words: str, now: datetime, respond: Respond) -> Response | None:
        """What pressing the link does: kept as a reply of these words, with its effects, in one
        transaction. Where `respond` finds nothing to do, nothing is kept. None where nobody is."""

    def contact_said(self, address: str, stop: bool, at: datetime) -> bool:
        """A trusted contact's own STOP (or START) to notices, by their number: it holds for everyone whose
        contact they are, and cancels what waits. Of several words the latest `at` counts. False, and
        nothing kept, where nobody's plan names this number."""


class PeopleStore(Protocol):
    """The people, and what is held on them."""

    def person(self, person_id: str) -> Person | None: ...

    def people(self) -> Iterable[Person]:
        """Everyone, by id, removed ones too; in pages, so that memory stays flat."""

    def ids_around(self, person_id: str, number: int) -> Sequence[str]:
        """The ids that stand before and after this one in their order, at most `number` each; its own first
        of those after."""

    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        """The person's entries (nudges, no answers) of the local dates from `since` on and all that are
        still planned, whatever their date, by due_at."""

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        """What went out and came in, oldest first, after a cursor."""

    def last_lines(self, person_id: str, limit: int = 60) -> Sequence[Line]:
        """The end of one person's conversation, oldest first."""

    def log(self, person_id: str, limit: int = 100, before: datetime | None = None) -> Sequence[Entry]:
        """What happened, latest first; with `before`, what happened earlier than that."""

    def erased(self) -> frozenset[str]:
        """Who was erased while a plan of theirs is there still: nothing is sent to them."""

    def export(self, person_id: str) -> Mapping[str, object] | None:
        """All that is held on a person, as JSON-able values."""

    def forget(self, person_id: str) -> bool:
        """Erases the person from every table, and from the files of a SQLite database, its log too. False
        where there is none. A plan file of theirs that is still there makes nobody of them, and is reported,
        until it has been gone once. Where an address of theirs had said STOP, whoever's plan names it later
        finds it opted out, until they opt in themselves."""
