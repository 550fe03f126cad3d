"""The loader of zones: which copy of tzdata wins, what it refuses, and how it notices news."""

import os
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from nudger.app.zones import Zones
from nudger.domain.errors import NudgerError

PACKAGE = Path(str(files("tzdata"))) / "zoneinfo"
KEYS = ("UTC", "Europe/London", "America/Vancouver", "US/Eastern", "EST", "Etc/GMT+5")
NOW, THEN = datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 11, 23, tzinfo=UTC)


def copy(folder: Path, version: str | None, keys: tuple[str, ...] = KEYS, **other: str) -> Path:
    """A copy of tzdata with these zones; `other` gives a zone (its City) the rules of another one."""
    for key in keys:
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((PACKAGE / other.get(key.split("/")[-1], key.removeprefix("posix/"))).read_bytes())
    if version:
        (folder / "tzdata.zi").write_text(f"# version {version}\n# a comment\nR d 1916 o - Jun 14 23s 1 S\n")
    return folder


def clock(zones: Zones, key: str) -> str:
    zone = zones.zone(key)
    assert zone
    return f"{NOW.astimezone(zone):%H:%M}"


@pytest.mark.parametrize(
    ("system", "package", "source", "version", "older"),
    [
        ("2025b", "2026f", "tzdata package", "2026f", "2025b"),
        ("2026g", "2026f", "system", "2026g", "2026f"),
        ("2026f", "2026f", "system", "2026f", "2026f"),
        ("2025z", "2025za", "tzdata package", "2025za", "2025z"),  # IANA's next after z
        (None, "2020a", "tzdata package", "2020a", "unknown"),  # says no version: the older
        ("2020a", None, "system", "2020a", "unknown"),
    ],
)
def test_the_newer_copy_wins(
    tmp_path: Path, system: str | None, package: str | None, source: str, version: str, older: str
) -> None:
    ours = copy(tmp_path / "system", system, London="Asia/Tokyo")
    theirs = copy(tmp_path / "package", package, London="Asia/Kathmandu")
    zones = Zones([ours], theirs)
    assert (zones.source, zones.version, zones.older) == (source, version, older)
    assert clock(zones, "Europe/London") == ("09:00" if source == "system" else "05:45")


def test_one_copy_is_enough(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2025b")
    system_only = Zones([tmp_path / "nowhere", ours], tmp_path / "nowhere")
    assert (system_only.source, system_only.version, system_only.older) == ("system", "2025b", None)
    package_only = Zones([], ours)
    assert (package_only.source, package_only.older) == ("tzdata package", None)
    assert package_only.differing(KEYS, NOW, THEN) == ()


def test_without_any_copy_the_error_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NudgerError, match=r"no time zone data found.*\n.*pip install tzdata"):
        Zones([tmp_path], tmp_path)


