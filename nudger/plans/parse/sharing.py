"""`extends`: shared plans, and how a plan goes on top of the one that it extends.

The rule a person can state: top-level keys replace; a nudge of the same id, or a contact of the same
name, replaces; others add.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nudger.plans.format.documents import SHARED, folder_of, stem_of
from nudger.plans.format.faults import ERROR, Fault, Path, did_you_mean, listed, meant, shown
from nudger.plans.parse.drafts import ContactDraft, Draft, NudgeDraft
from nudger.plans.parse.records import OPT_INS

DEEPEST = 16  # shared plans on top of each other
Key = tuple[str, str]  # the folder of plans, the name of the shared plan


@dataclass(frozen=True, slots=True)
class Placed:
    """A nudge, and the plan that it stands in."""

    draft: Draft
    nudge: NudgeDraft


@dataclass(slots=True)
class Whole:
    """A plan with all that it extends."""

    own: Draft
    values: Mapping[str, Any]
    nudges: Sequence[Placed]
    contacts: Mapping[str, ContactDraft]
    known: bool = True  # all that it extends could be read: what is missing here is missing
    base: "Whole | None" = None
    digest: bytes = b""  # of all that it extends
    failed: bool = False  # an error was found in checking it as a whole
    lent: bool = False  # something about it is told in a file that it extends

    @property
    def sound(self) -> bool:
        """Neither it nor anything that it extends has an error."""
        below = self.base is None or self.base.sound
        return below and self.known and not self.failed and not self.own.failed

    @property
    def refuses(self) -> bool:
        """Whether its consent line, its own or else the one that it extends, says that there is none."""
        if "consent" in self.own.values or self.base is None:
            return "consent" in self.own.refused
        return self.base.refuses

    @property
    def tells_nobody(self) -> bool:
        """Whether an opt-in to a notice says that there is none."""
        return not self.own.refused.isdisjoint(OPT_INS)

    def fault(self, placed: Placed, keys: Path, message: str, hint: str = "", severity: str = ERROR) -> None:
        """At a nudge of the plan's own; for one that it has from a shared plan, at its `extends`."""
        at = (*placed.nudge.path, *keys)
        self.failed = self.failed or severity == ERROR
        if placed.draft is self.own:
            self.own.add(Fault(at, message, hint, severity))
        else:
            where, origin = placed.draft.label(at), f"it stands in {placed.draft.file}"
            hint = f"{hint}; {origin}" if hint else origin
            self.own.add(Fault(("extends",), message, hint, severity, where=where))

    def fault_below(
        self, placed: Placed, keys: Path, message: str, hint: str = "", severity: str = ERROR
    ) -> None:
        """Where the nudge stands, once for all who extend it: for what they add nothing to."""
        self.failed = self.failed or severity == ERROR
        self.lent = True
        placed.draft.lend(Fault((*placed.nudge.path, *keys), message, hint, severity))

    def fault_at(
        self, key: str, message: str, hint: str = "", severity: str = ERROR, *, index: int = 0
    ) -> None:
        """At one of the plan's own keys; at `extends` for one that it has from a shared plan."""
        self.failed = self.failed or severity == ERROR
        own = key in self.own.values
        at: Path = (key, index) if own else ("extends",)
        self.own.add(Fault(at, message, hint, severity, where=None if own else key))

    def missing(self, key: str, message: str, hint: str, severity: str = ERROR) -> None:
        """At the beginning of the file."""
        self.failed = self.failed or severity == ERROR
        self.own.add(Fault((), message, hint, severity, where=key))


class Shelf:
    """The shared plans of all folders."""

    def __init__(self, drafts: Mapping[str, Draft], digests: Mapping[str, bytes]) -> None:
        """Both by file."""
        self._drafts = {_key(file): draft for file, draft in drafts.items()}
        self._digests = {_key(file): digest for file, digest in digests.items()}
        self._wholes: dict[Key, Whole] = {}
        for key, draft in self._drafts.items():
            chain, end = self._chain(key)
            if end == key:
                circle = " -> ".join(name for _, name in (*chain, key))
                hint = "take one `extends` of it out"
                draft.add(Fault(("extends",), f"expected no circle, got {circle}", hint))

    def all(self) -> list[Whole]:
        return [self._shared(key) for key in self._drafts]

    def whole(self, draft: Draft) -> Whole:
        """A person's plan, on top of what it extends."""
        return self._on_top(draft, folder_of(draft.file))

    def digest(self, file: str, extends: str | None) -> bytes:
        """Of all that a plan extends; empty if that is nothing, or nothing that there is."""
        chain, _ = self._chain((folder_of(file), extends)) if extends else ([], None)
        return b"".join(self._digests[key] for key in chain)

    def _shared(self, key: Key) -> Whole:
        if key not in self._wholes:
            self._wholes[key] = self._on_top(self._drafts[key], key[0])
        return self._wholes[key]

    def _on_top(self, draft: Draft, folder: str) -> Whole:
        extends = draft.values.get("extends")
        base = self._base(draft, folder, extends) if isinstance(extends, str) else None
        if base is not None:
            return _merged(base, draft, self.digest(draft.file, extends))
        placed = [Placed(draft, nudge) for nudge in draft.nudges]
        contacts = {one.name or str(one.path): one for one in draft.contacts}
        return Whole(draft, draft.values, placed, contacts, known=draft.readable and extends is None)

    def _base(self, draft: Draft, folder: str, name: str) -> Whole | None:
        """What is extended; None where there is no such plan, or no end of them."""
        key = (folder, name)
        chain, end = self._chain(key)
        if not chain:
            there = sorted(other for place, other in self._drafts if place == folder)
            hint = f"there are {listed(there, 'and')}" if there else f"put it in {folder}/{SHARED}"
            message = f"expected the name of a shared plan, got {shown(name)}"
            draft.add(Fault(("extends",), message, did_you_mean(meant(name, there), hint)))
        elif end in chain:
            pass  # a circle is a fault of those that make it
        elif len(chain) > DEEPEST:
            draft.add(Fault(("extends",), f"expected at most {DEEPEST} plans on top of each other"))
        else:
            return self._shared(key)
        return None

    def _chain(self, key: Key) -> tuple[list[Key], Key | None]:
        """A shared plan, the one that it extends, and so on, up to one too many; and the one that follows:
        it is missing, or among them, which is a circle."""
        chain: dict[Key, None] = {}
        at: Key | None = key
        while at is not None and at in self._drafts and at not in chain and len(chain) <= DEEPEST:
            chain[at] = None
            extends = self._drafts[at].values.get("extends")
            at = (at[0], extends) if isinstance(extends, str) else None
        return list(chain), at


def _merged(base: Whole, own: Draft, digest: bytes) -> Whole:
    """A plan on top of the one that it extends."""
    return Whole(
        own,
        {**base.values, **own.values},
        _nudges(base.nudges, own) if own.nudges else base.nudges,
        {**base.contacts, **{one.name or str(one.path): one for one in own.contacts}},
        known=base.known and own.readable,
        base=base,
        digest=digest,
    )


def _nudges(base: Sequence[Placed], own: Draft) -> list[Placed]:
    """Those of the shared plan in their order, each replaced where it stands; then the others."""
    replacing = {nudge.id: nudge for nudge in own.nudges if nudge.id is not None}
    known = {placed.nudge.id for placed in base}
    kept = [Placed(own, replacing[one.nudge.id]) if one.nudge.id in replacing else one for one in base]
    return kept + [Placed(own, nudge) for nudge in own.nudges if nudge.id is None or nudge.id not in known]


def _key(file: str) -> Key:
    return (folder_of(file), stem_of(file))
