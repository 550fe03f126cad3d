"""The plans: how many there are, how many problems they have, and whether many were lost."""

from collections.abc import Sequence
from pathlib import Path

from nudger.doctor.finding import Finding, Grade, failure, many, ok, warning
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


def and_missing(found: Finding, people: int) -> Finding:
    """The same, with how many people's plans were lost by one look, with most others."""
    if not people:
        return found
    advice = (
        "If their files are to be there, put them back: is the disk mounted, the roster whole?\n"
        "If they are to go: nudger plans accept-removal, which says first who they are"
    )
    lost = "the plan of 1 person is" if people == 1 else f"the plans of {people:,} people are"
    sentence = f"{lost} gone, all by one look, and they are nudged on; {found.sentence}"
    if found.grade is Grade.FAILURE:
        return failure(sentence, f"{advice}\n{found.advice}", found.exit_code)
    return warning(sentence, advice)
