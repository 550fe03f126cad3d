"""Counts through how many files one nudge goes, from plan text to the confirmation of its snooze.

`python -m tests.walk` prints two figures that docs/architecture.md keeps: the files of nudger that have a
part in it, and the crossings, each call from one of these files into another. `--list` names them, the most
called first. Words, lists and templates are read before the walk begins: they are read once a process.
"""

import asyncio
import sys
import tempfile
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import FrameType

import structlog

import nudger
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.app.state import open_database
from tests.support.worlds.delivery import MONDAY_NINE, World

INSIDE = f"{Path(nudger.__file__).parent}/"
PLAN = """
name = "Maya"
timezone = "Europe/London"
country = "GB"
phone = "+447700900123"
consent = "2026-11-20, in person"

[[nudge]]
kind = "rest"
at = "10:00"
"""


class Walk:
    """Which files were called, and from which others."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.crossings: Counter[tuple[str, str]] = Counter()

    def note(self, frame: FrameType, event: str, _arg: object) -> None:
        """The profiler's hook."""
        file = frame.f_code.co_filename
        if event != "call" or not file.startswith(INSIDE):
            return
        self.files.add(file.removeprefix(INSIDE))
        caller = frame.f_back.f_code.co_filename if frame.f_back else ""
        if caller.startswith(INSIDE) and caller != file:
            self.crossings[caller.removeprefix(INSIDE), file.removeprefix(INSIDE)] += 1


def _core_in(folder: str) -> Core:
    return Core(load(None, {"NUDGER_STATE_DIR": folder, "HOME": folder}, Path(folder)))


async def _one_nudge(world: World) -> None:
    world.load(maya=PLAN)
    await world.laying_out.run_once(world.clock.now())
    world.clock.at = MONDAY_NINE + timedelta(hours=1)
    await world.tick()
    await world.text("LATER")
    if len(world.sms.sent) != 2:
        raise SystemExit(f"a nudge and a confirmation were to go out: {world.sms.sent}")


def walked() -> Walk:
    """One nudge, walked; the one before it had the words read."""
    walk = Walk()
    with tempfile.TemporaryDirectory() as folder:
        core = _core_in(folder)
        world = World(core, open_database(core))
        asyncio.run(_one_nudge(world))
        world.store.close()
    with tempfile.TemporaryDirectory() as folder:
        # The same words and zones, which have been read by now; only the database is new.
        world = World(core, open_database(_core_in(folder)))
        threading.setprofile(walk.note)
        sys.setprofile(walk.note)
        try:
            asyncio.run(_one_nudge(world))
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        world.store.close()
    return walk


def main(arguments: list[str]) -> None:
    """Prints the figures."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    walk = walked()
    print(f"{len(walk.files)} files, {walk.crossings.total()} crossings")
    if "--list" in arguments:
        for file in sorted(walk.files):
            print(f"  {file}")
        for (caller, called), times in walk.crossings.most_common():
            print(f"  {times:3} {caller} -> {called}")


if __name__ == "__main__":
    main(sys.argv[1:])
