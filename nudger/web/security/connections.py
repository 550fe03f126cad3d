"""Connections: who may have one, for how long, and who goes when there are too many; who asks, and how
often one may knock: strangers by their address, who holds something of ours by what they hold.

uvicorn waits for its clients for ever in every phase but one, and turns newcomers away when all places
are taken: a few hundred slow strangers keep everybody out. Here each phase has its time, each address
its share, and who comes is let in: whoever has shown nothing gives way. Who has shown a signature, a
token or a session does not, as long as the answer is on its way.
"""

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import h11
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from nudger.web.security.guard import Refusals, prove

FORWARDED = b"x-forwarded-for"
SUBNET = 64  # bits: one household has so many IPv6 addresses

Address = IPv4Address | IPv6Address


def forwarded_client(scope: Scope) -> str:
    """Reads the client's address as the web server before us has written it into X-Forwarded-For: the last
    entry of all lines of that name. What stands before it is anybody's word. A port beside it is left out,
    as a client has many. Where the last entry is no address: whoever is connected to us; empty where
    nobody knows."""
    lines = [value for name, value in scope["headers"] if name == FORWARDED]
    last = b",".join(lines).rpartition(b",")[2].decode("latin-1")
    forwarded = _address(last.strip().strip('"'))
    if forwarded is not None:
        return str(forwarded)
    return str(scope["client"][0]) if scope.get("client") else ""


def household(address: str) -> str:
    """Returns an address as it is counted: IPv6 by its subnet, IPv4 in IPv6 as IPv4; what is none as it
    is."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), SUBNET), strict=False))
    return address[:64] if parsed is None else str(parsed)


def _address(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; no zone of a link."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


KNOWN = 4096  # remembered, the latest: what a flood of addresses costs in memory


@dataclass(slots=True)
class Throttle:
    """A token bucket for each of whoever is named: `burst` at once, then `per_second`. `clock` gives seconds
    that never go back."""

    clock: Callable[[], float]
    burst: int = 30
    per_second: float = 1.0
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def allows(self, whom: str) -> bool:
        """Tells whether this one is within what they may do; counts it if so."""
        now = self.clock()
        left, at = self._buckets.pop(whom, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_second)
        allowed = left >= 1
        self._buckets[whom] = (left - 1 if allowed else left, now)
        if len(self._buckets) > KNOWN:
            self._buckets.popitem(last=False)
        return allowed

    def lets_in(self, request: Request) -> bool:
        """Tells the same for the address of whoever asks."""
        return self.allows(household(request.client.host if request.client else ""))


@dataclass(frozen=True, slots=True)
class TokenDoor:
    """Lets people in to what their link leads to.

    A link is a key: whoever has one is held up by nobody who has none, whatever address they share. Guesses
    are counted by address, and what is done with a link by that link, looking apart from pressing: a program
    that opens it again and again takes nobody's STOP away.
    """

    ours: Callable[[str], bool]  # (token): whether we have made it, be it over by now
    strangers: Throttle
    holders: Throttle

    def lets_in(self, request: Request) -> bool:
        token = request.path_params["token"]
        if not self.ours(token):
            return self.strangers.lets_in(request)
        prove(request)
        return self.holders.allows(f"{'press' if request.method == 'POST' else 'look'} {token}")


CROWDED, SLOWED, AHEAD = "put out for another", "slowed down", "pipelined"
MOST_AHEAD = 16  # no browser, no proxy and no provider asks before it has read
LATE = 0.1  # seconds; a send goes through the event loop some twenty times, and has five
STRAINED = 1.0  # seconds that one late look tells of
SLOWED_BY, APART = 0.25, 0.005  # seconds that strangers' requests then wait: all, and one behind the other


class Phase(StrEnum):
    """What a connection waits for. The words are those of the log and of /metrics."""

    IDLE = "idle"  # the client's next request
    HEAD = "slow head"  # what it wants
    BODY = "slow body"
    WORK = "work"  # us
    ANSWER = "answer not taken"  # the client, to take what is written
    REST = "unread body"  # the rest of a body that nobody reads: it is answered
    END = "slow end"  # the client, to take the last of it: we have closed


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections there may be, and how many seconds each phase of one may last."""

    connections: int = 200
    of_address: int = 50
    idle: float = 15
    head: float = 10  # from the first byte, however it drips
    body: float = 15  # more than forms.PATIENCE, so that a slow form is told why
    answer: float = 20  # without that any of it is taken
    rest: float = 2  # whoever sends a small body to a page that wants none still reads the answer

    def seconds(self, phase: Phase) -> float | None:
        """None: as long as it takes. Our own work has its limit in guard.py."""
        by_phase = {
            Phase.IDLE: self.idle,
            Phase.HEAD: self.head,
            Phase.BODY: self.body,
            Phase.REST: self.rest,
        }
        return by_phase.get(phase, None if phase is Phase.WORK else self.answer)


