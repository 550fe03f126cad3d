"""`nudger check`: what was read, what was not, and that nothing read is not "no problems"."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from nudger.cli.show import problems
from nudger.domain.errors import Problem
from tests.support.commands import Typed

PLAN = """timezone = "UTC"
email = "{0}@example.org"
consent = "2026-11-20, on paper"
[[nudge]]
kind = "rest"
at = "13:00"
"""
ROSTER = "id,timezone,email,consent,extends\nann,UTC,ann@example.org,2026-11-20,week\n"


@pytest.fixture
def plans(folder: Path) -> Path:
    made = folder / "plans"
    (made / "shared").mkdir(parents=True)
    return made


def write(plans: Path, **texts: str) -> None:
    for name, text in texts.items():
        (plans / name).write_text(text.format(name.partition(".")[0]) if "{0}" in text else text)


def test_what_was_passed_over_is_named_beside_what_was_read(plans: Path, nudger: Typed) -> None:
    write(plans, **{"maya.toml": PLAN, "jo.toml.txt": PLAN, "ann.tml": PLAN, "maya (1).toml": PLAN})

    code, said = nudger("check")

    assert code == 0
    assert (
        "jo.toml.txt:1:1: warning: is not read: the name of a plan ends in .toml, that of a roster in .csv"
        in said
    )
    assert 'rename it to "jo.toml"; Windows may hide the end of a name' in said
    assert "ann.tml:1:1: warning: is not read: " in said
    assert 'maya (1).toml:1:1: warning: is not read: it looks like a copy of "maya.toml"' in said
    assert said.endswith("1 plan, 0 problems, 3 warnings.\n")
    assert nudger("check", "--strict")[0] == 3


@pytest.mark.parametrize(
    "name",
    [
        "maya.toml.txt",
        "maya.tml",
        "people.csv.txt",
        "people.xlsx",
        "maya.sync-conflict-20261120-101010-ABCDEFG.toml",
    ],
)
def test_nothing_but_what_was_passed_over_is_a_problem(name: str, plans: Path, nudger: Typed) -> None:
    write(plans, **{name: PLAN})

    code, said = nudger("check")

    assert code == 3
    assert f"plans/{name}:1:1: warning: is not read" in said
    assert "plans:1:1: expected plans (.toml or .csv files), found none" in said
    assert "no problems" not in said


def test_a_folder_without_plans_is_a_problem_and_says_what_is_there(plans: Path, nudger: Typed) -> None:
    write(plans, **{"README.md": "", "notes.txt": ""})

    code, said = nudger("check", "--json")

    (problem,) = json.loads(said)["problems"]
    assert (code, problem["severity"], problem["message"]) == (
        3,
        "error",
        "expected plans (.toml or .csv files), found none",
    )
    assert problem["hint"].startswith("there is README.md, notes.txt, shared, and no plan among it;")


def test_a_file_that_is_named_and_passed_over_is_not_checked_as_another_one(
    plans: Path, nudger: Typed
) -> None:
    write(plans, **{"people.csv.txt": ROSTER})

    code, said = nudger("check", "plans/people.csv.txt")

    assert code == 3
    assert 'rename it to "people.csv"' in said


def test_a_copy_is_read_where_there_is_nothing_that_it_could_be_a_copy_of(plans: Path, nudger: Typed) -> None:
    write(plans, **{"people (1).csv": ROSTER, "shared/week.toml": '[[nudge]]\nkind = "rest"\nat = "13:00"\n'})

    assert nudger("check") == (0, "1 plan, no problems.\n")


def test_a_copy_of_a_roster_does_not_stand_in_for_it(plans: Path, nudger: Typed) -> None:
    week = {"shared/week.toml": '[[nudge]]\nkind = "rest"\nat = "13:00"\n'}
    write(plans, **{"people.csv": ROSTER, "people (1).csv": ROSTER.replace("UTC", "Mars"), **week})

    code, said = nudger("check")

    assert code == 0
    assert said.count("warning") == 2  # the line, and the count
    assert "Mars" not in said


def test_a_roster_without_rows_says_that_nobody_is_in_it(plans: Path, nudger: Typed) -> None:
    write(plans, **{"people.csv": "id,timezone,email\n"})

    code, said = nudger("check")

    assert code == 0
    assert "people.csv:1:1: warning: has no rows: nobody is in it" in said


def test_plans_in_a_folder_below_are_named(plans: Path, nudger: Typed) -> None:
    (plans / "team").mkdir()
    write(plans, **{"maya.toml": PLAN, "team/jo.toml": PLAN})

    code, said = nudger("check")

    assert code == 0
    assert "plans/team:1:1: warning: is not read: plans lie in the folder itself" in said
    assert nudger("check", "plans/team") == (0, "1 plan, no problems.\n")


def test_a_link_to_nowhere_is_named(plans: Path, nudger: Typed) -> None:
    write(plans, **{"maya.toml": PLAN})
    (plans / "jo.toml").symlink_to("/mnt/share/jo.toml")

    code, said = nudger("check")

    assert code == 0
    assert (
        "plans/jo.toml:1:1: warning: is not read: it is a link to /mnt/share/jo.toml, and there is nothing"
        in said
    )


def test_a_link_that_leads_to_itself_or_to_no_file_is_named_and_nobody_waits_for_it(
    plans: Path, nudger: Typed
) -> None:
    write(plans, **{"maya.toml": PLAN})
    (plans / "jo.toml").symlink_to(plans / "jo.toml")
    os.mkfifo(plans / "pipe")
    (plans / "sam.toml").symlink_to(plans / "pipe")
    (plans / "kim.toml").symlink_to("/dev/zero")

    code, said = nudger("check")

    assert code == 3
    assert "plans/jo.toml:1:1: cannot be read: Too many levels of symbolic links" in said
    assert "plans/sam.toml:1:1: cannot be read: it is no file with text in it" in said
    assert "plans/kim.toml:1:1: cannot be read: it is no file with text in it" in said
    assert "1 plan, 3 problems, 0 warnings." in said


def test_a_name_that_is_no_utf_8_is_told_and_one_with_control_characters_is_legible(
    plans: Path, nudger: Typed
) -> None:
    write(plans, **{"maya.toml": PLAN})
    Path(os.fsdecode(os.fsencode(plans) + b"/jos\xe9.toml")).write_text(PLAN)
    (plans / "\x1b[31mred.toml").write_text(PLAN)

    code, said = nudger("check")

    assert code == 3
    assert (
        "plans/jos\\xe9.toml:1:1: warning: is not read: its name is written in letters that are no UTF-8"
        in said
    )
    assert "plans/\\x1b[31mred.toml:1:1:" in said
    assert "\x1b" not in said


def test_in_a_terminal_no_pipe_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jo.toml")
    terminal = Console(file=StringIO(), force_terminal=True)

    problems([Problem(str(tmp_path / "jo.toml"), 1, 1, "", "cannot be read: it is no file")], terminal)

    assert "cannot be read" in terminal.file.getvalue()  # type: ignore[attr-defined]


def test_shared_plans_alone_are_checked(plans: Path, nudger: Typed) -> None:
    write(plans, **{"shared/week.toml": '[[nudge]]\nkind = "rest"\nat = "13h"\n'})

    code, said = nudger("check")

    assert code == 3
    assert "shared/week.toml:3:6:" in said


@pytest.mark.parametrize(
    ("data", "shown"),
    [(b"timezone = 1\n", True), (b"PK\x03\x04\x1b]0;x\x07\n", False), ("id;name\n".encode("utf-16"), False)],
    ids=["text", "a spreadsheet", "UTF-16"],
)
def test_a_terminal_is_shown_the_line_of_a_problem_where_it_is_text(
    data: bytes, shown: bool, tmp_path: Path
) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(data)
    said = StringIO()

    problems(
        [Problem(str(file), 1, 1, "", "is not read")],
        Console(file=said, force_terminal=True, highlight=False, width=200),
    )

    assert ("timezone = 1" in said.getvalue()) == shown
    assert "\x1b]0" not in said.getvalue()
    assert "\0" not in said.getvalue()
