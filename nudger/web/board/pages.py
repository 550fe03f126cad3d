"""The board's pages. Each is whole without JavaScript; what changes anything is a form that is posted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nudger.domain.errors import NudgerError
from nudger.domain.model import Kind, Person, State
from nudger.operations.attention import middle, span
from nudger.operations.port import UpkeepStore
from nudger.web.board import charts, showing
from nudger.web.board.desk import LISTS, PAGE, Desk
from nudger.web.board.people import PeoplePages
from nudger.web.board.replies import RepliesPages
from nudger.web.board.spreadsheets import Lists
from nudger.web.security import requests
from nudger.web.security.connections import Throttle
from nudger.web.security.guard import Templates, at_home, prove, same_origin
from nudger.web.security.requests import PATIENCE, read_form
from nudger.web.security.sessions import Sessions

AHEAD = 7  # days of what comes next
SPANS = (7, 28, 91, 365)  # days of the figures
RETRY_AFTER = 12  # seconds

Handler = Callable[[Request], Awaitable[Response]]


class BoardPages:
    """Signing in and out, and every page behind it."""

    def __init__(
        self,
        desk: Desk,
        upkeep: UpkeepStore,
        password: str,
        secret: bytes,
        throttle: Throttle,
        *,
        show_conversations: bool = False,
        public_url: str | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        """Makes the board.

        Args:
            desk: what it shows and does.
            upkeep: keeps who signed out.
            password: the operator's.
            secret: signs sessions; the same for all daemons of a store.
            throttle: of signing in.
            show_conversations: whether it has the words of messages and replies.
            public_url: where it is reached from outside.
            patience: how long a form may take to arrive.
        """
        self._desk = desk
        self._throttle = throttle
        self._talks = show_conversations
        self._patience = patience
        self._sessions = Sessions(password, secret, public_url, upkeep)
        self._templates = Templates()
        self._people = PeoplePages(desk, self._page)
        self._lists = Lists(desk, show_conversations)
        self._replies = RepliesPages(desk, show_conversations, patience, self._page, self._to)
        public = urlsplit(public_url or "")
        self._hosts = frozenset({public.hostname}) if public.hostname else frozenset[str]()
        self._root = public.path

    def routes(self) -> list[Route]:
        """Names the addresses of the door, and of every page behind it."""
        behind = {
            "/board": self.overview,
            "/board/replies": self._replies.replies,
            "/board/replies.csv": self._lists.replies,
            "/board/people": self._people.people,
            "/board/people.csv": self._lists.people,
            "/board/agenda.csv": self._lists.agenda,
            "/board/agenda": self.agenda,
            "/board/figures": self.figures,
            "/board/people/{person}": self.person,
            "/board/people/{person}/conversation": self.conversation,
        }
        return [
            Route("/board/login", self.sign_in_page),
            Route("/board/login", self.sign_in, methods=["POST"]),
            Route("/board/logout", self.sign_out, methods=["POST"]),
            *(Route(path, self.behind(page)) for path, page in behind.items()),
            Route("/board/replies", self.behind(self._replies.handle), methods=["POST"]),
            Route("/board/people/{person}/{act}", self.behind(self.act), methods=["POST"]),
        ]

    # signing in and out ---------------------------------------------------------------------------
    async def sign_in_page(self, request: Request) -> Response:
        """Shows the door."""
        self._check_host(request)
        return self._page(request, "board_login.html", status=200, wrong="")

    async def sign_in(self, request: Request) -> Response:
        """Takes a password, and begins a session where it is right."""
        self._check_post(request)
        form = dict(await read_form(request, self._patience))
        if not self._may_try(request):
            wrong = f"Too many tries. Please wait {RETRY_AFTER} seconds."
            answer = self._page(request, "board_login.html", status=429, wrong=wrong)
            answer.headers["Retry-After"] = str(RETRY_AFTER)
            return answer
        if not self._sessions.right(form.get("password", "")):
            return self._page(request, "board_login.html", status=403, wrong="This is not the password.")
        answer = self._to(request, "/board")
        self._sessions.begin(request, answer, self._desk.now())
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Ends the session."""
        self._check_post(request)
        answer = self._to(request, "/board/login")
        await self._sessions.end(request, answer, self._desk.now())
        return answer

    def _may_try(self, request: Request) -> bool:
        """Whoever tries waits, with the right password too, else guessing would not be slowed down. A browser
        that was signed in from before is counted by itself: no stranger uses up its tries, whatever address
        they share."""
        device = self._sessions.device(request)
        if device is None:
            return self._throttle.lets_in(request)
        return self._throttle.allows(f"device {device}")

    def behind(self, page: Handler) -> Handler:
        """Shows this page to who is signed in; the others come to the door."""

        async def guarded(request: Request) -> Response:
            self._check_host(request)
            if request.method == "POST" and not same_origin(request):
                raise HTTPException(403, "This is taken from nudger's own page only.")
            if not await self._sessions.stands(request, self._desk.now()):
                return self._to(request, "/board/login")
            prove(request)
            return await page(request)

        return guarded

    # everyone -------------------------------------------------------------------------------------
    async def overview(self, request: Request) -> Response:
        """Shows everything at a glance."""
        overview, now = await self._desk.overview(), self._desk.now()
        vitals = overview.vitals
        return self._page(
            request,
            "board.html",
            here="overview",
            headlines=showing.headlines(overview, now),
            vitals=vitals,
            lateness=[span(late) for late in _middle_and_worst(vitals.lateness)],
            next_due=showing.ago(vitals.next_due_at, now) if vitals.next_due_at else "nothing",
            apart=[(showing.APART[one], one, number) for one, number in vitals.apart.items() if number],
            today=charts.ends(overview.today),
            reasons=_reasons(overview.today.reasons),
            replies=showing.top(overview.today.intents),
            date=now.astimezone().date().isoformat(),
            coming=[showing.seen(entry, now) for entry in overview.coming],
            problems=overview.problems,
            zone=now.astimezone().tzname(),
        )

    async def agenda(self, request: Request) -> Response:
        """Shows one of the lists of everyone's entries."""
        query = request.query_params
        show, cursor, now = query.get("show", "coming"), requests.cursor(query), self._desk.now()
        if show not in LISTS:
            raise HTTPException(404, "There is no such list.")
        page = await self._desk.entries(show, cursor)
        return self._page(
            request,
            "board_agenda.html",
            here="agenda",
            tabs=LISTS,
            show=show,
            rows=[showing.seen(entry, now) for entry in page.entries],
            more=showing.onward(page.on, show=show),
            until=showing.clock(page.on.at) if page.on else "",
            zone=now.astimezone().tzname(),
        )

    async def figures(self, request: Request) -> Response:
        """Shows what was counted, day by day."""
        days = requests.number(request.query_params.get("days"), SPANS, 28, "days")
        last = self._desk.now().astimezone().date()
        first = last - timedelta(days=days - 1)
        counted = await asyncio.to_thread(self._desk.statistics.span, first, last)
        return self._page(
            request,
            "board_figures.html",
            here="figures",
            days=days,
            spans=SPANS,
            ends=charts.ENDS,
            bars=charts.bars(counted, first, last),
            heat=charts.heat(counted),
            kinds=charts.kinds(counted),
            intents=showing.top(counted.intents, 30),
        )

    # one person -----------------------------------------------------------------------------------
    async def person(self, request: Request) -> Response:
        """Shows one person."""
        return await self._person(request, 200, "")

    async def conversation(self, request: Request) -> Response:
        """Shows the words that went out to one person and came in."""
        if not self._talks:
            raise HTTPException(403, "Conversations are not shown: NUDGER_SHOW_CONVERSATIONS is off.")
        who = await self._known(request)
        zone = self._desk.zone(who.plan.timezone)
        lines = await asyncio.to_thread(self._desk.people.last_lines, who.id)
        return self._page(
            request,
            "board_conversation.html",
            here="people",
            who=who,
            lines=[(line, showing.clock(line.at, zone)) for line in lines],
        )

    async def act(self, request: Request) -> Response:
        """Does one thing to one person, then shows their page."""
        who = await self._known(request)
        form = dict(await read_form(request, self._patience))
        try:
            await self._act(who, request.path_params["act"], form)
        except NudgerError as refusal:
            return await self._person(request, 409, str(refusal))
        return self._to(request, f"/board/people/{who.id}")

    async def _act(self, who: Person, act: str, form: Mapping[str, str]) -> None:
        match act:
            case "pause":
                await self._desk.pause(who, form.get("until", "").strip() or None)
            case "resume":
                await self._desk.resume(who)
            case "lift":
                await self._desk.lift(who)
            case "send":
                kind = requests.choice(form.get("kind"), Kind, "kind")
                if kind is None:
                    raise HTTPException(400, "kind: expected the kind of a nudge.")
                await self._desk.send(who, kind)
            case _:
                raise HTTPException(404, "There is nothing at this address.")

    async def _person(self, request: Request, status: int, refusal: str) -> Response:
        view = await self._desk.view(requests.words(request.path_params, "person"), AHEAD)
        if view is None:
            raise _nobody()
        who, now = view.person, self._desk.now()
        zone = self._desk.zone(who.plan.timezone)
        before = requests.instant(request.query_params.get("before"), "before")
        log = await asyncio.to_thread(self._desk.people.log, who.id, PAGE + 1, before)
        return self._page(
            request,
            "board_person.html",
            status=status,
            refusal=refusal or view.trouble,
            here="people",
            who=who,
            local=showing.clock(now, zone),
            here_now=showing.clock(now),
            marks=showing.marks(who, now, zone),
            paused=who.standing.paused(now),
            kinds=sorted({str(nudge.kind) for nudge in who.plan.nudges}),
            plan=view.plan,
            calendar=view.calendar,
            coming=[showing.foreseen(row, zone) for row in view.coming],
            log=[showing.happened(entry, zone) for entry in log[:PAGE]],
            more=urlencode({"before": log[PAGE - 1].at.isoformat()}) if len(log) > PAGE else "",
            first=before is None,
            talks=self._talks,
        )

    async def _known(self, request: Request) -> Person:
        who = await asyncio.to_thread(self._desk.people.person, requests.words(request.path_params, "person"))
        if who is None:
            raise _nobody()
        return who

    # what all share -------------------------------------------------------------------------------
    def _page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        return self._templates.page(template, status=status, root=self._root_of(request), **values)

    def _to(self, request: Request, path: str) -> Response:
        return RedirectResponse(self._root_of(request) + path, 303)

    def _root_of(self, request: Request) -> str:
        """What the public address has before our paths, where the page was asked for there."""
        return self._root if request.url.hostname in self._hosts else ""

    def _check_post(self, request: Request) -> None:
        self._check_host(request)
        if not same_origin(request):
            raise HTTPException(403, "This is taken from nudger's own page only.")

    def _check_host(self, request: Request) -> None:
        if not at_home(request, self._hosts):
            raise HTTPException(403, "The board answers only on its own machine, and at NUDGER_PUBLIC_URL.")


def _middle_and_worst(lateness: Sequence[timedelta]) -> list[timedelta]:
    return [middle(lateness), max(lateness)] if lateness else []


def _reasons(reasons: Mapping[tuple[State, str], int]) -> Sequence[tuple[str, int]]:
    """Why what did not go out did not: the commonest first."""
    return showing.top(
        {f"{showing.WORDS.get(state, state)}: {why}": number for (state, why), number in reasons.items()}
    )


def _nobody() -> HTTPException:
    return HTTPException(404, "Nobody has this id.")
