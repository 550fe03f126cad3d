"""The house is cut by subject: no file too long to read, none too small to hold one, no name shared."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 420  # lines of a file
AVERAGE = 150  # at least
MEDIAN = (120, 280)
MOST_VERBS = 14  # of a port


def _files() -> list[Path]:
    """The files that somebody reads as a whole: no room's door, no step of the schema's past."""
    return sorted(
        file
        for file in (ROOT / "nudger").rglob("*.py")
        if file.name not in ("__init__.py", "__main__.py") and "versions" not in file.parts
    )


def _lines(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


def _classes(file: Path) -> Iterator[ast.ClassDef]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def _verbs(node: ast.ClassDef) -> list[str]:
    return [one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_file_is_too_long_to_be_read_from_top_to_bottom() -> None:
    too_long = {str(file.relative_to(ROOT)): _lines(file) for file in (ROOT / "nudger").rglob("*.py")}

    assert {file: lines for file, lines in too_long.items() if lines > LONGEST} == {}


def test_files_hold_a_subject_on_average() -> None:
    lengths = [_lines(file) for file in _files()]

    assert mean(lengths) >= AVERAGE
    assert MEDIAN[0] <= median(lengths) <= MEDIAN[1]


def test_no_port_asks_for_more_than_it_can_promise() -> None:
    ports = {
        f"{file.parent.name}.{node.name}": len(_verbs(node))
        for file in (ROOT / "nudger").glob("*/port.py")
        for node in _classes(file)
        if _is_protocol(node)
    }

    assert len(ports) > 8
    assert {port: verbs for port, verbs in ports.items() if verbs > MOST_VERBS} == {}


def test_no_class_name_stands_for_two_things() -> None:
    found = defaultdict[str, list[str]](list)
    for file in (ROOT / "nudger").rglob("*.py"):
        for node in _classes(file):
            found[node.name].append(str(file.relative_to(ROOT)))

    assert {name: files for name, files in found.items() if len(files) > 1} == {}


@pytest.mark.parametrize(
    ("source", "verbs"),
    [
        ("class Store(Protocol):\n    def one(self): ...\n    async def two(self): ...", ["one", "two"]),
        ("class Store(Protocol):\n    name: str", []),
    ],
)
def test_each_function_of_a_port_is_a_verb(source: str, verbs: list[str]) -> None:
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.ClassDef)

    assert _is_protocol(node)
    assert _verbs(node) == verbs
