"""The rules of a day laid out, one by one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from nudger.domain.model import At, Between, Cron, Every, Kind, Nudge, OnDays, Origin, Plan, Slot, Window
from nudger.schedule import lay_out

Zone = Callable[[str], ZoneInfo]
MONDAY = date(2026, 11, 23)


def window(text: str) -> Window:
    start, end = text.split("-")
    return Window(time.fromisoformat(start), time.fromisoformat(end))


def at(*times: str) -> At:
    return At(tuple(time.fromisoformat(text) for text in times))


def nudges(*whens: At | Between | Cron) -> tuple[Nudge, ...]:
    return tuple(Nudge(f"n{number}", Kind.REST, when) for number, when in enumerate(whens, 1))


def plan(
    *whens: At | Between | Cron, quiet: str | None = "20:00-09:00", limit: int = 3, gap: str = "2h"
) -> Plan:
    gaps = {
        "0m": timedelta(),
        "30m": timedelta(minutes=30),
        "1h": timedelta(hours=1),
        "2h": timedelta(hours=2),
    }
    return Plan(
        "maya",
        "Maya",
        "Europe/London",
        quiet=window(quiet) if quiet else None,
        daily_limit=limit,
        gap=gaps[gap],
        nudges=nudges(*whens),
    )


def clock(slots: tuple[Slot, ...]) -> list[str]:
    """What a person would read: nudge, number, local time or why not."""
    return [
        f"{slot.nudge}.{slot.number} {slot.local_time:%H:%M}"
        if slot.local_time
        else f"{slot.nudge}.{slot.number} {slot.reason}"
        for slot in slots
    ]


def test_fixed_times_are_laid_out_by_time_then_by_the_order_of_the_file(zone: Zone) -> None:
    slots = lay_out(plan(at("17:00"), at("09:00", "17:00")), MONDAY, "seed", zone("Europe/London"))
    assert clock(slots) == ["n2.1 09:00", "n1.1 17:00", "n2.2 17:00"]
    assert slots[0] == Slot(
        "n2", MONDAY, 1, Origin.FIXED, time(9), datetime(2026, 11, 23, 9, tzinfo=UTC), None
    )


def test_only_what_falls_on_the_date_is_laid_out(zone: Zone) -> None:
    week = Plan(
        "maya",
        "Maya",
        "Europe/London",
        nudges=(
            Nudge("rest", Kind.REST, at("13:00"), OnDays(frozenset(range(5)))),
            Nudge("diary", Kind.REFLECTION, at("19:00"), Every(3), starts=date(2026, 11, 20)),
            Nudge("support", Kind.SUPPORT, Cron("30 16 * * sun")),
        ),
    )
    days = {
        day: clock(lay_out(week, date(2026, 11, day), "seed", zone("Europe/London"))) for day in (20, 22, 23)
    }
    assert days == {
        20: ["rest.1 13:00", "diary.1 19:00"],
        22: ["support.1 16:30"],
        23: ["rest.1 13:00", "diary.1 19:00"],
    }


def test_a_fixed_time_stays_though_it_is_near_another(zone: Zone) -> None:
    slots = lay_out(plan(at("10:00"), at("10:05")), MONDAY, "seed", zone("Europe/London"))
    assert clock(slots) == ["n1.1 10:00", "n2.1 10:05"]


def test_fixed_times_beyond_the_limit_have_no_room(zone: Zone) -> None:
    slots = lay_out(plan(at("10:00", "12:00", "14:00"), limit=2), MONDAY, "seed", zone("Europe/London"))
    assert clock(slots) == ["n1.1 10:00", "n1.2 12:00", "n1.3 no room: the daily limit of 2 is reached"]
    assert slots[2].due_at is None


def test_a_fixed_time_in_quiet_hours_is_not_sent_and_does_not_count(zone: Zone) -> None:
    slots = lay_out(plan(at("08:00", "10:00", "12:00"), limit=2), MONDAY, "seed", zone("Europe/London"))
    assert clock(slots) == ["n1.2 10:00", "n1.3 12:00", "n1.1 quiet hours (20:00-09:00)"]


def test_a_fixed_time_that_a_gap_moves_into_quiet_hours_is_not_sent(zone: Zone) -> None:
    day = date(2026, 3, 8)  # New York: 02:00 becomes 03:00
    slots = lay_out(plan(at("02:30"), quiet="03:00-09:00"), day, "seed", zone("America/New_York"))
    assert clock(slots) == ["n1.1 quiet hours (03:00-09:00)"]


def test_a_fixed_time_without_a_later_minute_on_its_date_says_so(zone: Zone) -> None:
    slots = lay_out(plan(at("23:30"), quiet=None), date(2026, 3, 28), "seed", zone("America/Nuuk"))
    assert clock(slots) == ["n1.1 the clocks skip 23:30 on this date"]


def test_a_date_that_does_not_exist_has_nothing(zone: Zone) -> None:
    whole = plan(at("10:00"), Between(window("10:00-17:00")))
    assert lay_out(whole, date(2011, 12, 30), "seed", zone("Pacific/Apia")) == ()
    assert len(lay_out(whole, date(2011, 12, 31), "seed", zone("Pacific/Apia"))) == 2


def test_drawn_times_keep_the_gap_from_a_fixed_one(zone: Zone) -> None:
    whole = plan(Between(window("10:00-17:00")), at("13:30"))
    drawn = set()
    for offset in range(400):
        slots = lay_out(whole, MONDAY + timedelta(days=offset), "seed", zone("Etc/UTC"))
        drawn |= {slot.local_time for slot in slots if slot.origin is Origin.DRAWN and slot.local_time}
    assert all(not time(11, 30) < moment < time(15, 30) for moment in drawn)
    assert min(drawn) < time(10, 10)
    assert max(drawn) > time(16, 50)


def test_a_drawn_time_without_room_says_what_leaves_none(zone: Zone) -> None:
    slots = lay_out(plan(Between(window("10:00-11:00")), at("10:30")), MONDAY, "seed", zone("Etc/UTC"))
    assert clock(slots) == [
        "n2.1 10:30",
        "n1.1 no room: 2h from the other nudges of the day leaves nothing of 10:00-11:00",
    ]


@pytest.mark.parametrize(
    ("drawn", "quiet", "reason"),
    [
        (
            Between(window("07:00-08:00")),
            "20:00-09:00",
            "quiet hours (20:00-09:00) leave nothing of 07:00-08:00",
        ),
        (Between(window("10:00-10:01"), 2), None, "10:00-10:01 has too few minutes for so many times"),
        (
            Between(window("08:00-09:01"), 2),
            "20:00-09:00",
            "08:00-09:01 has too few minutes for so many times",
        ),
    ],
)
def test_a_window_that_is_no_use_says_why(zone: Zone, drawn: Between, quiet: str | None, reason: str) -> None:
    slots = lay_out(plan(drawn, quiet=quiet), MONDAY, "seed", zone("Etc/UTC"))
    assert f"no room: {reason}" in [slot.reason for slot in slots]


def test_parts_are_cut_from_what_quiet_hours_leave(zone: Zone) -> None:
    whole = plan(Between(window("08:00-14:00"), 2), quiet="11:00-13:00", gap="0m")
    seen: list[set[time]] = [set(), set()]
    for offset in range(600):
        slots = lay_out(whole, MONDAY + timedelta(days=offset), "seed", zone("Etc/UTC"))
        for slot in slots:
            assert slot.local_time
            seen[slot.number - 1].add(slot.local_time)
    # Four hours are left of six: two in 08:00-10:00, two in 10:00-11:00 and 13:00-14:00.
    assert (min(seen[0]), max(seen[0])) == (time(8), time(9, 59))
    assert {moment.hour for moment in seen[1]} == {10, 13}


def test_a_draw_leaves_the_room_that_a_later_one_needs(zone: Zone) -> None:
    whole = plan(Between(window("10:00-14:00")), Between(window("11:00-11:10")))
    for offset in range(200):
        slots = lay_out(whole, MONDAY + timedelta(days=offset), "seed", zone("Etc/UTC"))
        assert [slot.reason for slot in slots] == [None, None]


def test_more_slots_win_over_the_first_in_the_file(zone: Zone) -> None:
    # Any minute of the first leaves room for one of the others at most; without it, both fit.
    whole = plan(
        Between(window("12:00-12:05")), Between(window("10:30-10:35")), Between(window("13:30-13:35"))
    )
    slots = lay_out(whole, MONDAY, "seed", zone("Etc/UTC"))
    assert [slot.nudge for slot in slots if slot.due_at] == ["n2", "n3"]


def test_of_equals_the_first_in_the_file_has_the_room(zone: Zone) -> None:
    whole = plan(*[Between(window("10:00-11:00"))] * 3)
    slots = lay_out(whole, MONDAY, "seed", zone("Etc/UTC"))
    assert [slot.nudge for slot in slots if slot.due_at] == ["n1"]


def test_drawn_times_count_after_fixed_ones_for_the_limit(zone: Zone) -> None:
    whole = plan(Between(window("09:00-12:00"), 2), at("13:00", "19:00"), gap="30m")
    slots = lay_out(whole, MONDAY, "seed", zone("Etc/UTC"))
    sent = [(slot.nudge, slot.number) for slot in slots if slot.due_at]
    assert sent == [("n1", 1), ("n2", 1), ("n2", 2)]
    assert slots[3].reason == "no room: the daily limit of 3 is reached"


def test_two_draws_never_share_a_minute_even_without_a_gap(zone: Zone) -> None:
    whole = plan(*[Between(window("10:00-10:03"))] * 3, gap="0m")
    slots = lay_out(whole, MONDAY, "seed", zone("Etc/UTC"))
    assert [slot.local_time for slot in slots] == [time(10, 0), time(10, 1), time(10, 2)]


def test_a_draw_comes_from_the_minutes_that_exist(zone: Zone) -> None:
    whole = plan(Between(window("01:55-03:05")), quiet=None)
    drawn = {
        slot.local_time
        for seed in range(200)
        for slot in lay_out(whole, date(2026, 3, 8), str(seed), zone("America/New_York"))
    }
    assert drawn == {
        time(hour, minute) for hour, minutes in ((1, range(55, 60)), (3, range(5))) for minute in minutes
    }


def test_a_part_that_the_clocks_skip_has_no_room(zone: Zone) -> None:
    whole = plan(Between(window("01:00-03:00"), 2), quiet=None, gap="0m")
    slots = lay_out(whole, date(2026, 3, 8), "seed", zone("America/New_York"))
    assert [slot.reason for slot in slots] == [None, "no room: the clocks skip 02:00-03:00 on this date"]


def test_a_draw_in_an_overlap_is_the_first_of_the_two(zone: Zone) -> None:
    whole = plan(Between(window("01:00-02:00")), quiet=None)
    for seed in range(50):
        (slot,) = lay_out(whole, date(2026, 11, 1), str(seed), zone("America/New_York"))
        assert slot.local_time
        assert slot.due_at == datetime.combine(date(2026, 11, 1), slot.local_time, UTC) + timedelta(hours=4)


@pytest.mark.parametrize(
    ("day", "fixed", "drawn", "only"),
    [
        (date(2026, 3, 8), "01:30", "03:00-04:31", time(4, 30)),  # real time is the shorter one
        (date(2026, 11, 1), "00:30", "01:00-02:31", time(2, 30)),  # the clock is the shorter one
    ],
)
def test_the_gap_holds_in_real_time_and_by_the_clock(
    zone: Zone, day: date, fixed: str, drawn: str, only: time
) -> None:
    whole = plan(at(fixed), Between(window(drawn)), quiet=None)
    slots = lay_out(whole, day, "seed", zone("America/New_York"))
    assert slots[1].local_time == only


def test_draws_are_uniform_over_the_minutes_of_a_part(zone: Zone) -> None:
    whole = plan(Between(window("10:00-16:00"), 3), gap="0m")
    drawn = _drawn(whole, zone, days=4000)
    for number in (1, 2, 3):
        start = 600 + 120 * (number - 1)
        places = [(minute - start) / 120 for minute in drawn[number]]
        assert _chi_square(places) < 52.6  # 19 degrees of freedom: a fair draw is above it once in 20,000


def test_a_second_draw_is_uniform_over_what_the_first_leaves_it(zone: Zone) -> None:
    whole = plan(Between(window("10:00-14:00"), 2))
    drawn = _drawn(whole, zone, days=4000)
    assert _chi_square([(minute - 600) / 120 for minute in drawn[1]]) < 52.6
    left = [
        (second - max(720, one + 120) + 0.5) / (840 - max(720, one + 120))
        for one, second in zip(drawn[1], drawn[2], strict=True)
    ]
    assert _chi_square([place for place, one in zip(left, drawn[1], strict=True) if one < 700]) < 52.6


def test_draws_of_one_day_do_not_tell_those_of_another(zone: Zone) -> None:
    drawn = _drawn(plan(Between(window("10:00-16:00"))), zone, days=4000)[1]
    pairs = [(one - 600) * 360 + (other - 600) for one, other in pairwise(drawn)]
    assert _chi_square([pair / 360**2 for pair in pairs]) < 52.6
    steps = [(other - one) % 360 / 360 for one, other in pairwise(drawn)]
    assert _chi_square(steps) < 52.6


def test_the_same_day_comes_out_the_same_on_every_machine(zone: Zone) -> None:
    # Written down on CPython 3.11. If this fails, everyone's times change with the release: say so in
    # the change log, or do not do it.
    whole = plan(at("13:00"), Between(window("10:00-17:00"), 2), Between(window("17:00-20:00")), limit=4)
    assert clock(lay_out(whole, MONDAY, "nudger", zone("Europe/London"))) == [
        "n2.1 10:18",
        "n1.1 13:00",
        "n2.2 15:37",
        "n3.1 19:38",
    ]


def _drawn(whole: Plan, zone: Zone, days: int) -> dict[int, list[int]]:
    drawn: dict[int, list[int]] = {1: [], 2: [], 3: []}
    for offset in range(days):
        for slot in lay_out(whole, MONDAY + timedelta(days=offset), "seed", zone("Etc/UTC")):
            assert slot.local_time
            drawn[slot.number].append(slot.local_time.hour * 60 + slot.local_time.minute)
    return drawn


def _chi_square(places: list[float], bins: int = 20) -> float:
    assert all(0 <= place < 1 for place in places)
    counts = [0] * bins
    for place in places:
        counts[int(place * bins)] += 1
    expected = len(places) / bins
    return sum((count - expected) ** 2 / expected for count in counts)
