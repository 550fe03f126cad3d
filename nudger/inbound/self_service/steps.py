"""What a person can press on their own page, and what each of it does. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

from nudger.agenda.thinning import backs_off
from nudger.domain.effects import (
    Answer,
    Effect,
    GoAway,
    Hours,
    OptIn,
    OptOut,
    Pause,
    Response,
    Resume,
    Undo,
    computable_date,
    reachable,
)
from nudger.domain.model import ChannelName, Plan, Standing
from nudger.inbound.email_links import days_on
from nudger.inbound.port import Writer
from nudger.inbound.respond import Responder
from nudger.inbound.wishes import LOWEST, UNDONE_WITHIN
from nudger.schedule import day_bounds, local_date, quiet_ends, quieter

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
    TODAY = "today"
    AWAY = "away"  # with two dates behind it
    AWAY_OFF = "away-off"
    UNDO = "undo"
    HOURS_LATE = "hours-late"
    HOURS_EARLY = "hours-early"
    HOURS_USUAL = "hours-usual"
    LESS = "less"
    MORE = "more"
    STOP = "stop"
    BEGIN = "begin"


LATERS = (Press.LATER, Press.LATER_HOURS, Press.LATER_TOMORROW)
HOURS = {Press.HOURS_LATE: (time(10), None), Press.HOURS_EARLY: (None, time(18))}
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
        name, *dates = step.split() or [""]
        offered = next((one for _, steps in self.groups() for one in steps if one == name), None)
        if offered is None:
            return Response(NOTHING)
        if offered is Press.AWAY:
            return Response(offered, None, self._away(dates))
        return Response(offered, self.until(offered), self._effects(offered))

    def groups(self) -> Iterator[Group]:
        """Returns what is offered, by what it is about, in the order of the page."""
        standing = self.standing
        paused = standing.paused(self.now)
        last = self.writer.last_command
        if last is not None and self.now - last.at <= UNDONE_WITHIN and standing.held_at is None:
            yield "undo", (Press.UNDO,)
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
        if step is Press.TODAY:
            return self._tomorrow()
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
            yield "pause", (Press.TODAY, *PAUSES)
        planned = not paused and self.standing.wishes.away_after(self.now)
        yield "away", (Press.AWAY, Press.AWAY_OFF) if planned else (Press.AWAY,)
        if hours := tuple(self._hours()):
            yield "hours", hours
        if rates := tuple(self._rates()):
            yield "rate", rates

    def _rates(self) -> Iterator[Press]:
        if self.standing.fewer < LOWEST:
            yield Press.LESS
        if self.standing.fewer or self.standing.low(self.now) or self.backs_off:
            yield Press.MORE

    def _hours(self) -> Iterator[Press]:
        wishes = self.standing.wishes
        for press, (earliest, latest) in HOURS.items():
            known = wishes.earliest if earliest is not None else wishes.latest
            if known is None and quieter(self.plan.quiet, earliest, latest) not in (None, self.plan.quiet):
                yield press
        if wishes.hours:
            yield Press.HOURS_USUAL

    def _away(self, dates: Sequence[str]) -> tuple[Effect, ...]:
        """From the first of these local dates to the last one, both whole; nothing where they are no dates to
        come."""
        try:
            first, last = map(date.fromisoformat, dates)
        except ValueError:
            return ()
        if first > last or not computable_date(first) or not computable_date(last):
            return ()
        begins, ends = day_bounds(self.zone, first)[0], day_bounds(self.zone, last)[1]
        if ends <= self.now or ends != reachable(ends, self.now):
            return ()
        return (GoAway(max(begins, self.now), ends),)

    def _tomorrow(self) -> datetime:
        """When the quiet hours of the coming night end."""
        midnight = day_bounds(self.zone, local_date(self.zone, self.now))[1]
        return midnight if self.plan.quiet is None else quiet_ends(self.zone, self.plan.quiet, midnight)

    def _effects(self, step: Press) -> tuple[Effect, ...]:
        match step:
            case Press.UNDO:
                return (Undo(),)
            case Press.HOURS_LATE | Press.HOURS_EARLY:
                wishes, (earliest, latest) = self.standing.wishes, HOURS[step]
                return (Hours(earliest or wishes.earliest, latest or wishes.latest),)
            case Press.HOURS_USUAL:
                return (Hours(None, None),)
            case Press.AWAY_OFF:
                return (Resume(lifts=False),)
            case Press.TODAY | Press.PAUSE_DAY | Press.PAUSE_WEEK | Press.PAUSE:
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
