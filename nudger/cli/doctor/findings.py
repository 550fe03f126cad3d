"""What a check found, and how one is run: a check that crashes, or hangs, is a finding too."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from nudger.domain.errors import NudgerError


class Grade(StrEnum):
    """How much it matters. Only a failure keeps something from working."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """A grade, a sentence, and what to do. No secret, no phone number, no address stands in them."""

    grade: Grade
    sentence: str
    advice: str = ""  # may have several lines
    exit_code: int = 0  # of a failure: DESIGN's


def ok(sentence: str) -> Finding:
    return Finding(Grade.OK, sentence)


def note(sentence: str, advice: str = "") -> Finding:
    return Finding(Grade.NOTE, sentence, advice)


def warning(sentence: str, advice: str) -> Finding:
    return Finding(Grade.WARNING, sentence, advice)


def failure(sentence: str, advice: str, exit_code: int) -> Finding:
    return Finding(Grade.FAILURE, sentence, advice, exit_code)


def several(names: list[str], most: int = 5) -> str:
    """Says a few names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def many(number: int, word: str) -> str:
    """ "1 plan", "2 plans" """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


LIMIT = timedelta(seconds=45)  # for one check; what it asks has shorter limits of its own
OURS = 1  # the exit code of a fault of nudger
Look = Callable[[], Finding | Awaitable[Finding]]


async def looked(look: Look, limit: timedelta = LIMIT) -> Finding:
    """Returns what a check finds, or what kept it from looking. Raises nothing."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            found = look()
            return found if isinstance(found, Finding) else await found
    except NudgerError as fault:
        return failure(fault.message, fault.hint, fault.exit_code)
    except TimeoutError:
        return failure(
            f"no answer within {limit.total_seconds():g} s", "Try again when less is going on.", OURS
        )
    except OSError as fault:
        where = f"{fault.filename} " if fault.filename else ""
        advice = "Run it as the user nudger runs as: runuser -u nudger -- nudger doctor"
        return failure(f"{where}cannot be looked at: {fault.strerror or type(fault).__name__}", advice, OURS)
    except Exception as fault:
        if os.environ.get("NUDGER_TRACEBACK"):
            raise
        # Not its words: they may hold a number or a secret.
        advice = "This is a fault of nudger. Set NUDGER_TRACEBACK=1 to see where, and please report it."
        return failure(f"the check itself failed ({type(fault).__name__})", advice, OURS)


def exit_code(findings: Sequence[Finding]) -> int:
    """Returns the first failure's; 0 where there is none."""
    return next((one.exit_code for one in findings if one.grade is Grade.FAILURE), 0)
