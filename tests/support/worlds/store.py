"""People, plans and days for the store's tests, and a clock that is stepped."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from nudger.agenda.entries import (
    EVERY_WAY,
    Claim,
    Decide,
    Decision,
    Drop,
    Due,
    Failure,
    LaidOut,
    Later,
    Planned,
    Receipt,
    Result,
    Send,
    SendFailure,
    Sending,
    Verdict,
    Ways,
)
from nudger.domain.effects import Effect, Response
from nudger.domain.errors import Problem
from nudger.domain.model import (
    FROM_A_TEXT,
    At,
    Between,
    ChannelName,
    Kind,
    Nudge,
    OnDays,
    Origin,
    Person,
    Plan,
    Slot,
    State,
    Window,
)
from nudger.inbound.port import Bound, Inbound, Writer
from nudger.plan_sync.port import PlanChange, PlanFile, PlanRead
from nudger.store.schema.tables import metadata
from nudger.store.sql.database import Database
from nudger.store.stores import Stores

SMS, EMAIL = ChannelName.SMS, ChannelName.EMAIL
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday; London is on UTC
TODAY = NOON.date()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MAYA_PHONE, MAYA_EMAIL = "+447700900123", "maya@example.org"

REST = Nudge("rest", Kind.REST, At((time(13),)))
STRETCH = Nudge("stretch", Kind.MOVEMENT, Between(Window(time(10), time(17)), 2), OnDays(frozenset(range(5))))


def plan(person: str = "maya", **changes: object) -> Plan:
    known = Plan(
        person,
        person.title(),
        "Europe/London",
        phone=MAYA_PHONE if person == "maya" else None,
        email=f"{person}@example.org",
        channels=(SMS, EMAIL) if person == "maya" else (EMAIL,),
        consent="2026-11-20, in person",
        nudges=(REST, STRETCH),
    )
    return replace(known, **changes)


def plan_file(one: Plan) -> PlanFile:
    return PlanFile(one, f"plans/{one.person}.toml", sha256(repr(one).encode()).hexdigest())


def send(one: Person, due: Due, now: datetime) -> Verdict:
    """Everything goes out, on the channel that is left."""
    channel = due.channel or next(
        name for name in one.plan.channels if name not in due.refused | one.standing.opted_out
    )
    text = due.text or f"A small {due.nudge} nudge."
    address = one.plan.address(channel)
    assert address is not None
    return Send(channel, address, text, "A small nudge", timedelta(minutes=30), 1, f"key-{due.nudge}")


Judge = Callable[[Person, Due, datetime], Verdict]


class World:
    """A store, and the short ways into it."""

    def __init__(self, store: Stores) -> None:
        self.store = store
        self.now = NOON
        self.ids = 0
        store.sending.renew("here")  # whose claims these are, and who looks once more before each call

    # plans and days
    def load(
        self, *plans: Plan, present: Sequence[str] | None = None, problems: Sequence[Problem] = ()
    ) -> PlanChange:
        """Takes over these plans; the folder holds nobody else, unless `present` says so."""
        there = [one.person for one in plans] if present is None else present
        files = [plan_file(one) for one in plans]
        people = {person: f"plans/{person}.toml" for person in there}
        return self.store.plans.load_plans(PlanRead(None, files, people, problems), self.now)

    def lay_out(self, person: str, *slots: Slot, afresh: bool = False, version: int | None = None) -> None:
        self.store.agenda.lay_out([laid_out(person, *slots, afresh=afresh, version=version)], self.now)

    def maya(self, *due_at: datetime, **changes: object) -> None:
        """Maya's plan is in, and a rest nudge is laid out for each of these times."""
        self.load(plan(**changes))
        self.lay_out("maya", *(slot(at, number) for number, at in enumerate(due_at, 1)))

    # claims and their ends
    def claim(self, judge: Judge = send, limit: int = 100, owner: str = "here") -> Claim:
        return self.store.sending.claim_due(self.now, limit, owner, counting(judge, self.now))

    def claim_one(self, judge: Judge = send) -> Sending:
        (sending,) = self.claim(judge).sendings
        return sending

    def accept(self, *sendings: Sending) -> None:
        self.store.sending.record(
            [Result(sending, Receipt(f"SM-{sending.message}")) for sending in sendings], self.now
        )

    def fail(self, sending: Sending, failure: Failure, retry_at: datetime | None = None) -> None:
        fault = SendFailure(failure, f"it was {failure}", "21610")
        self.store.sending.record([Result(sending, failure=fault, retry_at=retry_at)], self.now)

    def deliver(self) -> list[Sending]:
        """All that is due goes out, and is accepted."""
        sendings = list(self.claim().sendings)
        self.accept(*sendings)
        return sendings

    # replies and acts
    def text(
        self, *effects: Effect, address: str = MAYA_PHONE, provider_id: str | None = None
    ) -> Writer | None:
        """A text that comes to mean these effects; what the store told the one who answered."""
        self.ids += 1
        seen: list[Writer] = []
        inbound = Inbound(
            provider_id or f"IN{self.ids}",
            SMS if address.startswith("+") else EMAIL,
            address,
            f"text {self.ids}",
            self.now,
        )
        self.store.inbound.take_reply(inbound, answering(effects, seen))
        return seen[0] if seen else None

    def bound(self) -> Bound | None:
        writer = self.text()
        assert writer is not None
        return writer.bound

    def act(self, *effects: Effect, person: str = "maya", what: str = "act") -> Writer | None:
        seen: list[Writer] = []
        self.store.inbound.act(person, self.now, answering(effects, seen), what)
        return seen[0] if seen else None

    # looking
    def person(self, person_id: str = "maya") -> Person:
        found = self.store.people.person(person_id)
        assert found is not None
        return found

    def states(self, person_id: str = "maya") -> list[str]:
        """The states of all nudges, by due time."""
        return [str(entry.state) for entry in self.store.people.agenda(person_id, date.min)]

    def due_times(self, person_id: str = "maya") -> list[datetime]:
        return [
            entry.due_at
            for entry in self.store.people.agenda(person_id, date.min)
            if entry.state == "planned"
        ]


