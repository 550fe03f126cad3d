"""The loading of plans: here, and what is too much for the daemon's own process in another one.

Python runs one thread at a time: ten thousand plans read inside the daemon would hold up every send
for seconds, and what they took of memory would stay. A process of its own does neither.
"""

import asyncio
import gc
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from nudger import __version__
from nudger.agenda.laying_out import LayingOut
from nudger.app import service
from nudger.app.core import Core
from nudger.app.settings import Settings
from nudger.app.state import join_database
from nudger.domain.errors import NudgerError, SettingsError, StoreError
from nudger.plan_sync.files import read_templates
from nudger.plan_sync.sync import Loaded, Loading
from nudger.store.stores import Stores

COLLECTED_AFTER = 100_000  # new objects
LARGEST_HERE = 300  # files of the usual length: some 0.1 s


COME_BY = "plans come by"  # kept in the database: a host that does otherwise would undo the others


def build_loading(core: Core, store: Stores) -> Loading:
    """Builds the duty, with a way out for large loads. SettingsError where the plans of this database come
    another way than the settings say."""
    mine = core.settings.plans
    kept = store.facts.remember(COME_BY, mine)
    if kept != mine:
        raise SettingsError(*_OTHER_WAY[kept])
    loading = _loading(core, store, core.settings.plans_dir)
    loading.pushed = mine == "push"
    loading.host = socket.gethostname()
    loading.elsewhere, loading.largest_here = _Elsewhere(core.settings), LARGEST_HERE
    return loading


_OTHER_WAY = {
    "push": (
        "NUDGER_PLANS=folder: the plans of this database come by nudger plans push,"
        " and loading a folder would pause everybody who is not in it",
        "Set NUDGER_PLANS=push, as on the other hosts.",
    ),
    "folder": (
        "NUDGER_PLANS=push: the plans of this database come from a folder, which a daemon would load again",
        "Stop every daemon on it, and push once with --take-over: nudger plans push PATH --take-over",
    ),
}


def push_plans(
    core: Core, store: Stores, folder: Path, now: datetime, *, take_over: bool, accepted: bool
) -> Loaded:
    """Makes the plans of this folder those of the database, as a daemon would load them, and the days to
    come are laid out. `accepted`: whoever has none there may go, however many they are. SettingsError where
    plans come from a folder that daemons watch."""
    if take_over:
        store.facts.keep(COME_BY, "push")
    elif store.facts.remember(COME_BY, "push") != "push":
        raise SettingsError(*_OTHER_WAY["folder"])
    loaded = _loading(core, store, folder).load(now, everything=True, accepted=accepted)
    laying_out = LayingOut(store.agenda, core.zone, core.settings.seed)
    asyncio.run(laying_out.run_once(now))
    return loaded


def _loading(core: Core, store: Stores, folder: Path) -> Loading:
    settings = core.settings
    words = _digest_of_words(settings.templates_dir)

    def salt() -> str:
        return "\0".join((__version__, core.zones.version, words, settings.seed, settings.country or ""))

    return Loading(
        folder, core.facts, store.plans, store.agenda, store.facts, store.alarms, core.zones.refresh, salt
    )


def _digest_of_words(own: Path | None) -> str:
    digest = blake2b(digest_size=12)
    for path, text in sorted(read_templates(own).items()):
        digest.update(f"\0{path}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    settings: Settings

    async def __call__(self, now: datetime, everything: bool) -> Loaded:
        """`Loading.load` in a new process, which then helps to lay out the days of those whom it loaded: an
        edit of a plan that ten thousand extend takes two cores. It ends with the daemon, at the latest."""
        spawning = get_context("spawn")  # a fork would take the locks of this process's threads along
        receiver, sender = spawning.Pipe(duplex=False)
        child = spawning.Process(target=_load, args=(sender, self.settings, now, everything), daemon=True)
        await asyncio.to_thread(child.start)
        sender.close()  # so that the end of the child is the end of the pipe
        outcome: Loaded | NudgerError | None = None
        try:
            outcome = await asyncio.to_thread(_received, receiver)
        finally:
            if isinstance(outcome, Loaded):
                _join_at_its_end(child)
            else:
                child.terminate()
                await asyncio.to_thread(child.join)
        if isinstance(outcome, NudgerError):
            raise outcome
        return outcome


def _join_at_its_end(child: SpawnProcess) -> None:
    """Nobody waits for it: a daemon that stops ends it."""
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(child.sentinel)
        child.join()

    loop.add_reader(child.sentinel, ended)


def _received(receiver: Connection) -> Loaded | NudgerError:
    with receiver:
        try:
            outcome: Loaded | NudgerError = receiver.recv()
        except EOFError:
            hint = "Is there enough memory? The log may say more."
            return StoreError("the process that reads plans ended early", hint)
    return outcome


def _load(sender: Connection, settings: Settings, now: datetime, everything: bool) -> None:
    """The child: reads, checks, stores, tells what it did, and lays out days."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to act on
    # Plans are trees: all that is read stays until the end, and hardly anything of it is a circle. At the
    # usual pace the collector would look through all of it again and again, a fifth of the time.
    gc.set_threshold(COLLECTED_AFTER, 50, 50)
    core = Core(settings)
    with service.unhurried():
        service.configure(settings.log_level)
        try:
            store = join_database(core)
            try:
                loading = _loading(core, store, settings.plans_dir)
                loading.host = socket.gethostname()
                sender.send(loading.load(now, everything))
                with suppress(NudgerError):  # what is left of it the daemon does
                    asyncio.run(LayingOut(store.agenda, core.zone, settings.seed).run_once(now))
            finally:
                store.close()
        except NudgerError as fault:
            sender.send(fault)
