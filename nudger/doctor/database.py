"""The database, as it stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from nudger.doctor.finding import Finding, failure, many, note, ok, several, warning

OURS = 1  # the exit code of a fault of nudger's
FAR_OFF = timedelta(seconds=5)


class Examined(Protocol):
    """What the store says of a database that it has only looked at."""

    @property
    def name(self) -> str: ...

    @property
    def is_current(self) -> bool: ...

    @property
    def people(self) -> int: ...

    @property
    def unknown(self) -> int: ...

    @property
    def schema(self) -> str | None: ...

    @property
    def set_aside(self) -> Sequence[str]: ...


class Shared(Protocol):
    """What the store says of a server that several hosts share."""

    @property
    def time(self) -> datetime: ...

    @property
    def daemons(self) -> int: ...

    @property
    def pooled(self) -> bool: ...


def nobody_is_set_aside(examined: Examined | None) -> Finding:
    """Whether nudger fails over anybody."""
    aside = list(examined.set_aside) if examined is not None else []
    if not aside:
        return ok("nudger fails over nobody")
    return failure(
        f"nudger fails over {several(aside)}: they get no nudges, and all others go on",
        "Why: nudger status. Put their plan right, or have them tried again: nudger resume PERSON",
        OURS,
    )


def database_is_sound(examined: Examined | None) -> Finding:
    """None: there is none yet. What cannot be opened or written says its StoreError."""
    if examined is None:
        return note("there is none yet", "The first start makes it: nudger run")
    if not examined.is_current:
        what = "is empty" if examined.schema is None else f"is of an older nudger (schema {examined.schema})"
        return note(
            f"{examined.name} {what}",
            "The next start brings it up to date. Keep a copy of it first (docs/install.md, Upgrade).",
        )
    counts = f"{examined.name}: {many(examined.people, 'person')}".replace("persons", "people")
    if examined.unknown:
        return warning(
            f"{counts}; {many(examined.unknown, 'message')} of unknown end",
            "They may or may not have arrived. nudger asks Twilio about texts; an email is not sent again.\n"
            "Whose they are: nudger status",
        )
    return ok(f"{counts}, nothing of unknown end")


def hosts_agree(shared: Shared | None, now: datetime) -> Finding:
    """`now` by this machine's own clock. None: nothing is known of the server, and another check says so."""
    if shared is None:
        return note("not looked at: the database comes first")
    off = now - shared.time
    if abs(off) > FAR_OFF:
        which = "ahead of" if off > timedelta(0) else "behind"
        return warning(
            f"this machine's clock is {abs(off).total_seconds():.0f} s {which} the database's",
            "nudger goes by the database's: nothing comes early or late for it. Put it right: timedatectl",
        )
    count = f"{many(shared.daemons, 'daemon')} on this database; this machine's clock agrees with it"
    if shared.pooled:
        return note(
            f"{count}; it is reached through a pooler that keeps no session",
            "Hosts see each other's news within 15 s, not at once. For that, connect to the server itself.",
        )
    return ok(count)


def daemon_is_running(running: bool, state_dir: object) -> Finding:
    if running:
        return ok(f"nudger runs on {state_dir}")
    advice = (
        "Start it: nudger run, or systemctl start nudger\n"
        "If it does run, it has another NUDGER_STATE_DIR than this command."
    )
    return note(f"no nudger runs on {state_dir}", advice)
