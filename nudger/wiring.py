"""The one file that knows every concrete part: settings in, things that run out."""

import asyncio
import fcntl
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from email.utils import parseaddr
from itertools import islice
from pathlib import Path

from pydantic import SecretStr
from watchfiles import awatch

from nudger.channels.phone import PhoneChannel
from nudger.channels.signature import sign, signed
from nudger.channels.smtp import Security, SmtpChannel
from nudger.channels.twilio import TwilioChannel
from nudger.core import Core
from nudger.daemon import Daemon
from nudger.delivery.agenda import Sending
from nudger.delivery.budget import Budget
from nudger.delivery.dispatcher import Dispatcher
from nudger.delivery.inbox import Inbox, Poller
from nudger.delivery.laying_out import LayingOut
from nudger.delivery.ports import Channel, Clock, Store
from nudger.delivery.retry import Retries
from nudger.delivery.views import Line
from nudger.errors import StoreError
from nudger.loading import Loading
from nudger.messages.email import EmailParts, compose
from nudger.model import ChannelName, Plan
from nudger.settings import Settings
from nudger.store import Condition, look_at, open_store
from nudger.web.app import Doors, build_app
from nudger.web.serve import serve

SETTLE = 200  # ms: a burst of writes to the plans folder is one change; a slow write is waited for
MOST_PHONES = 50  # that the on-screen phone offers at once


def open_database(core: Core) -> Store:
    """The database, made where there is none, and migrated."""
    if core.database_file is not None:
        core.database_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return open_store(core.settings.database_url, core.zone)


def look_at_database(core: Core) -> Condition | None:
    """Its state, looked at without changing anything; None where there is none yet."""
    return look_at(core.settings.database_url) if core.has_database() else None


async def check_twilio(settings: Settings) -> tuple[str, ...]:
    """Asks Twilio for the account and what it sends from: doubts, or ChannelError. Sends nothing."""
    channel = _twilio(settings)
    posted = settings.public_url if settings.replies == "webhook" else None
    try:
        return await channel.check(f"{posted}/twilio/inbound" if posted else None)
    finally:
        await channel.close()


async def check_smtp(core: Core, clock: Clock) -> None:
    """Logs in at the mail server and leaves; ChannelError with what is wrong."""
    await _smtp(core, clock).check()


def sign_as_twilio(settings: Settings, url: str, form: Mapping[str, str]) -> str:
    return sign(_secret(settings.twilio_auth_token) or "", url, form)


def build_daemon(
    core: Core, store: Store, clock: Clock, *, shown: Callable[[Sending], None] | None = None
) -> Daemon:
    """The daemon with all its parts. Must be called inside the event loop that runs it."""
    settings = core.settings
    channels = _channels(core, clock, shown)
    dispatcher = Dispatcher(
        store,
        channels,
        core.decider,
        clock,
        Budget(settings.sms_per_second if settings.sms == "twilio" else None),
        Retries(random.SystemRandom()),
        owner=f"{socket.gethostname()}:{settings.state_dir}",
    )
    inbox = Inbox(store, core.responder)
    daemon = Daemon(
        clock=clock,
        loading=Loading(settings.plans_dir, core.facts, store, core.zone, settings.seed, core.zones.refresh),
        laying_out=LayingOut(store, core.zone, settings.seed),
        dispatcher=dispatcher,
        inbox=inbox,
        recover=lambda now: store.recover(dispatcher.owner, now),
        web=lambda: _web(settings, _doors(core, store, clock, daemon)),
        watch=lambda: _changes(settings.plans_dir),
        poll=_poll(core, store, clock, channels[ChannelName.SMS], inbox),
        poll_every=timedelta(seconds=settings.poll_seconds),
        close=lambda: _close(channels.values()),
    )
    return daemon


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Holds the state folder: two daemons on one folder would each take the other's sends for left behind."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (state_dir / "nudger.lock").open("a")
    except OSError as fault:
        raise StoreError(
            f"NUDGER_STATE_DIR: cannot write to {state_dir}: {fault.strerror}",
            "Name a folder that the user nudger runs as may write to.",
        ) from fault
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"NUDGER_STATE_DIR: another nudger is running on {state_dir}",
                "Stop it first (systemctl stop nudger), or give this one a state folder of its own.",
            ) from None
        yield


