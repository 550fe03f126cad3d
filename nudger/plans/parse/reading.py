"""Reads every plan file at once: plans for those whose files are right, every problem of the rest.

A plan goes on top of the one that it `extends`. The rule a person can state: top-level keys replace; a nudge
of the same id, or a contact of the same name, replaces; others add.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import chain

from nudger.domain.errors import Problem
from nudger.domain.model import Plan, one_phone
from nudger.plans.check.words import MessageChecks
from nudger.plans.format.documents import SHARED, folder_of, is_roster, is_shared, name_of, parse, stem_of
from nudger.plans.format.faults import Facts, Fault, PlanSource, Wrong, did_you_mean, listed, meant, shown
from nudger.plans.parse.details import read_id, slug
from nudger.plans.parse.person import Placed, Whole, check_person, check_shared
from nudger.plans.parse.rosters import read_roster
from nudger.plans.parse.tables import Draft, read_plan

DEEPEST = 16  # shared plans on top of each other

SharedKey = tuple[str, str]  # the folder of plans, the name of the shared plan


@dataclass(frozen=True, slots=True)
class _Right:
    """A plan without errors. As it stands in its file it is no longer needed: a tenth of the memory stays."""

    data: bytes  # a digest of its own file or row
    below: bytes  # digests of what it extends
    plan: Plan
    warnings: tuple[Problem, ...]
    lent: bool


@dataclass(frozen=True, slots=True)
class ParsedPlans:
    """What plan files say."""

    plans: Mapping[str, Plan]  # person id -> plan, only those without errors
    files: Mapping[str, str]  # person id -> file, for faulty ones too where the id is known
    digests: Mapping[str, str]  # person id -> digest over everything that the plan was made of
    problems: tuple[Problem, ...]  # sorted by file, line, column
    phones: frozenset[str] = frozenset()  # of everyone who is in these files, right or wrong
    lenders: frozenset[str] = frozenset()  # files that have something told in the file of another
    opaque: frozenset[str] = frozenset()  # rosters of which it cannot be told who all is in them
    refused: frozenset[str] = frozenset()  # people whose consent line says that there is none
    untold: frozenset[str] = frozenset()  # people with an opt-in to a notice that says so


@dataclass(frozen=True, slots=True)
class _UnreadPlan:
    """One person's file, or row of a file, before it is read."""

    person: str  # "" where the id is missing or wrong
    file: str
    data: bytes
    draft: Callable[[], Draft]


@dataclass(slots=True)
class _PlanEntry:
    """One person: `right`, or `whole` with what is wrong."""

    given: _UnreadPlan
    digest: bytes
    right: _Right | None = None
    whole: Whole | None = None

    @property
    def phone(self) -> str | None:
        phone = (
            self.right.plan.phone if self.right else self.whole.values.get("phone") if self.whole else None
        )
        return phone if isinstance(phone, str) else None

    @property
    def lent(self) -> bool:
        """Tells whether what is wrong with it, or a part of that, is told in a file that it extends."""
        if self.right:
            return self.right.lent
        return self.whole is not None and (self.whole.lent or not self.whole.own.failed)

    def problems(self) -> Iterable[Problem]:
        return self.right.warnings if self.right else self.whole.own.problems() if self.whole else ()


def read(sources: Sequence[PlanSource], facts: Facts, shared: Sequence[PlanSource] = ()) -> ParsedPlans:
    """Reads every plan, and finds every problem of every file at once. The rules are docs/plans.md's.

    Files of which none shares an id or a number with another can be read apart, to the same result.

    Args:
        sources: plan files and rosters; one in a folder called `shared` is a shared plan all the same.
        facts: what checking needs of the world; `facts.today` begins the year that is looked at.
        shared: the shared plans that `sources` may extend.

    Returns:
        The plans without errors, and the problems by file, line and column. Nothing is raised for what
        stands in a file.
    """
    lent = {source.file: source for source in (*shared, *(one for one in sources if is_shared(one.file)))}
    own = [source for source in {one.file: one for one in sources}.values() if source.file not in lent]
    library = _Library(facts, lent.values())
    rosters: list[Draft] = []
    entries = [library.entry(given) for given in _givens(own, facts, rosters)]
    people = _one_each(entries, library)
    _check_phones(people.values(), library)
    problems = [
        problem for draft in (*library.drafts, *rosters) if draft.faults for problem in draft.problems()
    ]
    problems += chain.from_iterable(entry.problems() for entry in entries)
    problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
    right = {person: entry.right for person, entry in people.items() if entry.right}
    return ParsedPlans(
        plans={person: its.plan for person, its in right.items()},
        files={person: entry.given.file for person, entry in people.items()},
        digests={person: library.digest(its) for person, its in right.items()},
        problems=tuple(problems),
        phones=frozenset(entry.phone for entry in entries if entry.phone is not None),
        lenders=frozenset(entry.given.file for entry in entries if entry.lent),
        opaque=_opaque(entries, rosters),
        refused=frozenset(one for one, its in people.items() if its.whole and its.whole.refuses),
        untold=frozenset(one for one, its in people.items() if its.whole and its.whole.tells_nobody),
    )


