"""docs/security.md names a test for each defence: each is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs/security.md").read_text("utf-8").partition("## Defences\n")[2].partition("\n## ")[0]
ROWS = [line for line in SECTION.splitlines() if line.startswith("| ")]
DEFENCES = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in ROWS if "`tests/" in row]


def test_every_line_of_the_table_names_its_test() -> None:
    assert len(DEFENCES) == len(ROWS) - 2 > 25  # but for the head and the rule below it


@pytest.mark.parametrize(("against", "defence", "named"), DEFENCES, ids=lambda cell: cell[:40])
def test_the_test_of_a_defence_is_there(against: str, defence: str, named: str) -> None:
    file, _, name = named.strip("`").partition("::")

    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
