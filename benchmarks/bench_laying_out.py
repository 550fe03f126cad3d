"""Person-days laid out, against cronsim yielding as many times."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from benchmarks.measure import compare, table
from nudger.model import At, Between, Kind, Nudge, Plan, Window
from nudger.schedule import lay_out

LONDON = ZoneInfo("Europe/London")
START = date(2026, 1, 1)
DAYS = 2_000
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


if __name__ == "__main__":
    table([compare("days laid out", "times/s", ours, theirs, "cronsim, as many times")])
