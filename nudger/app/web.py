"""The pages, and their ways into the rest of nudger: for programs that watch it, the links of emails, a
person's own page, the phone page and Twilio's webhooks."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import ip_address
from itertools import islice

from nudger.agenda.entries import Sending
from nudger.agenda.port import Clock
from nudger.app.board import StoreDesk, board_doors, calendar_doors
from nudger.app.channels import secret
from nudger.app.clock import FastClock
from nudger.app.core import Core
from nudger.app.daemon import Daemon
from nudger.app.readiness import Readiness
from nudger.app.settings import Settings
from nudger.channels.twilio.codes import report_of
from nudger.channels.twilio.signature import signed
from nudger.domain.model import ChannelName, Plan
from nudger.domain.tokens import Action, Expired, Forged, read
from nudger.inbound.email_links import Card, Links, links_of, own_page
from nudger.inbound.port import Line
from nudger.inbound.self_service.page import Mine, OwnPage
from nudger.messages import Anchor, links_below
from nudger.operations.metrics import Metrics, Reading
from nudger.sending.receipts import Reports
from nudger.store.stores import Stores
from nudger.web.api.metrics import MetricsDoors
from nudger.web.api.routes import ApiDoors
from nudger.web.app import Doors, build_app
from nudger.web.board.doors import Desk
from nudger.web.doors import ClockDoors
from nudger.web.security.connections import Throttle, TokenDoor
from nudger.web.security.guard import Refusals
from nudger.web.security.sessions import Bearer
from nudger.web.self_service.links import LinkDoors
from nudger.web.self_service.person import PersonDoors
from nudger.web.serve import serve

TRIES, TRY_EACH = 10, 12.0  # with a wrong token: so many at once, then one each so many seconds


def bearer(settings: Settings) -> Bearer | None:
    """Who comes with the token; None where there is none."""
    token = secret(settings.api_token)
    if token is None:
        return None
    return Bearer(token, Throttle(time.monotonic, TRIES, 1 / TRY_EACH))


def api_doors(desk: Desk, bearer: Bearer | None) -> ApiDoors | None:
    """None without a token: then there is no API."""
    return None if bearer is None else ApiDoors(desk, bearer)


def metrics_doors(
    core: Core, store: Stores, clock: Clock, metrics: Metrics, bearer: Bearer | None
) -> MetricsDoors | None:
    """Open where nobody but this machine reaches the port; else with the token; without one, not there."""
    if bearer is None and not _ours_alone(core.settings):
        return None

    def read() -> Reading:
        now = clock.now()
        standing = sum(alarm.cleared_at is None for alarm in store.alarms.alarms())
        return Reading(store.overview.vitals(now), standing, store.statistics.counters(), now)

    async def page(accept: str) -> tuple[bytes, str]:
        return await asyncio.to_thread(lambda: metrics.page(read(), accept))

    return MetricsDoors(page, None if _ours_alone(core.settings) else bearer)


def _ours_alone(settings: Settings) -> bool:
    """A public address means a web server before us, whose requests come from this machine too."""
    return settings.public_url is None and _is_loopback(settings.web_host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def link_key(store: Stores) -> bytes:
    """The key that signs links: made once, and the same on every host of this database."""
    return store.upkeep.secret("link key")


def links_of_emails(core: Core, store: Stores, clock: Clock) -> Callable[[Sending], Mapping[Action, str]]:
    """The links of each email; none where there is no address that they could lead to."""
    base = core.settings.public_url
    if base is None:
        return lambda _: {}
    key = link_key(store)
    return lambda sending: links_of(sending, base, key, clock.now())


def leads_somewhere(settings: Settings) -> bool:
    """Whether a link can lead here: else none stands in a message."""
    return settings.public_url is not None or settings.sms == "phone"


def token_door(key: bytes, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> TokenDoor:
    """For the pages that are open to all: one for all of them."""

    def ours(token: str) -> bool:
        try:
            read(token, key, clock.now())
        except Expired:
            return True
        except Forged:
            return False
        return True

    return TokenDoor(ours, Throttle(seconds), Throttle(seconds))


def link_doors(
    core: Core, store: Stores, clock: Clock, wake: Callable[[], None], door: TokenDoor
) -> LinkDoors | None:
    """None where no link can lead here: then none stands in an email either."""
    if not leads_somewhere(core.settings):
        return None
    links = Links(store.inbound, store.people, core.responder, link_key(store))

    async def look(token: str, languages: Sequence[str]) -> Card:
        return await asyncio.to_thread(links.look, token, languages, clock.now())

    async def press(token: str, languages: Sequence[str]) -> Card:
        card = await asyncio.to_thread(links.press, token, languages, clock.now())
        wake()
        return card

    return LinkDoors(look, press, links.busy, door)


def own_pages(
    settings: Settings, store: Stores, base: Callable[[], str]
) -> Callable[[str, ChannelName, datetime], str] | None:
    """Gives the address of somebody's own page, below `base`, as a message on this channel may hold it."""
    if not leads_somewhere(settings):
        return None
    key = link_key(store)
    return lambda person, channel, now: own_page(base(), person, channel, key, now)


