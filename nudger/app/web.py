"""The pages that the settings ask for, each on the ports that it needs. What none of them names is not
imported: without a password there is no board, without a token no API, and where Twilio posts no phone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.agenda.entries import Report, Sending
from nudger.agenda.port import Clock
from nudger.app.channels import secret
from nudger.app.clock import FastClock
from nudger.app.core import Core
from nudger.app.readiness import Readiness
from nudger.app.settings import Settings
from nudger.domain.model import ChannelName
from nudger.domain.tokens import Action, Expired, Forged, read
from nudger.inbound.email_links import Links, links_of, own_page
from nudger.inbound.self_service.journal import Journal
from nudger.inbound.self_service.page import Mine
from nudger.operations.metrics import Metrics
from nudger.operations.operator_actions import Operator
from nudger.sending.receipts import Reports
from nudger.store.stores import Stores
from nudger.web.app import Room, build_app
from nudger.web.health import HealthPages, MetricsPages
from nudger.web.port import Changes, FormPairs, Receiver
from nudger.web.security.connections import Throttle, TokenDoor
from nudger.web.security.guard import Refusals
from nudger.web.security.sessions import Bearer
from nudger.web.self_service.pages import JournalPages, LinkPages, PersonPages
from nudger.web.serve import serve

if TYPE_CHECKING:
    from nudger.web.board.desk import Desk
    from nudger.web.board.pages import BoardPages
    from nudger.web.phone.phone import PhonePages
    from nudger.web.self_service.calendar import CalendarPages
    from nudger.web.webhooks.smsgate import SmsGateWebhooks
    from nudger.web.webhooks.twilio import Webhooks

TRIES, TRY_EACH = 10, 12.0  # with a wrong token: so many at once, then one each so many seconds
SIGN_INS = 5  # at once, then one each TRY_EACH


@asynccontextmanager
async def serving(site: "Site") -> AsyncIterator[str]:
    """Serves the pages while open; gives their address."""
    settings, refusals = site.core.settings, Refusals(site.metrics.refused)
    app = build_app(site.rooms(), refusals)
    address = serve(
        app,
        settings.web_host,
        settings.web_port,
        behind_proxy=settings.behind_proxy,
        refusals=refusals,
    )
    async with address as served:
        try:
            yield served
        finally:
            app.state.close()  # event streams end by themselves, so that the server need not cut them


@dataclass(frozen=True, slots=True)
class Site:
    """What pages are made of."""

    core: Core
    store: Stores
    clock: Clock
    receiver: Receiver
    changes: Changes
    metrics: Metrics
    readiness: Readiness

    def rooms(self) -> Iterator[Room]:
        """Makes the pages that the settings ask for."""
        settings, core, store, clock = self.core.settings, self.core, self.store, self.clock
        key, programs = link_key(store), bearer(settings)
        door = token_door(key, clock)
        yield HealthPages(self.readiness, store.overview, clock)
        if leads_somewhere(settings):
            yield link_pages(core, store, clock, self.receiver, door)
            yield person_pages(core, store, clock, self.receiver, door)
            yield journal_pages(core, store, clock, door)
            calendars = partial(calendar_pages, core, store, clock, key, door)
            yield Deferred("/calendar/{token}.ics", lambda: calendars().calendar)
        yield from self._gateway_or_phone(key)
        if scraped := metrics_pages(settings, store, clock, self.metrics, programs):
            yield scraped
        if programs is not None or settings.operator_password is not None:
            yield from self._for_operators(programs)

    def _gateway_or_phone(self, key: bytes) -> Iterator[Room]:
        """Where a gateway posts, the world can knock, and the phone shows conversations to whoever asks:
        never both."""
        settings = self.core.settings
        token, public_url = secret(settings.twilio_auth_token), settings.public_url
        if settings.sms == "phone":
            yield self._phone(key)
        elif settings.sms == "smsgate":
            if settings.smsgate_signing_key:
                yield self._smsgate(secret(settings.smsgate_signing_key) or "")
        elif token and public_url:
            yield self._webhooks(token, public_url)

    def _phone(self, key: bytes) -> "PhonePages":
        from nudger.web.phone.conversation import Conversations  # noqa: PLC0415 (where the settings name it)
        from nudger.web.phone.live import Steering  # noqa: PLC0415
        from nudger.web.phone.phone import PhonePages  # noqa: PLC0415

        core, clock = self.core, self.clock
        conversations = Conversations(self.store.people, core.wording, core.zone, clock, key)
        steering = (
            Steering(clock, self.store.sending, self.receiver) if isinstance(clock, FastClock) else None
        )
        return PhonePages(conversations, self.receiver, self.changes, steering=steering)

    def _webhooks(self, token: str, public_url: str) -> "Webhooks":
        # All of it now: to import is to open files, and the event loop opens none once it serves.
        from nudger.channels.twilio.codes import report_of  # noqa: PLC0415 (where the settings name it)
        from nudger.channels.twilio.signature import signed  # noqa: PLC0415
        from nudger.web.webhooks.twilio import Webhooks  # noqa: PLC0415

        reports = Reports(self.store.sending, self.clock, self.receiver.wake)
        return Webhooks(self.receiver, TwilioSide(token, public_url, reports, signed, report_of), self.clock)

    def _smsgate(self, signing_key: str) -> "SmsGateWebhooks":
        from nudger.app.smsgate import PhoneAlarms, SmsGateSide  # noqa: PLC0415 (where the settings name it)
        from nudger.web.webhooks.smsgate import SmsGateWebhooks  # noqa: PLC0415

        clock, receiver = self.clock, self.receiver
        reports = Reports(self.store.sending, clock, receiver.wake)
        country, phone = self.core.settings.country, PhoneAlarms(self.store.alarms)
        side = SmsGateSide(signing_key, country, clock, receiver, reports, phone)
        return SmsGateWebhooks(side, clock)

    def _for_operators(self, programs: Bearer | None) -> Iterator[Room]:
        desk = build_desk(self.core, self.store, self.clock, self.receiver)
        if programs is not None:
            from nudger.web.api.routes import Api  # noqa: PLC0415 (where the settings name it)

            yield Api(desk, programs, show_conversations=self.core.settings.show_conversations)
        if self.core.settings.operator_password is not None:
            yield board_pages(self.core.settings, desk, self.store)


@dataclass
class Deferred:
    """A page whose library costs a start too much (for icalendar 60 ms and 4 MB), and which is asked for
    rarely: it is imported with the first request."""

    path: str
    make: Callable[[], Callable[[Request], Awaitable[Response]]]

    def routes(self) -> list[Route]:
        """Names its address."""
        return [Route(self.path, self._answer)]

    async def _answer(self, request: Request) -> Response:
        page = await asyncio.to_thread(lambda: self._page)
        return await page(request)

    @cached_property
    def _page(self) -> Callable[[Request], Awaitable[Response]]:
        return self.make()


@dataclass(frozen=True, slots=True)
class TwilioSide:
    """The account whose webhooks come here: what its token signs, and what it reports."""

    token: str
    public_url: str
    reports: Reports
    verify: Callable[[str, str, bytes, bytes, FormPairs, str], bool]
    read: Callable[[str, str, str | None], Report]

    def signed(self, raw_path: bytes, query: bytes, form: FormPairs, signature: str) -> bool:
        """Tells whether this account has signed a request."""
        return self.verify(self.token, self.public_url, raw_path, query, form, signature)

    async def report(self, message_id: str, sid: str, status: str, code: str | None) -> None:
        """Takes what became of a message."""
        await self.reports.take(message_id, self.read(sid, status, code))


def build_desk(core: Core, store: Stores, clock: Clock, receiver: Receiver) -> "Desk":
    """Makes what the board and the API ask."""
    from nudger.web.board.desk import Desk  # noqa: PLC0415 (where the settings name it)

    return Desk(
        people=store.people,
        replies=store.replies,
        overviews=store.overview,
        statistics=store.statistics,
        alarms=store.alarms,
        agenda=store.agenda,
        operator=Operator(store.inbound, core.responder, core.zone),
        decider=core.decider,
        clock=clock,
        receiver=receiver,
        calendar_key=link_key(store) if leads_somewhere(core.settings) else None,
    )


def board_pages(settings: Settings, desk: "Desk", store: Stores) -> "BoardPages":
    """Makes the board, behind the operator's password. Every daemon of this store takes every session."""
    from nudger.web.board.pages import BoardPages  # noqa: PLC0415 (where the settings name it)

    return BoardPages(
        desk,
        store.upkeep,
        secret(settings.operator_password) or "",
        store.upkeep.secret("board secret"),
        Throttle(time.monotonic, SIGN_INS, 1 / TRY_EACH),
        show_conversations=settings.show_conversations,
        public_url=settings.public_url,
    )


