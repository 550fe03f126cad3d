"""A person's coming nudges as a calendar that is subscribed to: RFC 5545, RFC 7986."""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from icalendar import Calendar, Event, Timezone, TimezoneStandard
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.agenda.forecast import Forecast
from nudger.web.security.connections import TokenDoor

LASTS = timedelta(minutes=5)  # long enough to be seen in a week's view
AGAIN = timedelta(hours=1)  # how often a client may ask


@dataclass(frozen=True, slots=True)
class Feed:
    """What a calendar shows. Its title gives nothing away: a calendar is read over someone's shoulder."""

    title: str
    coming: Sequence[Forecast]
    secret: bytes  # so that an event's name says nothing of the person
    now: datetime


@dataclass(frozen=True, slots=True)
class CalendarDoors:
    # (token): None where it was never ours, or is over.
    feed: Callable[[str], Awaitable[Feed | None]]
    door: TokenDoor


def calendar_route(doors: CalendarDoors) -> Route:
    async def calendar(request: Request) -> Response:
        if not doors.door.lets_in(request):
            raise HTTPException(429, "Please ask less often.", {"Retry-After": "60"})
        feed = await doors.feed(request.path_params["token"])
        if feed is None:
            raise HTTPException(404, "There is nothing at this address.")
        return Response(as_ical(feed), media_type="text/calendar")

    return Route("/calendar/{token}.ics", calendar)


def as_ical(feed: Feed) -> bytes:
    """One event for each nudge that will go out.

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
