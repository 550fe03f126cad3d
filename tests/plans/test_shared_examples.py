"""The shared plans that come with nudger: whoever extends one gets a plan without a flaw."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nudger.domain.model import BackOff, Effort
from nudger.schedule import lay_out
from tests.support.reading import ROOT, TODAY, Read

SHARED = sorted((ROOT / "plans" / "shared").glob("*.toml"))
PERSON = """
name = "Ana"
timezone = "{zone}"
language = "{language}"
phone = "+447700900123"
consent = "2026-11-20, in person"
starts = 2026-11-23
extends = "{shared}"
"""


def read_one(read_files: Read, shared: Path, language: str = "en", zone: str = "Europe/Madrid"):
    text = PERSON.format(zone=zone, language=language, shared=shared.stem)
    return read_files({"plans/ana.toml": text, f"plans/shared/{shared.name}": shared.read_text("utf-8")})


def test_these_shared_plans_come_with_nudger() -> None:
    assert [file.stem for file in SHARED] == [
        "back-to-people",
        "evening-line",
        "evening-wind-down",
        "first-days",
        "gentle-week",
        "noticing",
        "twelve-weeks",
    ]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize("shared", SHARED, ids=lambda file: file.stem)
def test_a_plan_that_extends_it_has_no_problem_and_no_warning(
    shared: Path, language: str, read_files: Read
) -> None:
    reading = read_one(read_files, shared, language)

    assert list(reading.problems) == []
    assert reading.plans["ana"].nudges


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Santiago", "Australia/Lord_Howe"])
@pytest.mark.parametrize("shared", SHARED, ids=lambda file: file.stem)
def test_every_time_finds_room_all_year_in_any_zone(shared: Path, zone: str, read_files: Read) -> None:
    plan = read_one(read_files, shared, zone=zone).plans["ana"]
    days = [TODAY + timedelta(days=offset) for offset in range(366)]

    slots = [slot for day in days for slot in lay_out(plan, day, "nudger", ZoneInfo(zone))]

    assert [slot for slot in slots if slot.due_at is None] == []
    assert len(slots) >= 52 * 7


@pytest.mark.parametrize("shared", SHARED, ids=lambda file: file.stem)
def test_a_document_names_it(shared: Path) -> None:
    for document in ("README.md", "docs/plans.md"):
        assert f"`{shared.stem}`" in (ROOT / document).read_text("utf-8")


@pytest.mark.parametrize("shared", SHARED, ids=lambda file: file.stem)
def test_less_comes_to_somebody_who_is_silent(shared: Path, read_files: Read) -> None:
    assert read_one(read_files, shared).plans["ana"].back_off is BackOff.GENTLE


def test_the_twelve_weeks_taper(read_files: Read) -> None:
    plan = read_one(read_files, ROOT / "plans" / "shared" / "twelve-weeks.toml").plans["ana"]

    assert (plan.taper, plan.starts) == (84, date(2026, 11, 23))
    assert {nudge.starts for nudge in plan.nudges} == {plan.starts}


def test_the_first_days_ask_for_tiny_steps_only(read_files: Read) -> None:
    plan = read_one(read_files, ROOT / "plans" / "shared" / "first-days.toml").plans["ana"]

    assert {nudge.effort or plan.effort for nudge in plan.nudges} == {Effort.TINY}
    assert plan.daily_limit == 2
