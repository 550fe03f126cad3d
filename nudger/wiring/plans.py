"""The loading of plans: here, and what is too much for the daemon's own process in another one.

Python runs one thread at a time: ten thousand plans read inside the daemon would hold up every send
for seconds, and what they took of memory would stay. A process of its own does neither.
"""

import asyncio
import gc
import signal
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from nudger import __version__, logs
from nudger.core import Core
from nudger.delivery.ports import Store
from nudger.errors import NudgerError, StoreError
from nudger.files import read_templates
from nudger.loading import Loaded, Loading
from nudger.settings import Settings
from nudger.wiring.state import open_database

COLLECTED_AFTER = 100_000  # new objects
LARGEST_HERE = 300  # files of the usual length: some 0.1 s


def build_loading(core: Core, store: Store) -> Loading:
    """The duty, with a way out for large loads."""
    loading = _loading(core, store)
    loading.elsewhere, loading.largest_here = _Elsewhere(core.settings), LARGEST_HERE
    return loading


def _loading(core: Core, store: Store) -> Loading:
    settings = core.settings
    words = _digest_of_words(settings.templates_dir)

    def salt() -> str:
        return "\0".join((__version__, core.zones.version, words, settings.seed, settings.country or ""))

    return Loading(settings.plans_dir, core.facts, store, core.zone, settings.seed, core.zones.refresh, salt)


def _digest_of_words(own: Path | None) -> str:
    digest = blake2b(digest_size=12)
    for path, text in sorted(read_templates(own).items()):
        digest.update(f"\0{path}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    settings: Settings

    async def __call__(self, now: datetime, everything: bool) -> Loaded:
        """`Loading.load` in a new process. It ends with the daemon, at the latest."""
        spawning = get_context("spawn")  # a fork would take the locks of this process's threads along
        receiver, sender = spawning.Pipe(duplex=False)
        child = spawning.Process(target=_load, args=(sender, self.settings, now, everything), daemon=True)
        await asyncio.to_thread(child.start)
        sender.close()  # so that the end of the child is the end of the pipe
        try:
            outcome = await asyncio.to_thread(_received, receiver)
        finally:
            child.terminate()
            await asyncio.to_thread(child.join)
        if isinstance(outcome, NudgerError):
            raise outcome
        return outcome


def _received(receiver: Connection) -> Loaded | NudgerError:
    with receiver:
        try:
            outcome: Loaded | NudgerError = receiver.recv()
        except EOFError:
            hint = "Is there enough memory? The log may say more."
            return StoreError("the process that reads plans ended early", hint)
    return outcome


def _load(sender: Connection, settings: Settings, now: datetime, everything: bool) -> None:
    """The child: reads, checks, stores, and tells what it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to act on
    # Plans are trees: all that is read stays until the end, and hardly anything of it is a circle. At the
    # usual pace the collector would look through all of it again and again, a fifth of the time.
    gc.set_threshold(COLLECTED_AFTER, 50, 50)
    logs.configure(settings.log_level)
    core = Core(settings)
    try:
        store = open_database(core)
        try:
            sender.send(_loading(core, store).load(now, everything))
        finally:
            store.close()
    except NudgerError as fault:
        sender.send(fault)