def is_running(state_dir: Path) -> bool:
    """Whether a daemon holds the state folder. Makes and changes nothing there."""
    try:
        lock = (state_dir / "nudger.lock").open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            # RACE: a daemon that starts in the very moment in which this is held takes us for another
            # one, and is started again by systemd. There is no asking for the lock without taking it.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _channels(
    core: Core, clock: Clock, shown: Callable[[Sending], None] | None
) -> dict[ChannelName, Channel]:
    settings = core.settings
    phone = PhoneChannel(shown)
    return {
        ChannelName.SMS: _twilio(settings) if settings.sms == "twilio" else phone,
        ChannelName.EMAIL: _smtp(core, clock) if settings.email == "smtp" else phone,
    }


def _twilio(settings: Settings) -> TwilioChannel:
    return TwilioChannel(
        account_sid=settings.twilio_account_sid or "",
        auth_token=_secret(settings.twilio_auth_token),
        api_key_sid=settings.twilio_api_key_sid,
        api_key_secret=_secret(settings.twilio_api_key_secret),
        from_number=settings.twilio_from,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        base_url=settings.twilio_api_base,
        public_url=settings.public_url,
    )


def _smtp(core: Core, clock: Clock) -> SmtpChannel:
    settings = core.settings
    sender = settings.email_from or ""

    def parts(sending: Sending) -> EmailParts:
        return compose(
            sending.text, sending.subject, sending.language, core.wording, stop_address=parseaddr(sender)[1]
        )

    return SmtpChannel(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        security=Security(settings.smtp_security),
        sender=sender,
        compose=parts,
        clock=clock,
        username=settings.smtp_username,
        password=_secret(settings.smtp_password),
    )


def _poll(
    core: Core, store: Store, clock: Clock, sms: Channel, inbox: Inbox
) -> Callable[[datetime], Awaitable[int]] | None:
    """Asking for replies, where Twilio serves texts and no webhook brings them."""
    if not isinstance(sms, TwilioChannel) or core.settings.replies != "poll":
        return None
    # Kept across restarts: nothing from before the first start is ever taken.
    since = datetime.fromisoformat(store.remember("first_start", clock.now().isoformat()))
    return Poller(sms, inbox.take, since).run_once


@asynccontextmanager
async def _web(settings: Settings, doors: Doors) -> AsyncIterator[str]:
    app = build_app(doors)
    async with serve(app, settings.web_host, settings.web_port) as address:
        try:
            yield address
        finally:
            app.state.close()  # event streams end by themselves, so that the server need not cut them


def _doors(core: Core, store: Store, clock: Clock, daemon: Daemon) -> Doors:
    settings = core.settings
    token, public_url = _secret(settings.twilio_auth_token), settings.public_url

    def right(raw_path: bytes, query: bytes, form: Sequence[tuple[str, str]], signature: str | None) -> bool:
        return signed(token or "", public_url or "", raw_path, query, form, signature)

    async def conversation(after: int, person: str | None) -> Sequence[Line]:
        return await asyncio.to_thread(store.conversation, after, person)

    async def people(only: str | None) -> Sequence[Plan]:
        return await asyncio.to_thread(_plans, store, only)

    async def health() -> Mapping[str, object]:
        report = await asyncio.to_thread(store.status, clock.now())
        return {"people": report.people, "planned": report.planned, "unknown": report.unknown}

    webhook = settings.sms == "twilio" and token and public_url
    return Doors(
        take_reply=daemon.take,
        signed=right if webhook else None,
        status_callback=None,
        now=clock.now,
        conversation=conversation if settings.sms == "phone" else None,
        people=people,
        changed=daemon.dispatcher.wait_for_change,
        health=health,
        speed=getattr(clock, "factor", 1.0),
        zone=core.zone,
    )


def _plans(store: Store, only: str | None) -> list[Plan]:
    if only is not None:
        found = store.person(only)
        people = [found] if found else []
    else:
        people = list(islice(store.people(), MOST_PHONES))
    return [person.plan for person in people if person.standing.removed_at is None]


async def _changes(folder: Path) -> AsyncIterator[object]:
    """One item for each burst of changes to plan files, by inotify."""
    async for change in awatch(folder, debounce=SETTLE * 8, step=SETTLE):
        yield change


async def _close(channels: Iterable[Channel]) -> None:
    for channel in set(channels):
        await channel.close()


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
