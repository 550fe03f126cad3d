"""The referee is shown streams that break a promise, and must find it; and good days, and must be silent."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nudger.cli.simulate import sayings
from nudger.cli.simulate.referee import Promise, Referee
from nudger.cli.simulate.sayings import Means, Saying
from nudger.cli.simulate.terms import Accounts, DailyNudge, Terms
from nudger.domain.model import Origin

LONDON, NEW_YORK, TOKYO = range(3)
ZONES = [ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")]
MONDAY = date(2026, 11, 23)
HALF_AN_HOUR = 1800
# At ten, at a time drawn from one to three, and at six.
PLAN = Terms(
    (
        DailyNudge(time(10), time(10), False, HALF_AN_HOUR),
        DailyNudge(time(13), time(15), True, HALF_AN_HOUR),
        DailyNudge(time(18), time(18), False, HALF_AN_HOUR),
    ),
    quiet=(time(20), time(9)),
    limit=3,
    gap=7200,
)
Step = Callable[[Referee], None]
LATER, TWO_HOURS, TOMORROW = (one["en"] for one in (sayings.LATER, sayings.IN_TWO_HOURS, sayings.TOMORROW))
DONE, STOP, START, NOW = (one["en"] for one in (sayings.DONE, sayings.STOP, sayings.START, sayings.NOW))
PAUSE, RESUME, CRISIS = (one["en"] for one in (sayings.PAUSE_HOURS, sayings.RESUME, sayings.CRISIS))
LESS, MORE = sayings.LESS["en"], sayings.MORE["en"]
PAUSE_FOR_GOOD = Saying("pause", Means.PAUSE)


def at(clock: str) -> int:
    """London's time on Monday, or "+1 10:00" for the day after."""
    days, _, wall = clock.rpartition(" ")
    on = MONDAY + timedelta(days=int(days or 0))
    return int(datetime.combine(on, time.fromisoformat(wall), ZONES[LONDON]).timestamp())


def fixed(clock: str) -> Step:
    return _message(Origin.FIXED, clock)


def drawn(clock: str) -> Step:
    return _message(Origin.DRAWN, clock)


def snoozed(clock: str) -> Step:
    return _message(Origin.SNOOZED, clock)


def asked(clock: str) -> Step:
    return _message(Origin.ON_DEMAND, clock)


def answer(clock: str) -> Step:
    return _message(Origin.ANSWER, clock)


def welcome(clock: str) -> Step:
    return _message(Origin.WELCOME, clock)


def _message(origin: Origin, clock: str) -> Step:
    return lambda referee: referee.accepted(0, origin, f"a {origin} text", at(clock))


def said(saying: Saying, clock: str) -> Step:
    return lambda referee: referee.said(0, saying, at(clock))


def moved(zone: int, clock: str) -> Step:
    return lambda referee: referee.moved(0, zone, at(clock))


def judged(steps: list[Step], until: str, *, consent: bool = True, begins: str = "09:00") -> list[Promise]:
    referee = Referee(1, [PLAN], ZONES)
    referee.join(0, 0, LONDON, at(begins), asked=consent)
    for step in steps:
        step(referee)
    referee.finish(at(until))
    return [one.promise for one in referee.broken]


DAY = [fixed("10:00"), drawn("13:40"), fixed("18:00")]
TUESDAY = [fixed("+1 10:00"), drawn("+1 13:40"), fixed("+1 18:00")]

