"""The database, as it stands."""

from typing import Protocol

from nudger.doctor.finding import Finding, many, note, ok, warning


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


def database_is_sound(examined: Examined | None) -> Finding:
    """None: there is none yet. What cannot be opened or written says its StoreError."""
    if examined is None:
        return note("there is none yet", "The first start makes it: nudger run")
    if not examined.is_current:
        return note(
            f"{examined.name} is of an older nudger",
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


def daemon_is_running(running: bool, state_dir: object) -> Finding:
    if running:
        return ok(f"nudger runs on {state_dir}")
    advice = (
        "Start it: nudger run, or systemctl start nudger\n"
        "If it does run, it has another NUDGER_STATE_DIR than this command."
    )
    return note(f"no nudger runs on {state_dir}", advice)
