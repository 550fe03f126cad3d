"""Which message goes out, and whom it names: the same choice for the same occurrence, on every host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from nudger.domain.model import Contact, Effort, History, Kind, Nudge, Plan, Topic
from nudger.messages.bank.messages import Bank, Message, Part, parts_at

KEPT = 10  # keys of each bank that a history holds; also the longest window without repetition
OWN_PLAN_SHARE = 5  # of the choices for someone with an if-then line, one in so many echoes it
_NEVER = datetime.min.replace(tzinfo=UTC)
_Asked = tuple[str, Kind, bool, Effort, frozenset[Part], tuple[Topic, ...]]


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from, by voice: a language, with its form of address where one is named."""

    banks: Mapping[tuple[str, Kind], Bank]
    own_plans: Mapping[str, Sequence[Message]]  # they echo the plan's if-then line
    # What was asked for before. There are few: efforts, hours by their parts, topics to avoid.
    _fitting: dict[_Asked, Sequence[Message]] = field(default_factory=dict)

    def message(
        self,
        plan: Plan,
        nudge: Nudge,
        voice: str,
        has_contact: bool,
        tiny: bool,
        local_now: datetime,
        history: History,
        occurrence: Sequence[str],
    ) -> Message:
        """The template that the nudge names, else one of those that fit, none of the last
        min(10, n - 1): `tiny`, and the effort of the plan, keep to those that ask little.

        A template goes out at whatever hour the plan names, but touches nothing that the plan avoids.
        """
        named = self._named(plan, nudge, voice, has_contact)
        if named is not None:
            return named
        most = Effort.TINY if tiny else nudge.effort or plan.effort
        fitting = self._those((voice, nudge.kind, has_contact, most, parts_at(local_now.time()), plan.avoid))
        said = history.recent.get(nudge.kind, ())
        if plan.if_then is not None and not fitting[0].contact:
            own = [one for one in self.own_plans[voice] if one.key not in said]
            if own and _drawn("own plan", *occurrence) % OWN_PLAN_SHARE == 0:
                return own[_drawn(*occurrence) % len(own)]
        window = min(KEPT, len(fitting) - 1)
        free = [message for message in fitting if message.key not in said[:window]]
        return free[_drawn(*occurrence) % len(free)]

    def _named(self, plan: Plan, nudge: Nudge, voice: str, has_contact: bool) -> Message | None:
        if nudge.template is None:
            return None
        named = self.banks[voice, nudge.kind].message(nudge.template)
        if named is None or (named.contact and not has_contact) or not named.avoid.isdisjoint(plan.avoid):
            return None
        return named

    def _those(self, asked: _Asked) -> Sequence[Message]:
        fitting = self._fitting.get(asked)
        if fitting is None:
            voice, kind, contact, most, now, avoid = asked
            fitting = self.banks[voice, kind].fitting(
                contact=contact, most=most, now=now, avoid=frozenset(avoid)
            )
            self._fitting[asked] = fitting
        return fitting


def contacts_of(plan: Plan, nudge: Nudge) -> Sequence[Contact]:
    """Whom this nudge may name, in the order of the file."""
    if not nudge.contacts:
        return plan.contacts
    return [contact for contact in plan.contacts if contact.name in nudge.contacts]


def contact_now(plan: Plan, nudge: Nudge, history: History, local_now: datetime) -> Contact | None:
    """The one whom the person has been least recently reminded of, or in touch with, and who is due; of
    several never named, the first of the file. None where nobody is due."""
    due = [one for one in contacts_of(plan, nudge) if _is_due(one, history, local_now)]
    return min(due, key=lambda contact: history.contacted.get(contact.name, _NEVER), default=None)


def _is_due(contact: Contact, history: History, local_now: datetime) -> bool:
    """By local dates: a fortnight after a Sunday afternoon is a Sunday morning too."""
    last_at = history.contacted.get(contact.name)
    if contact.every is None or last_at is None:
        return True
    last = last_at.astimezone(local_now.tzinfo).date()
    return local_now.date() - last >= timedelta(days=contact.every)


def _drawn(*words: str) -> int:
    return int.from_bytes(blake2b("\x1f".join(words).encode(), digest_size=8).digest(), "big")