GOOD = {
    "a day as it is planned": (DAY, "23:00"),
    "two days": (DAY + TUESDAY, "+1 23:00"),
    "a little late, while it is fresh": ([fixed("10:29"), *DAY[1:]], "23:00"),
    "silence after STOP": ([DAY[0], said(STOP, "10:05"), answer("10:05")], "+1 23:00"),
    "START brings back what is still to come": (
        [DAY[0], said(STOP, "10:05"), answer("10:05"), said(START, "16:00"), answer("16:00"), DAY[2]],
        "23:00",
    ),
    "a drawn time that was past when START came": (
        [DAY[0], said(STOP, "10:05"), said(START, "14:00"), DAY[2]],
        "23:00",
    ),
    "a pause of two hours": ([DAY[0], said(PAUSE, "12:00"), answer("12:00"), DAY[2]], "23:00"),
    "a pause until RESUME": (
        [DAY[0], said(PAUSE_FOR_GOOD, "12:00"), said(RESUME, "17:00"), DAY[2]],
        "23:00",
    ),
    "a hold, and RESUME": ([DAY[0], said(CRISIS, "10:05"), said(RESUME, "+1 08:00"), *TUESDAY], "+1 23:00"),
    "a crisis is answered at night": ([*DAY, said(CRISIS, "23:00"), answer("23:00")], "+1 08:00"),
    "a snooze that counts in place of what it put off": (
        [DAY[0], said(LATER, "10:10"), answer("10:10"), snoozed("11:10"), *DAY[1:]],
        "23:00",
    ),
    "a drawn time that gives way to a snooze": (
        [DAY[0], said(TWO_HOURS, "10:50"), snoozed("12:50"), DAY[2]],
        "23:00",
    ),
    "a snooze out of quiet hours": (
        [*DAY, said(TWO_HOURS, "18:05"), snoozed("+1 09:00"), *TUESDAY[:2]],
        "+1 23:00",
    ),
    "the last of a day that a snooze of yesterday made full": (
        [*DAY, said(TOMORROW, "18:05"), snoozed("+1 09:00"), *TUESDAY[:2]],
        "+1 23:00",
    ),
    "fewer after LESS": ([DAY[0], said(LESS, "10:05"), DAY[2]], "23:00"),
    "as many as before after MORE": (
        [DAY[0], said(LESS, "10:05"), said(MORE, "16:00"), DAY[2], *TUESDAY],
        "+1 23:00",
    ),
    "one on demand": ([DAY[0], said(NOW, "11:00"), asked("11:00"), *DAY[1:]], "23:00"),
    "a move to the west, where the rest of the day comes later": (
        [DAY[0], moved(NEW_YORK, "11:00"), drawn("18:40"), fixed("23:00")],
        "+1 01:00",
    ),
    "a move to the east, where the rest of the day is past": ([DAY[0], moved(TOKYO, "11:00")], "23:00"),
    "a snooze that a move puts into quiet hours": (
        [DAY[0], said(TWO_HOURS, "10:30"), moved(TOKYO, "11:00")],
        "23:00",
    ),
    "a move back to the west, where a time comes that never came": (
        [
            DAY[0],
            moved(TOKYO, "11:00"),
            moved(LONDON, "12:00"),
            DAY[1],
            DAY[2],
        ],
        "23:00",
    ),
}

