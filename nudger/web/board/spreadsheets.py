"""Every list as CSV: whole, page by page, so that memory stays flat; and safe to open in a spreadsheet, where
a cell that begins like a formula would be run (OWASP, "CSV Injection")."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from nudger.operations.overview import Cursor, Glance, Seen, SeenReply
from nudger.web.board import people, replies, showing
from nudger.web.board.desk import LISTS, Desk

ROWS = 500  # of one look
MOST_LOOKS = 10_000  # a list that never ends would never be let go of
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Row = Sequence[object]
Place = TypeVar("Place", str, Cursor)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of the board, for who is signed in."""

    desk: Desk
    talks: bool  # whether the words show

    async def people(self, request: Request) -> Response:
        """Writes the people who are looked for."""
        wanted, now = people.wanted(request.query_params), self.desk.now()
        find = self.desk.overviews.find_people

        def look(after: str | None) -> tuple[Iterable[Row], str | None]:
            page = find(wanted, now, after or "", ROWS)
            return [_person(one, now) for one in page.people], page.on

        columns = ("id", "name", "group", "timezone", "standing", "last_arrived", "last_sign", "next")
        return _sheet("people", columns, look)

    async def replies(self, request: Request) -> Response:
        """Writes the replies that are looked for, the latest first."""
        wanted, now = replies.wanted(request.query_params), self.desk.now()

        def look(before: Cursor | None) -> tuple[Iterable[Row], Cursor | None]:
            page = self.desk.replies.replies(wanted, now, before, ROWS, words=self.talks)
            return [_reply(one, words=self.talks) for one in page.replies], page.on

        columns = ["at", "person", "name", "channel", "intent", "needs", "handled_at", "handled_by"]
        return _sheet("replies", [*columns, *(["words"] if self.talks else [])], look)

    async def agenda(self, request: Request) -> Response:
        """Writes one of the lists of everyone's entries."""
        show = request.query_params.get("show", LISTS[0])
        if show not in LISTS:
            raise HTTPException(404, "There is no such list.")

        def look(after: Cursor | None) -> tuple[Iterable[Row], Cursor | None]:
            page = self.desk.look(show, after, ROWS)
            return [_entry(one) for one in page.entries], page.on

        columns = ("at", "person", "name", "nudge", "kind", "channel", "state", "outcome", "reason")
        return _sheet(f"agenda-{show}", columns, look)


def _sheet(
    name: str, columns: Row, look: Callable[[Place | None], tuple[Iterable[Row], Place | None]]
) -> Response:
    async def lines() -> AsyncIterator[str]:
        yield written([columns])
        place: Place | None = None
        for _ in range(MOST_LOOKS):
            rows, place = await asyncio.to_thread(look, place)
            if text := written(rows):
                yield text
            if place is None:
                return

    headers = {"Content-Disposition": f'attachment; filename="nudger-{name}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def written(rows: Iterable[Row]) -> str:
    """Writes rows as RFC 4180 has them, each cell as plain text to a spreadsheet."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe(cell: object) -> str:
    """Returns the text of a cell, with an apostrophe before what a spreadsheet would take for a formula."""
    if cell is None:
        return ""
    text = (cell.isoformat() if isinstance(cell, datetime) else str(cell)).replace("\0", "")
    return f"'{text}" if text.startswith(FORMULA) else text


def _person(one: Glance, now: datetime) -> Row:
    plan = one.person.plan
    standing = "; ".join(mark.word for mark in showing.marks(one.person, now, UTC)) or "as planned"
    return (
        *(one.person.id, plan.name, plan.group, plan.timezone, standing),
        *(one.arrived_at, one.signed_at, one.next_at),
    )


def _reply(one: SeenReply, *, words: bool) -> Row:
    head = (one.cursor.at, one.person, one.name, one.channel, one.intent, one.need, one.handled_at)
    return (*head, one.handled_by, *([one.text] if words else []))


def _entry(one: Seen) -> Row:
    head = (one.cursor.at, one.person, one.name, one.nudge, one.kind, one.channel)
    return (*head, one.state, one.outcome, one.reason)
