"""Person-days laid out, against cronsim yielding as many times.

Three nudges a day, one at a fixed time and two drawn, over 2,000 days in a zone with summer time, by the
code that the daemon runs. cronsim yields three fixed times a day over the same days: what a schedule costs
that draws nothing, keeps no gap, and knows no quiet hours. In processor time.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from benchmarks.measure import Compared, Profile, at_most, busy, compare, profile
from nudger.domain.model import At, Between, Kind, Nudge, Plan, Window
from nudger.schedule import lay_out

LONDON = ZoneInfo("Europe/London")
START = date(2026, 1, 1)
DAYS = 2_000
MOST = 3  # times what cronsim takes
PLAN = Plan(
    "maya",
    "Maya",
    "Europe/London",
    nudges=(
        Nudge("rest", Kind.REST, At((time(13),))),
        Nudge("movement", Kind.MOVEMENT, Between(Window(time(9), time(11)))),
        Nudge("reflection", Kind.REFLECTION, Between(Window(time(15), time(19)))),
    ),
)


def ours() -> int:
    return sum(len(lay_out(PLAN, START + timedelta(days=day), "seed", LONDON)) for day in range(DAYS))


def theirs() -> int:
    start = datetime(2026, 1, 1, tzinfo=LONDON)
    schedules = [CronSim(expression, start) for expression in ("0 13 * * *", "40 10 * * *", "5 17 * * *")]
    for _ in range(DAYS):
        for schedule in schedules:
            next(schedule)
    return DAYS * len(schedules)


def run(quick: bool) -> list[Compared]:
    ours(), theirs()  # zones and draws are at hand, as they are in a daemon
    return [
        compare(
            "a time laid out",
            "µs",
            ours,
            theirs,
            "cronsim, as many times",
            rounds=3 if quick else 15,
            target=at_most(MOST),
            clock=busy,
        )
    ]


def profiles(quick: bool) -> list[Profile]:
    return [] if quick else [profile("days laid out", ours)]
