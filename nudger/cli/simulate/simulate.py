"""`nudger simulate`: many people, a few days, the real loop on a clock that waits for nobody."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from nudger.app import service
from nudger.app.core import Core
from nudger.app.running import build_daemon
from nudger.app.settings import load
from nudger.app.state import Stores, look_at_database, open_database
from nudger.cli.context import AsJson
from nudger.cli.show import err, json_line, out, table
from nudger.cli.simulate.crowd import BEGINS, MOST_NUDGES, MOST_PEOPLE, Actors, Crowd
from nudger.cli.simulate.life import Life, report
from nudger.domain.errors import UsageError

TELL_EVERY = 10.0  # seconds, where nobody watches a bar
LEAST_SHOWN = 12  # reasons


def register(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    people: Annotated[int, typer.Option(min=1, max=MOST_PEOPLE, help="How many people.")] = 1_000,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how many days.")] = 1,
    nudges: Annotated[int, typer.Option(min=1, max=MOST_NUDGES, help="Of each person, a day.")] = 3,
    seed: Annotated[int, typer.Option(help="Decides who is where, and who says what.")] = 1,
    answers: Annotated[
        float, typer.Option(min=0, max=1, help="Which share of the nudges somebody answers.")
    ] = 0.2,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An empty database (default: a SQLite file that goes at the end)."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Many people live with the real engine for some days, as fast as the machine can, and a referee looks
    on: exit 1 with the person, the time and the messages where a promise is broken."""
    service.configure("warning")
    with tempfile.TemporaryDirectory(prefix="nudger-simulate-") as folder:
        environ = {"NUDGER_STATE_DIR": folder, "NUDGER_SEED": str(seed)}
        if database is not None:
            environ["NUDGER_DATABASE_URL"] = database
        # No settings file: one of this machine's may name a real account.
        core = Core(load(Path(os.devnull), environ, Path(folder)))
        store = open_database(core)
        try:
            crowd = Crowd(people, nudges, seed)
            with _telling(days) as telling:
                life = Life(core, store, crowd, Actors(crowd, answers), days, telling.tell)
                found = asyncio.run(_live(life))
        finally:
            store.close()
    if not json:
        _show(found)
        life.judge()
        return
    try:
        life.judge()
    finally:
        json_line(found)


async def _live(life: Life) -> dict[str, Any]:
    _refuse_people(life.store)
    await life.live(build_daemon(life.core, life.store, life.clock, shown=life.shown))
    settled = await life.balance()
    life.figures.phase("counting")
    looked = look_at_database(life.core)
    about = {
        "people": life.crowd.size,
        "days": life.days,
        "nudges": life.crowd.nudges,
        "seed": life.crowd.seed,
        "database": "postgresql" if life.core.database_file is None else "sqlite",
        "database_bytes": looked.size if looked else 0,
        "broken": life.broken,
    }
    return report(life.figures, settled, life.referee.kept, about)


def _refuse_people(store: Stores) -> None:
    if next(iter(store.people.people()), None) is not None:
        raise UsageError(
            "--database: expected an empty database, found people in it",
            "A simulation writes to everybody whom it finds. Create a database for it: createdb simulation.",
        )


@dataclass
class _Telling:
    """How far it has come: a bar on a terminal, else a line now and then."""

    days: int
    bar: Progress | None
    task: TaskID | None
    _told_at: float = field(default_factory=time.monotonic)

    def tell(self, life: Life) -> None:
        done, words = (life.clock.now() - BEGINS) / (life.ends_at - BEGINS), _words(life)
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=done, description=words)
        elif time.monotonic() - self._told_at >= TELL_EVERY:
            self._told_at = time.monotonic()
            err.print(f"{done:4.0%}  {words}")


def _words(life: Life) -> str:
    if life.clock.now() > BEGINS:
        texts = sum(life.figures.said.values())
        return f"{life.clock.now():%a %H:%M} UTC: {life.figures.nudges:,} nudges, {texts:,} texts"
    if life.laid_out:
        return f"the first days of {life.laid_out:,} people are laid out"
    return f"{life.moved_in:,} people have moved in"


@contextmanager
def _telling(days: int) -> Iterator[_Telling]:
    if not sys.stderr.isatty():
        yield _Telling(days, None, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        yield _Telling(days, bar, bar.add_task("people move in", total=1.0))


def _show(found: dict[str, Any]) -> None:
    late, behind = found["late_seconds"], found["behind_seconds"]
    rows = [
        ("people, days, nudges a day", f"{found['people']:,}, {found['days']}, {found['nudges']}"),
        ("laid out", f"{found['laid_out']:,}, of which {found['occurrences']:,} have ended"),
        ("sent", f"{found['sent']:,} nudges, {found['answers']:,} answers, {found['welcomes']:,} welcomes"),
        ("people texted", f"{found['texts']:,}: {_counts(found['said'])}"),
        ("outcomes", _counts(found["outcomes"]) or "none"),
        ("moved to another zone", f"{found['moves']:,}"),
        ("late, simulated", f"p50 {late['p50']:g} s, p99 {late['p99']:g} s, at most {late['max']:g} s"),
        ("behind, real", f"p50 {behind['p50']:g} s, p99 {behind['p99']:g} s, at most {behind['max']:g} s"),
        ("speed", f"{found['per_second']:,} occurrences/s, {found['messages_per_second']:,} messages/s"),
        ("took", ", ".join(f"{name} {took:,} s" for name, took in found["phases"].items())),
        ("CPU", f"{found['cpu_seconds']:,} s"),
        ("memory at most", f"{found['peak_memory'] / 2**20:,.0f} MiB"),
        (found["database"], f"{found['database_bytes'] / 2**20:,.0f} MiB"),
        ("promises broken", str(found["broken"])),
    ]
    table(("figure", "is"), rows)
    reasons = list(found["reasons"].items())
    out.print()
    table(("not sent", "why"), [(f"{number:,}", why) for why, number in reasons[:LEAST_SHOWN]])
    if len(reasons) > LEAST_SHOWN:
        out.print(f"and {sum(number for _, number in reasons[LEAST_SHOWN:]):,} for other reasons")


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counted.items())
