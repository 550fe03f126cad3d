"""What a person can press on their own page, and what each of it does. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from nudger.agenda.thinning import backs_off
from nudger.domain.effects import Answer, Effect, OptIn, OptOut, Pause, Response, Resume
from nudger.domain.model import ChannelName, Plan, Standing
from nudger.inbound.email_links import days_on
from nudger.inbound.port import Writer
from nudger.inbound.respond import Responder
from nudger.inbound.wishes import LOWEST

HOW = "used their own page"
NOTHING = "nothing"  # the intent of what was not offered


class Press(StrEnum):
    """One button. The words stand in forms that may lie open for days, so they stay."""

    LATER = "later"
    LATER_HOURS = "later-hours"
    LATER_TOMORROW = "later-tomorrow"
    PAUSE_DAY = "pause-day"
    PAUSE_WEEK = "pause-week"
    PAUSE = "pause"
    RESUME = "resume"
    LESS = "less"
    MORE = "more"
    STOP = "stop"
    BEGIN = "begin"


LATERS = (Press.LATER, Press.LATER_HOURS, Press.LATER_TOMORROW)
PAUSES = {Press.PAUSE_DAY: 1, Press.PAUSE_WEEK: 7, Press.PAUSE: None}  # days; None until RESUME

Group = tuple[str, Sequence[Press]]


@dataclass(frozen=True)
class Choices:
    """A person as their page finds them, and what that lets them do."""

    writer: Writer
    channel: ChannelName  # of the link
    now: datetime
    responder: Responder

    def response(self, step: str) -> Response:
        """Returns what pressing does; no effects where the page does not offer it (any more)."""
        offered = next((one for _, steps in self.groups() for one in steps if one == step), None)
        if offered is None:
            return Response(NOTHING)
        return Response(offered, self.until(offered), self._effects(offered))

    def groups(self) -> Iterator[Group]:
        """Returns what is offered, by what it is about, in the order of the page."""
        standing = self.standing
        paused = standing.paused(self.now)
        if standing.removed_at is None:
            if standing.held_at is not None or paused:
                yield "resume", (Press.RESUME,)
            if standing.held_at is None:
                yield from self._of_nudges(paused)
        if not standing.opted_out.issuperset(self.reached):
            yield "stop", (Press.STOP,)

    def until(self, step: Press) -> datetime | None:
        """Returns when it comes back, or until when all is quiet."""
        if step in LATERS:
            return self._reply(step).until
        days = PAUSES.get(step)
        return days_on(self.zone, self.now, days) if days else None

    @property
    def plan(self) -> Plan:
        return self.writer.person.plan

    @property
    def standing(self) -> Standing:
        return self.writer.person.standing

    @property
    def zone(self) -> tzinfo:
        return self.responder.zone(self.plan.timezone)

    @property
    def reached(self) -> Sequence[ChannelName]:
        """The channels of the plan that have an address."""
        return [channel for channel in self.plan.channels if self.plan.address(channel)]

    @property
    def open(self) -> frozenset[ChannelName]:
        """Those of them on which nudges may go out."""
        return frozenset(self.reached) & self.standing.consented - self.standing.opted_out

    @property
    def backs_off(self) -> bool:
        """Whether less comes because they are silent."""
        return backs_off(self.writer.person, self.now, self.zone)

    def _of_nudges(self, paused: bool) -> Iterator[Group]:
        if not self.open:
            yield "begin", (Press.BEGIN,)
            return
        if not paused:
            if self.writer.bound is not None:
                yield "later", LATERS
            yield "pause", tuple(PAUSES)
        if rates := tuple(self._rates()):
            yield "rate", rates

    def _rates(self) -> Iterator[Press]:
        if self.standing.fewer < LOWEST:
            yield Press.LESS
        if self.standing.fewer or self.standing.low(self.now) or self.backs_off:
            yield Press.MORE

    def _effects(self, step: Press) -> tuple[Effect, ...]:
        match step:
            case Press.PAUSE_DAY | Press.PAUSE_WEEK | Press.PAUSE:
                return (Pause(self.until(step)),)
            case Press.RESUME:
                return (Resume(),)
            case Press.STOP:
                return (OptOut(frozenset(ChannelName), HOW),)
            case Press.BEGIN:
                return (OptIn(frozenset(self.reached), HOW),)
            case _:
                # The page shows how things stand after it: nothing is sent about it.
                return tuple(one for one in self._reply(step).effects if not isinstance(one, Answer))

    def _reply(self, step: Press) -> Response:
        """What the same would do as a text, in the words that people are told."""
        voice, wording = self.plan.voice, self.responder.wording
        later = wording.command(voice, "LATER")
        texts = {
            Press.LATER: later,
            Press.LATER_HOURS: f"{later} 3h",
            Press.LATER_TOMORROW: f"{later} {wording.page(voice, 'me', 'tomorrow')}",
            Press.LESS: wording.command(voice, "LESS"),
            Press.MORE: wording.command(voice, "MORE"),
        }
        return self.responder.respond(self.writer, texts[step], self.channel, self.now)