def test_a_version_file_counts_where_there_is_no_tzdata_zi(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", None)
    (ours / "+VERSION").write_text("2026g\n")
    assert Zones([ours], copy(tmp_path / "package", "2026f")).version == "2026g"


def test_the_names_are_area_and_city_old_ones_and_utc(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026g", (*KEYS, "posix/Europe/London"))
    (ours / "Europe" / "__init__.py").write_text("")
    zones = Zones([ours], tmp_path)
    assert zones.names == {"UTC", "Europe/London", "America/Vancouver", "US/Eastern"}


@pytest.mark.parametrize(
    "key",
    [
        "../x",
        "../package/UTC",
        "/etc/passwd",
        "Europe/../UTC",
        "Europe",
        "Europe/",
        "",
        ".",
        "EST",
        "Etc/GMT+5",
        "europe/london",
        "Europe/London\0",
        "Europe\\London",
        "posix/Europe/London",
        "x" * 5000,
    ],
)
def test_any_other_key_is_no_zone(tmp_path: Path, key: str) -> None:
    zones = Zones([copy(tmp_path / "system", "2026g")], copy(tmp_path / "package", "2026f"))
    assert zones.zone(key) is None


def test_an_old_name_that_the_newer_copy_lacks_comes_from_the_other(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026g", ("UTC", "Europe/London"))
    zones = Zones([ours], copy(tmp_path / "package", "2026f"))
    assert "US/Eastern" in zones.names
    assert clock(zones, "US/Eastern") == "19:00"


def test_a_file_that_is_no_zone_is_read_from_the_other_copy(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026g")
    (ours / "Europe" / "London").write_text("half a fi")
    zones = Zones([ours], copy(tmp_path / "package", "2026f"))
    assert clock(zones, "Europe/London") == "00:00"


def test_a_zone_is_the_same_object_each_time_and_knows_its_name(tmp_path: Path) -> None:
    zones = Zones([copy(tmp_path / "system", "2026g")], tmp_path)
    assert zones.zone("Europe/London") is zones.zone("Europe/London")
    assert str(zones.zone("Europe/London")) == "Europe/London"


def test_differing_names_the_zones_whose_clocks_differ_and_no_others(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2025b", Vancouver="America/Los_Angeles", Eastern="America/Havana")
    zones = Zones([ours], copy(tmp_path / "package", "2026f", Vancouver="America/Phoenix"))
    assert zones.differing(KEYS, NOW, THEN) == ("America/Vancouver", "US/Eastern")
    assert zones.differing(["Europe/London", "../x", "No/Where"], NOW, THEN) == ()
    # Pacific and Mountain standard time: until spring the two are an hour apart, in summer they agree.
    summer = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    assert zones.differing(["America/Vancouver"], *summer) == ()


def test_differing_sees_an_hour_that_differs_on_one_night(tmp_path: Path) -> None:
    # Both go back that night, Beirut at its midnight and Nicosia three hours later.
    ours = copy(tmp_path / "system", "2025b", London="Asia/Beirut")
    zones = Zones([ours], copy(tmp_path / "package", "2026f", London="Asia/Nicosia"))
    night = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    week_before = datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 10, 19, tzinfo=UTC)
    assert zones.differing(["Europe/London"], *night) == ("Europe/London",)
    assert zones.differing(["Europe/London"], *week_before) == ()


def test_refresh_finds_nothing_where_nothing_changed(tmp_path: Path) -> None:
    zones = Zones([copy(tmp_path / "system", "2026f")], copy(tmp_path / "package", "2025b"))
    before = zones.zone("Europe/London")
    assert zones.refresh() is False
    assert zones.zone("Europe/London") is before


def test_refresh_finds_an_upgrade_and_reads_the_zones_anew(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026f")
    zones = Zones([ours], copy(tmp_path / "package", "2025b"))
    before = zones.zone("Europe/London")
    assert clock(zones, "Europe/London") == "00:00"
    copy(ours, "2026g", London="Asia/Tokyo")
    assert zones.refresh() is True
    assert (zones.version, clock(zones, "Europe/London")) == ("2026g", "09:00")
    assert zones.zone("Europe/London") is not before
    assert zones.refresh() is False


def test_refresh_finds_a_zone_file_that_changed_alone(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026f")
    zones = Zones([ours], tmp_path)
    assert clock(zones, "Europe/London") == "00:00"
    copy(ours, None, ("Europe/London",), London="Asia/Tokyo")
    assert zones.refresh() is True
    assert clock(zones, "Europe/London") == "09:00"


def test_refresh_of_files_that_were_only_touched_is_no_news(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026f")
    zones = Zones([ours], tmp_path)
    assert clock(zones, "Europe/London") == "00:00"
    os.utime(ours / "Europe" / "London", (1, 1))
    os.utime(ours / "tzdata.zi", (1, 1))
    assert zones.refresh() is False
    assert zones.refresh() is False


def test_refresh_finds_a_copy_that_was_not_there_before(tmp_path: Path) -> None:
    zones = Zones([tmp_path / "system"], copy(tmp_path / "package", "2025b"))
    copy(tmp_path / "system", "2026f")
    assert zones.refresh() is True
    assert (zones.source, zones.older) == ("system", "2025b")


def test_refresh_during_an_upgrade_keeps_what_it_has_until_there_is_something_else(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026f")
    zones = Zones([ours], copy(tmp_path / "package", "2025b"))
    assert clock(zones, "Europe/London") == "00:00"
    (ours / "Europe" / "London").unlink()
    assert zones.refresh() is False
    assert clock(zones, "Europe/London") == "00:00"


def test_a_zone_that_vanishes_keeps_its_rules_until_it_is_back(tmp_path: Path) -> None:
    ours = copy(tmp_path / "system", "2026f")
    zones = Zones([ours], tmp_path)
    assert clock(zones, "Europe/London") == "00:00"
    (ours / "Europe" / "London").unlink()
    assert zones.refresh() is True  # the name is gone
    assert clock(zones, "Europe/London") == "00:00"
    copy(ours, None, ("Europe/London",), London="Asia/Tokyo")
    assert zones.refresh() is True
    assert clock(zones, "Europe/London") == "09:00"


def test_refresh_survives_a_moment_without_any_data(tmp_path: Path) -> None:
    package = copy(tmp_path / "package", "2026f")
    zones = Zones([], package)
    assert clock(zones, "Europe/London") == "00:00"
    package.rename(tmp_path / "aside")
    assert zones.refresh() is False
    assert clock(zones, "Europe/London") == "00:00"
    copy(package, "2026g", London="Asia/Tokyo")
    assert zones.refresh() is True
    assert clock(zones, "Europe/London") == "09:00"


def test_this_machine_has_at_least_the_packages_data() -> None:
    zones = Zones()
    assert zones.version >= "2026f"
    assert {"UTC", "Europe/London", "US/Eastern", "America/Argentina/Buenos_Aires"} <= zones.names
    assert not {"EST", "Japan", "Etc/GMT+5", "localtime"} & zones.names
    assert all(zones.zone(key) for key in zones.names)
