"""What the agenda needs of the world: a store of planned entries, a clock.

The store decides nothing: where a verb needs a decision (may this go out? what does this reply mean?) it
takes a pure function, calls it inside its own transaction, and writes what came back. So a STOP, a pause or
a crisis hold that is committed first is always seen. Verbs block (the daemon calls them in a thread), each is
a transaction, and each raises StoreError where the database cannot be reached or written.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from nudger.agenda.entries import AskFrom, LaidOut, Layable, Mark, Restored
from nudger.agenda.set_aside import SetAside, Trial


class Clock(Protocol):
    """The only source of the time; it may run fast (demo) or be stepped (tests)."""

    def now(self) -> datetime:
        """Reads the time."""

    def real(self, span: timedelta) -> timedelta:
        """Returns how long `span` of this clock's time takes by the machine's clock."""


class AgendaStore(Protocol):
    """Whose days are to be laid out, and what is planned for them."""

    def claim_layout(self, now: datetime, limit: int) -> Sequence[Layable]:
        """Takes people whose days are due to be laid out, earliest first; none who is removed. Who is taken
        and not laid out is due again a minute later."""

    def lay_out(self, days: Sequence[LaidOut], now: datetime) -> None:
        """Adds the slots that have an instant and are not in the agenda under their identity. Afresh:
        what is still planned for the future from the plan, and not in `slots`, is cancelled away
        (deleted), what is there at another time is moved, and what an opt-out, a hold or a removal
        cancelled is planned again. What was attempted, dropped, or snoozed is never touched."""

    def lay_out_all_again(self, now: datetime) -> None:
        """Makes everyone's days due to be laid out afresh: the rules of time zones have changed."""

    def set_aside(self, faults: Mapping[str, Exception], looked_at: int, step: str, now: datetime) -> None:
        """Sets these aside, of the `looked_at` people whom a duty worked on: no nudges until they are tried
        again, an alarm stands, what is due waits. The verbs that work on many people see to it themselves.
        Raises the first fault, and sets nobody aside, where so many fail that it is no one person's fault."""

    def those_set_aside(self) -> Sequence[SetAside]:
        """Lists who is set aside."""

    def try_all_again(self, now: datetime) -> None:
        """Makes all who are set aside due to be tried. An edit of theirs, and an act on them, does so too."""

    def trial(self, person_id: str) -> Trial | None:
        """Returns the person as duties find them. Raises what they would."""

    def take_back(self, person_id: str, now: datetime) -> None:
        """Takes a person back over whom nothing fails any more: what waits is due, and their days are laid
        out afresh."""

    def give_up_waiting(self, now: datetime) -> None:
        """Gives up what waits for people who are set aside and has expired: it is missed."""

    def ask_for_consent(self, now: datetime, limit: int, asks_from: AskFrom) -> int:
        """Looks at most `limit` (person, channel) pairs over that may have to be asked: plans a WELCOME for
        those whom `asks_from` lets be asked now, comes back to the others at its time. Returns how many it
        looked at. An address is asked once: how that ended is written with the end of the message, where
        SENT, UNKNOWN and RECIPIENT count as asked, and a fault of the sender leads to another asking."""


class RestoreStore(Protocol):
    """How far the database has come, and whether it was restored from a backup."""

    def mark(self, now: datetime, at_least: int = 0) -> Mark:
        """Writes down that the database has come this far: one more than ever before and than `at_least`."""

    def marked(self) -> Mark | None:
        """Returns how far it has come; None where it was never marked."""

    def prove(self, known: Mark) -> None:
        """Proves that the database is the one with this mark. Raises StoreError where nothing can be written;
        StoreReplaced, from now on for every verb, where this is another database than the one with this mark,
        or has not come as far."""

    def restored(self) -> Restored | None:
        """Returns what is known of it where it was restored from a backup, accepted or not."""

    def hold_back(self, noticed: Restored) -> None:
        """Holds nudges back until it is accepted. Noticed once more: the later bounds count."""

    def note_asked(self, now: datetime) -> None:
        """Notes that the provider was asked for what came in since the backup."""

    def accept_restored(self, now: datetime) -> bool:
        """Lets nudges go out again, none of them that was due until now. False where nothing is held back."""

    def rescue(self, now: datetime) -> str | None:
        """Rescues what was written, at the end of who works with it: where its file has gone or another is in
        its place, all that it held is written beside it. Where to; None where there is nothing to rescue."""


class FactStore(Protocol):
    """What every host of this database has in common."""

    def remember(self, key: str, value: str) -> str:
        """Keeps a fact under `key` unless one is kept; returns the kept one."""

    def keep(self, key: str, value: str) -> None:
        """Keeps this fact under `key`, whatever was kept."""

    def take_turn(self, duty: str, every: timedelta) -> bool:
        """Tells whether the caller does this duty now: one of all that ask within `every`."""

    def time(self) -> datetime:
        """Returns the database's clock."""
