"""No test imports another: what several of them share stands in tests/support. `make check` runs this."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def test_files_of_tests_import_nothing_of_other_tests() -> None:
    found = [
        f"{file.relative_to(TESTS.parent)}:{line}: {module}"
        for file in sorted(TESTS.rglob("*.py"))
        for line, module in _of_tests(file.read_text(encoding="utf-8"))
    ]

    assert not found, "\n".join(["import it from tests.support, and move it there if need be:", *found])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from tests.store.test_claim import world", ["tests.store.test_claim.world"]),
        ("from tests.cli.conftest import Typed", ["tests.cli.conftest.Typed"]),
        ("from tests import agenda", ["tests.agenda"]),
        ("import tests.web.world", ["tests.web.world"]),
        ("from .world import World", [".world"]),
        ("def late():\n    from tests.web import asking", ["tests.web.asking"]),
        ("from tests.support.worlds.store import World\nfrom nudger.store import Stores", []),
        ("import tests.support.asking\nfrom tests.support import a_year\nfrom tests import support", []),
    ],
)
def test_every_way_to_import_another_test_is_found(source: str, found: list[str]) -> None:
    assert [module for _, module in _of_tests(source)] == found


def _of_tests(source: str) -> Iterator[tuple[int, str]]:
    """What it imports of tests/ that is no support, with the lines."""
    for node in ast.walk(ast.parse(source)):
        for module in _imported(node):
            parts = module.split(".")
            if parts[0] == "" or (parts[0] == "tests" and parts[1:2] != ["support"]):
                yield node.lineno, module


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = "." * node.level + (node.module or "")
        yield from ([start] if node.level else (f"{start}.{name.name}" for name in node.names))
