"""The calendar of a person: the link to it, and what stands in it."""

import asyncio
from datetime import datetime, timedelta

from nudger.core import Core
from nudger.delivery.forecast import foreseen
from nudger.delivery.ports import Clock, Store
from nudger.model import ChannelName, Person
from nudger.schedule import local_date
from nudger.tokens import Action, Expired, Forged, Link, read, sign
from nudger.web.calendar import CalendarDoors, Feed
from nudger.web.throttle import TokenDoor

AHEAD = 14  # days
STANDS = timedelta(days=400)  # a calendar is subscribed to once and then forgotten


def calendar_path(who: Person, key: bytes, now: datetime) -> str:
    """Where this person's calendar is, below the public address."""
    link = Link(Action.CALENDAR, who.id, ChannelName.EMAIL, (now + STANDS).replace(microsecond=0))
    return f"/calendar/{sign(link, key)}.ics"


def has_calendars(core: Core) -> bool:
    return core.settings.public_url is not None or core.settings.sms == "phone"


def calendar_doors(
    core: Core, store: Store, clock: Clock, key: bytes, door: TokenDoor
) -> CalendarDoors | None:
    """None where no link can lead here."""
    if not has_calendars(core):
        return None

    def look(token: str) -> Feed | None:
        now = clock.now()
        try:
            link = read(token, key, now)
        except (Forged, Expired):
            return None
        who = store.person(link.person) if link.action is Action.CALENDAR else None
        if who is None:
            return None
        today = local_date(core.zone(who.plan.timezone), now)
        planned = store.agenda(who.id, today - timedelta(days=1))
        coming, _ = foreseen(who, planned, now, AHEAD, core.decider)
        return Feed(core.wording.page(who.plan.voice, "calendar", "title"), coming, key, now)

    async def feed(token: str) -> Feed | None:
        return await asyncio.to_thread(look, token)

    return CalendarDoors(feed, door)
