"""The API's routes: the token, the request checked, the desk asked, the answer written."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nudger.domain.errors import NudgerError
from nudger.domain.model import Person
from nudger.operations.overview import Cursor, PeopleWanted, RepliesWanted
from nudger.web.api import shapes
from nudger.web.api.openapi import OPERATIONS, ROOT, Operation, description
from nudger.web.board.desk import Desk
from nudger.web.security.requests import PATIENCE, read_body
from nudger.web.security.sessions import Bearer

LONGEST = 500  # characters of what was wrong
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Handler = Callable[["Asked"], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, checked."""

    query: Any  # of the operation's model
    body: Any
    person: str = ""
    reply: int = 0


class Api:
    """A handler for each operation of the table, under its id."""

    def __init__(
        self,
        desk: Desk,
        bearer: Bearer,
        patience: timedelta = PATIENCE,
        *,
        show_conversations: bool = False,
    ) -> None:
        self._desk = desk
        self._talks = show_conversations
        self._bearer = bearer
        self._patience = patience

    def routes(self) -> list[Route]:
        """Names the address of each operation, and of the description."""
        described = description()

        async def openapi(_: Request) -> Response:
            return JSONResponse(described)

        return [
            Route("/api/openapi.json", openapi),
            *(
                Route(ROOT + one.path, self._endpoint(one, getattr(self, one.id)), methods=[one.method])
                for one in OPERATIONS
            ),
        ]

    # looking
    async def health(self, _: Asked) -> BaseModel:
        """Answers how everything is, in a few figures."""
        vitals, alarms = await asyncio.to_thread(self._desk.health)
        return shapes.Health.of(vitals, alarms, self._desk.now())

    async def people(self, asked: Asked) -> BaseModel:
        """Answers with people by id, in pages."""
        query, now = asked.query, self._desk.now()
        wanted = PeopleWanted(
            search=query.search,
            apart=query.apart,
            lately=query.lately,
            group=query.group,
            channel=query.channel,
            kind=query.kind,
        )
        find = self._desk.overviews.find_people
        found = await asyncio.to_thread(find, wanted, now, query.after, query.limit)
        return shapes.People(
            people=[shapes.PersonInList.of_glance(one, now) for one in found.people],
            number=found.number,
            counted_all=found.counted_all,
            next=found.on,
        )

    async def agenda(self, asked: Asked) -> BaseModel:
        """Answers with a page of one of the lists."""
        page = await self._desk.entries(asked.query.show, _cursor(asked.query.after))
        entries = [shapes.AgendaEntry.of(one) for one in page.entries]
        return shapes.Agenda(entries=entries, next=_after(page.on))

    async def replies(self, asked: Asked) -> BaseModel:
        """Answers with a page of what people wrote."""
        query = asked.query
        wanted = RepliesWanted(
            intent=query.intent,
            need=query.needs,
            person=query.person,
            group=query.group,
            since=query.since,
            until=query.until,
            handled=query.handled,
        )
        now, after = self._desk.now(), _cursor(query.after)
        found = await asyncio.to_thread(
            self._desk.replies.replies, wanted, now, after, query.limit, words=self._talks
        )
        return shapes.Replies(
            replies=[shapes.Reply.of(one, words=self._talks) for one in found.replies],
            number=found.number,
            counted_all=found.counted_all,
            next=_after(found.on),
        )

    async def person(self, asked: Asked) -> BaseModel:
        """Answers with one person."""
        view = await self._desk.view(asked.person, 1)
        if view is None:
            raise _nobody()
        return shapes.PersonWithPlan.of_view(view, self._desk.now())

    async def person_agenda(self, asked: Asked) -> BaseModel:
        """Answers with what one person will get, and what not and why."""
        view = await self._desk.view(asked.person, asked.query.days)
        if view is None:
            raise _nobody()
        if view.trouble and not view.coming:
            raise HTTPException(409, view.trouble)
        entries = [shapes.ForecastEntry.of(row) for row in view.coming]
        return shapes.PersonAgenda(person=asked.person, entries=entries)

    async def person_log(self, asked: Asked) -> BaseModel:
        """Answers with what happened to one person's nudges."""
        who, limit = await self._known(asked), asked.query.limit
        found = await asyncio.to_thread(self._desk.people.log, who.id, limit + 1, asked.query.before)
        more = found[limit - 1].at if len(found) > limit else None
        return shapes.Log(entries=[shapes.LogEntry.of(entry) for entry in found[:limit]], next=more)

    # acting
    async def handle_reply(self, asked: Asked) -> BaseModel:
        """Notes that somebody has seen to a reply."""
        by = asked.body.by
        done = await asyncio.to_thread(self._desk.replies.handle, asked.reply, by, self._desk.now())
        if done is None:
            raise HTTPException(404, "There is no such reply.")
        return shapes.Reply.of(done, words=False)

    async def pause(self, asked: Asked) -> BaseModel:
        """Pauses."""
        await self._desk.pause(await self._known(asked), asked.body.until, asked.body.begins_at)
        return await self._standing(asked)

    async def resume(self, asked: Asked) -> BaseModel:
        """Ends a pause."""
        await self._desk.resume(await self._known(asked))
        return await self._standing(asked)

    async def lift_hold(self, asked: Asked) -> BaseModel:
        """Ends a hold."""
        await self._desk.lift(await self._known(asked))
        return await self._standing(asked)

    async def send(self, asked: Asked) -> BaseModel:
        """Sends one nudge now."""
        await self._desk.send(await self._known(asked), asked.body.kind)
        return await self._standing(asked)

    # what all share
    def _endpoint(self, one: Operation, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            self._bearer.check(request)
            asked = await self._asked(one, request)
            try:
                answer = await handler(asked)
            except NudgerError as refusal:
                raise HTTPException(409, str(refusal)) from None
            return Response(answer.model_dump_json(), media_type="application/json")

        return endpoint

    async def _asked(self, one: Operation, request: Request) -> Asked:
        person = request.path_params.get("person", "")
        if one.of_person and not re.fullmatch(shapes.ID, person):
            raise _nobody()
        reply = _reply(request.path_params.get("reply", "0"))
        try:
            query = one.query.model_validate(dict(request.query_params))
            body = one.body.model_validate(await self._json(request)) if one.body else None
        except ValidationError as fault:
            raise _unclear(fault) from None
        return Asked(query, body, person, reply)

    async def _json(self, request: Request) -> object:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "Expected application/json.")
        body = await read_body(request, self._patience)
        try:
            return json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise HTTPException(400, "This is no JSON in UTF-8.") from None

    async def _known(self, asked: Asked) -> Person:
        who = await asyncio.to_thread(self._desk.people.person, asked.person)
        if who is None:
            raise _nobody()
        return who

    async def _standing(self, asked: Asked) -> BaseModel:
        return shapes.PersonSummary.of(await self._known(asked), self._desk.now())


def _unclear(fault: ValidationError) -> HTTPException:
    """What was wrong with a request, all of it, without quoting it."""
    wrong = (f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in fault.errors())
    return HTTPException(422, "; ".join(wrong)[:LONGEST])


def _cursor(text: str | None) -> Cursor | None:
    """A place as microseconds and an id: whatever the pattern lets in is a place."""
    if text is None:
        return None
    microseconds, _, entry = text.partition("~")
    return Cursor(EPOCH + int(microseconds) * MICROSECOND, int(entry))


def _after(on: Cursor | None) -> str | None:
    """The same place, as it is handed out."""
    return f"{(on.at - EPOCH) // MICROSECOND}~{on.id}" if on else None


def _reply(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > shapes.LARGEST_REPLY:
        raise HTTPException(404, "There is no such reply.")
    return int(text)


def _nobody() -> HTTPException:
    return HTTPException(404, "Nobody has this id.")
