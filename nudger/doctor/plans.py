"""The plans: how many there are, and how many problems they have."""

from collections.abc import Sequence
from pathlib import Path

from nudger.doctor.finding import Finding, failure, many, ok, warning
from nudger.errors import Problem

FAULTY = 3  # the exit code of settings and plans


def plans_are_sound(folder: Path, people: int, problems: Sequence[Problem]) -> Finding:
    """`people` counts plans, faulty ones included. The problems are counted: their words quote numbers."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    if not folder.is_dir():
        return failure(f"there is no folder {folder}", "Make it, with a first plan: nudger init", FAULTY)
    if errors:
        counts = f"{many(people, 'plan')}, {many(errors, 'problem')}, {many(warnings, 'warning')}"
        return failure(counts, "Each with its line: nudger check", FAULTY)
    if not people:
        return failure(f"there is no plan in {folder}", "Write a first one: nudger init", FAULTY)
    if warnings:
        return warning(f"{many(people, 'plan')}, {many(warnings, 'warning')}", "See: nudger check")
    return ok(f"{many(people, 'plan')}, no problems")
