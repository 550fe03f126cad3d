"""Resident memory of the daemon, with few people and with many.

The real daemon as a process of its own, on a folder of plan files and SQLite, with the on-screen phone: first
on an empty database, then started again on what it left. Each time it runs through a whole minute in which
people are due (each has a nudge at a minute of their own, spread over eight hours), and is then looked at in
/proc: what is resident, and the most that was since its start. Large loads are read by a process that ends
when it is done; its memory is shown by itself.

It runs in the environment of its systemd unit. What is more with many people is for the most part what the
allocator does not give back after a claim of hundreds (17 MiB came back by malloc_trim), and some 6 MiB of
pages that the connections to SQLite keep. Nothing is kept for each person.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from benchmarks.bench_plans import PLAN, write_old
from benchmarks.measure import Compared, Curve, at_most, figure
from benchmarks.process import daemon

SIZES, QUICK = (1_000, 20_000, 200_000), (100, 1_000)
MOST = 1.3
ZONES = ("Pacific/Honolulu", "America/New_York", "Europe/London", "Asia/Karachi", "Asia/Tokyo")
OPENS, MINUTES = 10, 8 * 60  # local hour from which on, and for how many minutes, somebody is due in each
A_MINUTE = 65  # seconds: one whole minute of the clock lies in it


@dataclass(frozen=True, slots=True)
class Seen:
    """One daemon after its minute."""

    resident: float  # MiB
    peak: float
    readers: float
    ready_in: float  # seconds
    sent: int  # in that minute


@cache
def watched(quick: bool) -> dict[int, tuple[Seen, Seen]]:
    """By size: the first start, and the second."""
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as root:
        return {size: starts(Path(root).resolve() / str(size), size) for size in (QUICK if quick else SIZES)}


def starts(home: Path, people: int) -> tuple[Seen, Seen]:
    plans = home / "plans"
    plans.mkdir(parents=True)
    zone = awake()
    for number in range(people):
        at = f"{OPENS + number % MINUTES // 60:02}:{number % 60:02}"
        text = PLAN.format(n=number).replace("Europe/London", zone).replace('"13:00"', f'"{at}"')
        write_old(plans / f"p{number:06}.toml", text.replace("weekdays", "daily"))
    first, second = (through_a_minute(home, plans) for _ in range(2))
    return first, second


def through_a_minute(home: Path, plans: Path) -> Seen:
    with daemon(home, plans) as running:
        before = sent(home)
        time.sleep(A_MINUTE)
        return Seen(running.resident, running.peak, running.readers, running.ready_in, sent(home) - before)


def sent(home: Path) -> int:
    with closing(sqlite3.connect(f"file:{home}/state/nudger.db?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM message WHERE state = 'sent'").fetchone()[0])


def awake() -> str:
    """A zone in which those eight hours have begun and will not be over soon."""
    hours = {zone: datetime.now(UTC).astimezone(ZoneInfo(zone)).hour for zone in ZONES}
    return next(zone for zone, hour in hours.items() if OPENS <= hour <= OPENS + 4)


def rows(size: int, few: int, quick: bool) -> Iterator[Compared]:
    for index, start in enumerate(("first start", "started again")):
        many, other = watched(quick)[size][index], watched(quick)[few][index]
        note = f"{many.sent:,} texts went out in that minute, with {few:,} people {other.sent:,}."
        what, against = f"resident with {size:,} people, {start}", f"with {few:,}"
        yield figure(what, "MiB", [many.resident], [other.resident], against, at_most(MOST), note)
        yield figure(f"the most since then, {start}", "MiB", [many.peak], [other.peak], against)


def run(quick: bool) -> list[Compared]:
    few, *_, size = sorted(watched(quick))
    return list(rows(size, few, quick))


def curves(quick: bool) -> list[Curve]:
    seen = watched(quick)
    memory = {
        "first start": [(size, first.resident) for size, (first, _) in seen.items()],
        "started again": [(size, again.resident) for size, (_, again) in seen.items()],
        "reading plans": [(size, first.readers) for size, (first, _) in seen.items() if first.readers],
    }
    ready = {
        "first start": [(size, first.ready_in) for size, (first, _) in seen.items()],
        "started again": [(size, again.ready_in) for size, (_, again) in seen.items()],
    }
    return [
        Curve("Resident memory", "people", "MiB", memory),
        Curve("From the start of the process to READY", "people", "s", ready),
    ]
