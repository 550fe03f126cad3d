"""Care once a week at most."""

import pytest

from tests.support.reading import Read


@pytest.mark.parametrize(
    "nudges",
    [
        '[[nudge]]\nkind = "care"\nat = "13:00"\ndays = "sun"\n',
        '[[nudge]]\nkind = "care"\nat = "13:00"\nevery = "1 week"\n',
        '[[nudge]]\nkind = "care"\nbetween = "10:00-16:00"\nevery = "10 days"\n',
        '[[nudge]]\nkind = "care"\ncron = "0 17 1 * *"\n',
        # One ends before the other begins.
        '[[nudge]]\nkind = "care"\nat = "13:00"\ndays = "mon"\nends = 2026-12-14\n'
        '[[nudge]]\nkind = "care"\nat = "13:00"\ndays = "wed"\nstarts = 2026-12-23\n',
        '[[nudge]]\nkind = "rest"\nat = "13:00"\n',
    ],
)
def test_care_once_a_week_is_no_warning(nudges: str, read_plan: Read) -> None:
    assert list(read_plan(nudges).problems) == []


def test_a_shared_plan_with_too_much_care_is_told_once_in_its_own_file(read_files: Read) -> None:
    shared = '[[nudge]]\nkind = "care"\nat = "13:00"\n'
    person = 'timezone = "Europe/London"\nphone = "+4477009001{}"\nextends = "much"\n'
    files = {f"plans/{name}.toml": person.format(number) for name, number in (("maya", 23), ("sam", 24))}

    problems = read_files({"plans/shared/much.toml": shared, **files}).problems

    assert [(one.file, one.line, one.severity) for one in problems] == [
        ("plans/shared/much.toml", 2, "warning")
    ]
