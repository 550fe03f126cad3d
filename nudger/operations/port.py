"""What operations need of the store: alarms, overviews, upkeep. Raises as `agenda.port` says."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from nudger.domain.errors import Problem
from nudger.domain.model import State
from nudger.operations.overview import (
    Alarm,
    Counted,
    Cursor,
    PeoplePage,
    PeopleWanted,
    PlanState,
    RepliesPage,
    RepliesWanted,
    Seen,
    SeenPage,
    SeenReply,
    Span,
    StatusReport,
    TextInNeed,
    Vitals,
)


class AlarmStore(Protocol):
    """Faults that need a person, and who was told of them."""

    def raise_alarm(self, key: str, words: str, now: datetime) -> bool:
        """Raises a fault that needs a person; it stands from `now` on. True where it is new, or had passed;
        where it stands already only its words change, so that nobody is told twice."""

    def clear_alarm(self, key: str, now: datetime) -> bool:
        """Clears a fault that has passed. False where none stood under this key."""

    def alarms(self) -> Sequence[Alarm]:
        """Returns those that stand, oldest first; then those that have passed, the latest of each key."""

    def claim_alerts(self, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
        """Claims what the operator is to be told of now, each given to one caller alone: what stands and was
        not told, but not sooner than `again` after it was told before; what stands since `remind` after it
        was told; and what was told and has passed. The rest of the alarms is no news."""

    def give_back_alerts(self, alarms: Sequence[Alarm]) -> None:
        """Gives back what was claimed and not told after all: claimed again by the next caller."""


class NeedStore(Protocol):
    """Texts that need a person, and who was told of them."""

    def claim_needs(self, now: datetime) -> Sequence[TextInNeed]:
        """Claims the texts of the last 72 h that need a person, that nobody has seen to, and of which the
        operator was not told, oldest first: each is given to one caller alone, once."""

    def give_back_needs(self, texts: Sequence[TextInNeed]) -> None:
        """Gives back what was claimed and not told after all."""


class ReplyStore(Protocol):
    """What people have written, and who has seen to it."""

    def replies(
        self,
        wanted: RepliesWanted,
        now: datetime,
        before: Cursor | None = None,
        limit: int = 50,
        *,
        words: bool = False,
    ) -> RepliesPage:
        """Returns the replies that are wanted, the latest first; their texts only where `words` says so."""

    def handle(self, line: int, by: str | None, now: datetime) -> SeenReply | None:
        """Marks a reply as handled, by whom; by None it is open again. Who was first stays; it stands in the
        person's log. None where there is no such reply."""


class OverviewStore(Protocol):
    """What the operator looks at."""

    def status(self, now: datetime) -> StatusReport:
        """Reads the health of the store, as `nudger status` shows it."""

    def vitals(self, now: datetime) -> Vitals:
        """Reads the health of everything in a few figures, each from an index or a small table."""

    def find_people(
        self, wanted: PeopleWanted, now: datetime, after: str = "", limit: int = 50
    ) -> PeoplePage:
        """Returns the next people by id who are wanted."""

    def groups(self) -> Sequence[str]:
        """Returns the groups that plans name, by name, some hundreds at most."""

    def coming(self, after: Cursor | None = None, limit: int = 50) -> SeenPage:
        """Returns what waits for its time, the earliest first; what waits for its sender's rate is not among
        it."""

    def past(
        self, states: frozenset[State], now: datetime, before: Cursor | None = None, limit: int = 50
    ) -> SeenPage:
        """Returns what is in one of these states and was due by now, the latest first."""

    def unknown(self, limit: int = 50) -> Sequence[Seen]:
        """Returns what was handed to a provider without its answer, the latest first."""

    def plan_state(self, person_id: str) -> PlanState | None:
        """Finds where a person's plan comes from; None where there is no such person."""

    def plan_problems(self, limit: int = 20) -> Sequence[Problem]:
        """Returns the first problems of plan files, errors before warnings."""

    def faulty_files(self) -> Sequence[str]:
        """Returns the plan files with errors, as the last load left them, by name."""

    def places(self) -> Collection[tuple[str | None, str]]:
        """Returns each country with each time zone in which somebody's plan runs; a country of None is not
        said."""

    def doubtful(self, since: datetime, until: datetime) -> int:
        """Returns how many messages attempted between these two have an end that is not known."""

    def daemons(self) -> Sequence[str]:
        """Returns the hosts whose daemons live, by their leases: one that has died may be among them for
        HELD."""


class StatisticsStore(Protocol):
    """What happened, counted by day."""

    def counters(self) -> Mapping[str, int]:
        """Returns how often what has happened, by name, since the database was made. They only grow."""

    def tally(self, first: date, last: date) -> Counted:
        """Counts the entries and replies of these local dates anew, and keeps the counts for `span`."""

    def span(self, first: date, last: date) -> Span:
        """Returns what was counted for these local dates; its reasons are those of the last."""


class UpkeepStore(Protocol):
    """What is cleared away in time, and who signed out."""

    def secret(self, key: str) -> bytes:
        """Returns 32 bytes of chance, the same for every host of this database; made once."""

    def end_session(self, session: str, until: datetime, now: datetime) -> None:
        """Keeps that an operator signed out of this session, `until` it would have ended by itself."""

    def session_ended(self, session: str) -> bool:
        """Tells whether somebody signed out of it, on whichever host."""

    def blank(self, before: datetime) -> int:
        """Blanks the words, addresses and contacts of messages, replies and answers from before then, the
        oldest first, some hundred at a time; how many. 0: all are."""

    def clear_away(self, before: datetime) -> int:
        """Deletes entries that ended, messages, replies, events and passed alarms from before then, in the
        same way. Consents, their withdrawals, and what is open stay."""
