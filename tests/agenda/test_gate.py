"""The gate: who may be written to now, as a table."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nudger.agenda import gate
from nudger.agenda.entries import EVERY_WAY, Drop, Due, Ways
from nudger.domain.model import At, ChannelName, History, Kind, Nudge, Origin, Person, Plan, Standing, State

SMS, EMAIL = ChannelName.SMS, ChannelName.EMAIL
LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = Plan(
    "maya",
    "Maya",
    "Europe/London",
    phone="+447700900123",
    email="maya@example.org",
    channels=(SMS, EMAIL),
    nudges=(Nudge("rest", Kind.REST, At((time(12),))),),
)
CONSENTED = Standing(consented=frozenset({SMS, EMAIL}))
MAYA = Person(PLAN, CONSENTED)
DUE = Due(
    1,
    "maya",
    "rest",
    Kind.REST,
    Origin.FIXED,
    date(2026, 11, 23),
    1,
    0,
    due_at=NOON,
    expires_at=NOON + timedelta(minutes=30),
)


BROKEN = "the circuit of sms is open: refused"


def moment(now: datetime = NOON, ways: Ways = EVERY_WAY) -> gate.Moment:
    return gate.Moment(now, LONDON, ways)


def test_a_due_nudge_of_a_consenting_person_passes_on_the_first_channel() -> None:
    answer = gate.ask(MAYA, DUE, moment())

    assert answer == gate.Pass(SMS, "+447700900123")


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (replace(CONSENTED, removed_at=NOON), "the plan file was removed"),
        (replace(CONSENTED, held_at=NOON), "held until RESUME"),
        (replace(CONSENTED, paused_at=NOON), "paused"),
        (
            replace(CONSENTED, paused_at=NOON, paused_until=NOON + timedelta(days=1)),
            "paused until 2026-11-24 12:00",
        ),
        (Standing(), "no consent on record for sms; no consent on record for email"),
        (
            replace(CONSENTED, opted_out=frozenset({SMS, EMAIL})),
            "opted out of sms; opted out of email",
        ),
    ],
)
def test_a_person_who_is_to_be_left_alone_is_left_alone_with_the_reason(
    standing: Standing, reason: str
) -> None:
    answer = gate.ask(Person(PLAN, standing), DUE, moment())

    assert answer == Drop(State.SUPPRESSED, reason)


def test_a_pause_that_is_over_keeps_nothing_back() -> None:
    standing = replace(CONSENTED, paused_at=NOON - timedelta(days=2), paused_until=NOON)

    answer = gate.ask(Person(PLAN, standing), DUE, moment())

    assert isinstance(answer, gate.Pass)


def test_an_opt_out_of_texts_leaves_email() -> None:
    standing = replace(CONSENTED, opted_out=frozenset({SMS}))

    answer = gate.ask(Person(PLAN, standing), DUE, moment())

    assert answer == gate.Pass(EMAIL, "maya@example.org")


def test_a_channel_that_refused_the_address_gives_way_to_the_next() -> None:
    answer = gate.ask(MAYA, replace(DUE, refused=frozenset({SMS})), moment())

    assert answer == gate.Pass(EMAIL, "maya@example.org")


def test_nothing_goes_out_after_it_expired_but_at_its_last_moment() -> None:
    at_the_end = gate.ask(MAYA, DUE, moment(DUE.expires_at))
    after_it = gate.ask(MAYA, DUE, moment(DUE.expires_at + timedelta(microseconds=1)))

    assert isinstance(at_the_end, gate.Pass)
    assert after_it == Drop(State.MISSED, "could not go out before 12:30")


def test_nothing_goes_out_in_quiet_hours_on_any_path_but_an_answer() -> None:
    night = datetime(2026, 11, 23, 20, tzinfo=UTC)
    dues = [
        replace(DUE, origin=origin, due_at=night, expires_at=night + timedelta(hours=1), channel=SMS)
        for origin in Origin
        # A notice goes to somebody else (see test_notices), and her consent is on record.
        if origin not in (Origin.NOTICE, Origin.WELCOME)
    ]

    answers = {due.origin: gate.ask(MAYA, due, moment(night)) for due in dues}

    assert isinstance(answers.pop(Origin.ANSWER), gate.Pass)
    assert set(answers.values()) == {Drop(State.SUPPRESSED, "quiet hours 20:00-09:00")}


def test_a_nudge_that_an_edit_removed_is_cancelled() -> None:
    answer = gate.ask(MAYA, replace(DUE, nudge="gone"), moment())

    assert answer == Drop(State.CANCELLED, "no longer in the plan")


def test_a_resting_channel_is_waited_for_where_there_is_no_other() -> None:
    only_sms = Person(replace(PLAN, channels=(SMS,)), CONSENTED)

    answer = gate.ask(only_sms, DUE, moment(ways=Ways(open_circuits={SMS: BROKEN})))

    assert answer == gate.Full(SMS, BROKEN)


def test_a_channel_with_an_open_circuit_gives_way_to_the_next() -> None:
    answer = gate.ask(MAYA, DUE, moment(ways=Ways(open_circuits={SMS: BROKEN})))

    assert answer == gate.Pass(EMAIL, "maya@example.org")


def test_a_full_channel_is_waited_for_though_there_is_another() -> None:
    answer = gate.ask(MAYA, DUE, moment(ways=Ways(full={SMS: "too many"})))

    assert answer == gate.Full(SMS, "too many")


@pytest.mark.parametrize("ways", [Ways(open_circuits={SMS: "refused"}), Ways(full={SMS: "too many"})])
def test_an_answer_waits_for_the_channel_on_which_the_person_wrote(ways: Ways) -> None:
    answer = replace(DUE, origin=Origin.ANSWER, nudge="", text="Noted.", channel=SMS)

    assert isinstance(gate.ask(MAYA, answer, moment(ways=ways)), gate.Full)


def test_what_waited_in_vain_is_missed_with_what_held_it_up() -> None:
    held_up = replace(DUE, held_up="too many")
    in_quiet_hours = replace(held_up, expires_at=NOON + timedelta(hours=10))

    drops = [
        gate.ask(MAYA, held_up, moment(NOON + timedelta(hours=1))),
        gate.ask(MAYA, in_quiet_hours, moment(NOON + timedelta(hours=9))),
    ]

    assert drops == [
        Drop(State.MISSED, "could not go out before 12:30: too many"),
        Drop(State.MISSED, "could not go out before quiet hours 20:00-09:00: too many"),
    ]


def test_a_way_that_refused_it_is_named_with_its_words() -> None:
    only_sms = Person(replace(PLAN, channels=(SMS,)), CONSENTED)
    refused = replace(DUE, refused=frozenset({SMS}), held_up="the number is not valid")

    assert gate.ask(only_sms, refused, moment()) == Drop(
        State.FAILED, "sms refused it (the number is not valid)"
    )


def test_the_daily_limit_counts_fixed_drawn_and_snoozed_but_not_what_was_asked_for() -> None:
    full = replace(MAYA, history=History(on=date(2026, 11, 23), sent=3))

    drops = {
        origin: gate.count(full, replace(DUE, origin=origin), moment())
        for origin in (Origin.FIXED, Origin.DRAWN, Origin.SNOOZED, Origin.ON_DEMAND)
    }

    assert drops.pop(Origin.ON_DEMAND) is None
    assert set(drops.values()) == {Drop(State.SUPPRESSED, "the daily limit of 3 is reached")}


def test_yesterdays_sends_do_not_count_today() -> None:
    person = replace(MAYA, history=History(on=date(2026, 11, 22), sent=3))

    assert gate.count(person, DUE, moment()) is None


def test_a_drawn_time_keeps_the_gap_and_a_named_time_does_not_have_to() -> None:
    person = replace(MAYA, history=History(last_at=NOON - timedelta(minutes=119)))

    fixed = gate.count(person, DUE, moment())
    drawn = gate.count(person, replace(DUE, origin=Origin.DRAWN), moment())

    assert fixed is None
    assert drawn == Drop(State.SUPPRESSED, "less than 2h after the last one")


def test_a_send_a_few_seconds_late_does_not_cost_the_next_drawn_one() -> None:
    person = replace(MAYA, history=History(last_at=NOON - timedelta(hours=2)))
    due = replace(DUE, origin=Origin.DRAWN)

    assert gate.count(person, due, moment(NOON + timedelta(seconds=1))) is None


@pytest.mark.parametrize(
    ("late", "several", "only_the_latest_goes"),
    [(0, True, False), (10, True, True), (10, False, False)],
)
def test_only_where_one_of_several_is_late_is_it_catching_up(
    late: int, several: bool, only_the_latest_goes: bool
) -> None:
    other = replace(DUE, id=2, nudge="walk", due_at=NOON - timedelta(minutes=late))

    answer = gate.catching_up([DUE, other] if several else [other], NOON)

    assert answer is only_the_latest_goes
