"""The page of replies: the latest first, looked for by what they are, who wrote them, when, and whether
somebody has seen to them; and the buttons that say so."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nudger.domain.effects import Need, computable_date
from nudger.operations.overview import RepliesWanted, SeenReply
from nudger.web.board import showing
from nudger.web.board.desk import PAGE, Desk
from nudger.web.security import requests
from nudger.web.security.requests import LARGEST_ID, read_form

SHOWS = {
    "": "all",
    "waiting": "those that wait for a person",
    "handled": "handled",
    "open": "not handled",
}
FILTERS = ("intent", "person", "group", "since", "until", "show")
OPERATOR = "operator"  # who gives no name
NEEDS = {Need.CRISIS: "crisis", Need.CONCERN: "concern", Need.PERSON: "asks for a person"}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShownReply:
    """One line of the list."""

    line: int
    iso: str
    when: str
    person: str
    name: str
    intent: str
    channel: str
    need: str
    handled: str  # by whom, and when
    text: str


@dataclass(frozen=True, slots=True)
class RepliesPages:
    """What is shown and taken at `/board/replies`, for who is signed in."""

    desk: Desk
    talks: bool  # whether the words show
    patience: timedelta
    page: Callable[..., Response]
    to: Callable[[Request, str], Response]

    async def replies(self, request: Request) -> Response:
        """Shows the replies that are looked for."""
        query, now = request.query_params, self.desk.now()
        found = await asyncio.to_thread(
            self.desk.replies.replies,
            wanted(query),
            now,
            requests.cursor(query),
            PAGE,
            words=self.talks,
        )
        asked = {name: query[name] for name in FILTERS if query.get(name)}
        return self.page(
            request,
            "board_replies.html",
            here="replies",
            replies=[_shown(one) for one in found.replies],
            number=found.number,
            counted_all=found.counted_all,
            asked=asked,
            query=urlencode(asked),
            shows=SHOWS,
            groups=await asyncio.to_thread(self.desk.overviews.groups),
            more=showing.onward(found.on, **asked),
            first="at" not in query,
            talks=self.talks,
            zone=now.astimezone().tzname(),
        )

    async def handle(self, request: Request) -> Response:
        """Marks one reply as handled, or as open again, and shows the list as it was."""
        form = dict(await read_form(request, self.patience))
        by = " ".join(requests.words(form, "by").split()) or OPERATOR
        line = _line(form.get("handled") or form.get("reopen") or "")
        done = await asyncio.to_thread(
            self.desk.replies.handle, line, by if form.get("handled") else None, self.desk.now()
        )
        if done is None:
            raise HTTPException(404, "There is no such reply.")
        query = request.url.query
        return self.to(request, f"/board/replies{f'?{query}' if query else ''}")


def wanted(query: Mapping[str, str]) -> RepliesWanted:
    """Reads what is looked for. Dates are this machine's, both with their whole day."""
    show = query.get("show", "")
    if show not in SHOWS:
        raise HTTPException(400, f"show: expected one of {', '.join(filter(None, SHOWS))}.")
    since, until = _day(query.get("since"), "since"), _day(query.get("until"), "until")
    return RepliesWanted(
        intent=requests.words(query, "intent") or None,
        in_need=show == "waiting",
        person=requests.words(query, "person") or None,
        group=requests.words(query, "group") or None,
        since=_begin(since) if since else None,
        until=_begin(until + DAY) - timedelta(microseconds=1) if until else None,
        handled={"waiting": False, "handled": True, "open": False}.get(show),
    )


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not computable_date(day):
        raise HTTPException(400, f"{name}: expected a date like 2026-11-23.")
    return day


def _begin(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()


def _line(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_ID):
        raise HTTPException(400, "handled: expected the number of a reply.")
    return int(text)


def _shown(one: SeenReply) -> ShownReply:
    handled = f"by {one.handled_by}, {showing.clock(one.handled_at)}" if one.handled_at else ""
    return ShownReply(
        line=one.cursor.id,
        iso=one.cursor.at.isoformat(),
        when=showing.clock(one.cursor.at),
        person=one.person,
        name=one.name,
        intent=one.intent,
        channel=str(one.channel),
        need=NEEDS[one.need] if one.need else "",
        handled=handled,
        text=one.text,
    )
