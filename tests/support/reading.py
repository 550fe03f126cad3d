"""What plans are read by: a Monday, and the zones of the tzdata package."""

from collections.abc import Callable
from datetime import date, tzinfo
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from nudger.plans import ParsedPlans

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)  # a Monday
ZONE_NAMES = frozenset(files("tzdata").joinpath("zones").read_text().split())

Read = Callable[..., ParsedPlans]


@cache
def zone(key: str) -> tzinfo | None:
    if key not in ZONE_NAMES:
        return None
    with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key)
