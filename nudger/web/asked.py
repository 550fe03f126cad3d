"""What stands in a query, read strictly: what cannot be meant is refused with a sentence."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from starlette.exceptions import HTTPException

from nudger.delivery.overview import Cursor
from nudger.instants import computable

_Choice = TypeVar("_Choice", bound=StrEnum)
LONGEST = 100  # characters
LARGEST = 2**63 - 1


def words(given: Mapping[str, str], name: str) -> str:
    """Any text, without what no database can keep."""
    return given.get(name, "").replace("\0", "")[:LONGEST]


def choice(text: str | None, choices: type[_Choice], name: str) -> _Choice | None:
    """One of these words; None where there is none."""
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        raise _unclear(name, f"one of {', '.join(choices)}") from None


def number(text: str | None, choices: Collection[int], otherwise: int, name: str) -> int:
    """One of these numbers."""
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) in choices):
        raise _unclear(name, "a number that is offered")
    return int(text)


def instant(text: str | None, name: str) -> datetime | None:
    """An instant with its offset, as `2026-11-23T10:00:00+00:00`."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or not computable(at):
        raise _unclear(name, "an instant like 2026-11-23T10:00:00Z")
    return at


def cursor(query: Mapping[str, str]) -> Cursor | None:
    """The place in a list that a link of ours named."""
    at, entry = instant(query.get("at"), "at"), query.get("id", "")
    if at is None:
        return None
    if not (entry.isascii() and entry.isdecimal() and len(entry) < 20 and int(entry) <= LARGEST):
        raise _unclear("id", "a whole number")
    return Cursor(at, int(entry))


def _unclear(name: str, expected: str) -> HTTPException:
    return HTTPException(400, f"{name}: expected {expected}.")