class Connection(H11Protocol):
    """uvicorn's connection, which knows what it waits for and since when."""

    def __init__(self, admission: "Admission", *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._admission = admission
        self._pages, self.app = self.app, self._ask
        self._waits: tuple[object, ...] = ()
        self._ahead = 0  # requests in a row that were there before the last one was answered
        self._stalls = 0  # each time that what we write has to wait is a wait of its own
        self.since = self.loop.time()
        self.address = ""
        self.proven = False  # the latest request showed that it comes from somebody who may

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = self.client[0] if self.client else ""
        self._admission.enter(self, "" if self._admission.behind_proxy else peer)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._admission.leave(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.look(self.loop.time())

    def on_response_complete(self) -> None:
        self._ahead = self._ahead + 1 if self.conn.trailing_data[0] else 0
        if self._ahead > MOST_AHEAD:
            self._admission.refusals.count(AHEAD)
            self.transport.close()
        super().on_response_complete()
        self.look(self.loop.time())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalls += 1

    def send_400_response(self, msg: str) -> None:
        self._admission.refusals.count("no HTTP")
        super().send_400_response(msg)

    @property
    def phase(self) -> Phase:
        """uvicorn tells of no change: read from what it and h11 know, so that none is missed."""
        theirs, ours = self.conn.their_state, self.conn.our_state
        if self.transport.is_closing():
            return Phase.END
        if self.flow.write_paused:
            return Phase.ANSWER
        if theirs is h11.IDLE:
            begun = self.cycle is None or self.conn.trailing_data[0]
            return Phase.HEAD if begun else Phase.IDLE
        if theirs is h11.SEND_BODY:
            return Phase.BODY if ours in (h11.IDLE, h11.SEND_RESPONSE, h11.SEND_BODY) else Phase.REST
        return Phase.WORK

    @property
    def works(self) -> bool:
        """Whether it is us that it waits for."""
        return self.phase is Phase.WORK

    def look(self, now: float) -> float:
        """Counts how many seconds it has waited for the same thing, of the same request."""
        waits = (self.phase, self.cycle, self._stalls)
        if waits != self._waits:
            self._waits, self.since = waits, now
        return now - self.since

    def end(self) -> None:
        """Lets go of the client, who still gets what is written; at once where that was not taken."""
        if self.phase in (Phase.ANSWER, Phase.END):
            self.transport.abort()
        else:
            self.transport.close()

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The pages, told who asks; they tell by `state["prove"]` that it is somebody who may."""
        proven = False

        def prove() -> None:
            nonlocal proven
            proven = self.proven = True

        scope["state"]["prove"] = prove
        if self._admission.behind_proxy:
            client = forwarded_client(scope)
            scope["client"] = (client, 0)
            self._admission.enter(self, client)
        try:
            if not self.proven:
                await self._admission.wait_turn()
            if not self.cycle.disconnected:
                await self._pages(scope, receive, send)
        except asyncio.CancelledError:
            # The server ends, and this was still at it: uvicorn would log it whole.
            self.cycle.disconnected = True
            self.transport.abort()
        self.proven = proven


class Admission:
    """All connections of one server, counted in all and by address."""

    def __init__(self, limits: Limits, refusals: Refusals, *, behind_proxy: bool) -> None:
        """`behind_proxy`: a web server of ours connects, and an address is a request's and not its."""
        self.refusals = refusals
        self.behind_proxy = behind_proxy
        self._limits = limits
        self._inside: set[Connection] = set()
        self._of_address: Counter[str] = Counter()
        self._closing = False
        self._ticked_at = math.inf
        self._waiting = 0
        self.strained_until = 0.0  # of the event loop's time

    def enter(self, one: Connection, address: str) -> None:
        """Counts it in, or under another address; where that is one too many, somebody is put out."""
        if self._closing:
            one.transport.abort()
        if one.transport.is_closing():
            return  # RACE: put out, and its request still began
        self.leave(one)
        one.address = household(address)
        self._inside.add(one)
        self._of_address[one.address] += 1
        if one.address and self._of_address[one.address] > self._limits.of_address:
            self._put_out(one, (other for other in self._inside if other.address == one.address))
        elif len(self._inside) > self._limits.connections:
            self._put_out(one, self._inside)

    async def wait_turn(self) -> None:
        """Before a request of one who has shown nothing: while there is too much, all else goes first."""
        if asyncio.get_running_loop().time() >= self.strained_until:
            return
        self.refusals.count(SLOWED)
        self._waiting += 1
        try:
            await asyncio.sleep(SLOWED_BY + self._waiting * APART)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """The server ends: who keeps us waiting has had their time, who waits for us gets a little more."""
        self._closing = True
        for one in list(self._inside):
            if not one.works:
                one.transport.abort()

    def leave(self, one: Connection) -> None:
        if one in self._inside:
            self._inside.remove(one)
            self._of_address[one.address] -= 1
            if not self._of_address[one.address]:
                del self._of_address[one.address]

    def look(self, now: float) -> None:
        """Ends what has taken longer than it may. `now` is the event loop's time."""
        for one in list(self._inside):
            limit, waited = self._limits.seconds(one.phase), one.look(now)
            if limit is not None and waited >= limit:
                if one.phase is not Phase.IDLE:
                    self.refusals.count(one.phase)
                one.end()

    def tick(self, now: float, every: float) -> None:
        """Called each `every` seconds; where that comes late, requests take more of the event loop than is
        left for nudges, and those of strangers wait for a while."""
        if now - self._ticked_at > every + LATE:
            self.strained_until = now + STRAINED
        self._ticked_at = now
        self.look(now)
        self.refusals.say(now)

    def _put_out(self, newcomer: Connection, among: Iterable[Connection]) -> None:
        """The one with the least claim to stay: who has shown nothing before who has, who keeps us waiting
        before whom we keep, of the address that has the most, for the longest. The newcomer only where all
        others have shown something and wait for us."""
        others = (one for one in among if one is not newcomer and not (one.proven and one.works))
        gone = min(others, key=self._claim, default=newcomer)
        self.refusals.count(CROWDED)
        self.leave(gone)
        gone.transport.abort()

    def _claim(self, one: Connection) -> tuple[bool, bool, int, float]:
        return one.proven, one.works, -self._of_address[one.address], one.since
