"""The corpus of broken plans: each file says in its last lines, after `#!`, every problem that it has.

A line is `line:column where: message | hint`, just as `nudger check` shows it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from nudger.domain.errors import Problem
from nudger.plans import ParsedPlans

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.toml"))
MARK = "#! "
SHARED = {"plans/shared/gentle-week.toml": 'quiet = "21:00-08:00"\n'}


def as_expected(problem: Problem) -> str:
    warning = "warning: " if problem.severity == "warning" else ""
    where = f"{problem.where}: " if problem.where else ""
    hint = f" | {problem.hint}" if problem.hint else ""
    return f"{problem.line}:{problem.column} {warning}{where}{problem.message}{hint}"


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_every_problem_of_a_broken_plan_is_told_where_it_stands(
    file: Path, read_files: Callable[..., ParsedPlans]
) -> None:
    text = file.read_text(encoding="utf-8")
    expected = [line.removeprefix(MARK) for line in text.split("\n") if line.startswith(MARK)]

    reading = read_files({"plans/maya.toml": text, **SHARED})

    assert [as_expected(problem) for problem in reading.problems] == expected
    assert expected
    only_warnings = all(line.split(" ", 1)[1].startswith("warning: ") for line in expected)
    assert ("maya" in reading.plans) == only_warnings


def test_the_corpus_is_large_and_has_a_hint_for_nearly_everything() -> None:
    lines = [line for file in BROKEN for line in file.read_text("utf-8").split("\n") if line.startswith(MARK)]

    assert len(BROKEN) >= 200
    assert sum(" | " in line for line in lines) > 0.9 * len(lines)