def ids_of(sources: Iterable[PlanSource], facts: Facts) -> frozenset[str]:
    """Tells who is in these files, by their names and the ids of rosters: no plan is read for it."""
    own = [source for source in sources if not is_shared(source.file)]
    return frozenset(given.person for given in _givens(own, facts, []) if given.person)


class _Library:
    """The shared plans, read, and every plan on top of them."""

    def __init__(self, facts: Facts, shared: Iterable[PlanSource]) -> None:
        self.facts = facts
        self.words = MessageChecks(facts.wording)
        drafts = {source.file: read_file(source, facts) for source in shared}
        self.drafts = drafts.values()
        self.shelf = Shelf(drafts, {source.file: _digest(source.data) for source in shared})
        for whole in self.shelf.all():
            check_shared(whole, facts, self.words)

    def entry(self, given: _UnreadPlan) -> _PlanEntry:
        """Reads one person's plan."""
        entry = _PlanEntry(given, _digest(given.data))
        whole, plan = self._read(given)
        if plan is None:
            entry.whole = whole
        else:
            warnings = tuple(whole.own.problems())
            entry.right = _Right(entry.digest, whole.digest, plan, warnings, whole.lent)
        return entry

    def reopen(self, entry: _PlanEntry) -> Whole:
        """Reads again the plan as it stands in its file, because something is wrong with it after all."""
        if entry.whole is None:
            entry.whole, _ = self._read(entry.given)
            entry.right = None
        return entry.whole

    def digest(self, right: _Right) -> str:
        return _digest(right.data, right.below, (self.facts.country or "").encode()).hex()

    def _read(self, given: _UnreadPlan) -> tuple[Whole, Plan | None]:
        whole = self.shelf.whole(given.draft())
        return whole, check_person(whole, given.person, self.facts, self.words)


def read_file(source: PlanSource, facts: Facts) -> Draft:
    """Reads what a TOML file says, and what is wrong with it by itself."""
    parsed = parse(source.data)
    draft = Draft(source.file, parsed.document, readable=parsed.data is not None)
    if is_roster(source.file):
        draft.add(Fault((), "expected a shared plan, got a roster", f"put it beside the folder {SHARED}"))
        return draft
    stem = stem_of(source.file)
    if not _is_id(stem):
        message = f'expected a file name like "maya.toml", got {shown(name_of(source.file))}'
        draft.add(Fault((), message, did_you_mean(f"{guess}.toml" if (guess := slug(stem)) else "")))
    for fault in parsed.faults:
        draft.add(fault)
    if parsed.data is not None:
        read_plan(draft, parsed.data, facts)
    return draft


def _givens(sources: Sequence[PlanSource], facts: Facts, rosters: list[Draft]) -> Iterator[_UnreadPlan]:
    """Each file and then each row. What is wrong with a roster as a whole is put into `rosters`."""
    for source in sources:
        if not is_roster(source.file):
            yield _UnreadPlan(
                stem_of(source.file), source.file, source.data, partial(read_file, source, facts)
            )
    for source in sources:
        if is_roster(source.file):
            whole, rows = read_roster(source)
            rosters.append(whole)
            for row in rows:
                yield _UnreadPlan(row.person or "", source.file, row.data, partial(row.draft, facts))


