"""Whether those whose consent is not on record can be asked for it on every channel of their plan."""

from collections.abc import Collection, Sequence

from nudger.doctor.finding import Finding, ok, several, warning
from nudger.model import ChannelName, Plan

NO_LINK = (
    "An email is answered by a link, and a link needs an address: set NUDGER_PUBLIC_URL. Or, where the "
    'person has agreed, say so in the plan: consent = "2026-11-20, in person".'
)


def cannot_be_asked(plan: Plan, mute: Collection[ChannelName]) -> bool:
    """Whether there is a channel on which this plan sends, and on which nobody can be asked."""
    return plan.consent is None and any(plan.address(one) for one in plan.sends_on & frozenset(mute))


def everyone_can_be_asked(plans: Sequence[Plan], mute: Collection[ChannelName]) -> Finding:
    """`mute`: the channels on which a question could not be answered."""
    left = [plan.person for plan in plans if cannot_be_asked(plan, mute)]
    if left:
        return warning(f"nobody can be asked for consent by email; this concerns {several(left)}", NO_LINK)
    return ok("whoever has not agreed yet can be asked")
