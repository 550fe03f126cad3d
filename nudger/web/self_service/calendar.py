"""A person's coming nudges as a calendar that is subscribed to: RFC 5545, RFC 7986."""

import asyncio
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from icalendar import Calendar, Event, Timezone, TimezoneStandard
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.agenda.decide import Decider
from nudger.agenda.forecast import Forecast, foreseen
from nudger.agenda.port import Clock
from nudger.domain.model import Person
from nudger.domain.tokens import Action, Expired, Forged, read
from nudger.inbound.port import PeopleStore
from nudger.schedule import local_date
from nudger.web.security.connections import TokenDoor

AHEAD = 14  # days
LASTS = timedelta(minutes=5)  # long enough to be seen in a week's view
AGAIN = timedelta(hours=1)  # how often a client may ask


@dataclass(frozen=True, slots=True)
class Feed:
    """What a calendar shows. Its title gives nothing away: a calendar is read over someone's shoulder."""

    title: str
    coming: Sequence[Forecast]
    secret: bytes  # so that an event's name says nothing of the person
    now: datetime


class CalendarPages:
    """`/calendar/<token>.ics`."""

    def __init__(
        self, people: PeopleStore, decider: Decider, clock: Clock, key: bytes, door: TokenDoor
    ) -> None:
        self._people = people
        self._decider = decider
        self._clock = clock
        self._key = key
        self._door = door

    def routes(self) -> list[Route]:
        """Names the one address."""
        return [Route("/calendar/{token}.ics", self.calendar)]

    async def calendar(self, request: Request) -> Response:
        """Answers with the calendar as it is now."""
        if not self._door.lets_in(request):
            raise HTTPException(429, "Please ask less often.", {"Retry-After": "60"})
        feed = await asyncio.to_thread(self.feed, request.path_params["token"])
        if feed is None:
            raise HTTPException(404, "There is nothing at this address.")
        return Response(as_ical(feed), media_type="text/calendar")

    def feed(self, token: str) -> Feed | None:
        """Reads what the calendar of this link shows; None where the link was never ours, or is over."""
        now = self._clock.now()
        who = self._who(token, now)
        if who is None:
            return None
        today = local_date(self._decider.zone(who.plan.timezone), now)
        planned = self._people.agenda(who.id, today - timedelta(days=1))
        coming, _ = foreseen(who, planned, now, AHEAD, self._decider)
        title = self._decider.wording.page(who.plan.voice, "calendar", "title")
        return Feed(title, coming, self._key, now)

    def _who(self, token: str, now: datetime) -> Person | None:
        try:
            link = read(token, self._key, now)
        except (Forged, Expired):
            return None
        return self._people.person(link.person) if link.action is Action.CALENDAR else None


def as_ical(feed: Feed) -> bytes:
    """Writes one event for each nudge that will go out.

    Times are UTC instants. Each event stands for itself and repeats nothing, so there is nothing that a
    zone would have to be known for; the second 01:30 of an autumn night could not be told in local time;
    and whose device travels sees when the nudge does come.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//nudger//nudger//EN")
    calendar.add("version", "2.0")
    calendar.add("name", feed.title)
    calendar.add("x-wr-calname", feed.title)
    calendar.add("refresh-interval", AGAIN, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for row in feed.coming:
        if row.status == "send" and row.due_at is not None:
            calendar.add_component(_event(row, row.due_at, feed))
    if not calendar.subcomponents:
        calendar.add_component(_utc())
    written: bytes = calendar.to_ical()
    return written


def _utc() -> Timezone:
    """A calendar has one component at least (RFC 5545, 3.6), or programs refuse it. Of those that show
    nothing this is the plainest: the zone that its times are in."""
    zone, always = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    always.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001, local: RFC 5545, 3.6.5
    always.add("tzname", "UTC")
    always.add("tzoffsetfrom", timedelta(0))
    always.add("tzoffsetto", timedelta(0))
    zone.add_component(always)
    return zone


def _event(row: Forecast, due_at: datetime, feed: Feed) -> Event:
    identity = f"{row.person} {row.nudge} {row.local_date} {row.slot}"
    event = Event()
    event.add("uid", f"{hmac.digest(feed.secret, identity.encode(), sha256).hex()[:32]}@nudger")
    event.add("dtstamp", feed.now)
    event.add("dtstart", due_at)
    event.add("duration", LASTS)
    event.add("summary", feed.title)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")  # it keeps nobody from a meeting
    return event
