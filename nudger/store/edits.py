"""A plan in the place of another: whether it reaches the person another way, and what their log says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from nudger.delivery import changes
from nudger.delivery.planning import PlanFile
from nudger.store import codec
from nudger.store.keys import among
from nudger.store.tables import AnyRow, plan
from nudger.store.transaction import Transaction

_BEFORE = select(plan.c.person, plan.c.json, plan.c.nudges).where(among(plan.c.person))


def edits(tx: Transaction, files: Sequence[PlanFile], rows: Sequence[dict[str, Any]]) -> list["Edit"]:
    """Each file against the plan that runs; `rows` are what is to be stored of them."""
    found = tx.connection.execute(_BEFORE, {"ids": [file.plan.person for file in files]})
    before = {row.person: row for row in found}
    return [Edit(file, row, before[file.plan.person]) for file, row in zip(files, rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Edit:
    """A plan in the place of another, compared by their texts: most who extend one plan have the same ones,
    and an edit of that costs little more than to write it."""

    file: PlanFile
    row: dict[str, Any]
    before: AnyRow

    @property
    def may_reach_anew(self) -> bool:
        """Whether addresses, channels or the consent line may be other ones."""
        return self._other_head or _channels(self.before.nudges) != _channels(self.row["body"])

    def event(self, now: datetime) -> dict[str, Any]:
        """The line of the person's own log: among ten thousand others it is the one place for it."""
        return {"person": self.row["one"], "at": now, "what": "plan changed", "detail": self._in_words()}

    @property
    def _other_head(self) -> bool:
        return bool(self.before.json != self.row["head"])

    def _in_words(self) -> str:
        try:
            heads = [json.loads(head) for head in (self.before.json, self.row["head"]) if self._other_head]
            keys = changes.in_keys(*heads) if heads else []
            return changes.in_words(_in_nudges(self.before.nudges, self.row["body"]), keys)
        except (ValueError, LookupError, TypeError, AttributeError):
            return "in place of one that could not be read"


@lru_cache(maxsize=codec.NUDGES_KEPT)
def _in_nudges(before: str, after: str) -> list[str]:
    return [] if before == after else changes.in_nudges(json.loads(before), json.loads(after))


@lru_cache(maxsize=codec.NUDGES_KEPT)
def _channels(nudges: str) -> object:
    """On which channels they may go out; a text that cannot be read is like no other."""
    try:
        return {frozenset(nudge["channels"]) for nudge in json.loads(nudges)}
    except (ValueError, LookupError, TypeError):
        return nudges
