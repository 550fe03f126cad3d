"""Which nudges a back-off and a taper leave, and what counts as silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.agenda.thinning import (
    AFTER,
    Course,
    Silence,
    arrived,
    course_of,
    in_words,
    left_out,
    silence,
    why_left_out,
)
from nudger.domain.model import (
    At,
    BackOff,
    Between,
    Every,
    Kind,
    Nudge,
    OnDays,
    Person,
    Plan,
    Standing,
    Window,
)
from nudger.domain.wishes import Away, Wishes
from nudger.schedule import falls_on

MONDAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FOUR_WEEKS = 28
LONDON = ZoneInfo("Europe/London")


def at(number: int, *hours: int, days: str = "daily", keep: bool = False) -> Nudge:
    weekdays = frozenset(range(7) if days == "daily" else map(int, days))
    return Nudge(f"n{number}", Kind.REST, At(tuple(map(time, hours))), OnDays(weekdays), keep=keep)


def drawn(number: int, times: int, every: int = 1) -> Nudge:
    window = Window(time(9), time(19))
    return Nudge(f"n{number}", Kind.MOVEMENT, Between(window, times), Every(every))


def planned(nudges: tuple[Nudge, ...], day: date) -> list[tuple[str, int]]:
    """What may be left out on a date, counted anew."""
    found = []
    for nudge in nudges:
        if falls_on(nudge, day) and not (nudge.keep and isinstance(nudge.when, At)):
            times = nudge.when.times if isinstance(nudge.when, Between) else len(nudge.when.times)
            found += [(nudge.id, number + 1) for number in range(times)]
    return found


def kept(nudges: tuple[Nudge, ...], course: Course, day: date) -> int:
    return len(planned(nudges, day)) - len(left_out(nudges, course, day))


def over_four_weeks(nudges: tuple[Nudge, ...], course: Course, first: date) -> tuple[int, int]:
    """How many stay, of how many."""
    days = [first + DAY * offset for offset in range(FOUR_WEEKS)]
    return sum(kept(nudges, course, day) for day in days), sum(len(planned(nudges, day)) for day in days)


weekly_days = st.sets(st.integers(0, 6), min_size=1).map(lambda some: "".join(map(str, sorted(some))))
nudge = st.one_of(
    st.builds(
        lambda hours, days: (hours, days), st.sets(st.integers(9, 19), min_size=1, max_size=2), weekly_days
    ),
    st.builds(lambda times, every: (times, every), st.integers(1, 3), st.integers(1, 10)),
)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Nudge, ...]:
    made = []
    for number, (first, second) in enumerate(draw(st.lists(nudge, min_size=1, max_size=4))):
        if isinstance(first, set):
            made.append(at(number, *sorted(first), days=second))
        else:
            made.append(drawn(number, first, second))
    return tuple(made)


@pytest.mark.parametrize(("step", "share"), [(1, 0.5), (2, 0.25)])
@settings(max_examples=60, deadline=None)
@given(nudges=plans(), offset=st.integers(0, 13))
def test_a_half_and_a_quarter_are_kept_within_one_over_any_four_weeks(
    step: int, share: float, nudges: tuple[Nudge, ...], offset: int
) -> None:
    since = MONDAY - DAY * (AFTER[step - 1] + offset)
    until = since + DAY * AFTER[step - 1]  # and so it stays at this step
    course = Course(Silence(since, until))

    for start in range(0, 40, 3):
        stay, of = over_four_weeks(nudges, course, MONDAY + DAY * start)
        assert abs(stay - of * share) <= 1


@settings(max_examples=60, deadline=None)
@given(nudges=plans(), offset=st.integers(0, 30))
def test_after_eight_weeks_one_a_week_stays_within_one_over_any_four_weeks(
    nudges: tuple[Nudge, ...], offset: int
) -> None:
    course = Course(Silence(MONDAY - DAY * (56 + offset)))

    for start in range(0, 60, 5):
        stay, of = over_four_weeks(nudges, course, MONDAY + DAY * start)
        assert stay <= 5
        if of >= 16 and all(isinstance(one.dates, OnDays) for one in nudges):
            assert stay >= 3


@settings(max_examples=60, deadline=None)
@given(nudges=plans(), silent=st.integers(0, 80), tapers=st.booleans(), day=st.integers(0, 200))
def test_nothing_is_left_out_that_is_not_planned(
    nudges: tuple[Nudge, ...], silent: int, tapers: bool, day: int
) -> None:
    course = Course(Silence(MONDAY - DAY * silent), MONDAY if tapers else None, 84)
    on = MONDAY + DAY * day

    assert left_out(nudges, course, on) <= set(planned(nudges, on))


@settings(max_examples=60, deadline=None)
@given(nudges=plans(), silent=st.integers(0, 80), day=st.integers(0, 120))
def test_the_share_of_a_day_never_grows_by_itself(nudges: tuple[Nudge, ...], silent: int, day: int) -> None:
    course = Course(Silence(MONDAY - DAY * silent), MONDAY, 84)
    weekly = 1 / max(1, len(planned(nudges, MONDAY)))

    today, tomorrow = (course.shares(MONDAY + DAY * one, weekly) for one in (day, day + 1))

    assert min(tomorrow) <= min(today)


@settings(max_examples=40, deadline=None)
@given(nudges=plans(), silent=st.integers(14, 80), days=st.permutations(range(0, 120, 7)))
def test_the_same_stay_whenever_and_in_whatever_order_it_is_asked(
    nudges: tuple[Nudge, ...], silent: int, days: list[int]
) -> None:
    course = Course(Silence(MONDAY - DAY * silent))
    once = {day: left_out(nudges, course, MONDAY + DAY * day) for day in sorted(days)}

    again = {day: left_out((*nudges,), replace(course), MONDAY + DAY * day) for day in days}

    assert once == again


@settings(max_examples=40, deadline=None)
@given(nudges=plans(), weeks=st.integers(2, 16))
def test_a_taper_goes_evenly_from_the_plans_rate_to_one_a_week(nudges: tuple[Nudge, ...], weeks: int) -> None:
    course = Course(None, MONDAY, weeks * 7)
    after = MONDAY + DAY * weeks * 7

    assert left_out(nudges, course, MONDAY - DAY) == left_out(nudges, course, MONDAY) == frozenset()
    assert over_four_weeks(nudges, course, after)[0] <= 5


def test_half_way_through_a_taper_half_of_what_is_above_one_a_week_is_gone() -> None:
    nudges = (at(0, 10), at(1, 13), at(2, 16))  # 21 a week
    course = Course(None, MONDAY, 84)

    weeks = [
        sum(kept(nudges, course, MONDAY + DAY * (7 * week + day)) for day in range(7)) for week in range(14)
    ]

    straight = [21 - 20 * (week + 3 / 7) / 12 for week in range(12)] + [1, 1]
    assert all(abs(got - wanted) <= 1 for got, wanted in zip(weeks, straight, strict=True)), weeks
    assert weeks[0] >= 20


def test_each_nudge_has_its_turn() -> None:
    nudges = (at(0, 10), at(1, 13), at(2, 16), at(3, 19))
    course = Course(Silence(MONDAY - DAY * 20, MONDAY - DAY * 2))

    gone = [left_out(nudges, course, MONDAY + DAY * day) for day in range(28)]

    counts = {one.id: sum((one.id, 1) in day for day in gone) for one in nudges}
    assert set(counts.values()) <= {13, 14, 15}
    assert all(1 <= len(day) <= 3 for day in gone)


def test_a_kept_nudge_always_goes_and_counts_for_nothing() -> None:
    nudges = (at(0, 10, keep=True), at(1, 13))
    course = Course(Silence(MONDAY - DAY * 100))

    gone = [left_out(nudges, course, MONDAY + DAY * day) for day in range(28)]

    assert sum(map(len, gone)) == 24
    assert not any(one == "n0" for day in gone for one, _ in day)


# --- what counts as silence ---------------------------------------------------------------------------
def silent(standing: Standing, days: float) -> int | None:
    """For how many days somebody counts as silent so long after NOON."""
    now = NOON + DAY * days
    found = silence(standing, now, LONDON)
    return None if found is None else found.days(now.astimezone(LONDON).date())


def daily(standing: Standing, first: int, last: int) -> Standing:
    for day in range(first, last + 1):
        standing = arrived(standing, NOON + DAY * day + timedelta(hours=1))
    return standing


def test_silence_counts_from_the_last_sign() -> None:
    standing = daily(Standing(silent_since=NOON), 0, 14)

    assert silent(standing, 14.3) == 14
    assert silent(standing, 15.3) == 15


def test_nothing_counts_before_anything_has_arrived() -> None:
    assert silent(Standing(silent_since=NOON), 40) is None


def test_a_plan_that_begins_late_makes_no_silence_of_the_time_before() -> None:
    standing = daily(Standing(silent_since=NOON), 60, 62)

    assert silent(standing, 62.2) == 2


def test_what_does_not_arrive_stops_the_count_and_its_time_counts_for_nothing() -> None:
    standing = daily(Standing(silent_since=NOON), 0, 10)
    lost = replace(standing, lost_at=NOON + DAY * 11)

    assert silent(lost, 20) == 10
    again = arrived(lost, NOON + DAY * 20 + timedelta(hours=1))
    assert silent(again, 20.2) == 10
    assert silent(again, 24.2) == 14


def test_more_than_a_week_in_which_nothing_came_is_no_silence_of_theirs() -> None:
    standing = daily(Standing(silent_since=NOON), 0, 5)

    assert silent(standing, 30) == 5
    assert silent(arrived(standing, NOON + DAY * 30), 30.2) == 0


def test_what_the_back_off_itself_leaves_out_is_silence_all_the_same() -> None:
    standing = arrived(daily(Standing(silent_since=NOON), 0, 30), NOON + DAY * 45)

    assert silent(standing, 58.3) == 58


@pytest.mark.parametrize(
    "paused",
    [
        Standing(silent_since=NOON, paused_at=NOON, paused_until=NOON + DAY * 20),
        Standing(silent_since=NOON, wishes=Wishes((Away(NOON + DAY, NOON + DAY * 20),))),
    ],
    ids=["pause", "days away"],
)
def test_a_pause_that_ends_by_itself_counts_for_nothing(paused: Standing) -> None:
    assert silent(daily(paused, 21, 24), 24.3) == 4
    assert silent(daily(paused, 21, 40), 40.3) == 20


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["arrives", "is lost", "sign"]), st.integers(1, 240)),
        min_size=1,
        max_size=40,
    )
)
def test_silence_is_never_longer_than_the_time_since_the_last_sign(steps: list[tuple[str, int]]) -> None:
    standing, now, sign = Standing(silent_since=NOON), NOON, NOON
    for what, hours in steps:
        now += timedelta(hours=hours)
        if what == "sign":
            standing, sign = replace(standing, silent_since=now), now
        elif what == "is lost":
            standing = replace(standing, lost_at=standing.lost_at or now)
        else:
            standing = arrived(standing, now)
        found = silence(standing, now, LONDON)
        if found is not None:
            on = now.astimezone(LONDON).date()
            assert 0 <= found.days(on) <= (on - sign.astimezone(LONDON).date()).days


# --- of a person ----------------------------------------------------------------------------------
NUDGES = (at(0, 10), at(1, 13))
QUIET_15 = daily(Standing(silent_since=NOON), 0, 14)


def someone(**keys: object) -> Person:
    keys = {"back_off": BackOff.GENTLE, **keys}
    return Person(Plan("maya", "Maya", "Europe/London", nudges=NUDGES, **keys), QUIET_15)  # type: ignore[arg-type]


def why(person: Person, now: datetime) -> list[str]:
    course = course_of(person, now, LONDON)
    if course is None:
        return []
    day = now.astimezone(LONDON).date()
    found = [why_left_out(person.plan, course, one, day, 1) for one in person.plan.nudges]
    return [reason for reason in found if reason]


def test_the_reason_names_the_days_of_silence() -> None:
    assert why(someone(), NOON + DAY * 15) == ["thinned: quiet for 15 days"]
    assert in_words(someone(), NOON + DAY * 15, LONDON) == "half of the nudges: quiet for 15 days"


def test_nothing_is_left_out_before_two_weeks_or_without_the_key() -> None:
    assert why(someone(), NOON + DAY * 13) == []
    assert why(someone(back_off=BackOff.OFF), NOON + DAY * 15) == []
    assert in_words(someone(back_off=BackOff.OFF), NOON + DAY * 15, LONDON) == ""


def test_the_reason_names_the_week_of_the_taper_where_that_leaves_out_more() -> None:
    tapering = someone(taper=84, starts=MONDAY - 50 * DAY)

    over = someone(taper=84, starts=MONDAY - 90 * DAY)

    assert set(why(tapering, NOON + DAY * 15)) == {"thinned: week 10 of the taper of 12"}
    assert set(why(over, NOON + DAY * 15)) == {"thinned: the taper of 12 weeks is over, one a week"}
