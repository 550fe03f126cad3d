"""A plan file (or a row of a roster) as it was read: its values, and what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Protocol

from nudger.domain.errors import Problem
from nudger.domain.model import Contact, Nudge
from nudger.plans.format.faults import ERROR, Fault, Path


class Locator(Protocol):
    """Knows where things stand in a file."""

    def find(self, path: Path) -> tuple[int, int]:
        """Line and column of the value at `path`, or else of what it would be in."""

    def find_key(self, path: Path) -> tuple[int, int]:
        """Line and column of a key that is there."""


@dataclass(frozen=True, slots=True)
class NudgeDraft:
    """One [[nudge]]."""

    path: Path
    id: str | None  # None where it cannot be told
    nudge: Nudge | None  # None where something in it is wrong
    at: tuple[time, ...] = ()  # in the order of the file


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """One [[contact]]."""

    path: Path
    name: str | None
    contact: Contact | None


@dataclass(slots=True)
class Draft:
    """What one file, or one row of a roster, says."""

    file: str
    place: Locator
    who: str = ""  # begins the `where` of a roster's row
    readable: bool = True
    values: dict[str, Any] = field(default_factory=dict)  # of the plan's own keys; FAULTY where wrong
    nudges: list[NudgeDraft] = field(default_factory=list)
    contacts: list[ContactDraft] = field(default_factory=list)
    labels: dict[Path, str] = field(default_factory=dict)  # what problems call a nudge or a contact
    faults: dict[Fault, None] = field(default_factory=dict)  # in order, and each once

    failed: bool = False  # it has an error of its own
    refused: set[str] = field(default_factory=set)  # keys of record that say that there is none

    def add(self, fault: Fault) -> None:
        self.faults[fault] = None
        self.failed = self.failed or fault.severity == ERROR

    def lend(self, fault: Fault) -> None:
        """Keeps what holds only for some who extend this plan: it does not fail the others."""
        self.faults[fault] = None

    def problems(self) -> Iterator[Problem]:
        for fault in self.faults:
            find = self.place.find_key if fault.on_key else self.place.find
            line, column = fault.spot or find(fault.path)
            where = ": ".join(part for part in (self.who, self._where(fault)) if part)
            yield Problem(self.file, line, column, where, fault.message, fault.hint, fault.severity)

    def label(self, path: Path) -> str:
        """`nudge "rest": at` for ("nudge", 2, "at", 0)."""
        size = next((size for size in (2, 1) if path[:size] in self.labels), 0)
        parts = [self.labels[path[:size]]] if size else []
        parts += [str(part) for part in path[size : size + 1]]
        return ": ".join(parts)

    def _where(self, fault: Fault) -> str:
        if fault.where is not None:
            return fault.where
        return self.label(fault.path[:-1] if fault.on_key else fault.path)