def _opaque(entries: Iterable[_PlanEntry], rosters: Iterable[Draft]) -> frozenset[str]:
    """Rosters with a row whose id cannot be told, or a header: whoever was in it may be that row."""
    rows = {entry.given.file for entry in entries if not entry.given.person and is_roster(entry.given.file)}
    return frozenset(rows | {draft.file for draft in rosters if draft.failed})


def _one_each(entries: Sequence[_PlanEntry], library: _Library) -> dict[str, _PlanEntry]:
    """The entries by person. Of two of one id the first counts, and a file before a row of a roster."""
    people: dict[str, _PlanEntry] = {}
    for entry in entries:
        person = entry.given.person
        first = people.setdefault(person, entry)
        if first is not entry and person:
            own = library.reopen(entry).own
            message = f'expected an id of its own, got "{person}", which is in {first.given.file} too'
            own.add(Fault(("id",) if own.who else (), message, "one file or row a person"))
    return {person: entry for person, entry in people.items() if _is_id(person)}


def _check_phones(entries: Iterable[_PlanEntry], library: _Library) -> None:
    """A number that two people share is a fault of both: nobody else knows whose replies are whose."""
    owners: dict[str, list[_PlanEntry]] = {}
    for entry in entries:
        if entry.phone is not None:
            owners.setdefault(one_phone(entry.phone), []).append(entry)
    for sharing in owners.values():
        for entry in sharing if len(sharing) > 1 else ():
            other = next(one for one in sharing if one is not entry).given
            phone = shown(entry.phone)
            message = f'expected a number of their own, got {phone}, which is that of "{other.person}" too'
            hint = f"see {other.file}; replies could not be told apart"
            library.reopen(entry).fault_at("phone", message, hint)


def _is_id(person: str) -> bool:
    try:
        read_id(person)
    except Wrong:
        return False
    return True


def _digest(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


class Shelf:
    """The shared plans of all folders."""

    def __init__(self, drafts: Mapping[str, Draft], digests: Mapping[str, bytes]) -> None:
        """Both by file."""
        self._drafts = {_key(file): draft for file, draft in drafts.items()}
        self._digests = {_key(file): digest for file, digest in digests.items()}
        self._wholes: dict[SharedKey, Whole] = {}
        for key, draft in self._drafts.items():
            chain, end = self._chain(key)
            if end == key:
                circle = " -> ".join(name for _, name in (*chain, key))
                hint = "take one `extends` of it out"
                draft.add(Fault(("extends",), f"expected no circle, got {circle}", hint))

    def all(self) -> list[Whole]:
        return [self._shared(key) for key in self._drafts]

    def whole(self, draft: Draft) -> Whole:
        """Puts a person's plan on top of what it extends."""
        return self._on_top(draft, folder_of(draft.file))

    def digest(self, file: str, extends: str | None) -> bytes:
        """Returns the digest of all that a plan extends; empty if that is nothing, or nothing that there
        is."""
        chain, _ = self._chain((folder_of(file), extends)) if extends else ([], None)
        return b"".join(self._digests[key] for key in chain)

    def _shared(self, key: SharedKey) -> Whole:
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

    def _chain(self, key: SharedKey) -> tuple[list[SharedKey], SharedKey | None]:
        """A shared plan, the one that it extends, and so on, up to one too many; and the one that follows:
        it is missing, or among them, which is a circle."""
        chain: dict[SharedKey, None] = {}
        at: SharedKey | None = key
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
        _nudges_on_top(base.nudges, own) if own.nudges else base.nudges,
        {**base.contacts, **{one.name or str(one.path): one for one in own.contacts}},
        known=base.known and own.readable,
        base=base,
        digest=digest,
    )


def _nudges_on_top(base: Sequence[Placed], own: Draft) -> list[Placed]:
    """Those of the shared plan in their order, each replaced where it stands; then the others."""
    replacing = {nudge.id: nudge for nudge in own.nudges if nudge.id is not None}
    known = {placed.nudge.id for placed in base}
    kept = [Placed(own, replacing[one.nudge.id]) if one.nudge.id in replacing else one for one in base]
    return kept + [Placed(own, nudge) for nudge in own.nudges if nudge.id is None or nudge.id not in known]


def _key(file: str) -> SharedKey:
    return (folder_of(file), stem_of(file))
