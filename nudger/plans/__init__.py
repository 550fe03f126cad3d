"""Plan files: TOML text to `model.Plan`, or every problem at once with its line and column. Pure."""

from nudger.plans.format.faults import Facts, PlanSource, Wrong
from nudger.plans.parse.reading import ParsedPlans, ids_of, read
from nudger.plans.parse.schema import schema
from nudger.plans.parse.typed import (
    check_duration,
    check_email,
    check_field,
    check_name,
    check_person_id,
    check_phone,
    check_quiet,
    check_time,
    check_window,
    check_zone,
)

__all__ = [
    "Facts",
    "ParsedPlans",
    "PlanSource",
    "Wrong",
    "check_duration",
    "check_email",
    "check_field",
    "check_name",
    "check_person_id",
    "check_phone",
    "check_quiet",
    "check_time",
    "check_window",
    "check_zone",
    "ids_of",
    "read",
    "schema",
]