BROKEN = {
    "a fixed time twice": ([DAY[0], fixed("10:05"), DAY[1]], "17:00", [Promise.TWICE]),
    "a drawn time twice": (
        [DAY[0], drawn("13:10"), drawn("15:10")],
        "17:00",
        [Promise.TWICE],
    ),
    "the same date again in another zone": (
        [DAY[0], moved(NEW_YORK, "11:00"), fixed("15:00"), drawn("18:40"), fixed("23:00")],
        "+1 01:00",
        [Promise.TWICE, Promise.LIMIT],
    ),
    "two answers to one text": (
        [DAY[0], said(DONE, "10:05"), answer("10:05"), answer("10:05"), *DAY[1:]],
        "23:00",
        [Promise.TWICE],
    ),
    "a snooze twice": (
        [DAY[0], said(LATER, "10:05"), snoozed("11:05"), snoozed("11:05"), *DAY[1:]],
        "23:00",
        [Promise.UNPLANNED, Promise.LIMIT],
    ),
    "at a time that the plan does not have": ([DAY[0], fixed("11:00")], "12:00", [Promise.UNPLANNED]),
    "before a drawn time's window": ([DAY[0], drawn("12:40")], "12:50", [Promise.UNPLANNED]),
    "on demand, and nobody asked": ([DAY[0], asked("11:00"), *DAY[1:]], "23:00", [Promise.UNPLANNED]),
    "on demand in quiet hours": ([*DAY, said(NOW, "20:30"), asked("20:30")], "23:00", [Promise.QUIET]),
    "a snooze in quiet hours": (
        [*DAY, said(TWO_HOURS, "18:05"), snoozed("20:05")],
        "23:00",
        [Promise.QUIET, Promise.UNPLANNED],
    ),
    "one more than the limit": (
        [*DAY, said(TOMORROW, "18:05"), snoozed("+1 09:00"), *TUESDAY],
        "+1 23:00",
        [Promise.LIMIT],
    ),
    "a fourth on demand": (
        [*DAY[:2], *(step for _ in range(4) for step in (said(NOW, "16:00"), asked("16:00"))), DAY[2]],
        "23:00",
        [Promise.LIMIT],
    ),
    "a drawn time right after a snooze": (
        [DAY[0], said(TWO_HOURS, "10:50"), snoozed("12:50"), drawn("13:30"), DAY[2]],
        "23:00",
        [Promise.GAP],
    ),
    "after STOP": ([DAY[0], said(STOP, "10:05"), DAY[1]], "23:00", [Promise.STOPPED]),
    "while paused for two hours": ([DAY[0], said(PAUSE, "12:00"), DAY[1], DAY[2]], "23:00", [Promise.PAUSED]),
    "while paused for good": ([DAY[0], said(PAUSE_FOR_GOOD, "12:00"), DAY[1]], "23:00", [Promise.PAUSED]),
    "while a hold stands": ([DAY[0], said(CRISIS, "10:05"), DAY[1]], "23:00", [Promise.HELD]),
    "START does not lift a hold": (
        [DAY[0], said(CRISIS, "10:05"), said(START, "11:00"), DAY[1]],
        "23:00",
        [Promise.HELD],
    ),
    "a fixed time does not come": (DAY[1:], "23:00", [Promise.LOST]),
    "a drawn time does not come": ([DAY[0], DAY[2]], "23:00", [Promise.LOST]),
    "the last of the day does not come": (DAY[:2], "23:00", [Promise.LOST]),
    "a fixed time comes too late": (
        [fixed("10:31"), *DAY[1:]],
        "23:00",
        [Promise.LOST, Promise.UNPLANNED],
    ),
    "a snooze does not come": ([DAY[0], said(LATER, "10:05"), *DAY[1:]], "23:00", [Promise.LOST]),
    "nothing comes after START": (
        [DAY[0], said(STOP, "10:05"), said(START, "12:00"), DAY[1]],
        "23:00",
        [Promise.LOST],
    ),
    "nothing comes after RESUME": (
        [DAY[0], said(PAUSE_FOR_GOOD, "10:05"), said(RESUME, "12:00"), DAY[1]],
        "23:00",
        [Promise.LOST],
    ),
    "nothing comes after a pause that is over": ([DAY[0], said(PAUSE, "12:00")], "23:00", [Promise.LOST]),
    "nothing comes after a move": (
        [DAY[0], moved(NEW_YORK, "11:00"), drawn("18:40")],
        "+1 01:00",
        [Promise.LOST],
    ),
}


@pytest.mark.parametrize("stream", GOOD)
def test_a_good_day_breaks_no_promise(stream: str) -> None:
    steps, until = GOOD[stream]

    assert judged(steps, until) == []


@pytest.mark.parametrize("stream", BROKEN)
def test_a_broken_promise_is_found(stream: str) -> None:
    steps, until, promises = BROKEN[stream]

    assert sorted(judged(steps, until)) == sorted(promises)


@pytest.mark.parametrize("promise", Promise)
def test_there_is_a_stream_that_breaks_each_promise(promise: Promise) -> None:
    shown = {one for _, _, promises in BROKEN.values() for one in promises}
    shown |= {Promise.UNASKED, Promise.LESS}  # below

    assert promise in shown


TEN_AND_SIX = (
    DailyNudge(time(10), time(10), False, HALF_AN_HOUR),
    DailyNudge(time(18), time(18), False, HALF_AN_HOUR),
)
GENTLE = Terms(TEN_AND_SIX, (time(20), time(9)), 3, 7200, gentle=True)
TAPERS = Terms(TEN_AND_SIX, (time(20), time(9)), 3, 7200, tapers_from=MONDAY.toordinal(), tapers_for=28)


