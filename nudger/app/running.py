"""The daemon with all its parts: its duties, those that look after nudger itself, and the ways to its
operator."""

import asyncio
import gc
import random
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex

import structlog

from nudger.agenda.entries import Sending
from nudger.agenda.laying_out import TRY_EVERY, Asking, LayingOut, TryingAgain
from nudger.agenda.port import Clock
from nudger.agenda.rate_limit import Limit
from nudger.app.channels import Abilities, abilities, build_channels, close_channels, ping_of, tellers_of
from nudger.app.clock import SharedClock
from nudger.app.core import Core
from nudger.app.daemon import Daemon, Duty
from nudger.app.plans import build_loading
from nudger.app.readiness import EVERY as READY_EVERY
from nudger.app.readiness import Readiness
from nudger.app.settings import Settings
from nudger.app.state import high_water as marks
from nudger.app.timekeeping import COMPARE_EVERY, Timekeeping
from nudger.app.web import Site, links_of_emails, own_pages, serving
from nudger.domain.effects import stated
from nudger.domain.errors import StoreAway
from nudger.domain.model import ChannelName
from nudger.inbound.inbox import Inbox
from nudger.inbound.poller import LOOK_EVERY, WITH_WEBHOOKS, Poller
from nudger.operations.alerts import Alert, Pinging, Telling, TellingOfOutage
from nudger.operations.metrics import Metrics
from nudger.operations.restore_guard import EVERY
from nudger.operations.upkeep import Housekeeping, Tallying, Watching
from nudger.plan_sync.changes import changes
from nudger.sending.dispatcher import Dispatcher, Retries
from nudger.sending.lease import LIFE, TAKE_OVER_EVERY
from nudger.sending.recall import EVERY as RECALL_EVERY
from nudger.sending.recall import Recalling
from nudger.sending.receipts import Reconciling, Reports, TakingOver
from nudger.store.stores import Stores

YOUNG = 10_000  # objects; Python looks for circles every 700 by itself


