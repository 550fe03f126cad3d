"""The days ahead: the forecast of each plan, with what the database knows where there is one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from rich.progress import track

from nudger.agenda.entries import Planned
from nudger.agenda.forecast import Forecast, foreseen
from nudger.app.core import Core
from nudger.cli.show import err
from nudger.domain.effects import YEARS, computable_date
from nudger.domain.errors import StoreError, UsageError
from nudger.domain.model import ChannelName, Person, Plan, Standing
from nudger.schedule import day_bounds, local_date, resolve, with_hours

if TYPE_CHECKING:
    from nudger.app.state import Stores

# Days of people, about a second's work: more than that gets a progress bar.
LONG = 2000
ERASED = "this person's data was erased: nothing is sent to them while this plan is there"


@dataclass(frozen=True)
class Preview:
    """The days ahead, seen from `start` (each person's own wall time where it names no zone)."""

    core: Core
    store: "Stores | None"
    now: datetime
    start: datetime | date | None
    days: int
    failed: dict[str, str] = field(default_factory=dict)  # over whom nudger fails: why

    @classmethod
    @contextmanager
    def opened(cls, core: Core, now: datetime, start: str | None, days: int) -> "Iterator[Preview]":
        when = _when(start)
        store = _existing(core)
        try:
            yield cls(core, store, now, when, days)
        finally:
            if store is not None:
                store.close()

    def of(self, plans: Sequence[Plan]) -> list[Forecast]:
        """Foresees every slot of these plans, by its time; slots without room come last."""
        return sorted((row for _, rows in self.each(plans) for row in rows), key=by_time)

    def each(self, plans: Sequence[Plan]) -> Iterator[tuple[Plan, list[Forecast]]]:
        """Foresees the slots of one plan after the other, each by its time: memory stays flat."""
        erased = self.store.people.erased() if self.store else frozenset[str]()
        for plan in _watched(plans, self.days):
            now = self._now(plan)
            known = self.store.people.person(plan.person) if self.store else None
            planned: Sequence[Planned] = ()
            if self.store and known:
                planned = self.store.people.agenda(plan.person, local_date(self.zone(plan), now))
            rows, trouble = foreseen(_as_loaded(plan, known), planned, now, self.days, self.core.decider)
            if trouble:
                self.failed[plan.person] = trouble
            yield plan, [_never(row) for row in rows] if plan.person in erased else list(rows)

    def zone(self, plan: Plan) -> tzinfo:
        """Finds the zone of a plan."""
        return self.core.zone(plan.timezone)

    def dates(self, plan: Plan) -> list[date]:
        """Lists the local dates that are looked at."""
        first = local_date(self.zone(plan), self._now(plan))
        return [first + timedelta(days=offset) for offset in range(self.days)]

    def _now(self, plan: Plan) -> datetime:
        return self.now if self.start is None else _instant(self.start, self.zone(plan))


def by_time(row: Forecast) -> tuple[bool, datetime, date, str, str, int]:
    """Sorts rows of several people by their instant; slots without room come last."""
    at = row.due_at or datetime.max.replace(tzinfo=UTC)
    return (row.due_at is None, at, row.local_date, row.person, row.nudge, row.slot)


def _watched(plans: Sequence[Plan], days: int) -> Iterable[Plan]:
    """With a bar on the terminal where it takes long enough to wonder."""
    if not err.is_terminal or len(plans) * days < LONG:
        return plans
    return track(plans, "Looking ahead", console=err, transient=True)


def _as_loaded(plan: Plan, known: Person | None) -> Person:
    """The person as the daemon will have them once it has taken over this plan."""
    standing = known.standing if known else Standing()
    # Consent is of an address: what was said at another one counts no longer.
    same = frozenset(one for one in ChannelName if known and known.plan.address(one) == plan.address(one))
    consented = (standing.consented & same) | (frozenset(plan.channels) if plan.consent else frozenset())
    standing = replace(standing, consented=consented, asked=standing.asked & same, removed_at=None)
    plan = with_hours(plan, standing.wishes)
    return replace(known, plan=plan, standing=standing) if known else Person(plan, standing)


def _never(row: Forecast) -> Forecast:
    return replace(row, status="skip", reason=ERASED, channel=None, text=None, segments=None, until=None)


def _existing(core: Core) -> "Stores | None":
    """The database, where there is one: a preview makes none, and goes without one that it may not open."""
    if not core.has_database():
        return None
    from nudger.app.state import look_into_database  # noqa: PLC0415 (most previews have no database)

    try:
        return look_into_database(core)
    except StoreError as fault:
        err.print(f"[yellow]nudger:[/] previewing without the database: {fault.message}")
        return None


def _when(text: str | None) -> datetime | date | None:
    if text is None:
        return None
    expected = '--from: expected a date or a time like "2026-11-23" or "2026-11-23T09:30"'
    try:
        when = datetime.fromisoformat(text) if len(text) > 10 else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{expected}, got {text!r}") from None
    if not computable_date(when.date() if isinstance(when, datetime) else when):
        raise UsageError(f"{expected}, of {YEARS}, got {text!r}")
    return when


def _instant(start: datetime | date, zone: tzinfo) -> datetime:
    if isinstance(start, datetime) and start.tzinfo is not None:
        return start.astimezone(UTC)
    day, wall = (start.date(), start.time()) if isinstance(start, datetime) else (start, time(0))
    minute = wall.replace(second=0, microsecond=0)
    resolved = resolve(zone, day, minute)
    if resolved is None:  # the clocks skip what is left of this date, or all of it
        return day_bounds(zone, day)[1]
    # Where the clocks skip this minute there are no seconds of it either.
    into = timedelta(seconds=wall.second, microseconds=wall.microsecond)
    return resolved.at + (into if resolved.wall == minute else timedelta(0))
