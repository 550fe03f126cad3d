"""What comes in over the wire, read strictly: a form is small, whole and in time, or refused; what stands
in a query and cannot be meant is refused with a sentence."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from nudger.domain.effects import computable
from nudger.operations.overview import Cursor
from nudger.web.security.guard import HANG_UP

_Choice = TypeVar("_Choice", bound=StrEnum)
LONGEST = 100  # characters
LARGEST_ID = 2**63 - 1


def words(given: Mapping[str, str], name: str) -> str:
    """Reads any text, without what no database can keep."""
    return given.get(name, "").replace("\0", "")[:LONGEST]


def choice(text: str | None, choices: type[_Choice], name: str) -> _Choice | None:
    """Reads one of these words; None where there is none."""
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        raise _unclear(name, f"one of {', '.join(choices)}") from None


def number(text: str | None, choices: Collection[int], otherwise: int, name: str) -> int:
    """Reads one of these numbers."""
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) in choices):
        raise _unclear(name, "a number that is offered")
    return int(text)


def instant(text: str | None, name: str) -> datetime | None:
    """Reads an instant with its offset, as `2026-11-23T10:00:00+00:00`."""
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
    """Reads the place in a list that a link of ours named."""
    at, entry = instant(query.get("at"), "at"), query.get("id", "")
    if at is None:
        return None
    if not (entry.isascii() and entry.isdecimal() and len(entry) < 20 and int(entry) <= LARGEST_ID):
        raise _unclear("id", "a whole number")
    return Cursor(at, int(entry))


def _unclear(name: str, expected: str) -> HTTPException:
    return HTTPException(400, f"{name}: expected {expected}.")


LARGEST = 64 * 1024  # bytes; Twilio's forms have about 1 KB, a text 1,600 characters at most
PATIENCE = timedelta(seconds=10)  # for the whole body; Twilio itself gives up after 15 s
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request, patience: timedelta = PATIENCE) -> list[tuple[str, str]]:
    """Reads all (name, value) pairs in their order, blank values and repeated names too.

    Raises HTTPException: 400 for what is no form in UTF-8, 408 when it takes longer than `patience`,
    413 past LARGEST; of a body that is too large no more than that is ever held.
    """
    body = await read_body(request, patience)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(400, f"Expected a form sent as {FORM}.")
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,  # signatures cover them
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(400, "This form cannot be read.") from None


async def read_body(request: Request, patience: timedelta = PATIENCE, largest: int = LARGEST) -> bytes:
    """Reads the whole body, of at most `largest` bytes. Raises HTTPException: 408 and 413, as above."""
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await _read(request, largest)
    except TimeoutError:
        raise HTTPException(408, "The form took too long to arrive.", HANG_UP) from None


async def _read(request: Request, largest: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > largest:
        raise _too_large(largest)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise _too_large(largest)
    return bytes(body)


def _too_large(largest: int) -> HTTPException:
    return HTTPException(413, f"A form may have at most {largest // 1024} KiB.", HANG_UP)
