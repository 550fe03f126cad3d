"""Reads time zones: Area/City names that tzdata knows, or UTC; and guesses which one somebody meant."""

import re
from difflib import get_close_matches
from functools import lru_cache

from nudger.plans.facts import Facts
from nudger.plans.faults import Wrong, did_you_mean, shown

EXAMPLE = "Europe/London"
LONGEST = 64  # characters
_REFUSED = (
    "Etc/",
    "SystemV/",
    "posix/",
    "right/",
)  # fixed offsets and copies, Etc/GMT+5 with its sign reversed
_NAME = re.compile(r"(?!etc/|systemv/|posix/|right/|gmt|utc)[^\W\d]")  # else it is an offset
_CITY = "name a city of the zone: an offset or an abbreviation does not know when the clocks change"

# What people and other systems write, in lower case -> the zone that they mean.
_MEANT = {
    # tzdata's names without an area
    "cst6cdt": "America/Chicago",
    "cuba": "America/Havana",
    "egypt": "Africa/Cairo",
    "eire": "Europe/Dublin",
    "est": "America/New_York",
    "est5edt": "America/New_York",
    "gb": "Europe/London",
    "gb-eire": "Europe/London",
    "gmt": "UTC",
    "gmt0": "UTC",
    "gmt+0": "UTC",
    "gmt-0": "UTC",
    "greenwich": "UTC",
    "hongkong": "Asia/Hong_Kong",
    "hst": "Pacific/Honolulu",
    "iceland": "Atlantic/Reykjavik",
    "iran": "Asia/Tehran",
    "israel": "Asia/Jerusalem",
    "jamaica": "America/Jamaica",
    "japan": "Asia/Tokyo",
    "kwajalein": "Pacific/Kwajalein",
    "libya": "Africa/Tripoli",
    "mst": "America/Denver",
    "mst7mdt": "America/Denver",
    "navajo": "America/Denver",
    "nz": "Pacific/Auckland",
    "nz-chat": "Pacific/Chatham",
    "poland": "Europe/Warsaw",
    "portugal": "Europe/Lisbon",
    "prc": "Asia/Shanghai",
    "pst8pdt": "America/Los_Angeles",
    "roc": "Asia/Taipei",
    "rok": "Asia/Seoul",
    "singapore": "Asia/Singapore",
    "turkey": "Europe/Istanbul",
    "w-su": "Europe/Moscow",
    "cet": "Europe/Berlin",
    "met": "Europe/Berlin",
    "eet": "Europe/Athens",
    "wet": "Europe/Lisbon",
    "uct": "UTC",
    "universal": "UTC",
    "zulu": "UTC",
    "z": "UTC",
    "utc+0": "UTC",
    "+00:00": "UTC",
    "etc/utc": "UTC",
    "etc/uct": "UTC",
    "etc/gmt": "UTC",
    "etc/greenwich": "UTC",
    "etc/universal": "UTC",
    "etc/zulu": "UTC",
    # abbreviations of one meaning in everyday use
    "edt": "America/New_York",
    "et": "America/New_York",
    "cdt": "America/Chicago",
    "mdt": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "akst": "America/Anchorage",
    "akdt": "America/Anchorage",
    "cest": "Europe/Berlin",
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "eest": "Europe/Athens",
    "msk": "Europe/Moscow",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney",
    "awst": "Australia/Perth",
    "nzst": "Pacific/Auckland",
    "nzdt": "Pacific/Auckland",
    # Windows
    "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
    "central europe standard time": "Europe/Budapest",
    "eastern standard time": "America/New_York",
    "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver",
    "pacific standard time": "America/Los_Angeles",
    "india standard time": "Asia/Kolkata",
    "tokyo standard time": "Asia/Tokyo",
    "china standard time": "Asia/Shanghai",
    "aus eastern standard time": "Australia/Sydney",
    # countries of one zone
    "germany": "Europe/Berlin",
    "france": "Europe/Paris",
    "spain": "Europe/Madrid",
    "italy": "Europe/Rome",
    "ireland": "Europe/Dublin",
    "india": "Asia/Kolkata",
    "uk": "Europe/London",
}


def read_zone(value: object, facts: Facts) -> str:
    """An Area/City name that tzdata knows (old names such as US/Eastern too), or UTC."""
    if isinstance(value, str) and _is_area_city(value) and facts.zone(value) is not None:
        return value
    if not isinstance(value, str):
        raise Wrong(f'expected a time zone like "{EXAMPLE}", got {shown(value)}', "put its name in quotes")
    hint = did_you_mean(_meant(value.strip()[:LONGEST], facts.zone_names), _CITY)
    raise Wrong(f'expected a time zone like "{EXAMPLE}", got {shown(value)}', hint)


def _is_area_city(name: str) -> bool:
    if name == "UTC":
        return True
    return len(name) <= LONGEST and "/" in name and ".." not in name and not name.startswith(_REFUSED)


@lru_cache(maxsize=256)  # a roster may hold the same wrong zone on every row, and a guess costs 10 ms
def _meant(name: str, known: frozenset[str]) -> str:
    """The zone that this comes close to, by its name as a whole or by its city; "" for none."""
    folded = name.casefold()
    spelt = folded.replace(" ", "_")
    good = [one for one in known if _is_area_city(one)]
    by_name = {one.casefold(): one for one in good}
    if folded in _MEANT or spelt in by_name:
        return _MEANT.get(folded) or by_name[spelt]
    if not _NAME.match(folded):
        return ""
    near = get_close_matches(spelt, by_name, n=1) if "/" in spelt else []
    if near:
        return by_name[near[0]]
    by_city = {one.rpartition("/")[2].casefold(): one for one in sorted(good) if one.count("/") <= 2}
    city = get_close_matches(spelt.rpartition("/")[2].partition(",")[0], by_city, n=1, cutoff=0.75)
    return by_city[city[0]] if city else ""
