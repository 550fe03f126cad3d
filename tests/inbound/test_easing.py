"""LESS, MORE, TINY and NOW; and the ways out that are shown once a month."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda.forecast import forecast
from nudger.agenda.gate import shows_ways_out, thin_out
from nudger.domain.model import At, Effort, History, Kind, Nudge, Plan
from tests.support.worlds.delivery import MONDAY_NINE, World

DAY = timedelta(days=1)
HEAD = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
"""
DAILY = HEAD + '[[nudge]]\nkind = "rest"\nat = "10:00"\nmessage = "A rest?"\n'
THREE = (
    HEAD
    + '[[nudge]]\nid = "daily"\nkind = "rest"\nat = "10:00"\nmessage = "Daily."\n'
    + '[[nudge]]\nid = "other"\nkind = "rest"\nat = "13:00"\nevery = "2 days"\nmessage = "Every other."\n'
    + '[[nudge]]\nid = "weekly"\nkind = "rest"\nat = "16:00"\ndays = "mon"\nmessage = "Weekly."\n'
)
REMINDER = "This is nudger, an automated program. Reply LATER, PAUSE, LESS, HELP or STOP at any time."


def plan_of(*ids: str) -> Plan:
    nudges = tuple(Nudge(one, Kind.REST, At(())) for one in ids)
    return Plan("maya", "Maya", "UTC", nudges=nudges)


def went(plan: Plan, nudge: str, fewer: int, times: int, history: History) -> tuple[list[bool], History]:
    gone = []
    for _ in range(times):
        goes, history = thin_out(history, plan, nudge, fewer)
        gone.append(goes)
    return gone, history


# --- one of every so many -------------------------------------------------------------------------
@given(st.integers(0, 2), st.integers(0, 3), st.integers(1, 60))
def test_of_every_so_many_times_of_a_nudge_one_goes(fewer: int, which: int, times: int) -> None:
    plan = plan_of("a", "b", "c", "d")

    gone, _ = went(plan, "abcd"[which], fewer, times, History())

    every = 2**fewer
    assert all(sum(gone[start : start + every]) == 1 for start in range(len(gone) - every + 1))


def test_the_nudges_of_a_plan_take_turns() -> None:
    plan, history = plan_of("a", "b"), History()
    days = []
    for _ in range(4):
        today = []
        for one in ("a", "b"):
            goes, history = thin_out(history, plan, one, 1)
            today.append(goes)
        days.append(sum(today))

    assert days == [1, 1, 1, 1]


def test_at_the_plans_own_rate_nothing_is_counted() -> None:
    gone, history = went(plan_of("a"), "a", 0, 5, History(left_out={"a": 3}))

    assert (gone, history.left_out) == ([True] * 5, {})


def test_a_nudge_that_is_gone_from_the_plan_is_counted_no_more() -> None:
    _, history = thin_out(History(left_out={"gone": 1}), plan_of("a"), "a", 1)

    assert set(history.left_out) == {"a"}


# --- LESS and MORE ------------------------------------------------------------------------------
async def month(world: World, *replies: str) -> Counter[str]:
    await world.start(maya=THREE)
    for words in replies:
        await world.text(words)
    before = len(world.texts)
    await world.until(MONDAY_NINE + 55 * DAY)
    return Counter(text.partition(".")[0] for text in world.texts[before:])


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ((), (56, 28, 8)),
        (("LESS",), (28, 14, 4)),
        (("LESS", "LESS"), (14, 7, 2)),
        (("LESS", "LESS", "LESS"), (14, 7, 2)),
        (("LESS", "LESS", "MORE"), (28, 14, 4)),
        (("LESS", "MORE", "MORE"), (56, 28, 8)),
    ],
)
async def test_each_nudge_is_thinned_in_its_own_times_and_none_to_nothing(
    world: World, replies: tuple[str, ...], expected: tuple[int, int, int]
) -> None:
    counts = await month(world, *replies)

    for key, count in zip(("Daily", "Every other", "Weekly"), expected, strict=True):
        assert abs(counts[key] - count) <= 1


async def test_what_is_left_out_has_its_reason_in_the_log_and_in_the_preview(world: World) -> None:
    await world.start(maya=DAILY)
    await world.text("LESS")
    person = world.store.people.person("maya")
    assert person is not None
    foreseen = forecast(person, (), world.clock.now(), 14, world.core.decider)

    await world.until(MONDAY_NINE + 14 * DAY)

    left_out = [row for row in foreseen if row.status == "skip"]
    assert {row.reason for row in left_out} == {"fewer, as asked with LESS"}
    sent_on = {row.local_date for row in foreseen if row.status == "send"}
    assert len(sent_on) == len(left_out) == 7
    log = [
        entry for entry in world.store.people.log("maya", 100) if entry.reason == "fewer, as asked with LESS"
    ]
    assert {entry.local_date for entry in log} == {row.local_date for row in left_out}


