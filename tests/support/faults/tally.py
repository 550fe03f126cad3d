"""What was due against what was accepted: pure, so that it can be shown to find each kind of fault."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Due:
    """One message that was to go out: a nudge of the preview, a snooze, or an answer."""

    person: str
    text: str
    at: datetime
    expires_at: datetime
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that a provider took. An answer may come whatever stands against nudges."""

    person: str
    text: str
    at: datetime
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """From when on somebody is left alone, and why: nothing may be accepted after it."""

    person: str
    why: str  # "stop" or "quiet"
    tried_at: datetime  # from here on it may have been known: what is due later need not come
    at: datetime  # from here on it was known, and some


@dataclass
class Tally:
    """A line of the table."""

    runs: int = 0
    kills: int = 0
    due: int = 0
    accepted: int = 0
    silenced: int = 0  # due, and rightly not sent: after STOP, a crisis, an opt-out; in quiet hours
    overtaken: int = 0  # a later one of the same person went in its place
    lost: int = 0
    twice: int = 0
    after_stop: int = 0
    quiet: int = 0
    unknown: int = 0  # whether it arrived cannot be known: kept as such, and never sent again
    details: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def broken(self) -> int:
        return self.lost + self.twice + self.after_stop + self.quiet


def tally(
    due: Sequence[Due],
    accepted: Sequence[Accepted],
    silences: Sequence[Silence],
    ends: Mapping[tuple[str, str], str],
) -> Tally:
    """Compares. `ends` says how the store ended a (person, text) that was not accepted: "unknown",
    "overtaken", or anything else; it excuses nothing that the outside does not bear out."""
    counts = Counter((one.person, one.text) for one in accepted)
    wanted = Counter((one.person, one.text) for one in due)
    sum_up = Tally(runs=1, due=len(due), accepted=len(accepted))
    for key, times in counts.items():
        if times > wanted[key]:
            sum_up.twice += times - wanted[key]
            sum_up.details.append(f"twice: {key} {times} times, wanted {wanted[key]}")
    for silence in silences:
        _heard(silence, accepted, sum_up)
    missing = wanted - counts
    may_have_come = [
        one for one in due if counts[one.person, one.text] or ends.get((one.person, one.text)) == "unknown"
    ]
    for one in sorted(due, key=lambda one: one.at, reverse=True):
        key = (one.person, one.text)
        if missing[key] > 0:
            missing[key] -= 1
            _missing(one, ends.get(key, "not in the store"), silences, may_have_come, sum_up)
    return sum_up


def _heard(silence: Silence, accepted: Iterable[Accepted], into: Tally) -> None:
    for one in accepted:
        if one.person == silence.person and one.at > silence.at and not one.answer:
            if silence.why == "quiet":
                into.quiet += 1
            else:
                into.after_stop += 1
            into.details.append(f"{silence.why}: {one.person} {one.text!r} at {one.at}, {silence.at}")


def _missing(one: Due, end: str, silences: Sequence[Silence], others: Sequence[Due], into: Tally) -> None:
    silenced = not one.answer and any(
        silence.person == one.person and silence.tried_at <= one.expires_at for silence in silences
    )
    later = any(other.person == one.person and other.at > one.at for other in others)
    if end == "unknown":
        into.unknown += 1
    elif silenced:
        into.silenced += 1
    elif end == "overtaken" and later:
        into.overtaken += 1
    else:
        into.lost += 1
        into.details.append(f"lost: {one.person} {one.text!r} due {one.at:%H:%M:%S}: {end}")


def table(rows: Mapping[str, Tally]) -> str:
    """The lines, and their sum."""
    names = [one.name for one in fields(Tally) if one.name != "details"]
    total = sum(rows.values(), Tally())
    lines = [[""] + [name.replace("_", " ") for name in names]]
    lines += [[label, *(str(getattr(row, name)) for name in names)] for label, row in rows.items()]
    lines += [["all", *(str(getattr(total, name)) for name in names)]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]) for first, *others in lines
    )
