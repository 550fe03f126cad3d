"""A store full of people whose nudges are due: what the benchmarks of the engine work through."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from nudger.delivery.laying_out import LayingOut
from nudger.delivery.planning import PlanFile, PlanRead
from nudger.delivery.ports import Store
from nudger.model import At, ChannelName, Kind, Nudge, Plan
from nudger.store import open_store

SEED = "benchmark"
DAY = date(2026, 3, 2)
TIMES = (time(10), time(13), time(16))
MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
NUDGES = tuple(
    Nudge(kind.value, kind, At((at,)))
    for kind, at in zip((Kind.REST, Kind.MOVEMENT, Kind.REFLECTION), TIMES, strict=True)
)


def due_at(at: time) -> datetime:
    """When that time of the day comes, for everyone: their zone is UTC."""
    return datetime.combine(DAY, at, UTC)


def person(number: int) -> Plan:
    return Plan(
        person=f"p{number:07}",
        name=f"Person {number}",
        timezone="UTC",
        phone=f"+1555{number:07}",
        channels=(ChannelName.SMS,),
        consent="2026-01-01, benchmark",
        nudges=NUDGES,
    )


@contextmanager
def sqlite_url() -> Iterator[str]:
    """A new SQLite file on the disk, durable as in use (synchronous=FULL)."""
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        yield f"sqlite:///{folder}/nudger.db"


async def fill(store: Store, people: int, start: int = 0) -> None:
    """Loads that many people and lays out their day."""
    files = [PlanFile(person(n), "bench.csv", "1") for n in range(start, start + people)]
    people = {file.plan.person: file.file for file in files}
    store.load_plans(PlanRead(None, files, people, ()), MORNING)
    await LayingOut(store, ZoneInfo, SEED).run_once(MORNING)


def opened(url: str) -> Store:
    return open_store(url)


FRESH = timedelta(minutes=30)
