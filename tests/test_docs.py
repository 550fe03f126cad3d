"""Documents name files, folders, tests and functions of this project: each is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# These say how it was: at a release, and when it was measured.
OF_THEIR_TIME = {"CHANGELOG.md", "docs/performance.md"}
PAGES = [
    str(page.relative_to(ROOT))
    for page in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
    if str(page.relative_to(ROOT)) not in OF_THEIR_TIME
]
FOLDERS = "benchmarks|docs|nudger|systemd|templates|tests"
NAMED = re.compile(rf"(?<![\w/.~-])(?:{FOLDERS})(?:/[\w.*-]+)*/[\w.*-]*(?:::\w+)?")
# In the words of architecture.md a file stands in its room, and a room in nudger/.
OF_A_ROOM = re.compile(r"`([a-z_]+/(?:[a-z_]+/)*(?:\w+\.py)?)`")
STEP = re.compile(r"^\d+\. (.*?)(?=^\d+\. |^$)", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_each_path_that_a_page_names_is_there(page: str) -> None:
    missing = [named for named in NAMED.findall(_text(page)) if not _is_there(named)]

    assert not missing, f"{page} names what is not there: {', '.join(missing)}"


def test_each_room_and_file_that_the_architecture_names_is_there() -> None:
    named = OF_A_ROOM.findall(_text("docs/architecture.md"))

    assert len(named) > 60
    assert [one for one in named if not _is_of_the_house(one)] == []


def test_each_room_has_its_line_in_the_architecture() -> None:
    rooms = {f"{init.parent.name}/" for init in (ROOT / "nudger").glob("*/__init__.py")}

    assert rooms - set(re.findall(r"^\| `(\w+/)`", _text("docs/architecture.md"), re.MULTILINE)) == set()


def test_each_step_of_the_way_of_one_nudge_names_a_function_of_its_file() -> None:
    way = _text("docs/architecture.md").partition("## The way of one nudge\n")[2].partition("\n## ")[0]
    named = [pair for step in STEP.findall(way) for pair in re.findall(r"`(\w[\w/]+\.py)` `([\w.]+)`", step)]

    assert len(named) > 20
    assert [pair for pair in named if not _is_function(*pair)] == []


def _text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def _is_there(named: str) -> bool:
    path, _, test = named.rstrip(".").partition("::")
    if "*" in path:
        return any(ROOT.glob(path))
    there = (ROOT / path).exists()
    return there and (not test or f"def {test}(" in _text(path))


def _is_of_the_house(named: str) -> bool:
    """In nudger/, or in one of its rooms: `sql/` is of the store."""
    return any((ROOT / "nudger").glob(named)) or any((ROOT / "nudger").glob(f"*/{named}")) or _is_there(named)


def _is_function(file: str, named: str) -> bool:
    *of, name = named.split(".")
    text = _text(f"nudger/{file}")
    return f"def {name}(" in text and all(f"class {one}" in text for one in of)
