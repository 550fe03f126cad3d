"""What inbound needs of the store: replies, acts, people. First the values that go in and out: what came in,
from whom, and which nudge it is about. It raises as `agenda.port` says.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from nudger.agenda.entries import Planned
from nudger.domain.effects import Response, checked
from nudger.domain.model import ChannelName, Kind, Origin, Outcome, Person, State
from nudger.domain.tokens import Link


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a conversation, for the phone."""

    cursor: int  # ascending; ask for what came after it
    person: str
    name: str
    inbound: bool
    channel: ChannelName
    at: datetime
    text: str
    subject: str
    state: State | None
    occurrence: int = 0  # the entry that went out; 0 for what came in
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `nudger log`."""

    at: datetime
    person: str
    what: str  # "rest nudge", "reply", "paused", "opted out"
    state: str
    reason: str
    local_date: date | None = None
    nudge: str = ""
    slot: int | None = None
    channel: ChannelName | None = None
    outcome: Outcome | None = None
    due_at: datetime | None = None


class Handled(StrEnum):
    """What a provider took a text for: it has changed its own opt-out list by it, and answered it."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text from a person's phone. `provider_id` makes a replay a no-op."""

    provider_id: str
    channel: ChannelName
    address: str
    text: str
    received_at: datetime  # by the provider
    handled: Handled | None = None  # by the provider, whatever the words say
    taken_at: datetime | None = None  # later than it came in, and after others: it was asked for
    again: bool = False  # it may have been taken and answered before, in what a restored database has lost

    def __post_init__(self) -> None:
        checked(self.received_at)
        object.__setattr__(self, "text", _storable(self.text))


def _storable(text: str) -> str:
    """Without what no database can keep: NUL, and the half of a character that was cut in two."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went to a person, which they may tap on or quote."""

    text: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Answered:
    """One of nudger's texts that answered a person."""

    key: str
    at: datetime
    to: str = ""  # their text


@dataclass(frozen=True, slots=True)
class Bound:
    """The nudge that a reply is about: the latest unanswered one, else the one whose snooze waits."""

    occurrence: int
    nudge: str
    kind: Kind | None
    due_at: datetime
    snoozed_until: datetime | None = None
    outcome: Outcome | None = None  # of a link's own nudge: the others have none, or wait
    address: str | None = None  # a link's: where the message went that it stood in
    contact: str | None = None  # whom it named


