"""Everything that can happen to people and their agenda, in any order, against a model of the promises:
nothing goes out twice, nothing ordinary after STOP or under a hold, nothing without consent, one welcome
to an address, one confirmation of a STOP, and what went out is counted once.

The store, the gate, the words and the understanding of replies are the real ones.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from nudger.agenda.entries import Failure, Sending
from nudger.app.core import Core
from nudger.domain.effects import Response, Snooze
from nudger.domain.model import FROM_A_TEXT, ChannelName, Origin
from nudger.inbound.port import Inbound, Writer
from nudger.store import Stores
from nudger.store.schema.tables import occurrence
from nudger.store.sql.database import Database
from nudger.store.sql.statements import AnyRow
from nudger.store.stores import stores_of
from tests.support.worlds.store import EMAIL, HOUR, MINUTE, NOON, REST, SMS, World, empty, plan, slot

NUMBERS = {"maya": ("+447700900123", "+447700900133"), "jonas": ("+447700900124", "+447700900134")}
CONSENT = "2026-11-20, in person"
# Both may be written to on either channel; nobody has agreed to anything yet.
PLANS = {
    name: plan(
        name, phone=first, channels=(SMS, EMAIL), nudges=(REST,), quiet=None, daily_limit=8, consent=None
    )
    for name, (first, _) in NUMBERS.items()
}
WHO = st.sampled_from(sorted(PLANS))
CHANNEL = st.sampled_from([SMS, SMS, EMAIL])
END_OF_DAY = NOON + 11 * HOUR
AFTER_STOP = "OK, nudger will send you nothing more."  # how the confirmation of a STOP begins

Reached = tuple[str, ChannelName]


class Machine(RuleBasedStateMachine):
    """Two people, one daemon that may crash, and what has been handed to the providers."""

    def __init__(self, store: Stores, core: Core) -> None:
        super().__init__()
        self.store = store
        self.core = core
        self.world = World(store)
        self.plans = dict(PLANS)
        self.world.load(*self.plans.values())
        self.slots = 0
        self.stopped: set[Reached] = set()
        self.stops: dict[Reached, int] = {}  # how often a channel that was open was closed by a text
        self.agreed: set[tuple[str, ChannelName, str | None]] = set()  # who said yes, at which address
        self.asked: set[tuple[str, ChannelName, str]] = set()
        self.held: set[str] = set()
        self.paused: set[str] = set()
        self.in_hand: dict[str, Sending] = {}
        self.put_off: set[int] = set()  # entries whose snooze counts in their place
        self.out: set[int] = set()  # entries that the provider took, or may have taken

    # time, days and plans
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

    @rule(who=WHO, what=st.sampled_from(["consent", "no consent", "number"]))
    def a_plan_is_edited(self, who: str, what: str) -> None:
        one = self.plans[who]
        if what == "number":
            one = replace(one, phone=next(number for number in NUMBERS[who] if number != one.phone))
        else:
            one = replace(one, consent=CONSENT if what == "consent" else None)
        self.plans[who] = one
        self.world.load(*self.plans.values())

    # the daemon
    @rule()
    def those_without_consent_are_asked(self) -> None:
        now, decider = self.world.now, self.core.decider
        self.store.agenda.ask_for_consent(now, 100, lambda one, channel: decider.asks_from(one, channel, now))

    @rule(limit=st.integers(1, 3))
    def what_is_due_is_claimed(self, limit: int) -> None:
        now, decider = self.world.now, self.core.decider
        claim = self.store.sending.claim_due(
            now, limit, "here", lambda one, dues, ways: decider.decide(one, dues, now, ways)
        )
        for sending in claim.sendings:
            assert sending.occurrence not in self.out, "claimed again after it went out"
            assert sending.occurrence not in {one.occurrence for one in self.in_hand.values()}
            if sending.origin not in FROM_A_TEXT:
                self.may_be_claimed(sending)
            self.in_hand[sending.message] = sending

    def may_be_claimed(self, sending: Sending) -> None:
        who, channel = sending.person, sending.channel
        assert (who, channel) not in self.stopped, "claimed after STOP"
        assert who not in self.held, "claimed under a hold"
        assert who not in self.paused, "claimed during a pause"
        assert sending.address == self.plans[who].address(channel)
        if sending.origin is Origin.WELCOME:
            assert not self.consents(who, channel), "asked though consent is on record"
            assert (who, channel, sending.address) not in self.asked, "asked twice"
        else:
            assert self.consents(who, channel), "a nudge without consent"

    @rule(end=st.sampled_from([None, None, *Failure]), minutes=st.integers(0, 40) | st.none())
    def a_claimed_message_is_handed_over(self, end: Failure | None, minutes: int | None) -> None:
        if not self.in_hand:
            return
        _, sending = self.in_hand.popitem()
        key = (sending.person, sending.channel)
        if self.store.sending.stopped([sending], self.world.now):
            assert key in self.stopped or sending.person in self.held
            return
        if sending.origin not in FROM_A_TEXT:
            assert key not in self.stopped, "handed over after STOP"
            assert sending.person not in self.held, "handed over under a hold"
        if end in (None, Failure.AMBIGUOUS):
            assert sending.occurrence not in self.out, "handed over twice"
            self.out.add(sending.occurrence)
        if end is None:
            self.world.accept(sending)
        else:
            self.world.fail(sending, end, self.again_at(end, minutes))
        if sending.origin is Origin.WELCOME and end not in (Failure.NOT_SENT, Failure.SENDER):
            self.asked.add((*key, sending.address))
        if end is Failure.OPTED_OUT:
            self.closes(*key)

    def again_at(self, end: Failure, minutes: int | None) -> datetime | None:
        """As the daemon answers: a refused address is left for the next channel at once."""
        if end in (Failure.RECIPIENT, Failure.OPTED_OUT):
            return self.world.now
        return None if minutes is None else self.world.now + minutes * MINUTE

    # people
    @rule(who=WHO, channel=CHANNEL, everywhere=st.booleans())
    def someone_says_stop(self, who: str, channel: ChannelName, everywhere: bool) -> None:
        if (who, channel) not in self.stopped:
            self.stops[who, channel] = self.stops.get((who, channel), 0) + 1
        self.says(who, channel, "STOP ALL" if everywhere else "STOP")
        for one in ChannelName if everywhere else (channel,):
            self.closes(who, one)

    def closes(self, who: str, channel: ChannelName) -> None:
        self.stopped.add((who, channel))
        self.agreed.discard((who, channel, self.plans[who].address(channel)))

    @rule(who=WHO, channel=CHANNEL, word=st.sampled_from(["START", "YES", "yes please"]))
    def someone_agrees(self, who: str, channel: ChannelName, word: str) -> None:
        self.says(who, channel, word)
        self.stopped.discard((who, channel))
        self.agreed.add((who, channel, self.plans[who].address(channel)))

    @rule(who=WHO, what=st.sampled_from(["crisis", "pause"]))
    def someone_wants_no_nudge(self, who: str, what: str) -> None:
        word, those = {"crisis": ("I want to die", self.held), "pause": ("PAUSE", self.paused)}[what]
        self.says(who, SMS, word)
        those.add(who)

    @rule(who=WHO)
    def someone_is_back(self, who: str) -> None:
        self.says(who, SMS, "RESUME")
        self.held.discard(who)
        self.paused.discard(who)

    @rule(
        who=WHO, word=st.sampled_from(["LATER", "LATER", "later 5 min", "DONE", "SKIP", "NOW", "HELP", "?"])
    )
    def someone_says_something_else(self, who: str, word: str) -> None:
        self.says(who, SMS, word)

    def says(self, who: str, channel: ChannelName, text: str) -> None:
        address = self.plans[who].address(channel)
        assert address is not None
        self.world.ids += 1
        inbound = Inbound(f"IN{self.world.ids}", channel, address, text, self.world.now)

        def respond(writer: Writer) -> Response:
            response = self.core.responder.respond(writer, text, channel, self.world.now)
            self.put_off |= {one.occurrence for one in response.effects if isinstance(one, Snooze)}
            return response

        self.store.inbound.take_reply(inbound, respond)

    # what is rare in life, and would else be most of what happens here
    @rule(what=st.sampled_from(["crash", "release", "afresh", "removal"]), who=WHO)
    def something_else_happens(self, what: str, who: str) -> None:
        if what == "crash":
            assert self.store.sending.recover("here", self.world.now) == len(self.in_hand)
            for one in self.in_hand.values():
                self.out.add(one.occurrence)
                if one.origin is Origin.WELCOME:
                    self.asked.add((one.person, one.channel, one.address))
            self.in_hand.clear()
        elif what == "release":
            self.store.sending.release(list(self.in_hand.values()), self.world.now)
            self.in_hand.clear()
        elif what == "afresh":
            self.world.lay_out(who, afresh=True)
        else:
            self.world.load(*(one for name, one in self.plans.items() if name != who))
            self.world.load(*self.plans.values())

    # the promises
    @invariant()
    def everyone_stands_as_they_said(self) -> None:
        for one in self.store.people.people():
            for channel in ChannelName:
                assert (channel in one.standing.opted_out) == ((one.id, channel) in self.stopped)
                if channel not in one.standing.opted_out:
                    assert (channel in one.standing.consented) == self.consents(one.id, channel)
            assert (one.standing.held_at is not None) == (one.id in self.held)
            assert one.standing.paused(self.world.now) == (one.id in self.paused)

    @invariant()
    def a_stop_is_confirmed_once(self) -> None:
        for who in self.plans:
            confirmed = [row for row in self.rows() if row.person == who and AFTER_STOP in (row.text or "")]
            assert len(confirmed) <= sum(self.stops.get((who, channel), 0) for channel in ChannelName)

    @invariant()
    def what_went_out_is_known_and_counted_once(self) -> None:
        rows = self.rows()
        sending = {row.id for row in rows if row.state == "sending"}
        assert sending == {one.occurrence for one in self.in_hand.values()}
        assert {row.id for row in rows if row.state in ("sent", "unknown")} == self.out
        went = (sending | self.out) - self.put_off
        for one in self.store.people.people():
            counted = [row.id for row in rows if row.person == one.id and row.id in went and counts(row)]
            assert one.history.sent == len(counted)

    def consents(self, who: str, channel: ChannelName) -> bool:
        one = self.plans[who]
        return one.consent is not None or (who, channel, one.address(channel)) in self.agreed

    def rows(self) -> Sequence[AnyRow]:
        with self.store.transactions.database.read() as connection:
            return connection.execute(select(occurrence)).all()


def counts(row: AnyRow) -> bool:
    """Whether it counts for the daily limit."""
    return Origin(row.origin).is_nudge and row.origin != Origin.ON_DEMAND


@pytest.mark.slow
def test_the_promises_hold_whatever_happens(database: Database, core: Core) -> None:
    def fresh() -> Stores:
        empty(database)
        return stores_of(database, ZoneInfo)

    run_state_machine_as_test(
        lambda: Machine(fresh(), core),
        settings=settings(
            # Shorter on PostgreSQL: there each of these steps is a round of messages to another process.
            max_examples=20 if database.is_sqlite else 6,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
