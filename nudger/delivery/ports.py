"""What delivery needs of the world: a clock, a store, channels. Each promise here has a contract test.

The store decides nothing: where a verb needs a decision (may this go out? what does this reply
mean?) it takes a pure function, calls it inside its own transaction, and writes what came back.
So a STOP, a pause or a crisis hold that is committed first is always seen.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from nudger.delivery.agenda import Claim, Decide, Sending
from nudger.delivery.alarms import Alarm
from nudger.delivery.doubts import Doubt, Judge, Listed, Reconciled
from nudger.delivery.inbound import Inbound, Respond, Writer
from nudger.delivery.overview import Apart, Counted, Cursor, PlanState, Seen, SeenPage, Span, Vitals
from nudger.delivery.planning import AskFrom, LaidOut, Layable, Missing, PlanChange, PlanRead
from nudger.delivery.restored import Mark, Restored
from nudger.delivery.senders import Limit
from nudger.delivery.sends import Receipt, Report, Result
from nudger.delivery.set_aside import SetAside, Trial
from nudger.delivery.views import Entry, Line, Planned, StatusReport
from nudger.effects import Response
from nudger.errors import Problem
from nudger.model import ChannelName, Person, State
from nudger.tokens import Link

NO_LIMITS: Mapping[ChannelName, Limit] = {}


class Channel(Protocol):
    """One way to a phone or a mailbox.

    `places` is how many messages it hands over at once, None for any number: what is more waits before
    it, where a STOP still reaches it."""

    @property
    def places(self) -> int | None: ...

    async def send(self, sending: Sending) -> Receipt:
        """Hands one message over, once, within the adapter's time limit. Raises only SendFailure."""

    async def close(self) -> None:
        """Gives back connections. Nothing is sent after it."""


