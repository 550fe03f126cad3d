"""Where things stand in TOML: texts written at random, with each key's and value's place noted on the way."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.plans.format.documents import Positions, parse
from nudger.plans.format.faults import Path


@dataclass
class Writer:
    """Writes TOML, and notes where each value begins."""

    draw: Any
    text: str = ""
    values: dict[Path, int] = field(default_factory=dict)
    keys: dict[Path, int] = field(default_factory=dict)

    def add(self, *choices: str) -> None:
        self.text += self.draw(st.sampled_from(choices))

    def key(self, path: Path) -> None:
        self.keys[path] = len(self.text)
        name = str(path[-1])
        self.add(name, f'"{name}"', f"'{name}'")
        self.add("=", " = ", "\t=  ")

    def value(self, path: Path, depth: int = 0) -> None:
        self.values[path] = len(self.text)
        form = self.draw(st.sampled_from(["scalar", "scalar", "list", "table"] if depth < 3 else ["scalar"]))
        if form == "scalar":
            self.add(*SCALARS)
        elif form == "list":
            self.add("[", "[ ", "[\n  ", "[ # ] ' \" {\n")
            for index in range(self.draw(st.integers(0, 3))):
                self.value((*path, index), depth + 1)
                self.add(",", " , ", ",\n\t", ", # é ]\n")
            self.add("]")
        else:
            self.add("{", "{ ")
            for index in range(self.draw(st.integers(0, 3))):
                self.text += ", " if index else ""
                self.pair((*path, f"k{index}"), depth + 1)
            self.add("}", " }")

    def pair(self, path: Path, depth: int = 0) -> None:
        self.key(path)
        self.value(path, depth)

    def line(self, path: Path) -> None:
        self.add("", "  ", "\t")
        self.pair(path)
        self.add("\n", " # 'x\" = [\n", "\n\n# [[nudge]]\n")


SCALARS = (
    '"x"',
    '"a \\" ] # = é"',
    "'lit\\'",
    '"""\n[[nudge]]\nx = "1" \\"\\"" """',
    "'''\n' '' # k = 3\n'''",
    "''''quoted''''",
    '""""quoted"""""',
    "-1_000",
    "0xff",
    "1.5e3",
    "true",
    "2026-12-01",
    "09:30:00",
    "2026-12-01 09:30:00+01:00",
    "inf",
)


@st.composite
def documents(draw: Any) -> Writer:
    writer = Writer(draw)
    for index in range(draw(st.integers(0, 4))):
        writer.line((f"top{index}",))
    for index in range(draw(st.integers(0, 3))):
        writer.add("", " ")
        writer.values["nudge", index] = len(writer.text)
        writer.add("[[nudge]]\n", "[[ nudge ]] # x\n", '[["nudge"]]\n')
        for key in range(draw(st.integers(0, 3))):
            writer.line(("nudge", index, f"n{key}"))
    if draw(st.booleans()):
        writer.values["table",] = len(writer.text)
        writer.text += "[table]\n"
        writer.line(("table", "x"))
    return writer


@settings(deadline=None)
@given(document=documents())
def test_every_key_and_value_is_found_where_it_was_written(document: Writer) -> None:
    parsed = parse(document.text.encode())
    assert parsed.data is not None, parsed.faults

    positions = Positions.scan(document.text)

    place = positions.line_and_column
    assert {path: positions.find(path) for path in document.values} == {
        path: place(offset) for path, offset in document.values.items()
    }
    assert {path: positions.find_key(path) for path in document.keys} == {
        path: place(offset) for path, offset in document.keys.items()
    }
    assert positions.twice is None


@pytest.mark.parametrize(
    ("text", "path", "key", "value"),
    [
        ("a.b.c = 1", ("a", "b", "c"), (1, 5), (1, 9)),
        ("a.b.c = 1", ("a", "b"), (1, 3), (1, 3)),
        ('"\\u0061" = 1', ("a",), (1, 1), (1, 12)),
        ("[a.b]\nc = 1", ("a",), (1, 2), (1, 1)),
        ("[a.b]\nc = 1", ("a", "b", "c"), (2, 1), (2, 5)),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), (6, 1), (6, 5)),
        ("[[a]]\n[[a.b]]\nx=1\n[[a.b]]\nx=2", ("a", 0, "b", 1, "x"), (5, 1), (5, 3)),
        ("a = [1,\n 2]", ("a", 7), (1, 1), (1, 5)),
        ("a = 1", ("b",), (1, 1), (1, 1)),
        ("", ("b",), (1, 1), (1, 1)),
    ],
)
def test_tables_dots_and_what_is_not_there(
    text: str, path: Path, key: tuple[int, int], value: tuple[int, int]
) -> None:
    positions = Positions.scan(text)

    assert (positions.find_key(path), positions.find(path)) == (key, value)


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("a = 1\nb = 2\na = 3", "a", 3),
        ("[x]\n[y]\n[x]", "x", 3),
        ("[[x]]\n[x]", "x", 2),
        ("[x]\na = 1\na = 2", "a", 3),
        ("a = { b = 1, b = 2 }", "b", 1),
    ],
)
def test_what_is_given_twice_is_told_at_the_second(text: str, name: str, line: int) -> None:
    (fault,) = parse(text.encode()).faults

    assert fault.message == f'"{name}" is given twice'
    assert fault.spot is not None
    assert fault.spot[0] == line


@settings(deadline=None)
@given(text=st.text(alphabet="ab.=[]{}\"'#\n\\, 1", max_size=60))
def test_scanning_anything_ends(text: str) -> None:
    positions = Positions.scan(text)

    lines = text.split("\n")
    for path in positions.spots:
        line, column = positions.find(path)
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