def slot(due_at: datetime, number: int = 1, nudge: str = "rest", origin: Origin = Origin.FIXED) -> Slot:
    return Slot(nudge, due_at.date(), number, origin, due_at.time(), due_at)


def laid_out(
    person: str,
    *slots: Slot,
    afresh: bool = False,
    version: int | None = None,
    next_at: datetime = NOON + DAY,
) -> LaidOut:
    return LaidOut(
        person,
        slots,
        {"rest": timedelta(minutes=30), "stretch": timedelta(minutes=45)},
        {"rest": Kind.REST, "stretch": Kind.MOVEMENT},
        TODAY + DAY,
        next_at,
        afresh,
        version,
    )


def counting(judge: Judge, now: datetime) -> Decide:
    """A decision that counts each nudge it sends in the person's history, as delivery does."""

    def decide(one: Person, dues: Sequence[Due], _ways: Ways = EVERY_WAY) -> Decision:
        verdicts, history = [], one.history
        for due in dues:
            verdict = judge(one, due, now)
            verdicts.append(verdict)
            if isinstance(verdict, Send) and due.origin not in (*FROM_A_TEXT, Origin.ON_DEMAND):
                sent = history.sent if history.on == now.date() else 0
                recent = {**history.recent, due.nudge: (verdict.bank_key or "",)}
                history = replace(history, on=now.date(), sent=sent + 1, last_at=now, recent=recent)
        return Decision(tuple(verdicts), replace(one, history=history))

    return decide


def answering(effects: Sequence[Effect], seen: list[Writer]) -> Callable[[Writer], Response]:
    def respond(writer: Writer) -> Response:
        seen.append(writer)
        return Response("tested", None, tuple(effects))

    return respond


def drop(state: State, reason: str) -> Judge:
    return lambda _one, _due, _now: Drop(state, reason)


def later(until: datetime, reason: str = "not yet") -> Judge:
    return lambda _one, _due, _now: Later(until, reason)


def entry(world: World) -> Planned:
    """The first of Maya's today."""
    return world.store.people.agenda("maya", TODAY)[0]


def message(world: World) -> dict[str, object]:
    """The last that went to Maya, as it is kept."""
    return world.store.people.export("maya")["message"][-1]


def empty(database: Database) -> None:
    """Nothing is left in it but its tables."""
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
