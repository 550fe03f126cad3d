"""Words: understanding a reply, wording a nudge.

Replies are all texts of the corpora that the tests hold the word lists against, in three languages, each
read in its person's language, zone and time. A text counts by the least processor time of some readings:
the time it takes by itself, whatever else the machine does; "one after the other" is all of them read once,
as they would come in, with whatever else the machine does in it. Rendering is one message of the bank with
its values put in, for every message of the bank; wording adds the choice among those that fit and were not
said lately, and the count of segments. Nothing is kept from one to the next that a daemon would not keep.

The slow tail are sentences that begin as many phrases of crises and opting out do ("I don't want to be here,
this party is loud"): each phrase with that beginning is followed, word by word, in both readings.
"""

import statistics
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import partial
from itertools import islice, product
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from benchmarks.measure import HERE, Compared, Profile, at_most, figure, profile
from nudger.domain.model import At, Contact, History, Kind, Nudge, Plan, Window
from nudger.messages import Wording
from nudger.messages.wording.wording import _tidy
from nudger.plan_sync.files import read_templates, read_words
from nudger.replies import Words, understand

CORPORA = ("corpus", "held_out")
READINGS = 7
REPLY, MESSAGE = 200, 50  # µs
QUIET = Window(clock(20), clock(9))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAYA = Plan("maya", "Maya", "Europe/London", phone="+447700900123", contacts=(Contact("Sam", "brother"),))


def replies(words: Words) -> Iterator[Callable[[], object]]:
    for folder in CORPORA:
        for file in sorted((HERE / "tests" / "replies" / folder).glob("*.toml")):
            yield from map(partial(reading, words, tomllib.loads(file.read_text())), texts(file))


def texts(file: Path) -> Iterator[str]:
    corpus = tomllib.loads(file.read_text())
    for case in corpus.get("case", ()):
        yield from case["texts"]
    for name in ("crisis", "lookalike"):
        yield from corpus.get(name, ())


def reading(words: Words, corpus: dict[str, str], text: str) -> Callable[[], object]:
    zone = ZoneInfo(corpus.get("timezone", "America/New_York"))
    wall = datetime.fromisoformat(corpus.get("now", "2026-11-23 10:00"))
    return partial(
        understand,
        text,
        language=corpus.get("language", "en"),
        now=wall.replace(tzinfo=zone).astimezone(UTC),
        zone=zone,
        snooze=timedelta(hours=1),
        quiet=QUIET,
        words=words,
    )


def renderings(wording: Wording) -> Iterator[Callable[[], object]]:
    """Every message of the bank, with its values put in and in plain characters."""
    for (language, kind), bank in wording.banks.items():
        nudge = Nudge("one", kind, At((NOON.time(),)))
        for message in bank.messages:
            values = wording._values(plan_in(language), nudge, MAYA.contacts[0], NOON, message.compiled)
            yield lambda compiled=message.compiled, values=values: _tidy(compiled.render(values))


def wordings(wording: Wording) -> Iterator[Callable[[], object]]:
    """Ten days of each kind in each language, the history growing as it does."""
    for language, kind in product(sorted(wording.languages), Kind):
        plan, nudge, history = plan_in(language), Nudge("one", kind, At((NOON.time(),))), History()
        for day in range(10):
            given = {"local_date": date(2026, 11, 1 + day), "slot": 1, "round": 0, "history": history}
            work = partial(wording.nudge, plan, nudge, local_now=NOON, seed="bench", **given)
            history = wording.after(history, work(), kind, NOON)
            yield work


def plan_in(language: str) -> Plan:
    return Plan("maya", "Maya", "Europe/London", language, contacts=MAYA.contacts)


def alone(work: Callable[[], object]) -> float:
    """The least processor time of some runs, in µs."""
    return min(_took(work) for _ in range(READINGS))


def _took(work: Callable[[], object]) -> float:
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1000


def in_turn(what: str, work: Sequence[Callable[[], object]], most: float) -> Compared:
    """The mean of a pass over all of them, in any order; of three passes."""
    mixed = Random(7).sample(work, len(work))
    costs = [sum(_took(one) for one in mixed) / len(mixed) for _ in range(3)]
    return figure(f"{what}, one after the other", "µs", costs, None, f"{len(work):,} of them", at_most(most))


def rows(what: str, work: Sequence[Callable[[], object]], most: float) -> list[Compared]:
    """The mean and the slow tail."""
    costs = sorted(map(alone, work))
    every, high = f"{len(costs):,} of them", costs[len(costs) * 99 // 100]
    return [
        figure(f"{what}, mean", "µs", [statistics.mean(costs)], None, every, at_most(most)),
        figure(f"{what}, 99 of 100 within", "µs", [high], None, every, at_most(most)),
        figure(f"{what}, the slowest", "µs", [costs[-1]], None, every),
    ]


def run(quick: bool) -> list[Compared]:
    words, wording = Words.parse(read_words()), Wording.parse(read_templates())
    read = list(islice(replies(words), 0, None, 10 if quick else 1))
    return [
        in_turn("understanding a reply", read, REPLY),
        *rows("understanding a reply", read, REPLY),
        *rows("rendering a message", list(renderings(wording)), MESSAGE),
        *rows("wording a nudge: choice, rendering, segments", list(wordings(wording)), MESSAGE),
    ]


def profiles(quick: bool) -> list[Profile]:
    words = Words.parse(read_words())
    work = list(replies(words))
    return [] if quick else [profile("all replies of the corpora", lambda: [one() for one in work])]
