"""Plans, helplines, countries, tzdata."""

from dataclasses import replace
from datetime import UTC, datetime, time
from importlib.resources import files
from pathlib import Path

import pytest

from nudger.app.zones import Zones
from nudger.cli.doctor.findings import Finding, Grade
from nudger.cli.doctor.machine import tzdata_is_known
from nudger.cli.doctor.people import (
    countries_are_known,
    everyone_can_be_asked,
    helplines_are_checked,
    helplines_are_fresh,
    plans_are_sound,
)
from nudger.domain.errors import Problem
from nudger.domain.model import At, ChannelName, Kind, Nudge, Plan
from nudger.messages.wording.helplines import Helpline, Purpose

PACKAGE = Path(str(files("tzdata"))) / "zoneinfo"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
BRITISH = Plan("maya", "Maya", "Europe/London", country="GB")
EMAIL = ChannelName.EMAIL
NUDGE = Nudge("rest", Kind.REST, At((time(13),)))
NOWHERE = Plan("jose", "José", "UTC")


def problem(severity: str) -> Problem:
    return Problem("plans/maya.toml", 1, 1, "phone", 'got "+44"', severity=severity)


@pytest.mark.parametrize(
    ("people", "severities", "grade", "sentence"),
    [
        (2, [], Grade.OK, "2 plans, no problems"),
        (1, ["warning"], Grade.WARNING, "1 plan, 1 warning"),
        (3, ["error", "error", "warning"], Grade.FAILURE, "3 plans, 2 problems, 1 warning"),
        (0, ["error"], Grade.FAILURE, "0 plans, 1 problem, 0 warnings"),
    ],
)
def test_problems_of_plans_are_counted_and_not_quoted(
    tmp_path: Path, people: int, severities: list[str], grade: Grade, sentence: str
) -> None:
    found = plans_are_sound(tmp_path, people, [problem(severity) for severity in severities])

    assert (found.grade, found.sentence) == (grade, sentence)
    assert "+44" not in found.advice
    assert (found.exit_code == 3) == (grade is Grade.FAILURE)


def test_no_plans_and_no_folder_say_how_to_begin(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        found = plans_are_sound(folder, 0, [])
        assert (found.grade, found.exit_code) == (Grade.FAILURE, 3)
        assert str(folder) in found.sentence
        assert "nudger init" in found.advice


@pytest.mark.parametrize(
    ("stale", "countries", "grade"),
    [
        ((), {"GB"}, Grade.OK),
        (("GB", "US"), {"GB"}, Grade.WARNING),
        (("US",), {"GB"}, Grade.NOTE),
        (("elsewhere",), {"elsewhere"}, Grade.WARNING),
    ],
)
def test_old_helplines_matter_to_those_who_would_be_given_them(
    stale: tuple[str, ...], countries: set[str], grade: Grade
) -> None:
    assert helplines_are_fresh(stale, countries).grade is grade


def test_only_the_countries_that_matter_are_named() -> None:
    assert helplines_are_fresh(("GB", "US"), {"GB"}).sentence.endswith("180 days: GB")


def test_numbers_that_nobody_looked_up_are_named_where_people_would_be_sent_to_them() -> None:
    def unchecked(country: str | None, language: str) -> list[Helpline]:
        number = {("JM", "en"): "888-639-5433", ("BE", "fr"): "0800 30 030"}.get((country or "", language))
        return [Helpline(("JM",), Purpose.CRISIS, "a list", None, call=number)] if number else []

    people = [BRITISH, replace(BRITISH, country="JM"), replace(BRITISH, country="BE", language="nl")]
    found = helplines_are_checked(unchecked, people)

    assert found.grade is Grade.WARNING
    assert found.sentence.endswith("would be sent to: JM crisis 888-639-5433")
    assert helplines_are_checked(unchecked, [BRITISH, NOWHERE]).grade is Grade.OK


def test_people_without_a_country_are_named_by_their_ids() -> None:
    found = countries_are_known([BRITISH, NOWHERE])

    assert found.grade is Grade.WARNING
    assert found.sentence.endswith(": jose")
    assert "NUDGER_COUNTRY" in found.advice
    assert countries_are_known([BRITISH]).grade is Grade.OK


def tzdata(tmp_path: Path, older: dict[str, str] | None) -> Finding:
    """A newer copy as it is, and an older one in which these zones have the rules of other ones."""
    new = copy(tmp_path / "new", "2026f", {})
    zones = Zones([copy(tmp_path / "old", "2025b", older)], new) if older is not None else Zones([], new)
    people = {"maya": "Europe/London", "ana": "America/Vancouver"}
    return tzdata_is_known(zones, people, NOW)


def copy(folder: Path, version: str, rules: dict[str, str]) -> Path:
    for key in ("UTC", "Europe/London", "America/Vancouver"):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes((PACKAGE / rules.get(key, key)).read_bytes())
    (folder / "tzdata.zi").write_text(f"# version {version}\n")
    return folder


def test_both_copies_of_tzdata_are_named_and_whose_times_differ(tmp_path: Path) -> None:
    found = tzdata(tmp_path, {"America/Vancouver": "America/Denver"})

    assert found.grade is Grade.NOTE
    assert found.sentence.startswith("2026f of the tzdata package is used; the system has 2025b")
    assert found.sentence.endswith("ana (America/Vancouver)")
    assert "maya" not in found.sentence


def test_copies_that_agree_for_everybody_are_fine(tmp_path: Path) -> None:
    assert tzdata(tmp_path, {}).grade is Grade.OK


def test_one_copy_of_tzdata_is_fine(tmp_path: Path) -> None:
    found = tzdata(tmp_path, None)

    assert found.grade is Grade.OK
    assert "no other copy" in found.sentence


def test_people_without_consent_who_cannot_be_asked_are_named() -> None:
    mail = Plan("maya", "Maya", "UTC", email="m@example.org", channels=(EMAIL,), nudges=(NUDGE,))

    found = everyone_can_be_asked([mail, replace(mail, person="jonas", consent="in person")], {EMAIL})

    assert (found.grade, "maya" in found.sentence, "jonas" in found.sentence) == (Grade.WARNING, True, False)
    assert "NUDGER_PUBLIC_URL" in found.advice


def test_where_a_link_can_answer_everyone_can_be_asked() -> None:
    mail = Plan("maya", "Maya", "UTC", email="m@example.org", channels=(EMAIL,), nudges=(NUDGE,))
    assert everyone_can_be_asked([mail], frozenset()).grade is Grade.OK
