"""Names that somebody may have meant as a plan: which are not read, and what is said of them."""

import pytest

from nudger.plan_sync.files import lookalike


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("maya.toml.txt", 'rename it to "maya.toml"; Windows may hide the end of a name'),
        ("people.csv.txt", 'rename it to "people.csv"; Windows may hide the end of a name'),
        ("Maya.TOML.TXT", 'rename it to "maya.toml"; Windows may hide the end of a name'),
        ("maya.toml.1", 'rename it to "maya.toml"'),
        ("maya.toml.disabled", 'rename it to "maya.toml"'),
        ("maya.toml (1)", 'rename it to "maya.toml"'),
        ("maya.TOML", 'rename it to "maya.toml": capitals count'),
        ("People.CSV", 'rename it to "people.csv": capitals count'),
        ("maya.tml", 'rename it to "maya.toml"'),
        ("maya.tom", 'rename it to "maya.toml"'),
        ("people.xlsx", 'save it as CSV in UTF-8: "people.csv"'),
        ("people.ods", 'save it as CSV in UTF-8: "people.csv"'),
        ("people.tsv", 'save it as CSV in UTF-8: "people.csv"'),
        ("maya.yaml", 'write it in TOML, as "maya.toml"'),
    ],
)
def test_a_name_that_only_looks_like_that_of_a_plan_says_which_it_should_be(name: str, hint: str) -> None:
    found = lookalike(name)

    assert found is not None
    assert found.message == "is not read: the name of a plan ends in .toml, that of a roster in .csv"
    assert (found.hint, found.beside) == (hint, None)


@pytest.mark.parametrize(
    ("name", "original", "sure"),
    [
        ("maya.sync-conflict-20261120-101010-ABCDEFG.toml", "maya.toml", True),
        ("people.sync-conflict-20261120-101010.csv", "people.csv", True),
        ("maya (Sam's conflicted copy 2026-11-20).toml", "maya.toml", True),
        ("maya (conflicted copy 2026-11-20 101010).toml", "maya.toml", True),
        ("maya (SFConflict sam@example.org 2026-11-20-10-10-10).toml", "maya.toml", True),
        ("maya (copie en conflit de Sam 2026-11-20).toml", "maya.toml", True),
        ("maya [conflicted].toml", "maya.toml", True),
        ("maya_conflict-20261120-101010.toml", "maya.toml", True),
        ("maya_REMOTE_4711.toml", "maya.toml", True),
        ("maya (1).toml", "maya.toml", False),
        ("people (2).csv", "people.csv", False),
        ("maya - Copy.toml", "maya.toml", False),
        ("maya - Kopie (2).toml", "maya.toml", False),
        ("Copy of people.csv", "people.csv", False),
        ("maya-conflict.toml", "maya.toml", False),
        ("maya.Conflict.toml", "maya.toml", False),
        ("maya-DESKTOP-AB12CD3.toml", "maya.toml", False),
    ],
)
def test_a_copy_that_a_program_left_behind_names_what_it_is_a_copy_of(
    name: str, original: str, sure: bool
) -> None:
    found = lookalike(name)

    assert found is not None
    assert found.message == f'is not read: it looks like a copy of "{original}" that a program left behind'
    assert found.beside == (None if sure else original)


@pytest.mark.parametrize(
    "name",
    [
        *("maya.toml", "people.csv", "maya-2.toml", "people 2.csv", "group (north).csv", "a.b.csv"),
        *("Maya Smith.toml", "conflict.toml", "conflict-resolution.csv", "zoë.toml", "cohort-WEST.csv"),
    ],
)
def test_a_plan_is_a_plan_even_with_a_name_that_is_wrong(name: str) -> None:
    assert lookalike(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *(".maya.toml.swp", "maya.toml~", "#maya.toml#", "4913", "maya.toml.bak", "maya.toml.orig"),
        *(
            "maya.toml.swp",
            "maya.toml.tmp",
            ".~lock.people.csv#",
            "~$people.xlsx",
            "maya.toml.old",
            "maya.toml.rej",
        ),
        *("README.md", "LICENSE", "notes.txt", "Makefile", ".gitignore", "photo.jpg", "people.csv.part"),
    ],
)
def test_what_nobody_meant_as_a_plan_is_passed_over_without_a_word(name: str) -> None:
    assert lookalike(name) is None