@dataclass(frozen=True, slots=True)
class LastCommand:
    """A person's last command, of which something still stands."""

    intent: str
    at: datetime
    occurrence: int | None = None  # the nudge that it was about


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """A question that a person may answer now. There is one at most: the next that goes out closes it."""

    occurrence: int
    nudge: str
    form: str  # "line", "0-10", "yes/no", "calm|flat|tense"
    question: str  # as it was put


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a person has said: to an ask, or (no `form`) in their own words."""

    id: int
    at: datetime
    timezone: str  # theirs, then
    nudge: str  # which it answers, or follows
    kind: Kind | None
    form: str | None
    question: str
    value: int | bool | str | None  # of an answer, in the form that was asked for
    words: str  # as they wrote it
    counts: bool = True  # of several answers to one ask the last


@dataclass(frozen=True, slots=True)
class Writer:
    """A person who wrote, or on whom the operator acts."""

    person: Person
    bound: Bound | None
    next_due_at: datetime | None = None
    answered: tuple[Answered, ...] = ()  # which of nudger's texts answered them in the last 24 h
    asked_today: int = 0  # nudges on demand on this local date
    since: frozenset[str] = frozenset()  # what their log says of after a text that was asked for
    known_since: datetime | None = None  # when a plan first named them, where a text was asked for
    contact_stopped: bool = False  # the trusted contact wants no notices
    sent: tuple[Sent, ...] = ()  # the last messages to them, the latest first
    last_command: LastCommand | None = None  # which can be taken back
    after: Bound | None = None  # the nudge that went out last in the 24 h before, whatever came of it
    open_ask: OpenAsk | None = None


Respond = Callable[[Writer], Response]
OPERATOR = "operator"  # who acts, where it is not the person


class Logger(Protocol):
    """Where a line of the log goes."""

    def info(self, event: str, **values: object) -> object:
        """Writes one event, with its values."""


class InboundStore(Protocol):
    """What people say, and what it does."""

    def take_reply(self, inbound: Inbound, respond: Respond) -> Response | None:
        """Commits the text, what it was understood as, and all its effects in one transaction. None, and
        nothing changed, where the provider's id is known or nobody has this address."""

    def unseen(self, found: Sequence[Inbound]) -> Collection[str]:
        """Returns the provider's ids of those that are not known, and come from a person's or a trusted
        contact's number. One read, however many they are."""

    def act(
        self, person_id: str, now: datetime, respond: Respond, what: str, *, by: str = OPERATOR
    ) -> Response | None:
        """Commits the same for an act that is no text: an operator's, or one of the person's own page. None
        where there is no such person; where `respond` finds nothing to do, nothing is kept."""

    def writer(self, person_id: str, now: datetime) -> Writer | None:
        """Returns the person as a reply of now would find them."""

    def linked(self, link: Link) -> Writer | None:
        """Returns whom the link names, bound to its entry (None where that is gone); None where nobody is."""

    def take_link(self, link: Link, words: str, now: datetime, respond: Respond) -> Response | None:
        """Does what pressing the link does: kept as a reply of these words, with its effects, in one
        transaction. Where `respond` finds nothing to do, nothing is kept. None where nobody is."""

    def contact_said(self, address: str, stop: bool, at: datetime) -> bool:
        """Takes a trusted contact's own STOP (or START) to notices, by their number: it holds for everyone
        whose contact they are, and cancels what waits. Of several words the latest `at` counts. False, and
        nothing kept, where nobody's plan names this number."""


class AnswerStore(Protocol):
    """What people have said: theirs, and kept for them."""

    def answers(self, person_id: str) -> Sequence[KeptAnswer]:
        """Returns all that is kept, the oldest first; without what cannot be read."""

    def erase_answers(self, person_id: str, now: datetime, which: Collection[int] | None = None) -> int:
        """Erases those of these ids that are theirs (None: all that they have said), here and in the
        conversation. How many there were."""


class PeopleStore(Protocol):
    """The people, and what is held on them."""

    def person(self, person_id: str) -> Person | None:
        """Finds a person; None where there is none."""

    def people(self) -> Iterable[Person]:
        """Yields everyone, by id, removed ones too; in pages, so that memory stays flat."""

    def ids_around(self, person_id: str, number: int) -> Sequence[str]:
        """Returns the ids that stand before and after this one in their order, at most `number` each; its own
        first of those after."""

    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        """Returns the person's entries (nudges, no answers) of the local dates from `since` on and all that
        are still planned, whatever their date, by due_at."""

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        """Returns what went out and came in, oldest first, after a cursor."""

    def last_lines(self, person_id: str, limit: int = 60) -> Sequence[Line]:
        """Returns the end of one person's conversation, oldest first."""

    def log(self, person_id: str, limit: int = 100, before: datetime | None = None) -> Sequence[Entry]:
        """Returns what happened, latest first; with `before`, what happened earlier than that."""

    def erased(self) -> frozenset[str]:
        """Returns who was erased while a plan of theirs is there still: nothing is sent to them."""

    def export(self, person_id: str) -> Mapping[str, object] | None:
        """Returns all that is held on a person, as JSON-able values."""

    def forget(self, person_id: str) -> bool:
        """Erases the person from every table, and from the files of a SQLite database, its log too. False
        where there is none. A plan file of theirs that is still there makes nobody of them, and is reported,
        until it has been gone once. Where an address of theirs had said STOP, whoever's plan names it later
        finds it opted out, until they opt in themselves."""
