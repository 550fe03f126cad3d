"""The daemon with all its parts."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex

import structlog

from nudger.channels.twilio import TwilioChannel
from nudger.clock import SharedClock
from nudger.core import Core
from nudger.daemon import Daemon, Duty
from nudger.delivery.agenda import Sending
from nudger.delivery.asking import Asking
from nudger.delivery.dispatcher import Dispatcher
from nudger.delivery.housekeeping import Housekeeping
from nudger.delivery.inbox import Inbox
from nudger.delivery.laying_out import LayingOut
from nudger.delivery.lease import LIFE, TAKE_OVER_EVERY
from nudger.delivery.poller import LOOK_EVERY, WITH_WEBHOOKS, Poller
from nudger.delivery.ports import Channel, Clock, Store
from nudger.delivery.reconciling import Outbox, Reconciling, TakingOver
from nudger.delivery.retry import Retries
from nudger.delivery.senders import Limit
from nudger.delivery.tallying import Tallying
from nudger.delivery.trying_again import EVERY as TRY_EVERY
from nudger.delivery.trying_again import TryingAgain
from nudger.errors import StoreAway
from nudger.highwater import EVERY
from nudger.instants import stated
from nudger.loading import changes
from nudger.metrics import Metrics
from nudger.model import ChannelName
from nudger.readiness import EVERY as READY_EVERY
from nudger.readiness import Readiness
from nudger.settings import Settings
from nudger.timekeeping import EVERY as CLOCK_EVERY
from nudger.timekeeping import Timekeeping
from nudger.wiring.channels import build_channels, close_channels
from nudger.wiring.links import links_below
from nudger.wiring.person import own_pages
from nudger.wiring.plans import build_loading
from nudger.wiring.state import high_water as marks
from nudger.wiring.watching import watching_duties
from nudger.wiring.web import doors, serving

HOUSEKEEPING_EVERY = timedelta(hours=1)
TALLY_EVERY = timedelta(minutes=1)
ASK_EVERY = timedelta(seconds=5)
RECONCILE_EVERY = timedelta(seconds=15)

log = structlog.get_logger("nudger.run")


def build_daemon(
    core: Core, store: Store, clock: Clock, *, shown: Callable[[Sending], None] | None = None
) -> Daemon:
    """The daemon with all its parts. Must be called inside the event loop that runs it."""
    settings = core.settings
    metrics = Metrics()
    channels = build_channels(core, clock, shown, links_below(core, store, clock))
    timekeeping = [Timekeeping(store, clock, socket.gethostname())] if isinstance(clock, SharedClock) else []
    dispatcher = Dispatcher(
        store,
        channels,
        core.decider,
        clock,
        _limits(settings),
        Retries(random.SystemRandom()),
        owner=f"{socket.gethostname()}:{settings.state_dir}{LIFE}{token_hex(4)}",
        watch=metrics,
    )
    page = own_pages(settings, store, lambda: settings.public_url or daemon.address)
    inbox = Inbox(store, replace(core.responder, own_page=page), metrics)
    poller = _poller(settings, store, clock, channels[ChannelName.SMS], inbox)
    high_water = marks(core, store)

    trying_again = TryingAgain(store, core.decider, core.zone, settings.seed)

    def silent() -> Mapping[str, float]:
        return daemon.silent()

    readiness = Readiness(high_water.prove, silent)

    def recover(now: datetime) -> int:
        store.try_all_again(now)  # this nudger may be a newer one
        high_water.begin(now)
        high_water.report()
        return store.recover(dispatcher.owner, now)

    async def close() -> None:
        await close_channels(channels.values())
        try:
            await high_water.run_once(clock.now())
            await asyncio.to_thread(store.give_up, dispatcher.owner)
        except StoreAway as fault:
            # Its lease ends by itself, and the next start finds what it left.
            log.warning("ended_without_its_database", fault=fault.message)
            if (saved := await asyncio.to_thread(store.rescue, clock.now())) is not None:
                log.error("database_rescued", file=saved, type=f"nudger restore {saved}")

    def woken() -> None:
        daemon.wake()
        dispatcher.tell()

    daemon = Daemon(
        clock=clock,
        loading=build_loading(core, store),
        laying_out=LayingOut(store, core.zone, settings.seed),
        dispatcher=dispatcher,
        inbox=inbox,
        recover=recover,
        first=poller.run_once if poller else None,
        missed=poller.missed if poller else None,
        web=lambda: serving(settings, doors(core, store, clock, daemon, metrics, readiness)),
        watch=lambda: _no_changes() if settings.plans == "push" else changes(settings.plans_dir),
        duties=(
            Duty("readiness", READY_EVERY, readiness.run_once, at_once=True),
            Duty("high water", EVERY, high_water.run_once),
            Duty("tally", TALLY_EVERY, _in_turn(store, "tally", TALLY_EVERY, Tallying(store).run_once)),
            Duty("housekeeping", HOUSEKEEPING_EVERY, _housekeeping(settings, store)),
            *watching_duties(core, store, clock, readiness),
            Duty("take over", TAKE_OVER_EVERY, TakingOver(store).run_once),
            Duty("try again", TRY_EVERY, trying_again.run_once, at_once=True),
            *(Duty("clock", CLOCK_EVERY, one.run_once) for one in timekeeping),
            Duty("ask for consent", ASK_EVERY, Asking(store, core.decider).run_once),
            *_duties(store, channels, poller),
        ),
        aside=(partial(store.listen, woken),),
        close=close,
        away=readiness.note,
    )
    return daemon


def _in_turn(
    store: Store, duty: str, every: timedelta, run_once: Callable[[datetime], Awaitable[int]]
) -> Callable[[datetime], Awaitable[int]]:
    """What is enough to be done by one of all daemons. Whoever asks first in its time does it; none of
    them leads, and one that dies is missed by nobody."""

    async def in_turn(now: datetime) -> int:
        # A little less than its time: one alone, whose clockwork is punctual, skips none.
        mine = await asyncio.to_thread(store.take_turn, duty, every * 0.9)
        return await run_once(now) if mine else 0

    return in_turn


def _housekeeping(settings: Settings, store: Store) -> Callable[[datetime], Awaitable[int]]:
    days = settings.retention_days
    keeping = Housekeeping(store, timedelta(days=days) if days else None)
    return _in_turn(store, "housekeeping", HOUSEKEEPING_EVERY, keeping.run_once)


def _limits(settings: Settings) -> dict[ChannelName, Limit]:
    """The phone on the screen has none."""
    if settings.sms != "twilio":
        return {}
    return {ChannelName.SMS: Limit(settings.sms_per_second, settings.sms_per_day)}


def _poller(settings: Settings, store: Store, clock: Clock, sms: Channel, inbox: Inbox) -> Poller | None:
    if not isinstance(sms, TwilioChannel):
        return None
    # Kept across restarts: nothing from before the first start is ever taken.
    now = clock.now()
    first_start = stated(store.remember("first_start", now.isoformat()), now)
    polls = settings.replies == "poll"
    every = timedelta(seconds=settings.poll_seconds) if polls else WITH_WEBHOOKS
    return Poller(sms, inbox.take, store, first_start, every)


def _duties(store: Store, channels: Mapping[ChannelName, Channel], poller: Poller | None) -> Iterator[Duty]:
    sms = channels[ChannelName.SMS]
    if poller is not None:
        yield Duty("poll replies", min(poller.every, LOOK_EVERY), poller.run_once, at_once=True)
    # The mail server cannot be asked, and the phone on the screen has what is in the store.
    outboxes: dict[ChannelName, Outbox] = {ChannelName.SMS: sms} if isinstance(sms, TwilioChannel) else {}
    yield Duty("reconcile", RECONCILE_EVERY, Reconciling(store, outboxes).run_once)


async def _no_changes() -> AsyncIterator[Collection[Path]]:
    """Plans come by push: there is no folder to watch."""
    yield ()
    await asyncio.Event().wait()
