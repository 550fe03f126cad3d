"""The errors that people see: where, what was expected, what was found, what to do.

Every class carries the exit code that the command line ends with. A message never needs a
traceback beside it: it is whole, and tests assert it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one file (or one setting), positioned. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    where: str  # 'nudge "rest": at'; empty when the file as a whole is meant
    message: str  # 'expected a time like "09:30", got "8h30"'
    hint: str = ""
    severity: str = "error"  # or "warning"

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{self.file}:{self.line}:{self.column}: {where}{self.message}"

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class NudgerError(Exception):
    """A fault whose message is meant for a person. Exit code 1: a fault of ours."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(NudgerError):
    """A command was called with something that it cannot take."""

    exit_code = 2


class SettingsError(NudgerError):
    """Settings are missing or wrong."""

    exit_code = 3


class PlanError(NudgerError):
    """Plans have problems: all of them, at once."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class StoreError(NudgerError):
    """The database cannot be opened, read or written."""

    exit_code = 4


class Unreadable(StoreError):
    """What the database holds of one person cannot be read. The database itself is well."""


class StoreAway(StoreError):
    """The database cannot be used just now, and nothing was changed: another program keeps it locked, or its
    file has gone. Who asks again may find it."""

    def __init__(self, message: str, hint: str = "", said: str = "") -> None:
        super().__init__(message, hint)
        self.said = said  # in a few words that strangers may read


class StoreBusy(StoreAway):
    """Another program keeps it locked: that passes by itself."""


class StoreReplaced(StoreAway):
    """Another one stands in its place. Only a fresh start can work with that."""


class ChannelError(NudgerError):
    """A channel cannot be set up (not: one message that could not be sent)."""

    exit_code = 5