def days(first: int, last: int, of_two: int = 2, every: int = 1) -> list[Step]:
    """So many of the two of each date, every so many dates."""
    return [
        fixed(f"+{day} {('10:00', '18:00')[n]}") for day in range(first, last, every) for n in range(of_two)
    ]


def judged_for_long(terms: Terms, steps: list[Step], until: int) -> set[Promise]:
    referee = Referee(1, [terms], ZONES)
    referee.join(0, 0, LONDON, at("09:00"), asked=True)
    for step in steps:
        step(referee)
    referee.finish(at(f"+{until} 23:00"))
    return {one.promise for one in referee.broken}


SILENT = [*days(0, 14), *days(14, 28, 1), *days(28, 56, 1, 2), *days(56, 84, 1, 7)]


def test_half_a_quarter_and_one_a_week_for_who_is_silent_break_no_promise() -> None:
    assert judged_for_long(GENTLE, SILENT, 83) == set()


def test_all_of_them_come_again_after_a_sign() -> None:
    back = [said(DONE, "+18 11:00"), answer("+18 11:00"), fixed("+18 18:00"), *days(19, 32)]

    assert judged_for_long(GENTLE, SILENT[:32] + back, 31) == set()


@pytest.mark.parametrize(
    ("steps", "until", "broken"),
    [
        (days(0, 20), 19, {Promise.LESS}),
        (days(0, 14), 25, {Promise.LOST}),
        (SILENT[:-4] + days(56, 84, 1, 2), 83, {Promise.LESS}),
        ([*SILENT[:28], said(DONE, "+13 19:00"), answer("+13 19:00"), *days(14, 28, 1)], 27, {Promise.LOST}),
    ],
    ids=["as many as before", "nothing at all", "more than one a week", "less after a sign"],
)
def test_too_many_and_too_few_for_who_is_silent_are_found(
    steps: list[Step], until: int, broken: set[Promise]
) -> None:
    assert judged_for_long(GENTLE, steps, until) == broken


def test_a_plan_that_does_not_end_softly_is_found() -> None:
    assert judged_for_long(TAPERS, days(0, 28), 27) == {Promise.LESS}


def test_nothing_comes_before_consent() -> None:
    assert judged(DAY, "23:00", consent=False) == [Promise.UNASKED] * 3


def test_the_first_nudge_after_yes_is_the_next_of_the_plan() -> None:
    steps = [welcome("09:00"), said(sayings.YES["en"], "12:00"), answer("12:00"), *DAY[1:]]

    assert judged(steps, "23:00", consent=False) == []


@pytest.mark.parametrize(
    ("steps", "broken"),
    [
        ([welcome("09:00"), welcome("12:00")], Promise.TWICE),
        ([welcome("08:00")], Promise.QUIET),
        ([said(STOP, "09:00"), welcome("12:00")], Promise.STOPPED),
    ],
)
def test_the_question_for_consent_comes_once_and_keeps_the_rules(steps: list[Step], broken: Promise) -> None:
    assert judged(steps, "23:00", consent=False, begins="07:00") == [broken]


def test_what_is_broken_is_told_with_the_person_the_time_and_both_messages() -> None:
    referee = Referee(1, [PLAN], ZONES, name=lambda number: f"p{number}")
    referee.join(0, 0, LONDON, at("09:00"), asked=True)
    for step in (DAY[0], said(STOP, "10:05"), DAY[1]):
        step(referee)

    assert str(referee.broken[0]) == (
        "nothing comes after STOP: p0, 2026-11-23 13:40:00 Europe/London: 'a drawn text';"
        " before it: a nudge, 2026-11-23 10:00:00 Europe/London,"
        " they said 'STOP', 2026-11-23 10:05:00 Europe/London"
    )


def test_a_person_costs_less_than_a_hundred_bytes() -> None:
    columns = [one for one in vars(Accounts(10)).values() if hasattr(one, "itemsize")]

    assert sum(column.itemsize for column in columns) < 100
