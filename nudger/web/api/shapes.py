"""What the API takes and gives. These models check what comes in, write what goes out, and describe both
in the OpenAPI description, so that none of the three can differ from the others."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from nudger.agenda.forecast import Forecast
from nudger.domain.effects import Need, checked
from nudger.domain.errors import Problem
from nudger.domain.model import ChannelName, Kind, Outcome, Person, State
from nudger.inbound.port import Entry
from nudger.operations.attention import Matter, MatterKind, matters
from nudger.operations.overview import Alarm, Apart, Glance, Lately, Seen, SeenReply, Vitals
from nudger.web.board.desk import PersonView

LARGEST_REPLY = 2**63 - 1
ID = r"^[a-z0-9][a-z0-9_-]{0,63}$"
PersonId = Annotated[str, Field(pattern=ID, description="The name of their plan file.")]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most.")]
# Described a little narrower than what is taken: a pattern knows no offsets.
Instant = Annotated[
    AwareDatetime, AfterValidator(checked), Field(json_schema_extra={"pattern": "^[2-7][0-9]{3}-"})
]
Text = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Show(StrEnum):
    """Which entries of the agenda: the lists of `board.desk`."""

    COMING = "coming"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    MISSED = "missed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


# --- what comes in ------------------------------------------------------------------------------
class NoQuery(_In):
    """No parameters."""


class PeopleQuery(_In):
    search: Annotated[Text, Field(description="Words that stand in their id or name.")] = ""
    apart: Annotated[
        Apart | None, Field(description="Only people who get nothing, or less, for this reason.")
    ] = None
    lately: Annotated[
        Lately | None,
        Field(description="Only people whom nothing reached for 7 days, or who gave no sign for 14."),
    ] = None
    group: Annotated[Text | None, Field(description="Only people of this group of plans.")] = None
    channel: ChannelName | None = None
    kind: Kind | None = None
    after: Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,64}$", description="`next` of the page before.")] = ""
    limit: Limit = 50


class AgendaQuery(_In):
    show: Show = Show.COMING
    after: Annotated[
        str | None,
        Field(pattern=r"^[0-9]{1,16}~[0-9]{1,18}$", description="`next` of the page before."),
    ] = None


class RepliesQuery(_In):
    intent: Annotated[Text | None, Field(description="Only those that were understood as this.")] = None
    needs: Annotated[Need | None, Field(description="Only those that need a person for this reason.")] = None
    person: Annotated[str | None, Field(pattern=ID, description="Only those of this person.")] = None
    group: Annotated[Text | None, Field(description="Only those of people of this group.")] = None
    since: Annotated[Instant | None, Field(description="Not before then.")] = None
    until: Annotated[Instant | None, Field(description="Not after then.")] = None
    handled: Annotated[bool | None, Field(description="Whether somebody has seen to them.")] = None
    after: Annotated[
        str | None,
        Field(pattern=r"^[0-9]{1,16}~[0-9]{1,18}$", description="`next` of the page before."),
    ] = None
    limit: Limit = 50


class DaysQuery(_In):
    days: Annotated[int, Field(ge=1, le=60, description="Local dates from today on.")] = 7


class LogQuery(_In):
    before: Annotated[Instant | None, Field(description="`next` of the page before.")] = None
    limit: Limit = 50


class PauseRequest(_In):
    """No nudges until then; until they are resumed where it is null. `begins_at`: from then on, not from now;
    it takes an end."""

    until: Instant | None = None
    begins_at: Instant | None = None


class SendRequest(_In):
    """One nudge of this kind, now."""

    kind: Kind


class HandledRequest(_In):
    """Who has seen to it; null: nobody has after all."""

    by: Annotated[str | None, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


# --- what goes out ------------------------------------------------------------------------------
class ProblemDetails(_Out):
    """RFC 9457: why a request was refused."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str