@pytest.mark.parametrize(
    ("replies", "answer"),
    [
        (["LESS"], "OK, about half as many from now on."),
        (["LESS", "LESS"], "OK, about one in four from now on."),
        (["LESS", "LESS", "LESS"], "One in four is the fewest there is."),
        (["MORE"], "These are your usual ones already."),
        (["LESS", "MORE"], "OK, back to your usual nudges."),
        (["LESS", "LESS", "MORE"], "OK, about half of them from now on."),
        (["TINY", "MORE"], "OK, back to your usual nudges."),
        (["TINY", "LESS", "MORE"], "OK, back to your usual nudges."),
    ],
)
async def test_the_answer_says_what_comes_now(world: World, replies: list[str], answer: str) -> None:
    await world.start(maya=DAILY)

    for words in replies:
        await world.text(words)

    assert world.texts[-1].startswith(answer)


async def test_a_try_that_failed_has_had_its_turn(world: World) -> None:
    await world.start(maya=DAILY)
    await world.text("LESS")
    await world.until(MONDAY_NINE + 25 * timedelta(hours=1) - timedelta(minutes=1))
    from_there = len(world.texts)
    failures = iter([True, False])
    world.sms.answer = lambda _: world.not_sent() if next(failures, False) else None

    await world.until(MONDAY_NINE + 26 * timedelta(hours=1))

    assert world.texts[from_there:] == ["A rest?", "A rest?"]


# --- low days -----------------------------------------------------------------------------------
BANK = HEAD + '[[nudge]]\nkind = "movement"\nat = "10:00"\n[[nudge]]\nkind = "rest"\nat = "14:00"\n'


def efforts(world: World, texts: list[str]) -> set[Effort]:
    said = {
        message.text: message.effort
        for kind in Kind
        for message in world.core.wording.banks["en", kind].messages
    }
    return {said[text] for text in texts if text in said}


@pytest.mark.parametrize("words", ["TINY", "low day", "it's a low day today", "only tiny ones please"])
async def test_a_low_day_keeps_to_tiny_messages_for_a_week(world: World, words: str) -> None:
    await world.start(maya=BANK)
    await world.text(words)
    await world.until(MONDAY_NINE + 7 * DAY - timedelta(minutes=1))
    week = world.texts[1:]

    await world.until(MONDAY_NINE + 28 * DAY)

    assert (len(week), efforts(world, week)) == (14, {Effort.TINY})
    assert Effort.SMALL in efforts(world, world.texts[len(week) + 1 :])


async def test_more_ends_the_low_days(world: World) -> None:
    await world.start(maya=BANK)
    await world.text("TINY")

    await world.text("MORE")

    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.low(world.clock.now()) is False


async def test_a_plans_own_words_are_sent_on_a_low_day_as_they_are(world: World) -> None:
    await world.start(maya=DAILY)
    await world.text("TINY")

    await world.until(MONDAY_NINE + timedelta(hours=2))

    assert world.texts[-1] == "A rest?"


async def test_the_preview_says_that_days_are_low(world: World) -> None:
    await world.start(maya=BANK)
    await world.text("TINY")
    person = world.store.people.person("maya")
    assert person is not None

    rows = forecast(person, (), world.clock.now(), 8, world.core.decider)

    assert rows[0].reason == "its time; a low day: tiny ones only"
    assert rows[-1].reason == "its time"


# --- NOW ----------------------------------------------------------------------------------------
async def test_three_on_demand_a_day_beside_the_limit_and_the_fourth_gets_a_kind_word(world: World) -> None:
    await world.start(maya=DAILY.replace("[[nudge]]", "daily_limit = 1\n[[nudge]]"))
    await world.until(MONDAY_NINE + timedelta(hours=2))

    for _ in range(4):
        await world.text("NOW")

    assert world.texts == ["A rest?"] * 4 + ["No more on demand for today. The next ones come by themselves."]


async def test_the_next_day_there_are_three_again(world: World) -> None:
    await world.start(maya=DAILY)
    for _ in range(3):
        await world.text("NOW")
    world.clock.at += DAY

    await world.text("NOW")

    assert world.texts[-1] == "A rest?"


@pytest.mark.parametrize(
    ("before", "hours", "answer"),
    [
        ("", 13, "These are your quiet hours. Reply PLAN to see when the next one comes."),
        ("PAUSE", 2, "Your nudges are paused. Reply RESUME to have them back."),
    ],
)
async def test_who_asks_and_gets_none_hears_why(world: World, before: str, hours: int, answer: str) -> None:
    await world.start(maya=DAILY)
    if before:
        await world.text(before)
    world.clock.at += timedelta(hours=hours)

    await world.text("NOW")

    assert world.texts[-1] == answer


