"""`nudger preview --diff OLD_DIR`: what an edit changes, for the people who are not the same."""

from pathlib import Path

import pytest

from tests.support.looking_ahead import MAYA, MONDAY, Here

JONAS = """
name = "Jonas"
timezone = "Europe/Berlin"
phone = "+4915112345678"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = ["10:00", "15:00"]
message = "A breath, Jonas?"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    here = Here(tmp_path, monkeypatch, capsys)
    here.write({"jonas": JONAS, "maya": MAYA}, "old")
    return here


def test_a_time_that_moved_is_a_minus_and_a_plus_and_its_words_are_said_once(here: Here) -> None:
    here.write({"jonas": JONAS.replace("15:00", "16:00"), "maya": MAYA})

    shown = here.preview("--days", "2", "--diff", "old")

    assert shown.code == 0
    assert shown.out == (
        "Jonas (jonas), Europe/Berlin: +2 -2\n"
        "- Mon 23 Nov 15:00  rest  sms, 1 segment, its time\n"
        "+ Mon 23 Nov 16:00  rest  sms, 1 segment, its time; the same words\n"
        "- Tue 24 Nov 15:00  rest  sms, 1 segment, its time\n"
        "+ Tue 24 Nov 16:00  rest  sms, 1 segment, its time; the same words\n"
        "\n"
        "Changed: 1 of 2 people, +2 -2 sends.\n"
    )


def test_words_that_changed_are_shown_on_both_sides(here: Here) -> None:
    here.write({"jonas": JONAS.replace("A breath", "Fresh air").replace('["10:00", "15:00"]', '"10:00"')})

    shown = here.preview("jonas", "--days", "1", "--diff", "old")

    assert shown.out == (
        "Jonas (jonas), Europe/Berlin: +1 -2\n"
        "- Mon 23 Nov 10:00  rest  sms, 1 segment, its time\n"
        "-        A breath, Jonas?\n"
        "+ Mon 23 Nov 10:00  rest  sms, 1 segment, its time\n"
        "+        Fresh air, Jonas?\n"
        "- Mon 23 Nov 15:00  rest  sms, 1 segment, its time\n"
        "-        A breath, Jonas?\n"
        "\n"
        "Changed: 1 of 1 person, +1 -2 sends.\n"
    )


def test_the_same_plans_change_nothing_however_they_are_written(here: Here) -> None:
    here.write({"jonas": "# a comment\n" + JONAS, "maya": MAYA})

    shown = here.preview("--diff", "old")

    assert (shown.code, shown.out) == (0, "Nothing changes in these days.\n")


def test_an_edit_whose_days_are_not_looked_at_changes_nothing(here: Here) -> None:
    here.write({"jonas": JONAS, "maya": MAYA.replace('days = "sat"', 'days = "sun"')})

    shown = here.preview("--days", "5", "--diff", "old")

    assert shown.out == "Nothing changes in these days.\n"


def test_a_slot_that_only_changed_its_number_is_the_same(here: Here) -> None:
    here.write({"jonas": JONAS.replace('["10:00", "15:00"]', '["09:00", "10:00", "15:00"]'), "maya": MAYA})

    shown = here.preview("--days", "1", "--diff", "old")

    assert [line for line in shown.out.splitlines() if line.startswith(("+", "-"))] == [
        "+ Mon 23 Nov 09:00  rest  sms, 1 segment, its time",
        "+        A breath, Jonas?",
    ]


def test_a_new_plan_and_one_that_is_gone_say_so(here: Here) -> None:
    here.write({"zoe": JONAS.replace("Jonas", "Zoe"), "maya": MAYA})

    shown = here.preview("--days", "1", "--diff", "old")

    assert "Jonas (jonas), Europe/Berlin, the plan is gone: +0 -2\n" in shown.out
    assert "Zoe (zoe), Europe/Berlin, a new plan: +2 -0\n" in shown.out
    assert shown.out.endswith("Changed: 2 of 3 people, +2 -2 sends.\n")


def test_a_zone_that_changed_is_told_and_each_side_keeps_its_own_clock(here: Here) -> None:
    here.write({"jonas": JONAS.replace("Europe/Berlin", "Asia/Tokyo"), "maya": MAYA})

    shown = here.preview("--days", "1", "--diff", "old")

    assert shown.out.startswith(
        "Jonas (jonas), Europe/Berlin, now Asia/Tokyo: +2 -2\n"
        "- Mon 23 Nov 10:00  rest  sms, 1 segment, its time\n"
        "+ Mon 23 Nov 10:00  rest  sms, 1 segment, its time; the same words\n"
    )


def test_many_that_are_not_sent_for_one_reason_are_one_line(here: Here) -> None:
    here.write({"jonas": JONAS.replace("consent", "# consent"), "maya": MAYA})

    shown = here.preview("--diff", "old")

    assert "Jonas (jonas), Europe/Berlin: +1 -14\n" in shown.out
    assert [line for line in shown.out.splitlines() if line.startswith("+ ") and line[2] != " "] == [
        "+ Mon 23 Nov 09:00  welcome  sms, 2 segments, asks for consent, once; nothing else before YES",
        "+ 14 times from Mon 23 Nov 10:00 to Sun 29 Nov 15:00  not sent: no consent on record for sms",
    ]


def test_every_line_of_a_change_keeps_its_sign_in_a_narrow_terminal(here: Here) -> None:
    here.write(
        {"jonas": JONAS.replace("A breath", "Fresh air does good, and so does a breath"), "maya": MAYA}
    )

    shown = here.preview("jonas", "--days", "1", "--diff", "old", width=40)

    heading, *lines = shown.out.split("\n\n")[0].splitlines()
    assert heading == "Jonas (jonas), Europe/Berlin: +2 -2"
    assert {line[0] for line in lines} == {"+", "-"}
    assert max(map(len, lines)) <= 40


def test_json_is_the_rows_with_their_sign_sorted_by_time(here: Here) -> None:
    here.write({"jonas": JONAS.replace("15:00", "16:00"), "maya": MAYA})

    rows = here.preview("--days", "2", "--diff", "old", "--json").json

    assert [(row["change"], row["due_at"]) for row in rows] == [
        ("-", f"{MONDAY}T14:00:00+00:00"),
        ("+", f"{MONDAY}T15:00:00+00:00"),
        ("-", "2026-11-24T14:00:00+00:00"),
        ("+", "2026-11-24T15:00:00+00:00"),
    ]
    assert list(rows[0]) == ["change", *list(here.preview("jonas", "--json").json[0])]


def test_json_without_a_change_is_an_empty_list(here: Here) -> None:
    here.write({"jonas": JONAS, "maya": MAYA})

    assert here.preview("--diff", "old", "--json").json == []


def test_who_has_a_faulty_plan_is_left_out_and_named(here: Here) -> None:
    here.write({"jonas": JONAS.replace('"15:00"', '"15h"'), "maya": MAYA.replace("13:00", "14:00")})

    shown, asked = here.preview("--diff", "old"), here.preview("maya", "--diff", "old")

    assert (shown.code, asked.code) == (3, 0)
    assert "Not compared, as a file has problems: jonas\n" in shown.err
    assert 'expected a time like "09:30", got "15h"' in shown.err
    assert "Jonas" not in shown.out
    assert "Changed: 1 of 1 person, " in shown.out
    assert "Not compared" not in asked.err


def test_shared_plans_are_each_folders_own(here: Here) -> None:
    for folder, at in (("old/shared", "10:00"), ("plans/shared", "11:00")):
        (here.folder / folder).mkdir(parents=True)
        (here.folder / folder / "calm.toml").write_text(
            f'[[nudge]]\nkind = "rest"\nat = "{at}"\nmessage = "A breath?"\n'
        )
    person = 'timezone = "UTC"\nphone = "+447700900123"\nconsent = "yes"\nextends = "calm"\n'
    here.write({"maya": person}, "old")
    here.write({"maya": person, "jonas": JONAS})

    shown = here.preview("--days", "1", "--diff", "old")

    assert shown.out == (
        "maya (maya), UTC: +1 -1\n"
        "- Mon 23 Nov 10:00  rest  sms, 1 segment, its time\n"
        "+ Mon 23 Nov 11:00  rest  sms, 1 segment, its time; the same words\n"
        "\n"
        "Changed: 1 of 2 people, +1 -1 sends.\n"
    )


@pytest.mark.parametrize("folder", ["nowhere", "empty", "old/maya.toml"])
def test_an_old_folder_without_plans_is_a_slip(here: Here, folder: str) -> None:
    here.write({"maya": MAYA})
    here.write({}, "empty")

    shown = here.preview("--diff", folder)

    assert (shown.code, shown.out) == (2, "")
    assert f"--diff: expected a folder with plans as they were, found none at {folder}" in shown.err
