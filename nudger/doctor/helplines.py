"""Whom a crisis reply names: whether the numbers were looked at lately, and whether a country is known."""

from collections.abc import Collection, Sequence

from nudger.doctor.finding import Finding, note, ok, several, warning
from nudger.messages.wording.helplines import ELSEWHERE
from nudger.model import Plan


def helplines_are_fresh(stale: Collection[str], plans: Sequence[Plan]) -> Finding:
    """`stale`: the countries whose lines nobody has looked at for 180 days."""
    used = sorted(set(stale) & {plan.country or ELSEWHERE for plan in plans})
    advice = (
        "Look the numbers up at the source that helplines.toml names, and set its checked_on; your own "
        "copy of the file goes into NUDGER_TEMPLATES_DIR."
    )
    if used:
        sentence = f"nobody has looked at these countries' numbers for 180 days: {several(used)}"
        return warning(sentence, advice)
    if stale:
        return note(
            f"numbers that no plan needs were not looked at for 180 days: {several([*stale])}", advice
        )
    return ok("every number was looked at in the last 180 days")


def countries_are_known(plans: Sequence[Plan]) -> Finding:
    """Without a country, a crisis reply names a directory of lines in place of a line."""
    unknown = [plan.person for plan in plans if plan.country is None]
    if unknown:
        advice = 'Add country = "GB" to the plan, or set NUDGER_COUNTRY.'
        return warning(f"no country is known, so a crisis reply names no line: {several(unknown)}", advice)
    return ok("everybody's country is known")
