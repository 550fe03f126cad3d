"""Changes in the plans folder, told within two seconds, however it is edited, moved away, or replaced.

The kernel tells of edits at once, but of the folder that stood at this place when it was asked: it says
nothing of another folder that is put there, of a disk that is mounted over it or comes back, of a link that
points somewhere else by now, or of what another machine writes into a folder of the network. So each second
the place is looked at as well, and as often as is cheap, all that is in it.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator
from hashlib import blake2b
from pathlib import Path

import structlog
from watchfiles import Change, watch

from nudger.plan_sync.files import may_be_plan
from nudger.plans.format.documents import SHARED

SETTLE = 200  # ms: a burst of writes is one change; a slow write is waited for
LONGEST = 1600  # ms that a burst is waited for
EVERY = 1.0  # seconds between two looks at the place
ENDS_WITHIN = 1.0  # seconds, at the end of the daemon
SHARE = 200  # of all time, one part in so many goes into looking at what is in it

Paths = frozenset[Path]
Place = tuple[tuple[int, int, int] | None, ...]

log = structlog.get_logger("nudger.plans")


async def changes(folder: Path) -> AsyncIterator[Collection[Path]]:
    """Yields the paths of each burst of changes; the folder itself where it may be any of them. Nothing,
    once, as soon as whatever changes from then on is told. A folder that is not there is waited for."""
    loop, told = asyncio.get_running_loop(), asyncio.Queue[Paths | Exception]()
    stop = threading.Event()

    def follow() -> None:
        try:
            for paths in followed(folder, stop):
                loop.call_soon_threadsafe(told.put_nowait, paths)
        except Exception as fault:
            if not stop.is_set():  # else nobody listens any more
                loop.call_soon_threadsafe(told.put_nowait, fault)

    # A thread of its own, which nobody waits for for long at the end: a disk of the network can stand still.
    thread = threading.Thread(target=follow, name="plans folder", daemon=True)
    thread.start()
    try:
        while True:
            news = await told.get()
            if isinstance(news, Exception):
                raise news
            yield news
    finally:
        stop.set()
        # Python ends its daemon threads by force, and the watcher's own code does not bear that.
        await asyncio.to_thread(thread.join, ENDS_WITHIN)


def followed(folder: Path, stop: threading.Event) -> Iterator[Paths]:
    """Yields the same, in the thread that waits for it. Ends within a second of `stop`."""
    contents = _Contents(folder)
    yield frozenset()
    while not stop.is_set():
        place = _place(folder)
        first = True
        for paths in _ticks(folder, stop):
            if paths:
                yield paths
            if _place(folder) != place:
                break
            # RACE: what changed before the kernel listened is seen by looking, once it does.
            if contents.changed(at_once=first):
                yield frozenset({folder})
            first = False
        else:
            return
        contents.changed(at_once=True)
        yield frozenset({folder})


class _Contents:
    """What is in the folder and beside the plans in `shared`, as a digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known, self._again_at = b"", 0.0
        self.changed(at_once=True)

    def changed(self, *, at_once: bool = False) -> bool:
        """Tells whether it is another than at the last look; False where it is not time for one yet."""
        began = time.monotonic()
        if not at_once and began < self._again_at:
            return False
        before, self._known = self._known, self._digest()
        ended = time.monotonic()
        self._again_at = ended + (ended - began) * SHARE
        return self._known != before

    def _digest(self) -> bytes:
        total = 0
        for folder in (self._folder, self._folder / SHARED):
            total = (total * 3 + sum(_digests(folder))) % 2**64
        return total.to_bytes(8, "big")


def _digests(folder: Path) -> Iterator[int]:
    """One of each file, by which it is known to be as it was; of a folder that cannot be listed, that it
    cannot: an empty one is another."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if may_be_plan(entry.name):
                    yield _digest(entry)
    except OSError:
        yield 1


def _digest(entry: "os.DirEntry[str]") -> int:
    try:
        found = entry.stat()
    except OSError:  # a link to nowhere
        return 0
    stamp = f"{entry.path}\0{found.st_mtime_ns}:{found.st_size}:{found.st_ino}"
    return int.from_bytes(blake2b(stamp.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big")


def _place(folder: Path) -> Place:
    """What stands there: another folder has another identity."""
    return tuple(_identity(one) for one in (folder, folder / SHARED))


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mode


def _ticks(folder: Path, stop: threading.Event) -> Iterator[Paths]:
    """What the kernel tells of, and nothing each second; until `stop`. Where it cannot be asked, nothing."""
    inside = len(str(folder)) + 1

    def concerns(_change: Change, path: str) -> bool:
        """Leaves out what editors, synchronisers and git keep for themselves; `..data` is a way in of
        Kubernetes."""
        parts = path[inside:].split(os.sep)
        return not any(part.startswith(".") and not part.startswith("..") for part in parts)

    try:
        for seen in watch(
            folder,
            watch_filter=concerns,
            debounce=LONGEST,
            step=SETTLE,
            stop_event=stop,
            rust_timeout=round(EVERY * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            yield frozenset(Path(path) for _, path in seen)
    except FileNotFoundError:
        pass  # it is told of where it is read
    except (OSError, RuntimeError) as fault:
        log.warning("plans_folder_not_watched", folder=str(folder), reason=str(fault), looked_at_every=EVERY)
    while not stop.wait(EVERY):
        yield frozenset()