def bearer(settings: Settings) -> Bearer | None:
    """Makes what lets programs in with the token; None where there is none."""
    token = secret(settings.api_token)
    if token is None:
        return None
    return Bearer(token, Throttle(time.monotonic, TRIES, 1 / TRY_EACH))


def metrics_pages(
    settings: Settings, store: Stores, clock: Clock, metrics: Metrics, programs: Bearer | None
) -> MetricsPages | None:
    """Makes the page that Prometheus reads: open where nobody but this machine reaches the port, else with
    the token; without one, not there."""
    if programs is None and not is_private(settings):
        return None
    lets_in = None if is_private(settings) else programs
    return MetricsPages(metrics, store.overview, store.alarms, store.statistics, clock, lets_in)


def is_private(settings: Settings) -> bool:
    """Tells whether only this machine reaches the port. A public address means a web server before us, whose
    requests come from this machine too."""
    return settings.public_url is None and _is_loopback(settings.web_host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def leads_somewhere(settings: Settings) -> bool:
    """Tells whether a link can lead here: else none stands in a message, and its page is not there."""
    return settings.public_url is not None or settings.sms == "phone"


def link_key(store: Stores) -> bytes:
    """Reads the key that signs links: made once, and the same on every host of this database."""
    return store.upkeep.secret("link key")


def links_of_emails(core: Core, store: Stores, clock: Clock) -> Callable[[Sending], Mapping[Action, str]]:
    """Gives the links of each email; none where there is no address that they could lead to."""
    base = core.settings.public_url
    if base is None:
        return lambda _: {}
    key = link_key(store)
    return lambda sending: links_of(sending, base, key, clock.now())


def own_pages(
    settings: Settings, store: Stores, base: Callable[[], str]
) -> Callable[[str, ChannelName, datetime], str] | None:
    """Gives the address of somebody's own page, below `base`, as a message on this channel may hold it."""
    if not leads_somewhere(settings):
        return None
    key = link_key(store)
    return lambda person, channel, now: own_page(base(), person, channel, key, now)


def token_door(key: bytes, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> TokenDoor:
    """Makes the door of the pages that are open to all: one for all of them."""

    def ours(token: str) -> bool:
        try:
            read(token, key, clock.now())
        except Expired:
            return True
        except Forged:
            return False
        return True

    return TokenDoor(ours, Throttle(seconds), Throttle(seconds))


def link_pages(core: Core, store: Stores, clock: Clock, receiver: Receiver, door: TokenDoor) -> LinkPages:
    """Makes the pages of the links of emails."""
    return LinkPages(
        Links(store.inbound, store.people, core.responder, link_key(store)), receiver, clock, door
    )


def person_pages(core: Core, store: Stores, clock: Clock, receiver: Receiver, door: TokenDoor) -> PersonPages:
    """Makes people's own pages."""
    mine = Mine(store.inbound, store.people, core.responder, core.decider, link_key(store))
    return PersonPages(mine, receiver, clock, door, core.settings.public_url)


def journal_pages(core: Core, store: Stores, clock: Clock, door: TokenDoor) -> JournalPages:
    """Makes the pages of what people have said."""
    mine = Mine(store.inbound, store.people, core.responder, core.decider, link_key(store))
    return JournalPages(Journal(mine, store.answers), clock, door, core.settings.public_url)


def calendar_pages(core: Core, store: Stores, clock: Clock, key: bytes, door: TokenDoor) -> "CalendarPages":
    """Makes people's calendars."""
    from nudger.web.self_service.calendar import CalendarPages  # noqa: PLC0415 (where the settings name it)

    return CalendarPages(store.people, core.decider, clock, key, door)
