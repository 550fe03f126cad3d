"""A fixed place and time where replies are read, the corpora, and how much work reading is."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from nudger.domain.model import Kind, Window
from nudger.replies import Understood, Words, scoring, understand

TEXTS = Path(__file__).parents[1] / "replies"
CORPUS, HELD_OUT = TEXTS / "corpus", TEXTS / "held_out"
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Here:
    """Where and when a reply is read; `wall` times are wall times of the zone."""

    words: Words
    language: str = "en"
    zone: ZoneInfo = NEW_YORK
    wall: str = "2026-11-23 10:00"  # a Monday
    quiet: str = "20:00-09:00"
    snooze: timedelta = timedelta(hours=1)

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.wall).replace(tzinfo=self.zone).astimezone(UTC)

    def read(self, text: str, ours: Sequence[str] = (), **more: object) -> Understood:
        return understand(
            text,
            language=self.language,
            now=self.now,
            zone=self.zone,
            snooze=self.snooze,
            quiet=window(self.quiet),
            words=self.words,
            ours=ours,
            **more,
        )

    def read_case(self, case: scoring.Case) -> Understood:
        """As `nudger interpret --score` does: after a nudge."""
        return understand(
            case.text,
            language=self.language,
            now=case.now,
            zone=case.zone,
            snooze=self.snooze,
            quiet=window(self.quiet),
            words=self.words,
            after_nudge=Kind.REST,
            country=case.country,
        )

    def shown(self, at: datetime | None) -> str | None:
        """An instant as the clock on the wall shows it."""
        return None if at is None else f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class Case:
    """A text of a corpus and what it means; None where the corpus says nothing of it."""

    text: str
    here: Here
    intent: str
    until: str | None
    others: dict[str, object]

    def faults(self) -> list[str]:
        """What was understood otherwise than the corpus says."""
        found = self.here.read(self.text)
        seen = {"intent": found.intent.value, **{name: getattr(found, name) for name in self.others}}
        wanted = {"intent": self.intent, **self.others}
        if self.until is not None:
            seen["until"] = self.here.shown(found.until) or "open"
            wanted["until"] = self.until
        return [
            f"{self.text!r}: {name} is {seen[name]}, not {wanted[name]}"
            for name in wanted
            if seen[name] != wanted[name]
        ]


@cache
def zone_of(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in available_timezones() else None


def alarmed_by(found: Understood) -> bool:
    """Whether helplines are given, by either tier."""
    return found.crisis or found.concern


def window(text: str) -> Window | None:
    if text == "none":
        return None
    start, end = text.split("-")
    return Window(time.fromisoformat(start), time.fromisoformat(end))


def cases(corpus: dict, words: Words) -> Iterator[Case]:
    hours = int(corpus["snooze"].removesuffix("h"))
    for case in corpus["case"]:
        here = Here(
            words,
            language=corpus["language"],
            zone=ZoneInfo(corpus["timezone"]),
            wall=case.get("now", corpus["now"]),
            quiet=case.get("quiet", corpus["quiet"]),
            snooze=timedelta(hours=hours),
        )
        others = {name: case[name] for name in ("moved", "everywhere", "kind") if name in case}
        for text in case["texts"]:
            yield Case(text, here, case["intent"], case.get("until"), others)


def work(read):
    """How many calls, of Python and of C, reading makes."""
    count = 0

    def profile(frame, event, arg):
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        read()
    finally:
        sys.setprofile(before)
    return count
