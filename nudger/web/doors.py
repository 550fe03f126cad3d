"""What the pages need of the rest of nudger, as plain callables: the web knows no store and no provider."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from nudger.domain.model import Plan
from nudger.inbound.port import Inbound, Line
from nudger.messages import Anchor
from nudger.web.api.metrics import MetricsDoors
from nudger.web.api.routes import ApiDoors
from nudger.web.board.doors import BoardDoors
from nudger.web.security.guard import Refusals
from nudger.web.self_service.calendar import CalendarDoors
from nudger.web.self_service.links import LinkDoors
from nudger.web.self_service.person import PersonDoors

Conversation = Callable[[int, str | None], Awaitable[Sequence[Line]]]
FormPairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ClockDoors:
    """The demo's fast clock, and how it is steered."""

    speed: Callable[[], float]  # times as fast as life; 0 while it is held
    run: Callable[[float], None]  # at this pace from here; 0 holds it
    jump: Callable[[], Awaitable[None]]  # to what is due next


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways from a page into nudger. A page whose door is None is not there: 404."""

    # Returns once the text and all that follows from it are committed.
    take_reply: Callable[[Inbound], Awaitable[None]]
    # (raw path, raw query, form pairs, X-Twilio-Signature): whether Twilio sent this. None: no Twilio here.
    signed: Callable[[bytes, bytes, FormPairs, str | None], bool] | None
    # (message id, MessageSid, MessageStatus, ErrorCode). None: they are acknowledged and come to nothing.
    status_callback: Callable[[str, str, str, str | None], Awaitable[None]] | None
    now: Callable[[], datetime]
    # (after cursor, person or None for all): the next lines, oldest first, in pages. None: no phone.
    conversation: Conversation | None
    # Whose phones there are, by id; with an id only that one, and none where nobody has it.
    people: Callable[[str | None], Awaitable[Sequence[Plan]]]
    # Returns when something may have been added to the conversation, or after some seconds.
    changed: Callable[[], Awaitable[None]]
    # Counts for /readyz, nothing personal; raises where nudger cannot work.
    health: Callable[[], Awaitable[Mapping[str, object]]]
    zone: Callable[[str], tzinfo]
    commands: Callable[[str], Mapping[str, str]]  # the words that a language is told to reply with
    # (line, language): the links of an email that the on-screen phone shows.
    below: Callable[[Line, str], Sequence[Anchor]] = lambda _line, _voice: ()
    clock: ClockDoors | None = None  # None: the machine's own, which nobody steers
    links: LinkDoors | None = None
    calendar: CalendarDoors | None = None
    metrics: MetricsDoors | None = None
    api: ApiDoors | None = None
    board: BoardDoors | None = None  # None: no password is set
    person: PersonDoors | None = None
    hosts: frozenset[str] = frozenset()  # names besides localhost at which the phone page answers
    # Why nudger cannot work, as was found by its own look: a stranger who asks costs the store nothing.
    faults: Callable[[], Sequence[str]] = tuple
    refusals: Refusals = field(default_factory=Refusals)
