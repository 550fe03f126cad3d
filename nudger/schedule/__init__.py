"""Local days computed: which dates a nudge falls on, at which wall times, at which instants. Pure."""

from nudger.schedule.day import check_cron, falls_on, fixed_times, lay_out, wall_times
from nudger.schedule.localtime import (
    Resolved,
    day_bounds,
    is_quiet,
    local_date,
    next_at,
    quiet_ends,
    quiet_starts_after,
    quieter,
    resolve,
    with_hours,
)

__all__ = [
    "Resolved",
    "check_cron",
    "day_bounds",
    "falls_on",
    "fixed_times",
    "is_quiet",
    "lay_out",
    "local_date",
    "next_at",
    "quiet_ends",
    "quiet_starts_after",
    "quieter",
    "resolve",
    "wall_times",
    "with_hours",
]
