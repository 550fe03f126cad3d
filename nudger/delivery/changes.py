"""What an edit changes in a plan: said in the person's own log, in the words of the file."""

from collections.abc import Mapping, Sequence

Keys = Mapping[str, object]  # of a plan or of a nudge, as JSON has them

SAME = "the file alone: nothing in the plan is another"


def in_keys(before: Keys, after: Keys) -> list[str]:
    """The keys that another value stands under, in the order of the plan."""
    return [key for key in {**before, **after} if before.get(key) != after.get(key)]


def in_nudges(before: Sequence[Keys], after: Sequence[Keys]) -> list[str]:
    """The nudges that are other ones, by id: those of the plan first, then those that are gone."""
    old, new = ({str(nudge["id"]): nudge for nudge in nudges} for nudges in (before, after))
    found = [f"{one} (new)" if one not in old else one for one in new if new[one] != old.get(one)]
    found += [f"{one} (gone)" for one in old if one not in new]
    return found or (["the order of nudges"] if list(old) != list(new) else [])


def in_words(nudges: Sequence[str], keys: Sequence[str]) -> str:
    """One line of both."""
    return ", ".join((*nudges, *keys)) or SAME
