"""Everything that can happen to people and their agenda, in any order, against a model of the promises:
nothing goes out twice, nothing after STOP or under a hold, and what went out is counted once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from nudger.delivery.agenda import Drop, Due, Sending, Verdict
from nudger.delivery.sends import Failure
from nudger.effects import Hold, OptIn, OptOut, Pause, Resume, Settle, Snooze
from nudger.model import Outcome, Person, State
from nudger.store import SqlStore
from nudger.store.database import Database
from nudger.store.tables import AnyRow, occurrence
from tests.store.conftest import empty
from tests.store.world import HOUR, MINUTE, NOON, SMS, World, plan, send, slot

PHONES = {"maya": "+447700900123", "jonas": "+447700900124"}
PLANS = [plan(name, phone=phone, channels=(SMS,)) for name, phone in PHONES.items()]
WHO = st.sampled_from(sorted(PHONES))
END_OF_DAY = NOON + 11 * HOUR


class Machine(RuleBasedStateMachine):
    """Two people, one daemon that may crash, and what has been handed to the provider."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__()
        self.store = store
        self.world = World(store)
        self.world.load(*PLANS)
        self.slots = 0
        self.stopped: set[str] = set()
        self.held: set[str] = set()
        self.paused: set[str] = set()
        self.in_hand: dict[str, Sending] = {}
        self.put_off: set[int] = set()  # entries whose snooze counts in their place
        self.out: set[int] = set()  # entries that the provider took, or may have taken

    # time and days
    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.world.now = min(self.world.now + minutes * MINUTE, END_OF_DAY)

    @rule(who=WHO, minutes=st.integers(-20, 40))
    def a_slot_is_laid_out(self, who: str, minutes: int) -> None:
        self.slots += 1
        self.world.lay_out(who, slot(self.world.now + minutes * MINUTE, self.slots))

    @rule(who=st.lists(WHO, min_size=1, max_size=4))
    def nudges_come_due_and_are_claimed(self, who: list[str]) -> None:
        for one in who:
            self.a_slot_is_laid_out(one, 0)
        self.what_is_due_is_claimed(len(who))

    # the daemon
    @rule(limit=st.integers(1, 3))
    def what_is_due_is_claimed(self, limit: int) -> None:
        claim = self.world.claim(self.gate, limit=limit)
        for sending in claim.sendings:
            assert sending.occurrence not in self.out, "claimed again after it went out"
            assert sending.occurrence not in {one.occurrence for one in self.in_hand.values()}
            self.in_hand[sending.message] = sending

    @rule(end=st.sampled_from([None, *Failure]), minutes=st.integers(0, 40) | st.none())
    def a_claimed_message_is_handed_over(self, end: Failure | None, minutes: int | None) -> None:
        if not self.in_hand:
            return
        _, sending = self.in_hand.popitem()
        if self.world.store.stopped([sending], self.world.now):
            assert sending.person in self.stopped | self.held
            return
        assert sending.person not in self.stopped, "handed over after STOP"
        assert sending.person not in self.held, "handed over under a hold"
        if end in (None, Failure.AMBIGUOUS):
            assert sending.occurrence not in self.out, "handed over twice"
            self.out.add(sending.occurrence)
        if end is None:
            self.world.accept(sending)
        else:
            retry_at = None if minutes is None else self.world.now + minutes * MINUTE
            self.world.fail(sending, end, retry_at)
        if end is Failure.OPTED_OUT:
            self.stopped.add(sending.person)

    # people
    @rule(who=WHO, what=st.sampled_from(["stop", "crisis", "pause"]))
    def someone_wants_no_nudge(self, who: str, what: str) -> None:
        effect, those = {
            "stop": (OptOut(frozenset({SMS}), "texted STOP"), self.stopped),
            "crisis": (Hold(), self.held),
            "pause": (Pause(None), self.paused),
        }[what]
        self.world.text(effect, address=PHONES[who])
        those.add(who)

    @rule(who=WHO)
    def someone_is_back(self, who: str) -> None:
        self.world.text(OptIn(frozenset({SMS}), "texted START"), Resume(), address=PHONES[who])
        for those in (self.stopped, self.held, self.paused):
            those.discard(who)

    @rule(who=WHO, minutes=st.integers(1, 90))
    def someone_says_later(self, who: str, minutes: int) -> None:
        bound = self.bound(who)
        if bound is not None:
            self.world.text(Snooze(bound, self.world.now + minutes * MINUTE), address=PHONES[who])
            self.put_off.add(bound)

    @rule(who=WHO, outcome=st.sampled_from([Outcome.DONE, Outcome.SKIPPED]))
    def someone_says_done(self, who: str, outcome: Outcome) -> None:
        bound = self.bound(who)
        if bound is not None:
            self.world.text(Settle(bound, outcome), address=PHONES[who])

    # what is rare in life, and would else be most of what happens here
    @rule(what=st.sampled_from(["crash", "release", "afresh", "removal"]), who=WHO)
    def something_else_happens(self, what: str, who: str) -> None:
        if what == "crash":
            assert self.store.recover("here", self.world.now) == len(self.in_hand)
            self.out |= {sending.occurrence for sending in self.in_hand.values()}
            self.in_hand.clear()
        elif what == "release":
            self.store.release(list(self.in_hand.values()), self.world.now)
            self.in_hand.clear()
        elif what == "afresh":
            self.world.lay_out(who, afresh=True)
        else:
            self.world.load(*(one for one in PLANS if one.person != who))
            self.world.load(*PLANS)

    # the promises
    @invariant()
    def everyone_stands_as_they_said(self) -> None:
        for one in self.world.store.people():
            assert (SMS in one.standing.opted_out) == (one.id in self.stopped)
            assert (one.standing.held_at is not None) == (one.id in self.held)
            assert one.standing.paused(self.world.now) == (one.id in self.paused)

    @invariant()
    def what_went_out_is_known_and_counted_once(self) -> None:
        rows = self.rows()
        sending = {row.id for row in rows if row.state == "sending"}
        assert sending == {one.occurrence for one in self.in_hand.values()}
        assert {row.id for row in rows if row.state in ("sent", "unknown")} == self.out
        for one in self.world.store.people():
            counted = [
                row.id
                for row in rows
                if row.person == one.id and row.id in (sending | self.out) - self.put_off
            ]
            assert one.history.sent == len(counted)

    def gate(self, one: Person, due: Due, now: datetime) -> Verdict:
        assert one.standing.removed_at is None
        if now > due.expires_at:
            return Drop(State.MISSED, "too late")
        if one.standing.held_at or SMS in one.standing.opted_out or one.standing.paused(now):
            return Drop(State.SUPPRESSED, "left alone")
        if SMS in due.refused:
            return Drop(State.FAILED, "refused")
        return send(one, due, now)

    def bound(self, who: str) -> int | None:
        writer = self.world.text(address=PHONES[who])
        assert writer is not None
        return writer.bound.occurrence if writer.bound else None

    def rows(self) -> Sequence[AnyRow]:
        with self.store._database.read() as connection:
            return connection.execute(select(occurrence)).all()


def test_the_promises_hold_whatever_happens(database: Database) -> None:
    def fresh() -> SqlStore:
        empty(database)
        return SqlStore(database, ZoneInfo)

    run_state_machine_as_test(
        lambda: Machine(fresh()),
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=timedelta(seconds=20),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
