"""Plan files: TOML text to `model.Plan`, or every problem at once with its line and column. Pure."""

from nudger.plans.format.faults import Facts, PlanSource, Wrong
from nudger.plans.parse.keys import check_field
from nudger.plans.parse.reading import ParsedPlans, ids_of, read
from nudger.plans.parse.schema import schema

__all__ = ["Facts", "ParsedPlans", "PlanSource", "Wrong", "check_field", "ids_of", "read", "schema"]
