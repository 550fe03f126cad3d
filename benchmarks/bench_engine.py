"""The engine alone

Occurrences per second through the whole engine with a channel that accepts at once: claimed, gated, worded,
committed as `sending`, asked about once more, handed over, recorded. Nothing is left out and every commit
is on the disk (SQLite with synchronous=FULL; PostgreSQL as it comes). Each occurrence is another person's.

Against one APScheduler job each on its SQLAlchemyJobStore, as its documentation sets it up, that does
nothing: a daily CronTrigger job for each nudge, as one would have it; and beside it jobs that run once and
are there already, which leaves out what it costs to add them. Against procrastinate on the same PostgreSQL
server: jobs that do nothing, deferred before, with as many at once as was fastest.

The ratio is the disk's as much as ours: both others commit once a job, nudger twice for some hundred. Where
a commit takes long (a slow disk, a busy machine) it was 12 to 24 times APScheduler, 22 times procrastinate;
where it takes little, as here, processor time decides, and Python's one thread at a time is what is left:
some 150 µs an occurrence (95 in one thread alone, of which SQLite's own work is 40), and 20 times would allow
75. Shorter turns of the threads (sys.setswitchinterval) bring nothing.
"""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import procrastinate
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from benchmarks.due import DueAtNoon, NoOp, Pace, opened, paced
from benchmarks.measure import Compared, Profile, Target, at_least, figure, profile
from nudger.app import running
from tests.support.doubles.postgres import DURABLE, throw_away_cluster

PEOPLE, JOBS, ROUNDS = 6_000, 600, 7  # more people than there are plans kept at hand
AT_ONCE = 20  # of procrastinate: 1, 5, 50 and 200 are slower
TIMES = 20  # as fast, at least

Paces = tuple[list[Pace], ...]


def run(quick: bool) -> list[Compared]:
    people, jobs, rounds = (300, 60, 1) if quick else (PEOPLE, JOBS, ROUNDS)
    logging.disable(logging.CRITICAL)  # what the others say of each job is neither printed nor paid for
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as root,
        throw_away_cluster(options=DURABLE) as pg,
    ):
        folder = Path(root)
        with opened(f"sqlite:///{folder}/nudger.db", folder, people) as due:
            running.settle()
            ours, daily, once = asyncio.run(_on_sqlite(due, folder, jobs, rounds))
        with opened(pg("nudger"), folder, people) as due:
            mine, theirs = asyncio.run(_on_postgres(due, pg("procrastinate"), pg.busy, jobs, rounds))
    return [
        _speed("SQLite", ours, daily, "an APScheduler job each, daily", at_least(TIMES)),
        _speed("SQLite", ours, once, "an APScheduler job each, once, added before"),
        _speed("PostgreSQL", mine, theirs, "a procrastinate job each", at_least(TIMES)),
        _work("SQLite", ours, daily, "an APScheduler job each, daily"),
        _work("SQLite", ours, once, "an APScheduler job each, once, added before"),
        _work("PostgreSQL, without the server's", mine, theirs, "a procrastinate job each"),
        figure(
            "processor time of an occurrence, PostgreSQL's server",
            "µs",
            *([one.server for one in rounds] for rounds in (mine, theirs)),
            "a procrastinate job each",
        ),
    ]


def _speed(
    where: str, ours: Sequence[Pace], theirs: Sequence[Pace], who: str, target: Target | None = None
) -> Compared:
    rates = [[one.per_second for one in rounds] for rounds in (ours, theirs)]
    return figure(f"occurrences, {where}", "/s", *rates, who, target)


def _work(where: str, ours: Sequence[Pace], theirs: Sequence[Pace], who: str) -> Compared:
    """What a machine with other things to do changes less."""
    costs = [[one.cpu for one in rounds] for rounds in (ours, theirs)]
    return figure(f"processor time of an occurrence, {where}", "µs", *costs, who)


def profiles(quick: bool) -> list[Profile]:
    """A claim and its record in one thread: what an occurrence costs, and of what."""
    if quick:
        return []
    folder = tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-")
    with folder as root, opened(f"sqlite:///{root}/nudger.db", Path(root), PEOPLE) as due:
        asyncio.run(due.next_day())
        due.claim_and_record()
        asyncio.run(due.next_day())
        return [profile("an occurrence, claimed and recorded", due.claim_and_record)]


async def _on_sqlite(due: DueAtNoon, folder: Path, jobs: int, rounds: int) -> Paces:
    ours, daily, once = Paces(([], [], []))
    dispatcher = due.dispatcher(NoOp())
    for number in range(rounds):
        await due.next_day()
        ours.append(await paced(lambda: due.deliver(dispatcher)))
        url = f"sqlite:///{folder}/jobs-{number}.db"
        daily.append(await _apscheduler(f"{url}-daily", CronTrigger(hour=12, timezone="Europe/London"), jobs))
        once.append(await _apscheduler(f"{url}-once", DateTrigger(datetime.now(UTC)), jobs))
    return ours, daily, once


async def _on_postgres(
    due: DueAtNoon, url: str, server: Callable[[], float], jobs: int, rounds: int
) -> Paces:
    ours, theirs = Paces(([], []))
    dispatcher = due.dispatcher(NoOp())
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=AT_ONCE + 5))
    task = app.task(_nothing, name="nothing")
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for _ in range(rounds):
            await due.next_day()
            ours.append(await paced(lambda: due.deliver(dispatcher), server))
            await task.batch_defer_async(*({"person": f"p{one:06}"} for one in range(jobs)))
            theirs.append(await paced(lambda: _procrastinate(app, jobs), server))
    return ours, theirs


async def _apscheduler(url: str, trigger: BaseTrigger, jobs: int) -> Pace:
    """Jobs per second of so many that are due; adding them is not counted."""
    scheduler = AsyncIOScheduler(jobstores={"default": SQLAlchemyJobStore(url=url)}, timezone=UTC)
    scheduler.start(paused=True)
    for one in range(jobs):
        scheduler.add_job(
            _nothing,
            trigger,
            (f"p{one:06}",),
            id=f"p{one:06}",
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC) - timedelta(seconds=1),
        )
    done = asyncio.Event()
    Counter.count(jobs, done)

    async def work() -> int:
        scheduler.resume()
        await done.wait()
        return jobs

    pace = await paced(work)
    scheduler.shutdown()
    return pace


async def _procrastinate(app: procrastinate.App, jobs: int) -> int:
    await app.run_worker_async(concurrency=AT_ONCE, wait=False, install_signal_handlers=False)
    return jobs


class Counter:
    """Sets an event once enough jobs have run: APScheduler keeps a job's function by its name alone."""

    left = 0
    done: asyncio.Event | None = None

    @classmethod
    def count(cls, jobs: int, done: asyncio.Event) -> None:
        cls.left, cls.done = jobs, done


async def _nothing(person: str) -> None:  # noqa: ARG001
    Counter.left -= 1
    if not Counter.left and Counter.done is not None:
        Counter.done.set()
