"""The page of people: who is looked for, and of each when a nudge last arrived, when they last gave a sign,
and what comes next."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from nudger.domain.model import ChannelName, Kind, Person
from nudger.operations.overview import Apart, Glance, Lately, PeopleWanted
from nudger.web.board import showing
from nudger.web.board.desk import PAGE, Desk
from nudger.web.board.showing import Badge
from nudger.web.security import requests

LATELY = {
    Lately.NOTHING: "got nothing for 7 days",
    Lately.SILENT: "gave no sign for 14 days",
}
FILTERS = ("search", "apart", "lately", "group", "channel", "kind")


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """One line of the list; times are by the person's own clock."""

    id: str
    name: str
    group: str
    marks: Sequence[Badge]
    arrived: str
    signed: str
    following: str  # the next one; of who gets none, that it will not go out


@dataclass(frozen=True, slots=True)
class PeoplePages:
    """What is shown at `/board/people`, to who is signed in."""

    desk: Desk
    page: Callable[..., Response]

    async def people(self, request: Request) -> Response:
        """Shows people by id, in pages, as they are looked for."""
        query, now = request.query_params, self.desk.now()
        after = requests.words(query, "after")
        find = self.desk.overviews.find_people
        found = await asyncio.to_thread(find, wanted(query), now, after, PAGE)
        asked = {name: query[name] for name in FILTERS if query.get(name)}
        return self.page(
            request,
            "board_people.html",
            here="people",
            people=[self._shown(one, now) for one in found.people],
            number=found.number,
            counted_all=found.counted_all,
            asked=asked,
            query=urlencode(asked),
            standings=showing.APART,
            lately=LATELY,
            groups=await asyncio.to_thread(self.desk.overviews.groups),
            channels=list(ChannelName),
            kinds=list(Kind),
            more=urlencode({**asked, "after": found.on}) if found.on else "",
            first=not after,
        )

    def _shown(self, one: Glance, now: datetime) -> ShownPerson:
        plan, zone = one.person.plan, self.desk.zone(one.person.plan.timezone)
        return ShownPerson(
            id=one.person.id,
            name=plan.name,
            group=plan.group or "",
            marks=showing.marks(one.person, now, zone),
            arrived=showing.clock(one.arrived_at, zone) if one.arrived_at else "never",
            signed=showing.clock(one.signed_at, zone) if one.signed_at else "never",
            following=following(one, zone),
        )


def following(one: Glance, zone: tzinfo) -> str:
    """Says when the next nudge is due; of one that is kept back, that it will not go out."""
    if one.next_at is None:
        return "nothing planned"
    when = showing.clock(one.next_at, zone)
    return when if _may_go_out(one.person, one.next_at) else f"{when}, will not go out"


def _may_go_out(who: Person, at: datetime) -> bool:
    standing = who.standing
    ways = who.plan.sends_on & standing.consented - standing.opted_out - standing.unreachable
    apart = standing.held_at or standing.removed_at or standing.set_aside or standing.paused(at)
    return bool(ways) and not apart


def wanted(query: Mapping[str, str]) -> PeopleWanted:
    """Reads who is looked for."""
    return PeopleWanted(
        search=requests.words(query, "search"),
        apart=requests.choice(query.get("apart"), Apart, "apart"),
        lately=requests.choice(query.get("lately"), Lately, "lately"),
        group=requests.words(query, "group") or None,
        channel=requests.choice(query.get("channel"), ChannelName, "channel"),
        kind=requests.choice(query.get("kind"), Kind, "kind"),
    )
