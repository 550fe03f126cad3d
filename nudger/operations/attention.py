"""What needs somebody, the gravest first: people before faults. One place for the board, `nudger status`, the
API and monitoring, so that none of them says that all is well while another does not. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_high

from nudger.domain.effects import Need
from nudger.domain.model import State
from nudger.operations.overview import Alarm, Apart, Needed, Vitals

OVERDUE = timedelta(seconds=60)  # nothing waits that long while the daemon works and its budget allows
LATE = timedelta(seconds=5)  # what nudger promises
SEVERAL = 3  # faults of single people that are told one by one
MOST = 20  # people who are named one by one


class MatterKind(StrEnum):
    """Why something needs a look."""

    CRISIS = "crisis"
    CONCERN = "concern"
    PERSON = "person"  # asks for one
    LOSSES = "losses"
    UNREACHABLE = "unreachable"
    SET_ASIDE = "set-aside"
    ALARM = "alarm"
    OVERDUE = "overdue"
    LATE = "late"
    UNKNOWN = "unknown"
    PLANS = "plans"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that needs a look: a sentence, and whom it is about. No word of theirs, no address."""

    cause: MatterKind
    words: str
    person: str = ""
    since: datetime | None = None
    number: int = 1  # people or messages that it stands for

    @property
    def of_person(self) -> bool:
        """Whether somebody waits for a person."""
        return self.cause in OF_PEOPLE


OF_PEOPLE = (MatterKind.CRISIS, MatterKind.CONCERN, MatterKind.PERSON)


def matters(vitals: Vitals, alarms: Sequence[Alarm], now: datetime) -> list[Matter]:
    """Finds what needs a look, the gravest first; none: all is well. `alarms` are those that stand."""
    return [*_people(vitals.needed), *_losses(vitals), *_alarms(vitals, alarms), *_machine(vitals, now)]


def waiting(vitals: Vitals) -> Mapping[Need, int]:
    """Counts who needs a person, by why."""
    return {need: sum(one.need is need for one in vitals.needed) for need in Need}


def _people(needed: Sequence[Needed]) -> Iterator[Matter]:
    for one in needed[:MOST]:
        yield Matter(MatterKind(one.need), _of_need(one), one.person, one.since)
    if left := needed[MOST:]:
        words = f"And {many(len(left), 'more person needs', 'more people need')} somebody."
        yield Matter(MatterKind(left[0].need), words, number=len(left))


def _of_need(one: Needed) -> str:
    if one.need is Need.PERSON:
        return f"{one.person} asks for a person. Reach them, then mark the text as handled."
    if one.held:
        return (
            f"{one.person} wrote in a crisis and is held. {answer_words(one)} Speak with them; then lift the "
            "hold."
        )
    what = "in a crisis" if one.need is Need.CRISIS else "words that may mean danger"
    return f"{one.person} wrote {what}. {answer_words(one)} Reach them, then mark the text as handled."


def answer_words(one: Needed) -> str:
    """Says whether the helplines that answered them arrived."""
    match one.answer:
        case None:
            return "No answer is on record."
        case State.DELIVERED:
            return "The answer with helplines arrived."
        case State.SENT:
            return "The answer with helplines went out; no receipt yet."
        case State.PLANNED | State.SENDING:
            return "The answer with helplines is on its way."
        case State.UNKNOWN:
            return "Whether the answer with helplines arrived is not known."
        case _:
            return f"The answer with helplines did not arrive{f' ({one.why})' if one.why else ''}."


def _losses(vitals: Vitals) -> Iterator[Matter]:
    if (found := vitals.losses) is None:
        return
    share = f"{100 * found.lost / found.of:.0f} %"
    why = f", most of them for: {found.reason}" if found.reason else ""
    words = f"{found.lost:,} of {found.of:,} nudges of the last 24 h were missed or failed ({share}){why}."
    yield Matter(MatterKind.LOSSES, words, number=found.lost)


def _alarms(vitals: Vitals, alarms: Sequence[Alarm]) -> Iterator[Matter]:
    """Alarms of single people one by one while they are few, else as one; the others as they are."""
    yield from _folded(
        MatterKind.UNREACHABLE,
        vitals.apart.get(Apart.UNREACHABLE, 0),
        _about(alarms, "address"),
        "cannot be reached on a channel: too much in a row did not arrive. Put their addresses right, or try "
        "them again.",
    )
    yield from _folded(
        MatterKind.SET_ASIDE,
        vitals.apart.get(Apart.SET_ASIDE, 0),
        _about(alarms, "person"),
        "set aside, as nudger fails over them: they get no nudges, and all others go on.",
    )
    told = {one.person for one in vitals.needed if one.held}
    for alarm in alarms:
        kind, _, about = alarm.key.partition(" ")
        said = kind == "crisis" and about.rpartition(" ")[2] in told
        if kind not in ("address", "person") and not said:
            yield Matter(MatterKind.ALARM, alarm.words, since=alarm.since)


def _about(alarms: Sequence[Alarm], kind: str) -> list[Alarm]:
    return [alarm for alarm in alarms if alarm.key.split()[0] == kind]


def _folded(cause: MatterKind, number: int, alarms: Sequence[Alarm], words: str) -> Iterator[Matter]:
    if alarms and max(number, len(alarms)) <= SEVERAL:
        for alarm in alarms:
            yield Matter(cause, alarm.words, alarm.key.split()[1], alarm.since)
    elif several := max(number, len(alarms)):
        yield Matter(cause, f"{many(several, 'person', 'people')} {words}", number=several)


def _machine(vitals: Vitals, now: datetime) -> Iterator[Matter]:
    waited = now - vitals.oldest_due_at if vitals.oldest_due_at else timedelta(0)
    if waited > OVERDUE:
        words = f"The oldest nudge has waited {span(waited)}. Does nudger run, is a circuit open, or is the "
        yield Matter(MatterKind.OVERDUE, words + "budget too small?")
    elif vitals.lateness and (late := middle(vitals.lateness)) > LATE:
        yield Matter(MatterKind.LATE, f"Half of the latest nudges went out {span(late)} late, or more.")
    if vitals.unknown:
        number = many(vitals.unknown, "message")
        words = f"{number} of unknown end: handed over, no answer, and never resent blindly."
        yield Matter(MatterKind.UNKNOWN, words, number=vitals.unknown)
    if errors := vitals.problems.get("error", 0):
        words = f"{many(errors, 'problem')} in plan files. The last good plans keep running."
        yield Matter(MatterKind.PLANS, words, number=errors)


def middle(spans: Sequence[timedelta]) -> timedelta:
    """Finds the median."""
    return median_high(spans)


def span(length: timedelta) -> str:
    """Says a duration as people do: "0.4 s", "12 s", "5 min", "3 h", "2 days"."""
    seconds = length.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h" if seconds < 172_800 else f"{seconds // 86_400:.0f} days"


def many(number: int, noun: str, nouns: str = "") -> str:
    """Says how many there are: "1 message", "2,000 messages"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {nouns or f'{noun}s'}"
