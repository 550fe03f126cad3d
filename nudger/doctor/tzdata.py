"""Which copy of tzdata is used, and for whom the other one would have been wrong."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from nudger.doctor.finding import Finding, note, ok, several
from nudger.zones import PACKAGE, SYSTEM, Zones

AHEAD = timedelta(days=366)


def tzdata_is_known(zones: Zones, zone_of: Mapping[str, str], now: datetime) -> Finding:
    """`zone_of`: person -> timezone."""
    other = PACKAGE if zones.source == SYSTEM else SYSTEM
    used = f"{zones.version} of the {zones.source} is used"
    if zones.older is None:
        return ok(f"{used}; there is no other copy")
    both = f"{used}; the {other} has {zones.older}"
    differing = set(zones.differing(zone_of.values(), now, now + AHEAD))
    people = [f"{person} ({zone})" for person, zone in sorted(zone_of.items()) if zone in differing]
    if not people:
        return ok(f"{both}: the same for everybody's zone in the next year")
    advice = "nudger is right; other programs that use the older copy show these people other times."
    return note(f"{both}, and in the next year has other times for {several(people)}", advice)