def settle() -> None:
    """Settles memory; to be called once, when all is built: what is there now stays to the end, and is
    looked at no more. Besides, a claim makes thousands of values that hang together in no circle and go
    all at once: they are looked at rarely. Both took an eighth of a claim's time (measured)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


WATCH_EVERY = timedelta(minutes=1)


def watching_duties(core: Core, store: Stores, clock: Clock, readiness: Readiness) -> Iterator[Duty]:
    """Makes the duties that look after nudger itself, and tell the operator."""
    settings, host = core.settings, socket.gethostname()
    watching = Watching(
        store.overview,
        store.sending,
        store.alarms,
        store.restore,
        host,
        free=lambda: shutil.disk_usage(settings.state_dir).free,
        stale_helplines=core.wording.stale_helplines,
        helpline_country=core.wording.helpline_country,
        knows_zone=lambda zone: core.zones.zone(zone) is not None,
    )
    tellers = tuple(tellers_of(core, clock))
    telling = Telling(store.alarms, store.needs, tellers, host)
    outages = TellingOfOutage(readiness.news, tellers, host)

    async def watch_and_tell(now: datetime) -> int:
        await watching.run_once(now)
        return await telling.run_once(now) if telling.tellers else 0

    yield Duty("watch", WATCH_EVERY, watch_and_tell, at_once=True)
    if tellers:
        yield Duty("outage", READY_EVERY, outages.run_once)
    if ping := ping_of(settings):
        yield Duty("ping", WATCH_EVERY, Pinging(store.alarms, ping, host).run_once, at_once=True)


async def send_test_alert(core: Core, clock: Clock, now: datetime) -> int:
    """Sends one to every address of ALERTS; returns how many there are. ChannelError where one does not
    take it."""
    tellers = list(tellers_of(core, clock))
    text = f"A test, sent at {now:%Y-%m-%d %H:%M} UTC by nudger doctor. Nothing is wrong."
    for teller in tellers:
        await teller.tell(Alert(f"nudger on {socket.gethostname()}: a test", text, False, ("test",)))
    return len(tellers)


HOUSEKEEPING_EVERY = timedelta(hours=1)
TALLY_EVERY = timedelta(minutes=1)
ASK_EVERY = timedelta(seconds=5)
RECONCILE_EVERY = timedelta(seconds=15)

log = structlog.get_logger("nudger.run")
replies_log = structlog.get_logger("nudger.replies")


def build_daemon(
    core: Core, store: Stores, clock: Clock, *, shown: Callable[[Sending], None] | None = None
) -> Daemon:
    """Builds the daemon with all its parts. Must be called inside the event loop that runs it."""
    settings = core.settings
    metrics = Metrics()
    channels = build_channels(core, clock, shown, links_of_emails(core, store, clock))
    sms = abilities(settings, channels)
    timekeeping = (
        [Timekeeping(store.facts, store.alarms, clock, socket.gethostname())]
        if isinstance(clock, SharedClock)
        else []
    )
    dispatcher = Dispatcher(
        store.sending,
        channels,
        core.decider,
        clock,
        _limits(settings),
        Retries(random.SystemRandom()),
        owner=f"{socket.gethostname()}:{settings.state_dir}{LIFE}{token_hex(4)}",
        watch=metrics,
    )
    page = own_pages(settings, store, lambda: settings.public_url or daemon.address)
    inbox = Inbox(store.inbound, replace(core.responder, own_page=page), metrics, replies_log)
    poller = _poller(settings, store, clock, sms, inbox)
    high_water = marks(core, store)

    trying_again = TryingAgain(store.agenda, core.decider, core.zone, settings.seed)

    def silent() -> Mapping[str, float]:
        return daemon.silent()

    readiness = Readiness(high_water.prove, silent)

    def recover(now: datetime) -> int:
        store.agenda.try_all_again(now)  # this nudger may be a newer one
        high_water.begin(now)
        high_water.report()
        return store.sending.recover(dispatcher.owner, now)

    async def close() -> None:
        await close_channels(channels.values())
        try:
            await high_water.run_once(clock.now())
            await asyncio.to_thread(store.sending.give_up, dispatcher.owner)
        except StoreAway as fault:
            # Its lease ends by itself, and the next start finds what it left.
            log.warning("ended_without_its_database", fault=fault.message)
            if (saved := await asyncio.to_thread(store.restore.rescue, clock.now())) is not None:
                log.error("database_rescued", file=saved, type=f"nudger restore {saved}")

    def woken() -> None:
        daemon.wake()
        dispatcher.tell()

    daemon = Daemon(
        clock=clock,
        overview=store.overview,
        loading=build_loading(core, store),
        laying_out=LayingOut(store.agenda, core.zone, settings.seed),
        dispatcher=dispatcher,
        inbox=inbox,
        recover=recover,
        first=poller.run_once if poller else None,
        missed=poller.missed if poller else None,
        web=lambda: serving(Site(core, store, clock, daemon, dispatcher, metrics, readiness)),
        watch=lambda: _no_changes() if settings.plans == "push" else changes(settings.plans_dir),
        duties=(
            Duty("readiness", READY_EVERY, readiness.run_once, at_once=True),
            Duty("high water", EVERY, high_water.run_once),
            Duty(
                "tally",
                TALLY_EVERY,
                _in_turn(store, "tally", TALLY_EVERY, Tallying(store.statistics).run_once),
            ),
            Duty("housekeeping", HOUSEKEEPING_EVERY, _housekeeping(settings, store)),
            *watching_duties(core, store, clock, readiness),
            Duty("take over", TAKE_OVER_EVERY, TakingOver(store.sending).run_once),
            Duty("try again", TRY_EVERY, trying_again.run_once, at_once=True),
            *(Duty("clock", COMPARE_EVERY, one.run_once) for one in timekeeping),
            Duty("ask for consent", ASK_EVERY, Asking(store.agenda, core.decider).run_once),
            *_duties(settings, store, sms, poller, clock, woken),
        ),
        aside=(partial(store.listen, woken),),
        close=close,
        away=readiness.note,
    )
    return daemon


def _in_turn(
    store: Stores, duty: str, every: timedelta, run_once: Callable[[datetime], Awaitable[int]]
) -> Callable[[datetime], Awaitable[int]]:
    """What is enough to be done by one of all daemons. Whoever asks first in its time does it; none of
    them leads, and one that dies is missed by nobody."""

    async def in_turn(now: datetime) -> int:
        # A little less than its time: one alone, whose clockwork is punctual, skips none.
        mine = await asyncio.to_thread(store.facts.take_turn, duty, every * 0.9)
        return await run_once(now) if mine else 0

    return in_turn


def _housekeeping(settings: Settings, store: Stores) -> Callable[[datetime], Awaitable[int]]:
    days = settings.retention_days
    keeping = Housekeeping(store.upkeep, timedelta(days=days) if days else None)
    return _in_turn(store, "housekeeping", HOUSEKEEPING_EVERY, keeping.run_once)


def _limits(settings: Settings) -> dict[ChannelName, Limit]:
    """The phone on the screen has none."""
    if settings.sms == "phone":
        return {}
    limit = Limit(settings.sms_per_second, settings.sms_per_day, settings.sms_per_hour or None)
    return {ChannelName.SMS: limit}


def _poller(settings: Settings, store: Stores, clock: Clock, sms: Abilities, inbox: Inbox) -> Poller | None:
    if sms.inbox is None:
        return None
    # Kept across restarts: nothing from before the first start is ever taken.
    now = clock.now()
    first_start = stated(store.facts.remember("first_start", now.isoformat()), now)
    polls = settings.replies == "poll"
    every = timedelta(seconds=settings.poll_seconds) if polls else WITH_WEBHOOKS
    return Poller(sms.inbox, inbox.take, store.inbound, store.facts, store.restore, first_start, every)


def _duties(
    settings: Settings,
    store: Stores,
    sms: Abilities,
    poller: Poller | None,
    clock: Clock,
    wake: Callable[[], None],
) -> Iterator[Duty]:
    if poller is not None:
        yield Duty("poll replies", min(poller.every, LOOK_EVERY), poller.run_once, at_once=True)
    if sms.gateway is not None:
        from nudger.app import smsgate  # noqa: PLC0415 (where the settings name it)

        posts = f"{settings.public_url}{smsgate.INBOUND}" if settings.replies == "webhook" else None
        back = poller.missed if poller else lambda _: None
        phone, reports = smsgate.PhoneAlarms(store.alarms), Reports(store.sending, clock, wake)
        after = smsgate.LookingAfter(sms.gateway, phone, reports, posts, back)
        yield Duty("look after the phone", smsgate.EVERY, after.run_once, at_once=True)
    if sms.recaller is not None:
        recalling = Recalling(store.recalls, {ChannelName.SMS: sms.recaller})
        yield Duty("take back", RECALL_EVERY, recalling.run_once, at_once=True)
    outboxes = {ChannelName.SMS: sms.outbox} if sms.outbox else {}
    yield Duty("reconcile", RECONCILE_EVERY, Reconciling(store.sending, outboxes).run_once)


async def _no_changes() -> AsyncIterator[Collection[Path]]:
    """Plans come by push: there is no folder to watch."""
    yield ()
    await asyncio.Event().wait()
