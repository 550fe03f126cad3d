"""How a daemon ends, whatever is under way, and that no wake is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from nudger.app import daemon as daemons
from nudger.app.running import build_daemon
from nudger.plan_sync.sync import Loaded
from nudger.store import open_store
from tests.support.lived import core_at
from tests.support.worlds.delivery import SteppedClock
from tests.support.worlds.store import NOON


@dataclass
class StillDisk:
    """A plans folder in which each edit is told while the one before is taken over, which takes for ever."""

    looked: asyncio.Event = field(default_factory=asyncio.Event)
    edits: asyncio.Queue[Collection[Path]] = field(default_factory=asyncio.Queue)

    async def changes(self) -> AsyncIterator[Collection[Path]]:
        yield ()
        while True:
            yield await self.edits.get()

    async def run_once(self, _now: datetime, paths: Collection[Path] | None = None) -> Loaded:
        if paths:
            self.looked.set()
            await asyncio.Event().wait()
        return Loaded()

    def demand(self, _now: datetime) -> None:
        pass


@pytest.mark.parametrize("edits", [1, 2])
async def test_a_stop_while_an_edit_is_taken_over_ends_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    monkeypatch.setattr(daemons, "PATIENCE", daemons.STEP * 0)
    url, disk = f"sqlite:///{tmp_path / 'nudger.db'}", StillDisk()
    store = open_store(url)
    daemon = build_daemon(core_at(url, tmp_path), store, SteppedClock(NOON))
    daemon.loading, daemon.watch = disk, disk.changes  # type: ignore[assignment]  # the rest of it is not asked
    daemon.web = lambda: nullcontext("nowhere")
    async with asyncio.timeout(90):  # the words of all languages are compiled in it, on a busy machine too
        running = asyncio.create_task(daemon.run())
        for _ in range(edits):
            disk.edits.put_nowait((tmp_path / "maya.toml",))
        await disk.looked.wait()
        daemon.stop()
        await running
    store.close()

    assert running.exception() is None


class Woken(daemons.DueTrigger):
    """Has the daemon woken once, in the moment between the end of a dispatch and its being off the books."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self.again = asyncio.Event()
        # Armed by the start, by the end of the first dispatch, and by that of the second.
        self._when_armed = iter([lambda: None, wake, self.again.set])

    def arm(self, span: timedelta | None) -> None:
        super().arm(span)
        asyncio.get_running_loop().call_soon(next(self._when_armed, self.again.set))


async def test_a_wake_in_the_moment_after_a_dispatch_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemons, "LONGEST_WAIT", timedelta(hours=1))
    url, disk = f"sqlite:///{tmp_path / 'nudger.db'}", StillDisk()
    store = open_store(url)
    daemon = build_daemon(core_at(url, tmp_path), store, SteppedClock(NOON))
    daemon.loading, daemon.watch = disk, disk.changes  # type: ignore[assignment]  # the rest of it is not asked
    daemon.web = lambda: nullcontext("nowhere")
    daemon.duties = ()  # one of them would wake it too
    daemon._trigger = trigger = Woken(daemon.wake)
    async with asyncio.timeout(90):
        running = asyncio.create_task(daemon.run())
        await trigger.again.wait()
        daemon.stop()
        await running
    store.close()

    assert running.exception() is None
