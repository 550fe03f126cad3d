"""Months in minutes: the real dispatcher, store, days and housekeeping on a stepped clock, under faults.

In the test's own process: no wall clock can be made fast enough for months. What grows is measured each
simulated week: memory, open files, and the state file against the rows that retention lets it keep.
"""

import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from nudger.agenda.entries import Failure, SendFailure
from nudger.app import service
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.app.state import open_database
from nudger.operations.upkeep import Housekeeping
from tests.support.worlds.delivery import World

STEP = timedelta(hours=3)  # somebody texts, and housekeeping runs
A_DAY = timedelta(days=1) // STEP
A_WEEK = 7 * A_DAY
RETENTION = timedelta(days=5)
KINDS = ("rest", "movement", "reflection", "mindfulness")
SAYS = ("LATER", "DONE", "skip", "PLAN", "pause 1 day", "RESUME", "hm?", "snooze 2h", "STOP", "START")
BAD = 0.15
AGAIN = (Failure.NOT_SENT, Failure.AMBIGUOUS, Failure.RECIPIENT, Failure.SENDER)


@dataclass(frozen=True, slots=True)
class Sample:
    """How it stood at the end of a simulated week."""

    week: int
    memory: int  # bytes, resident
    files: int  # open
    state: int  # bytes of the database's pages; its log is bounded by SQLite's own limit
    rows: int  # of messages, replies, entries and events
    words: int  # messages and replies older than RETENTION that still have theirs

    def __str__(self) -> str:
        return (
            f"  week {self.week:2}  memory {self.memory / 2**20:6.1f} MiB  files {self.files:3}"
            f"  state {self.state / 2**20:6.2f} MiB  rows {self.rows:7}  old words {self.words}"
        )


async def soak(
    folder: Path, weeks: int, people: int, seed: int, told: Callable[[Sample], None]
) -> list[Sample]:
    """Runs it, and tells each sample as it is taken."""
    random = Random(seed)
    service.configure("critical")
    core = Core(load(None, {"NUDGER_STATE_DIR": str(folder), "HOME": str(folder)}, folder))
    store = open_database(core)
    world = World(core, store)
    world.sms.answer = world.email.answer = lambda _: _fault(random)
    housekeeping = Housekeeping(store.upkeep, RETENTION)
    await world.start(**{f"p{number:02}": _plan(number, random) for number in range(people)})
    samples: list[Sample] = []
    for turn in range(1, weeks * A_WEEK + 1):
        await world.until(world.clock.at + STEP)
        await world.text(random.choice(SAYS), _phone(random.randrange(people)))
        await housekeeping.run_once(world.clock.at)
        world.sms.sent.clear()
        world.email.sent.clear()
        if turn % A_DAY == 0:
            world.dispatcher = world.new_dispatcher()  # a restart
            store.sending.recover("test", world.clock.at)
        if turn % A_WEEK == 0:
            samples.append(_sample(turn // A_WEEK, folder / "nudger.db", world.clock.at))
            told(samples[-1])
    store.close()
    return samples


def grown(samples: list[Sample]) -> list[str]:
    """What grew beyond what it may, in words; from the third week on, when all is warm."""
    first, last = samples[min(2, len(samples) - 1)], samples[-1]
    faults = []
    if last.memory > first.memory + 24 * 2**20:
        faults.append(f"memory grew from {first.memory} to {last.memory} bytes")
    if last.files > first.files + 2:
        faults.append(f"open files grew from {first.files} to {last.files}")
    if last.words:
        faults.append(f"{last.words} texts are older than {RETENTION.days} days")
    if last.state > 2**20 + 1024 * last.rows:
        faults.append(f"the state has {last.state} bytes for {last.rows} rows")
    return faults


def _fault(random: Random) -> SendFailure | None:
    return SendFailure(random.choice(AGAIN), "a fault at random") if random.random() < BAD else None


def _phone(number: int) -> str:
    return f"+4477009{number:05}"


def _plan(number: int, random: Random) -> str:
    lines = [f'name = "P{number}"', 'timezone = "Europe/London"', f'phone = "{_phone(number)}"']
    lines += [f'email = "p{number}@example.org"', 'consent = "2026-11-20, on paper"', "daily_limit = 4"]
    for hour in random.sample(range(10, 19), 3):
        lines += ["[[nudge]]", f'kind = "{random.choice(KINDS)}"', f'at = "{hour}:00"']
    return "\n".join([*lines, "[[nudge]]", 'kind = "creative"', 'between = "09:30-19:30"'])


def _sample(week: int, file: Path, now: datetime) -> Sample:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory, files = pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))
    return Sample(week, memory, files, *_state(file, now))


def _state(file: Path, now: datetime) -> tuple[int, int, int]:
    """Bytes, rows, and old words: by the columns, not by our own verbs."""
    before = int((now - RETENTION - STEP).timestamp() * 1_000_000)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        tables = ("message", "reply", "occurrence", "event")
        rows = sum(int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0) for table in tables)
        old = text(
            "SELECT (SELECT count(*) FROM message WHERE text <> '' AND attempted_at < :before)"
            " + (SELECT count(*) FROM reply WHERE text <> '' AND received_at < :before)"
        )
        size = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        state = int(connection.scalar(size) or 0)
        words = int(connection.scalar(old, {"before": before}) or 0)
    engine.dispose()
    return state, rows, words
