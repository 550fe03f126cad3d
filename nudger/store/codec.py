"""Plans and histories as JSON text: a strict round trip, and the decoded plans that are kept at hand."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from threading import Lock

from pydantic import TypeAdapter, ValidationError

from nudger.errors import Unreadable
from nudger.model import History, Nudge, Plan

NUDGES_KEPT = 2048  # decoded lists of nudges

_PLAN = TypeAdapter(Plan)
_NUDGES = TypeAdapter(tuple[Nudge, ...])
_HISTORY = TypeAdapter(History)
# A claim does these for everybody: the adapter's own methods would add half as much again.
_to_plan = _PLAN.validator.validate_json
_to_history = _HISTORY.validator.validate_json
_from_history = _HISTORY.serializer.to_json


def plan_to_json(plan: Plan) -> tuple[str, str]:
    """The plan without its nudges, and the nudges. Defaults too: one that changes later must not
    change what is stored."""
    head = _PLAN.dump_json(plan, exclude={"nudges"})
    return head.decode(), _NUDGES.dump_json(plan.nudges).decode()


def plan_from_json(person: str, head: str, nudges: str) -> Plan:
    """People of one roster or one shared plan have the same nudges: those are decoded once and shared,
    which makes the rest cost a quarter, and a plan kept at hand a tenth of the memory."""
    try:
        plan: Plan = _to_plan(head, strict=True)
        # Nobody has seen it yet. `replace` would take as long as all of the decoding.
        object.__setattr__(plan, "nudges", _nudges(nudges))
    except ValidationError as error:
        raise _unreadable("plan", person, error) from None
    return plan


@lru_cache(maxsize=NUDGES_KEPT)
def _nudges(text: str) -> tuple[Nudge, ...]:
    return _NUDGES.validate_json(text, strict=True)


def history_to_json(history: History) -> str:
    return _from_history(history).decode()


_NO_HISTORY = History()
_NO_HISTORY_TEXT = history_to_json(_NO_HISTORY)


def history_from_json(person: str, text: str) -> History:
    if text == _NO_HISTORY_TEXT:  # of everyone who is new
        return _NO_HISTORY
    try:
        history: History = _to_history(text, strict=True)
        return history
    except ValidationError as error:
        raise _unreadable("history", person, error) from None


def _unreadable(what: str, person: str, error: ValidationError) -> Unreadable:
    # Where it is wrong, and not the value: that may be a phone number.
    where = ".".join(str(part) for part in error.errors()[0]["loc"])
    return Unreadable(
        f"the stored {what} of {person} cannot be read (at {where or 'its start'})",
        "Was the database written by another version of nudger? Change the plan's file a little and"
        " reload, or restore a backup.",
    )


class PlanCache:
    """The plans decoded last, at most `size` of them, by person and digest."""

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._plans: OrderedDict[str, tuple[str, Plan]] = OrderedDict()
        self._lock = Lock()  # verbs run in several threads

    def get(self, digests: Mapping[str, str]) -> dict[str, Plan]:
        """Those of these people's plans that are at hand under their digest."""
        found = {}
        with self._lock:
            for person, digest in digests.items():
                kept = self._plans.get(person)
                if kept is not None and kept[0] == digest:
                    self._plans.move_to_end(person)
                    found[person] = kept[1]
        return found

    def put(self, plans: Sequence[tuple[str, Plan]]) -> None:
        """Keeps plans, each with its digest, in place of the oldest."""
        with self._lock:
            for digest, plan in plans:
                self._plans[plan.person] = (digest, plan)
                self._plans.move_to_end(plan.person)
            while len(self._plans) > self._size:
                self._plans.popitem(last=False)

    def drop(self, person: str) -> None:
        with self._lock:
            self._plans.pop(person, None)