class Look(_Out):
    """One thing that needs a look, in a sentence; of a person it has the id and no word of theirs."""

    cause: MatterKind
    words: str
    person: str | None
    since: datetime | None
    number: Annotated[int, Field(description="People or messages that it stands for.")]

    @classmethod
    def of(cls, matter: Matter) -> "Look":
        """Makes it of a matter."""
        return cls(
            cause=matter.cause,
            words=matter.words,
            person=matter.person or None,
            since=matter.since,
            number=matter.number,
        )


class Health(_Out):
    """Everything in a few figures, and what needs a look first; where nothing does, all is well."""

    needs_a_look: list[Look]

    people: int
    planned: int
    queued: int
    unknown: int
    next_due_at: datetime | None
    oldest_due_at: datetime | None
    apart: dict[Apart, int]
    plan_problems: dict[str, int]

    @classmethod
    def of(cls, vitals: Vitals, alarms: Sequence[Alarm], now: datetime) -> "Health":
        """Makes it of what the store counts, and of the alarms that stand."""
        return cls(
            needs_a_look=[Look.of(one) for one in matters(vitals, alarms, now)],
            people=vitals.people,
            planned=vitals.planned,
            queued=vitals.queued,
            unknown=vitals.unknown,
            next_due_at=vitals.next_due_at,
            oldest_due_at=vitals.oldest_due_at,
            apart=dict(vitals.apart),
            plan_problems=dict(vitals.problems),
        )


class AwaySpan(_Out):
    """Days without a nudge, begun or still to come."""

    begins_at: datetime
    ends_at: datetime


class PersonSummary(_Out):
    """Who they are, and whether anything keeps nudges from them."""

    id: PersonId
    name: str
    timezone: str
    language: str
    paused: bool
    paused_until: datetime | None
    away: list[AwaySpan]
    held: bool
    removed: bool
    set_aside: Annotated[bool, Field(description="nudger fails over them; the alarm says what to do.")]
    opted_out: list[ChannelName]
    consented: list[ChannelName]
    unreachable: Annotated[list[ChannelName], Field(description="Too much in a row did not arrive there.")]
    group: str | None

    @classmethod
    def of(cls, person: Person, now: datetime) -> "PersonSummary":
        """Makes it of a person as they stand at `now`."""
        return cls.model_validate(_person(person, now))


class PersonInList(PersonSummary):
    """The same, with what they lately got and gave a sign of."""

    arrived_at: Annotated[datetime | None, Field(description="Of the nudges known to have arrived.")]
    signed_at: datetime | None
    next_due_at: Annotated[datetime | None, Field(description="Whatever keeps it back.")]

    @classmethod
    def of_glance(cls, one: Glance, now: datetime) -> "PersonInList":
        """Makes it of a person beside others."""
        return cls.model_validate(
            {
                **_person(one.person, now),
                "arrived_at": one.arrived_at,
                "signed_at": one.signed_at,
                "next_due_at": one.next_at,
            }
        )


class People(_Out):
    """People, and `next` for more. A page may be short, or empty, before the last one."""

    people: list[PersonInList]
    number: Annotated[int, Field(description="How many there are; of very many, of the first ones.")]
    counted_all: bool
    next: str | None


class PlanProblem(_Out):
    file: str
    line: int
    column: int
    where: str
    message: str
    hint: str
    severity: str

    @classmethod
    def of(cls, problem: Problem) -> "PlanProblem":
        """Makes it of a problem of a plan file."""
        return cls.model_validate(problem.as_json())


class PersonWithPlan(PersonSummary):
    """The same, with the state of their plan file."""

    kinds: list[Kind]
    plan_file: str | None
    plan_problems: list[PlanProblem]

    @classmethod
    def of_view(cls, view: PersonView, now: datetime) -> "PersonWithPlan":
        """Makes it of a look at one person."""
        return cls.model_validate(
            {
                **_person(view.person, now),
                "kinds": sorted({nudge.kind for nudge in view.person.plan.nudges}),
                "plan_file": view.plan.file if view.plan else None,
                "plan_problems": [problem.as_json() for problem in (view.plan.problems if view.plan else ())],
            }
        )