async def test_a_kind_that_the_plan_has_not_is_no_reason_for_silence(world: World) -> None:
    await world.start(maya=DAILY)

    await world.text("now music")
    await world.text("now walk")

    assert world.texts[-1] == "A rest?"


# --- the ways out ---------------------------------------------------------------------------------
def test_they_are_shown_four_weeks_after_the_last_time_by_local_dates() -> None:
    shown_at = datetime(2026, 11, 2, 18, tzinfo=UTC)

    assert shows_ways_out(History(shown_at=shown_at), datetime(2026, 11, 30, 10, tzinfo=UTC))
    assert not shows_ways_out(History(shown_at=shown_at), datetime(2026, 11, 29, 23, tzinfo=UTC))
    assert not shows_ways_out(History(), datetime(2026, 11, 30, 10, tzinfo=UTC))


@pytest.mark.parametrize("days", ["daily", "mon"])
async def test_they_come_in_place_of_a_message_of_the_bank_at_least_every_30_days(
    world: World, days: str
) -> None:
    await world.start(maya=HEAD + f'[[nudge]]\nkind = "rest"\nat = "10:00"\ndays = "{days}"\n')

    shown = []
    for day in range(120):
        sent = len(world.texts)
        await world.until(MONDAY_NINE + day * DAY + timedelta(hours=2))
        assert len(world.texts) - sent == (1 if days == "daily" or day % 7 == 0 else 0)
        shown += [day] if REMINDER in world.texts[sent:] else []

    assert shown == [28, 56, 84, 112]


async def test_they_stand_below_words_that_the_plan_chose(world: World) -> None:
    await world.start(maya=DAILY)

    await world.until(MONDAY_NINE + 28 * DAY + timedelta(hours=2))

    assert world.texts[-2:] == ["A rest?", f"A rest?\n\n{REMINDER}"]


async def test_an_email_shows_them_each_time_and_is_left_as_it_is(world: World) -> None:
    by_mail = DAILY.replace('phone = "+447700900123"', 'email = "maya@example.org"')
    await world.start(maya=by_mail)

    await world.until(MONDAY_NINE + 60 * DAY)

    assert {sending.text for sending in world.email.sent} == {"A rest?"}


# --- contacts -------------------------------------------------------------------------------------
FRIENDS = (
    HEAD
    + """
[[nudge]]
kind = "support"
cron = "0 16 * * sun"
[[contact]]
name = "Sam"
phone = "+447700900456"
every = "2 weeks"
[[contact]]
name = "Jo"
phone = "+447700900457"
every = "4 weeks"
"""
)


async def sunday(world: World, week: int) -> None:
    """Until the evening of that Sunday, a day at a time: no further ahead are days laid out."""
    for day in range(7):
        await world.until(MONDAY_NINE + (7 * week + day) * DAY + timedelta(hours=8))


async def named(world: World, weeks: int) -> list[str]:
    """Whom each Sunday's nudge names."""
    names = []
    for week in range(weeks):
        sent = len(world.texts)
        await sunday(world, week)
        [text] = world.texts[sent:]
        names.append(next((name for name in ("Sam", "Jo") if name in text), "-"))
    return names


async def test_contacts_take_turns_and_nobody_comes_before_their_time(world: World) -> None:
    await world.start(maya=FRIENDS)

    names = await named(world, 12)

    # The fifth and ninth Sundays show the ways out in place of a contact.
    assert names == ["Sam", "Jo", "Sam", "-", "-", "Jo", "Sam", "-", "-", "Jo", "Sam", "-"]


async def test_done_counts_as_being_in_touch_and_shows_in_log_and_export(world: World) -> None:
    await world.start(maya=FRIENDS)
    await named(world, 1)
    world.clock.at += 3 * timedelta(hours=1)

    await world.text("done")

    person, held = world.store.people.person("maya"), world.store.people.export("maya")
    assert person is not None
    assert held is not None
    assert person.history.contacted == {"Sam": world.clock.now()}
    assert ("in touch", "Sam") in [(entry.what, entry.reason) for entry in world.store.people.log("maya")]
    assert "in touch" in str(held["event"])


async def test_a_nudge_by_mail_brings_the_contact_whom_it_names(world: World) -> None:
    by_mail = FRIENDS.replace(
        'phone = "+447700900123"', 'phone = "+447700900123"\nemail = "maya@example.org"\nchannels = "email"'
    )
    await world.start(maya=by_mail)

    await sunday(world, 0)

    [sending] = world.email.sent
    assert sending.contact is not None
    assert (sending.contact.name, sending.contact.phone) == ("Sam", "+447700900456")
