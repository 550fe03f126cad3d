"""Whom a crisis reply names: whether the numbers were looked at, lately, and whether a country is known."""

from collections.abc import Callable, Collection, Sequence

from nudger.doctor.finding import Finding, note, ok, several, warning
from nudger.messages.wording.helplines import Line
from nudger.model import Plan

ADVICE = (
    "Look the numbers up at the source that helplines.toml names, and set checked_on; your own copy of the "
    "file goes into NUDGER_TEMPLATES_DIR."
)
Unchecked = Callable[[str | None, str], Sequence[Line]]  # the lines of a country, for people of a language


def helplines_are_fresh(stale: Collection[str], countries: Collection[str]) -> Finding:
    """`stale`: the countries with lines that nobody has looked at for 180 days; `countries`: those whose
    lines this installation's people get."""
    used = sorted(set(stale) & set(countries))
    if used:
        sentence = f"nobody has looked at these countries' numbers for 180 days: {several(used)}"
        return warning(sentence, ADVICE)
    if stale:
        return note(
            f"numbers that no plan needs were not looked at for 180 days: {several([*stale])}", ADVICE
        )
    return ok("every number that was looked up was looked at in the last 180 days")


def helplines_are_checked(unchecked: Unchecked, plans: Sequence[Plan]) -> Finding:
    """The lines that come from lists by others, and that this installation's people would be sent to."""
    spoken = sorted({(plan.country or "", plan.language) for plan in plans})
    found = {
        f"{country or 'no country'} {line}": None
        for country, language in spoken
        for line in unchecked(country or None, language)
    }
    if found:
        lines = several([*found])
        return warning(f"nobody has looked up numbers that people here would be sent to: {lines}", ADVICE)
    return ok("every number that people here would be sent to was looked up once")


def countries_are_known(plans: Sequence[Plan]) -> Finding:
    """Without a country, a crisis reply names a directory of lines in place of a line."""
    unknown = [plan.person for plan in plans if plan.country is None]
    if unknown:
        advice = 'Add country = "GB" to the plan, or set NUDGER_COUNTRY.'
        return warning(f"no country is known, so a crisis reply names no line: {several(unknown)}", advice)
    return ok("everybody's country is known")