class Store(Protocol):
    """The durable truth. Methods block; the daemon calls them in a thread. All are transactions."""

    # people and plans
    def load_plans(self, read: PlanRead, now: datetime) -> PlanChange:
        """Stores new and changed plans and marks them to be laid out afresh. People who were in one of
        `read.files` (None: anywhere) and are not among `read.people` become removed, and what is planned
        for them is cancelled; a removed person whose file is back is restored. The problems and marks of
        these files replace what was kept of them. A plan whose `consent` is set gives consent on each of
        its channels, but never undoes an opt-out; a faulty one whose line says that there is none takes back
        what an earlier line gave, and ends an opt-in to notices in the same way.

        Nobody is removed for a file in `read.opaque`. Where too many are gone (`planning.is_sudden`, of all
        people or of one file), they are missing in place of removed, with an alarm: they go on until a plan
        of theirs is read, or the operator accepts it. A large load is many transactions; cut off, the next
        one goes on with it."""

    def missing(self, limit: int = 50) -> Sequence[Missing]:
        """The first of those whose plans are missing, by id."""

    def count_missing(self) -> int:
        """How many there are."""

    def accept_removal(self, now: datetime) -> Collection[str]:
        """Whoever is missing is removed; who they were."""

    def plan_marks(self, files: Collection[str] | None = None, host: str = "") -> Mapping[str, str]:
        """file -> its mark when it was last read; of these files, or of all. None is trusted, "", of a file
        whose people this host misses: once it is there again, it is read."""

    def count_plan_files(self) -> int:
        """How many files have a mark."""

    def linked_files(self, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
        """The files that must be read together with those of these people: where an id or a number of
        theirs stands too, and every file that has an error, or something told in another's."""

    def person(self, person_id: str) -> Person | None: ...

    def people(self) -> Iterable[Person]:
        """Everyone, by id, removed ones too; in pages, so that memory stays flat."""

    def ids_around(self, person_id: str, number: int) -> Sequence[str]:
        """The ids that stand before and after this one in their order, at most `number` each; its own first
        of those after."""

    def places(self) -> Collection[tuple[str | None, str]]:
        """Each country with each time zone in which somebody's plan runs; a country of None is not said."""

    def digests(self, ids: Collection[str]) -> Mapping[str, str]:
        """person id -> digest of the plan that runs, of those among `ids` who have one."""

    def has_people(self) -> bool:
        """Whether anybody's plan runs."""

    # laying out
    def claim_layout(self, now: datetime, limit: int) -> Sequence[Layable]:
        """Takes people whose days are due to be laid out, earliest first; none who is removed. Who is taken
        and not laid out is due again a minute later."""

    def lay_out_all_again(self, now: datetime) -> None:
        """Everyone's days are due to be laid out afresh: the rules of time zones have changed."""

    def lay_out(self, days: Sequence[LaidOut], now: datetime) -> None:
        """Adds the slots that have an instant and are not in the agenda under their identity. Afresh:
        what is still planned for the future from the plan, and not in `slots`, is cancelled away
        (deleted), what is there at another time is moved, and what an opt-out, a hold or a removal
        cancelled is planned again. What was attempted, dropped, or snoozed is never touched."""

    # people whom nudger fails over
    def set_aside(self, faults: Mapping[str, Exception], looked_at: int, step: str, now: datetime) -> None:
        """These of the `looked_at` people whom a duty worked on get no nudges until they are tried again: an
        alarm stands, what is due waits. The verbs that work on many people see to it themselves. Raises the
        first fault, and sets nobody aside, where so many fail that it is no one person's fault."""

    def those_set_aside(self) -> Sequence[SetAside]: ...

    def try_all_again(self, now: datetime) -> None:
        """All who are set aside are due to be tried. An edit of theirs, and an act on them, does so too."""

    def trial(self, person_id: str) -> Trial | None:
        """The person as duties find them. Raises what they would."""

    def take_back(self, person_id: str, now: datetime) -> None:
        """Nothing fails over them any more: what waits is due, and their days are laid out afresh."""

    def give_up_waiting(self, now: datetime) -> None:
        """What waits for people who are set aside, and has expired, is missed."""

    # consent
    def ask_for_consent(self, now: datetime, limit: int, asks_from: AskFrom) -> int:
        """Looks at most `limit` (person, channel) pairs over that may have to be asked: plans a WELCOME for
        those whom `asks_from` lets be asked now, comes back to the others at its time. Returns how many it
        looked at. An address is asked once: how that ended is written with the end of the message, where
        SENT, UNKNOWN and RECIPIENT count as asked, and a fault of the sender leads to another asking."""

    # the agenda
    def next_due_at(self) -> datetime | None:
        """When the earliest planned entry is due (it may be past)."""

    def has_urgent(self, now: datetime) -> bool:
        """Whether something urgent is due."""

    def claim_due(
        self,
        now: datetime,
        limit: int,
        owner: str,
        decide: Decide,
        limits: Mapping[ChannelName, Limit] = NO_LIMITS,
    ) -> Claim:
        """Claims at most `limit` entries with due_at <= now, earliest first, and before them what is urgent,
        which counts in no `limit`; and all that is due of each person met. Calls `decide` per person, and
        commits the verdicts: a Send becomes a message in state `sending` before this returns. No two callers
        get the same entry, on any host.

        What has to Wait for a channel (it has a limit, or rests) stays planned in that channel's queue;
        the queue then gives out what the limit allows in this second, the earliest `turn_at` first. All
        callers share what is left of it, in the store. What waits in a queue holds up nothing else."""

    def stopped(self, sendings: Sequence[Sending], now: datetime) -> Collection[str]:
        """The message ids among them that may not go out, or not any more. Opted out or held since the
        claim (an ANSWER never is): cancelled by this call. No longer held by their owner, whose lease
        ends: planned again by this call, or another's to ask about since it took them over."""

    def record(self, results: Sequence[Result], now: datetime) -> None:
        """Writes the ends of sends. Receipt: sent. AMBIGUOUS: unknown. NOT_SENT with `retry_at` before the
        entry's expiry: planned again then; else missed. RECIPIENT with `retry_at`: planned again, that
        channel refused; else failed. OPTED_OUT: like RECIPIENT, and the person is opted out of that
        channel. SENDER with `retry_at`: planned again, that channel refused at the second time only (it
        rests anyway); else failed. Faults of a channel are counted (`senders`), and it rests after too
        many. A message that is no longer `sending` is left alone, except that a receipt turns `unknown`
        into `sent`."""

    def release(self, sendings: Sequence[Sending], now: datetime) -> None:
        """Claimed and certainly not handed over: planned again, as if never claimed."""

    # leases: by the database's clock, whatever a host believes
    def recover(self, owner: str, now: datetime) -> int:
        """Begins the lease of `owner`, one life of a host's daemon. What earlier lives of that host left in
        `sending` (a crash) becomes unknown, and their leases are over; returns how many."""

    def renew(self, owner: str) -> None:
        """It lives: what it has claimed is its alone, for HELD from now. StoreError where another daemon
        has begun under the name of the same host."""

    def give_up(self, owner: str) -> None:
        """It ends: its lease is over."""

    def abandon(self, now: datetime) -> int:
        """What anyone whose lease is over left in `sending` becomes unknown; so does what has been so far
        longer than a call takes. How many."""

    def daemons(self) -> Sequence[str]:
        """The hosts whose daemons live, by their leases: one that has died may be among them for HELD."""

    def take_turn(self, duty: str, every: timedelta) -> bool:
        """Whether the caller does this duty now: one of all that ask within `every`."""

    def time(self) -> datetime:
        """The database's clock."""

    def doubts(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Doubt]:
        """At most `limit` messages of unknown end on these channels that are due to be asked about, the
        oldest attempt first."""

    def reconcile(
        self, about: Sequence[Doubt], listed: Sequence[Listed], judge: Judge, now: datetime
    ) -> Reconciled:
        """Calls `judge` with those still unknown and with what is listed and credited to no message yet,
        and writes its answers. Found: as `report` has it. NotThere: the message is failed and counts
        nowhere; its entry is planned again, or missed where it has expired, or cancelled where it was
        answered meanwhile. AskAgain: it is among `doubts` again then."""

    def report(self, message_id: str, told: Report, now: datetime) -> State | None:
        """What a provider says of a message, in any order and more than once: the message's new state, or
        None where it changes nothing or there is no such message. Never backwards: DELIVERED stands, and
        wins over FAILED. FAILED on the way: the entry goes on to the next channel while fresh, except
        for LOST; OPTED_OUT opts out. A number that fails FAILURES_IN_A_ROW times rests, with an alarm,
        until its address changes, something arrives, or Resume."""

    # replies and operators
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

    # what the operator has to know of
    def raise_alarm(self, key: str, words: str, now: datetime) -> bool:
        """A fault that needs a person stands from `now` on. True where it is new, or had passed; where it
        stands already only its words change, so that nobody is told twice."""

    def clear_alarm(self, key: str, now: datetime) -> bool:
        """The fault has passed. False where none stood under this key."""

    def alarms(self) -> Sequence[Alarm]:
        """Those that stand, oldest first; then those that have passed, the latest of each key."""

    def claim_alerts(self, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
        """What the operator is to be told of now, each given to one caller alone: what stands and was not
        told, but not sooner than `again` after it was told before; what stands since `remind` after it was
        told; and what was told and has passed. The rest of the alarms is no news."""

    def give_back_alerts(self, alarms: Sequence[Alarm]) -> None:
        """Claimed and not told after all: claimed again by the next caller."""

    def counters(self) -> Mapping[str, int]:
        """How often what has happened, by name, since the database was made. They only grow."""

    def linked(self, link: Link) -> Writer | None:
        """Whom the link names, bound to its entry (None where that is gone); None where nobody is."""

    def take_link(self, link: Link, words: str, now: datetime, respond: Respond) -> Response | None:
        """What pressing the link does: kept as a reply of these words, with its effects, in one
        transaction. Where `respond` finds nothing to do, nothing is kept. None where nobody is."""

    def contact_said(self, address: str, stop: bool, at: datetime) -> bool:
        """A trusted contact's own STOP (or START) to notices, by their number: it holds for everyone whose
        contact they are, and cancels what waits. Of several words the latest `at` counts. False, and
        nothing kept, where nobody's plan names this number."""

    # looking
    def erased(self) -> frozenset[str]:
        """Who was erased while a plan of theirs is there still: nothing is sent to them."""

    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        """The person's entries (nudges, no answers) of the local dates from `since` on and all that are
        still planned, whatever their date, by due_at."""

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        """What went out and came in, oldest first, after a cursor."""

    def last_lines(self, person_id: str, limit: int = 60) -> Sequence[Line]:
        """The end of one person's conversation, oldest first."""

    def log(self, person_id: str, limit: int = 100, before: datetime | None = None) -> Sequence[Entry]:
        """What happened, latest first; with `before`, what happened earlier than that."""

    def status(self, now: datetime) -> StatusReport: ...

    def faulty_files(self) -> Sequence[str]:
        """The plan files with errors, as the last load left them, by name."""

    def doubtful(self, since: datetime, until: datetime) -> int:
        """How many messages attempted between these two have an end that is not known."""

    # everyone at once: no verb here reads more than a page, an index or the small tables of counts
    def vitals(self, now: datetime) -> Vitals: ...

    def find_people(
        self, search: str, apart: Apart | None, now: datetime, after: str = "", limit: int = 50
    ) -> Sequence[Person]:
        """The next people by id whose id or name holds every word of `search`, however it is written."""

    def coming(self, after: Cursor | None = None, limit: int = 50) -> SeenPage:
        """What waits for its time, the earliest first; what waits for its sender's rate is not among it."""

    def past(
        self, states: frozenset[State], now: datetime, before: Cursor | None = None, limit: int = 50
    ) -> SeenPage:
        """What is in one of these states and was due by now, the latest first."""

    def unknown(self, limit: int = 50) -> Sequence[Seen]:
        """What was handed to a provider without its answer, the latest first."""

    def plan_state(self, person_id: str) -> PlanState | None: ...

    def plan_problems(self, limit: int = 20) -> Sequence[Problem]:
        """The first problems of plan files, errors before warnings."""

    def tally(self, first: date, last: date) -> Counted:
        """Counts the entries and replies of these local dates anew, and keeps the counts for `span`."""

    def span(self, first: date, last: date) -> Span:
        """What was counted for these local dates; its reasons are those of the last."""

    def export(self, person_id: str) -> Mapping[str, object] | None:
        """All that is held on a person, as JSON-able values."""

    def forget(self, person_id: str) -> bool:
        """Erases the person from every table, and from the files of a SQLite database, its log too. False
        where there is none. A plan file of theirs that is still there makes nobody of them, and is reported,
        until it has been gone once. Where an address of theirs had said STOP, whoever's plan names it later
        finds it opted out, until they opt in themselves."""

    def blank(self, before: datetime) -> int:
        """Blanks the words, addresses and contacts of messages, replies and answers from before then, the
        oldest first, some hundred at a time; how many. 0: all are."""

    def clear_away(self, before: datetime) -> int:
        """Deletes entries that ended, messages, replies, events and passed alarms from before then, in the
        same way. Consents, their withdrawals, and what is open stay."""

    def remember(self, key: str, value: str) -> str:
        """Keeps a fact under `key` unless one is kept; returns the kept one."""

    def secret(self, key: str) -> bytes:
        """32 bytes of chance, the same for every host of this database; made once."""

    def keep(self, key: str, value: str) -> None:
        """Keeps this fact under `key`, whatever was kept."""

    def end_session(self, session: str, until: datetime, now: datetime) -> None:
        """Keeps that an operator signed out of this session, `until` it would have ended by itself."""

    def session_ended(self, session: str) -> bool:
        """Whether somebody signed out of it, on whichever host."""

    # restored backups
    def mark(self, now: datetime, at_least: int = 0) -> Mark:
        """Writes down that the database has come this far: one more than ever before and than `at_least`."""

    def marked(self) -> Mark | None:
        """How far it has come; None where it was never marked."""

    def prove(self, known: Mark) -> None:
        """StoreError where nothing can be written; StoreReplaced, from now on for every verb, where this is
        another database than the one with this mark, or has not come as far."""

    def rescue(self, now: datetime) -> str | None:
        """At the end of who works with it: where its file has gone or another is in its place, all that it
        held is written beside it. Where to; None where there is nothing to rescue."""

    def restored(self) -> Restored | None:
        """What is known of it where it was restored from a backup, accepted or not."""

    def hold_back(self, noticed: Restored) -> None:
        """No nudge goes out until it is accepted. Noticed once more: the later bounds count."""

    def note_asked(self, now: datetime) -> None:
        """The provider was asked for what came in since the backup."""

    def accept_restored(self, now: datetime) -> bool:
        """Nudges go out again, none of them that was due until now. False where nothing is held back."""

    async def listen(self, woken: Callable[[], None]) -> None:
        """Calls `woken` when another process has changed what may be due at once: a reply, an operator's
        act, plans, days laid out. May miss some. Never returns."""

    def close(self) -> None: ...


class Clock(Protocol):
    """The only source of the time; it may run fast (demo) or be stepped (tests)."""

    def now(self) -> datetime: ...

    def real(self, span: timedelta) -> timedelta:
        """How long `span` of this clock's time takes by the machine's clock."""
