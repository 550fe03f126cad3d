"""Messages whose end is unknown, held against what the provider says it was given. Pure.

A text too few is better than one twice: whatever may be ours counts as found, and only what the
provider surely does not have is free to go out again.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nudger.agenda.entries import Report
from nudger.domain.model import ChannelName

# A provider's list may lag behind what it accepted. Counted from the stored time of the attempt, so
# that a restart makes it neither shorter nor longer.
SURE_AFTER = timedelta(seconds=60)
# How far the list's time may lie from ours: clocks differ, and a request may have waited. Wide, for
# a text of the same words that went out well is known by its id and never taken for this one.
WINDOW = timedelta(hours=1)
ASK_FOR = timedelta(days=2)  # after that it stays unknown
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that may or may not have been accepted."""

    message: str
    person: str
    channel: ChannelName
    address: str
    text: str
    attempted_at: datetime
    asks: int = 0  # questions that the provider answered without it being there


@dataclass(frozen=True, slots=True)
class Listed:
    """A message of ours as the provider lists it: its id and fate, and what tells whose it is."""

    report: Report
    address: str
    text: str
    created_at: datetime | None  # whole seconds


@dataclass(frozen=True, slots=True)
class Found:
    """The provider has it."""

    doubt: Doubt
    report: Report


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider surely does not have it: free to go out again while fresh."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Not known yet."""

    doubt: Doubt
    at: datetime


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many doubts were resolved, and how."""

    found: int
    not_there: int


Answer = Found | NotThere | AskAgain
# (those still in doubt, those listed that are no other message's) -> an answer for each doubt
Judge = Callable[[Sequence[Doubt], Sequence[Listed]], Sequence[Answer]]


def judge(doubts: Sequence[Doubt], listed: Sequence[Listed], now: datetime) -> list[Answer]:
    """An answer for each of `doubts`, from a list that was asked for at `now` or later.

    Of several with the same words to the same address, each of the list goes to the nearest in time,
    and to one only. Something else that went to the address in that time leaves a doubt standing: it
    may be this text, changed on its way (a trial account's prefix, replaced quotes).
    """
    found = _pair(doubts, listed)
    used = {one.report.provider_id for one in found.values()}
    left = [one for one in listed if one.report.provider_id not in used]
    return [_answer(doubt, found.get(doubt.message), left, now) for doubt in doubts]


def _pair(doubts: Sequence[Doubt], listed: Sequence[Listed]) -> dict[str, Listed]:
    near = [
        (gap, index, doubt, one)
        for index, doubt in enumerate(doubts)
        for one in listed
        if (gap := _gap(doubt, one)) is not None and _same_words(doubt.text, one.text)
    ]
    pairs: dict[str, Listed] = {}
    used: set[str] = set()
    for _, _, doubt, one in sorted(near, key=lambda pair: pair[:2]):
        if doubt.message not in pairs and one.report.provider_id not in used:
            pairs[doubt.message] = one
            used.add(one.report.provider_id)
    return pairs


def _answer(doubt: Doubt, found: Listed | None, left: Sequence[Listed], now: datetime) -> Answer:
    if found is not None:
        return Found(doubt, found.report)
    sure_at = doubt.attempted_at + SURE_AFTER
    other = any(_gap(doubt, one) is not None for one in left)
    # Asked twice at least: a clock that was stepped ahead makes 60 s pass in no time.
    if doubt.asks and now >= sure_at and not other:
        return NotThere(doubt)
    again_at = now + wait(doubt.asks)
    return AskAgain(doubt, min(again_at, sure_at) if now < sure_at else again_at)


def wait(asks: int) -> timedelta:
    """How long until the next question after so many."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(asks, 10)))


def _gap(doubt: Doubt, one: Listed) -> timedelta | None:
    """How far apart in time; None where they cannot be the same message."""
    if one.address != doubt.address:
        return None
    gap = abs(one.created_at - doubt.attempted_at) if one.created_at else WINDOW
    return gap if gap <= WINDOW else None


def _same_words(ours: str, theirs: str) -> bool:
    """Letters and digits alone: Twilio replaces quotes and dashes (Smart Encoding), trims, and puts a
    trial account's sentence in front."""
    words = _letters(ours)
    return _letters(theirs).endswith(words) if words else ours.strip() == theirs.strip()


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).casefold()
