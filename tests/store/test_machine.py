"""Everything that can happen to people and their agenda, in any order, against a model of the promises:
nothing goes out twice, nothing after STOP or under a hold, and what went out is counted once."""

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from nudger.delivery.ports import Drop, Due, Failure, Sending, Verdict
from nudger.effects import Hold, OptIn, OptOut, Pause, Resume, Settle, Snooze
from nudger.model import Outcome, Person, State
from nudger.store import open_store
from nudger.store.tables import AnyRow, occurrence
from tests.store.conftest import BACKENDS, empty
from tests.store.world import HOUR, MINUTE, NOON, SMS, World, plan, send, slot

PHONES = {"maya": "+447700900123", "jonas": "+447700900124"}
WHO = st.sampled_from(sorted(PHONES))
END_OF_DAY = NOON + 11 * HOUR


class Machine(RuleBasedStateMachine):
    """Two people, one daemon that may crash, and what has been handed to the provider."""

    def __init__(self, fresh: Callable[[], str]) -> None:
        super().__init__()
        self.store = open_store(fresh())
        self.world = World(self.store)
        self.world.load(*(plan(name, phone=phone, channels=(SMS,)) for name, phone in PHONES.items()))
        self.slots = 0
        self.stopped: set[str] = set()
        self.held: set[str] = set()
        self.paused: set[str] = set()
        self.in_hand: dict[str, Sending] = {}
        self.out: set[int] = set()  # entries that the provider took, or may have taken

    def teardown(self) -> None:
        self.store.close()

    # time and days
    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.world.now = min(self.world.now + minutes * MINUTE, END_OF_DAY)

    @rule(who=WHO, minutes=st.integers(-20, 40))
    def a_slot_is_laid_out(self, who: str, minutes: int) -> None:
        self.slots += 1
        self.world.lay_out(who, slot(self.world.now + minutes * MINUTE, self.slots))

    @rule(who=WHO)
    def the_days_are_laid_out_afresh(self, who: str) -> None:
        self.world.lay_out(who, afresh=True)

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

    @rule()
    def what_was_claimed_is_released(self) -> None:
        self.world.store.release(list(self.in_hand.values()), self.world.now)
        self.in_hand.clear()

    @rule()
    def the_daemon_crashes_and_recovers(self) -> None:
        assert self.world.store.recover("here", self.world.now) == len(self.in_hand)
        self.out |= {sending.occurrence for sending in self.in_hand.values()}
        self.in_hand.clear()

    # people
    @rule(who=WHO)
    def someone_says_stop(self, who: str) -> None:
        self.world.text(OptOut(frozenset({SMS}), "texted STOP"), address=PHONES[who])
        self.stopped.add(who)

    @rule(who=WHO)
    def someone_says_start(self, who: str) -> None:
        self.world.text(OptIn(frozenset({SMS}), "texted START"), address=PHONES[who])
        self.stopped.discard(who)

    @rule(who=WHO)
    def someone_is_in_crisis(self, who: str) -> None:
        self.world.text(Hold(), address=PHONES[who])
        self.held.add(who)

    @rule(who=WHO)
    def someone_pauses(self, who: str) -> None:
        self.world.text(Pause(None), address=PHONES[who])
        self.paused.add(who)

    @rule(who=WHO)
    def someone_resumes(self, who: str) -> None:
        self.world.text(Resume(), address=PHONES[who])
        self.held.discard(who)
        self.paused.discard(who)

    @rule(who=WHO, minutes=st.integers(1, 90))
    def someone_says_later(self, who: str, minutes: int) -> None:
        bound = self.bound(who)
        if bound is not None:
            self.world.text(Snooze(bound, self.world.now + minutes * MINUTE), address=PHONES[who])

    @rule(who=WHO, outcome=st.sampled_from([Outcome.DONE, Outcome.SKIPPED]))
    def someone_says_done(self, who: str, outcome: Outcome) -> None:
        bound = self.bound(who)
        if bound is not None:
            self.world.text(Settle(bound, outcome), address=PHONES[who])

    @rule()
    def someones_file_is_gone_and_back(self) -> None:
        plans = [plan(name, phone=phone, channels=(SMS,)) for name, phone in PHONES.items()]
        self.world.load(plans[0])
        self.world.load(*plans)

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
                if row.person == one.id and row.id in sending | self.out and row.outcome != Outcome.SNOOZED
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


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_promises_hold_whatever_happens(
    backend: str, request: pytest.FixtureRequest, folder: Path
) -> None:
    if backend == "sqlite":
        template: Path = request.getfixturevalue("template")

        def fresh() -> str:
            for old in folder.iterdir():
                old.unlink()
            shutil.copy(template, folder / "nudger.db")
            return f"sqlite:///{folder}/nudger.db"

    else:
        url: str = request.getfixturevalue("shared_database")

        def fresh() -> str:
            empty(url)
            return url

    run_state_machine_as_test(
        lambda: Machine(fresh),
        settings=settings(
            max_examples=20 if backend == "sqlite" else 8,
            stateful_step_count=40,
            deadline=timedelta(seconds=20),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
