"""Plans and histories as JSON text: a strict round trip, and the decoded plans that are kept at hand."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from threading import Lock

from pydantic import TypeAdapter, ValidationError

from nudger.errors import Unreadable
from nudger.instants import checked_end, computable_date
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


def key_of(head: object, key: str) -> str | None:
    """One text of a stored plan; None where it has none, or cannot be read."""
    try:
        value = json.loads(head)[key] if isinstance(head, str) else None
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else None


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
        return _reckoned(history)
    except ValueError as error:  # pydantic's is one too
        raise _unreadable("history", person, error) from None


def _reckoned(history: History) -> History:
    """The history, with which the gate works out what comes next. Raises ValueError where it cannot."""
    for at in (history.last_at, history.shown_at, *history.contacted.values()):
        checked_end(at)
    if history.on is not None and not computable_date(history.on):
        raise ValueError("expected a local date that can be reckoned with")
    return history


def _unreadable(what: str, person: str, error: ValueError) -> Unreadable:
    # Where it is wrong, and not the value: that may be a phone number.
    found = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ("its instants",)
    where = ".".join(str(part) for part in found)
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