def person_doors(
    core: Core, store: Stores, clock: Clock, wake: Callable[[], None], door: TokenDoor
) -> PersonDoors | None:
    """None where no link can lead here."""
    if not leads_somewhere(core.settings):
        return None
    mine = Mine(store.inbound, store.people, core.responder, core.decider, link_key(store))

    async def look(token: str, languages: Sequence[str], notice: str) -> OwnPage | Card:
        return await asyncio.to_thread(mine.look, token, languages, clock.now(), notice)

    async def press(token: str, step: str, languages: Sequence[str]) -> str | Card:
        notice = await asyncio.to_thread(mine.press, token, step, languages, clock.now())
        wake()
        return notice

    async def export(token: str, languages: Sequence[str]) -> str | Card:
        return await asyncio.to_thread(mine.export, token, languages, clock.now())

    async def ask_erase(token: str, languages: Sequence[str]) -> Card:
        return await asyncio.to_thread(mine.ask_erase, token, languages, clock.now())

    async def erase(token: str, languages: Sequence[str]) -> Card:
        return await asyncio.to_thread(mine.erase, token, languages, clock.now())

    origin = core.settings.public_url and "/".join(core.settings.public_url.split("/")[:3])
    return PersonDoors(look, press, export, ask_erase, erase, mine.busy, door, origin)


MOST_PHONES = 50  # that the on-screen phone offers at once


@asynccontextmanager
async def serving(settings: Settings, doors: Doors) -> AsyncIterator[str]:
    app = build_app(doors)
    async with serve(
        app,
        settings.web_host,
        settings.web_port,
        behind_proxy=settings.behind_proxy,
        refusals=doors.refusals,
    ) as address:
        try:
            yield address
        finally:
            app.state.close()  # event streams end by themselves, so that the server need not cut them


def doors(
    core: Core, store: Stores, clock: Clock, daemon: Daemon, metrics: Metrics, readiness: Readiness
) -> Doors:
    settings = core.settings
    token, public_url = secret(settings.twilio_auth_token), settings.public_url

    def right(raw_path: bytes, query: bytes, form: Sequence[tuple[str, str]], signature: str | None) -> bool:
        return signed(token or "", public_url or "", raw_path, query, form, signature)

    async def conversation(after: int, person: str | None) -> Sequence[Line]:
        return await asyncio.to_thread(store.people.conversation, after, person)

    async def people(only: str | None) -> Sequence[Plan]:
        return await asyncio.to_thread(_plans, store, only)

    async def health() -> Mapping[str, object]:
        vitals = await asyncio.to_thread(store.overview.vitals, clock.now())
        return {"people": vitals.people, "planned": vitals.planned, "unknown": vitals.unknown}

    key = link_key(store)
    desk, programs = StoreDesk(core, store, clock, daemon.wake, key), bearer(settings)
    reports = Reports(store.sending, clock, daemon.wake)

    async def status(message: str, sid: str, status: str, code: str | None) -> None:
        await reports.take(message, report_of(sid, status, code))

    door = token_door(key, clock)
    webhook = settings.sms == "twilio" and token and public_url
    return Doors(
        take_reply=daemon.take,
        signed=right if webhook else None,
        status_callback=status,
        now=clock.now,
        conversation=conversation if settings.sms == "phone" else None,
        people=people,
        changed=daemon.dispatcher.wait_for_change,
        health=health,
        faults=readiness.faults,
        zone=core.zone,
        commands=lambda language: core.wording.texts_of(language).sources["commands"],
        calendar=calendar_doors(core, store, clock, key, door),
        metrics=metrics_doors(core, store, clock, metrics, programs),
        api=api_doors(desk, programs),
        board=board_doors(core, desk, store),
        below=_below(core, store, clock),
        clock=_steered(clock, store, daemon) if isinstance(clock, FastClock) else None,
        links=link_doors(core, store, clock, daemon.wake, door),
        person=person_doors(core, store, clock, daemon.wake, door),
        refusals=Refusals(metrics.refused),
    )


def _below(core: Core, store: Stores, clock: Clock) -> Callable[[Line, str], Sequence[Anchor]]:
    """The links that an email would have: on the on-screen phone they lead to this very machine."""
    key = link_key(store)

    def below(line: Line, voice: str) -> Sequence[Anchor]:
        return links_below(core.wording, voice, links_of(line, "", key, clock.now()))

    return below


def _steered(clock: FastClock, store: Stores, daemon: Daemon) -> ClockDoors:
    """Each step is also a reason for the daemon to look again: it had been told how long to wait."""

    def run(factor: float) -> None:
        clock.run(factor)
        daemon.wake()

    async def jump() -> None:
        next_at = await asyncio.to_thread(store.sending.next_due_at)
        if next_at is not None:
            clock.advance_to(next_at)
            daemon.wake()

    return ClockDoors(lambda: clock.factor, run, jump)


def _plans(store: Stores, only: str | None) -> list[Plan]:
    if only is not None:
        found = store.people.person(only)
        people = [found] if found else []
    else:
        people = list(islice(store.people.people(), MOST_PHONES))
    return [person.plan for person in people if person.standing.removed_at is None]