class ForecastEntry(_Out):
    """One nudge to come, or the reason why it will not."""

    nudge: str
    kind: Annotated[Kind | None, Field(description="null for the question for consent.")]
    local_date: date
    slot: int
    local_time: str | None
    due_at: datetime | None
    channel: ChannelName | None
    status: Literal["send", "skip"]
    reason: str

    @classmethod
    def of(cls, row: Forecast) -> "ForecastEntry":
        """Makes it of a forecast."""
        return cls.model_validate({name: getattr(row, name) for name in cls.model_fields})


class PersonAgenda(_Out):
    person: PersonId
    entries: list[ForecastEntry]


class AgendaEntry(_Out):
    """One entry of the agenda, as it stands."""

    person: PersonId
    name: str
    nudge: str
    kind: Kind | None
    due_at: datetime
    state: State
    reason: str
    channel: ChannelName | None
    outcome: Outcome | None

    @classmethod
    def of(cls, seen: Seen) -> "AgendaEntry":
        """Makes it of an entry of anyone."""
        values = {name: getattr(seen, name) for name in cls.model_fields if name != "due_at"}
        return cls.model_validate({**values, "due_at": seen.cursor.at})


class Agenda(_Out):
    """Entries, and `next` for more. A page may be short, or empty, before the last one."""

    entries: list[AgendaEntry]
    next: str | None


class Reply(_Out):
    """What one person wrote, as it was understood."""

    id: int
    at: datetime
    person: PersonId
    name: str
    channel: ChannelName
    intent: str
    needs: Annotated[Need | None, Field(description="Why it needs a person.")]
    handled_at: datetime | None
    handled_by: str | None
    text: Annotated[str | None, Field(description="null unless NUDGER_SHOW_CONVERSATIONS is on.")]

    @classmethod
    def of(cls, one: SeenReply, *, words: bool) -> "Reply":
        """Makes it of a reply of anyone."""
        return cls(
            id=one.cursor.id,
            at=one.cursor.at,
            person=one.person,
            name=one.name,
            channel=one.channel,
            intent=one.intent,
            needs=one.need,
            handled_at=one.handled_at,
            handled_by=one.handled_by,
            text=one.text if words else None,
        )


class Replies(_Out):
    """Replies, and `next` for more. A page may be short, or empty, before the last one."""

    replies: list[Reply]
    number: Annotated[int, Field(description="How many there are, of the latest ten thousand.")]
    counted_all: bool
    next: str | None


class LogEntry(_Out):
    at: datetime
    what: str
    state: str
    reason: str
    channel: ChannelName | None
    outcome: Outcome | None
    due_at: datetime | None

    @classmethod
    def of(cls, entry: Entry) -> "LogEntry":
        """Makes it of a line of the log."""
        return cls.model_validate({name: getattr(entry, name) for name in cls.model_fields})


class Log(_Out):
    entries: list[LogEntry]
    next: datetime | None


def _person(person: Person, now: datetime) -> dict[str, object]:
    standing, plan = person.standing, person.plan
    paused = standing.paused(now)
    return {
        "id": person.id,
        "name": plan.name,
        "timezone": plan.timezone,
        "language": plan.language,
        "paused": paused,
        "paused_until": standing.back_at(now) if paused else None,
        "away": [
            {"begins_at": one.begins_at, "ends_at": one.ends_at}
            for one in standing.wishes.away
            if one.ends_at > now
        ],
        "held": standing.held_at is not None,
        "removed": standing.removed_at is not None,
        "set_aside": standing.set_aside,
        "opted_out": sorted(standing.opted_out),
        "consented": sorted(standing.consented),
        "unreachable": sorted(standing.unreachable),
        "group": plan.group,
    }
