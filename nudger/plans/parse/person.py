"""A plan as a whole, with all that it extends: what can only be told of all of it together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nudger.domain.model import At, Between, ChannelName, Contact, Cron, Nudge, Plan
from nudger.plans.check.lookahead import (
    NO_GAP,
    ScheduleConflict,
    Shape,
    care_too_often,
    look_ahead,
    look_at_changes,
)
from nudger.plans.check.words import MessageChecks
from nudger.plans.format.faults import (
    ERROR,
    FAULTY,
    WARNING,
    Breach,
    Facts,
    Fault,
    Path,
    did_you_mean,
    listed,
    meant,
    shown,
)
from nudger.plans.parse.details import OPT_INS, country_of, is_of, trust_breaches
from nudger.plans.parse.tables import MOST, ContactDraft, Draft, NudgeDraft

BARE = Plan("", "", "")  # what holds where a plan says nothing
_SHAPING = ("quiet", "daily_limit", "gap")
_PACE = ("back_off", "taper", "starts")
_SAYS = ("language", "group", "form", "consent", "if_then", "effort", "avoid", "keep_words")
_OTHERS = (*_SAYS, *_PACE, *_SHAPING)
_ADDRESS = {ChannelName.SMS: "phone", ChannelName.EMAIL: "email"}
_WORDING = ("language", "form", "if_then", "avoid")
_AS_ABSENT = object()
_EXAMPLE = {"phone": '"+447700900123"', "email": '"maya@example.org"'}


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
        """Tells whether neither it nor anything that it extends has an error."""
        below = self.base is None or self.base.sound
        return below and self.known and not self.failed and not self.own.failed

    @property
    def refuses(self) -> bool:
        """Tells whether its consent line, its own or else the one that it extends, says that there is
        none."""
        if "consent" in self.own.values or self.base is None:
            return "consent" in self.own.refused
        return self.base.refuses

    @property
    def tells_nobody(self) -> bool:
        """Tells whether an opt-in to a notice says that there is none."""
        return not self.own.refused.isdisjoint(OPT_INS)

    def fault(self, placed: Placed, keys: Path, message: str, hint: str = "", severity: str = ERROR) -> None:
        """Adds a fault at a nudge of the plan's own; for one that it has from a shared plan, at its
        `extends`."""
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
        """Adds a fault where the nudge stands, once for all who extend it: for what they add nothing to."""
        self.failed = self.failed or severity == ERROR
        self.lent = True
        placed.draft.lend(Fault((*placed.nudge.path, *keys), message, hint, severity))

    def fault_at(
        self, key: str, message: str, hint: str = "", severity: str = ERROR, *, index: int = 0
    ) -> None:
        """Adds a fault at one of the plan's own keys; at `extends` for one that it has from a shared plan."""
        self.failed = self.failed or severity == ERROR
        own = key in self.own.values
        at: Path = (key, index) if own else ("extends",)
        self.own.add(Fault(at, message, hint, severity, where=None if own else key))

    def missing(self, key: str, message: str, hint: str, severity: str = ERROR) -> None:
        """Adds a fault at the beginning of the file."""
        self.failed = self.failed or severity == ERROR
        self.own.add(Fault((), message, hint, severity, where=key))


def check_person(whole: Whole, person: str, facts: Facts, words: MessageChecks) -> Plan | None:
    """Makes the plan of a person, or None where something is wrong with it. What is wrong is kept in the
    draft."""
    plan = _plan(whole, person, facts)
    if whole.known:
        _check_what_is_there(whole)
        _check_taper(whole)
        _check_channels(whole)
        _check_contacts(whole)
        _check_trust(whole)
    _check_country(whole)
    if not _are_few(whole):
        return None
    _check_words(whole, plan, words)
    _look_ahead(whole, facts)
    _check_care(whole, facts, below=not whole.own.nudges)
    return plan if whole.sound else None


def check_shared(whole: Whole, facts: Facts, words: MessageChecks) -> None:
    """Checks what is wrong with a shared plan by itself, whoever extends it, and used or not.

    It says nothing about what a plan that extends it may still decide.
    """
    if not _are_few(whole):
        return
    plan = Plan(
        "",
        "",
        "",
        language=_language(whole),
        channels=_given(whole, "channels", tuple(ChannelName)),
        if_then="",
        contacts=(Contact(""),),
    )
    for draft in whole.own.contacts:
        if draft.contact is not None and draft.contact.trusted:
            message = "expected no opt-in in a shared plan: it is the person's own"
            hint = "write this contact into the plan of the person who asked for it"
            whole.own.add(Fault((*draft.path, "tell"), message, hint))
    if plan.language in words.wording.languages:
        for placed in whole.nudges:
            if placed.draft is whole.own and placed.nudge.nudge is not None:
                _check_shared_words(whole, placed, placed.nudge.nudge, plan, words)
    sound, shape = _shape(whole, shared=True)
    for finding in look_ahead(shape, facts.today):
        _tell(whole, sound, finding)
    _check_care(whole, facts)


def _plan(whole: Whole, person: str, facts: Facts) -> Plan:
    """The plan, of all that is right in it."""
    others = {key: value for key in _OTHERS if (value := _given(whole, key, FAULTY)) is not FAULTY}
    phone, email = _given(whole, "phone", None), _given(whole, "email", None)
    reached = tuple(
        channel for channel, address in ((ChannelName.SMS, phone), (ChannelName.EMAIL, email)) if address
    )
    country = _given(whole, "country", None) or (country_of(phone) if phone else None)
    return Plan(
        person=person,
        name=_given(whole, "name", person),
        timezone=_given(whole, "timezone", ""),
        country=country or facts.country,
        phone=phone,
        email=email,
        channels=_given(whole, "channels", reached),
        nudges=tuple(one for one in map(partial(_nudge, whole), whole.nudges) if one is not None),
        contacts=tuple(one.contact for one in whole.contacts.values() if one.contact is not None),
        **others,
    )


def _nudge(whole: Whole, placed: Placed) -> Nudge | None:
    """As the plan has it: it starts with the plan, where it does not say when."""
    nudge, starts = placed.nudge.nudge, _given(whole, "starts", None)
    if nudge is None or starts is None or nudge.starts is not None:
        return nudge
    return replace(nudge, starts=starts)


def _check_taper(whole: Whole) -> None:
    if _given(whole, "taper", None) is None or "starts" in whole.values:
        return
    if any(placed.nudge.nudge is not None and placed.nudge.nudge.starts for placed in whole.nudges):
        return
    hint = "add starts = 2026-12-01 at the top of the file: the date from which there is less and less"
    whole.fault_at("taper", 'expected "starts" beside "taper", got none', hint)


def _check_what_is_there(whole: Whole) -> None:
    if "timezone" not in whole.values:
        whole.missing("timezone", 'expected "timezone", got none', 'add timezone = "Europe/London"')
    if not any(key in whole.values for key in ("phone", "email", "channels")):
        hint = 'add phone = "+447700900123" or email = "maya@example.org"'
        whole.missing("", 'expected "phone" or "email", got neither', hint)
    if not whole.nudges and not whole.own.failed:
        hint = "add [[nudge]] tables, or extend a shared plan that has some"
        whole.missing("", "expected [[nudge]] tables, got none: nothing will be sent", hint, WARNING)


def _check_channels(whole: Whole) -> None:
    for index, channel in enumerate(_given(whole, "channels", ())):
        if problem := _no_address(whole, channel):
            whole.fault_at("channels", *problem, index=index)
    for placed in whole.nudges:
        for index, channel in enumerate(placed.nudge.nudge.channels if placed.nudge.nudge else ()):
            if problem := _no_address(whole, channel):
                whole.fault(placed, ("channels", index), *problem)


def _no_address(whole: Whole, channel: ChannelName) -> tuple[str, str] | None:
    key = _ADDRESS[channel]
    if key in whole.values:
        return None
    return f'expected "{key}" for the channel "{channel}", got none', f"add {key} = {_EXAMPLE[key]}"


def _check_country(whole: Whole) -> None:
    phone, country = _given(whole, "phone", None), _given(whole, "country", None)
    if phone and country and not is_of(phone, country):
        message = (
            f"expected a number of the country {country}, got one of {country_of(phone) or 'no country'}"
        )
        hint = "`country` says which helplines are named: it is where the person lives"
        whole.fault_at("phone", message, hint, WARNING)


def _check_contacts(whole: Whole) -> None:
    hints: dict[str, str] = {}  # by the name that is unknown: a guess is slow, and nudges are alike
    for placed in whole.nudges:
        below = placed.draft is not whole.own and not whole.own.contacts
        tell = whole.fault_below if below else whole.fault
        for index, name in enumerate(placed.nudge.nudge.contacts if placed.nudge.nudge else ()):
            if name not in whole.contacts:
                hints[name] = hints.get(name) or _contact_meant(name, sorted(whole.contacts))
                message = f"expected the name of a [[contact]], got {shown(name)}"
                tell(placed, ("contacts", index), message, hints[name])


def _check_trust(whole: Whole) -> None:
    """The opt-ins are the person's own, so all of this stands in their own file."""
    own = {one.contact.name: one for one in whole.own.contacts if one.contact is not None}
    contacts = {name: one.contact for name, one in own.items() if one.contact is not None}
    for name, key, message, hint in trust_breaches(contacts, _given(whole, "phone", None)):
        whole.own.add(Fault((*own[name].path, key), message, hint))


def _contact_meant(name: str, names: Sequence[str]) -> str:
    there = f"the contacts are {listed(names, 'and')}" if names else "add a [[contact]] of that name"
    return did_you_mean(meant(name, names), there)


def _are_few(whole: Whole) -> bool:
    few = len(whole.nudges) <= MOST
    if not few:
        message = f"expected at most {MOST} nudges, got {len(whole.nudges)}"
        whole.fault(whole.nudges[MOST], (), message, "a day has room for eight")
    return few


def _check_words(whole: Whole, plan: Plan, words: MessageChecks) -> None:
    """What comes of a shared plan alone is told there; what its length is, may be due to a name."""
    if whole.values.get("language") is FAULTY or plan.language not in words.wording.languages:
        return
    for breach in words.form(plan):
        whole.fault_at("form", breach.message, breach.hint, breach.severity)
    for breach in words.echo(plan):
        whole.fault_at("if_then", breach.message, breach.hint, breach.severity)
    inherited = not whole.own.contacts and not any(key in whole.own.values for key in _WORDING)
    for placed in whole.nudges:
        nudge = placed.nudge.nudge
        if nudge is None or (nudge.message is None and nudge.template is None):
            continue
        below = inherited and placed.draft is not whole.own
        tell = whole.fault_below if below else whole.fault
        breaches = list(words.breaches(plan, nudge))
        for breach in breaches:
            tell(placed, breach.path, breach.message, breach.hint, breach.severity)
        for breach in words.lengths(plan, nudge) if not breaches else ():
            if placed.draft is whole.own or not _is_told(placed, breach.path):
                whole.fault(placed, breach.path, breach.message, breach.hint, breach.severity)


def _check_shared_words(whole: Whole, placed: Placed, nudge: Nudge, plan: Plan, words: MessageChecks) -> None:
    """A shared plan may not know its language yet, nor a name: what it knows is checked."""
    breaches: Iterator[Breach] = iter(())
    if nudge.message is not None:
        breaches = iter([*words.nothing(plan, nudge), *words.lengths(plan, nudge)])
    elif "language" in whole.values or not words.is_in_some_language(nudge):
        breaches = words.templates(plan, nudge)
    for breach in breaches:
        whole.fault(placed, breach.path, breach.message, breach.hint, breach.severity)


def _is_told(placed: Placed, path: Path) -> bool:
    """Whether the shared plan that it stands in has said as much already, to everybody who extends it."""
    at = (*placed.nudge.path, *path)
    return any(fault.path == at for fault in placed.draft.faults)


def _look_ahead(whole: Whole, facts: Facts) -> None:
    """Where all that a finding rests on stands in shared plans, it is told there, once for everybody."""
    placed, shape = _shape(whole)
    inherited = not whole.own.nudges and not any(key in whole.own.values for key in _SHAPING)
    found = look_ahead(shape, facts.today)
    for finding in found:
        _tell(whole, placed, finding, below=inherited)
    zone = facts.zone(_given(whole, "timezone", "UTC"))
    if shape.rooms and zone is not None and not whole.failed:
        roomless = {finding.nudge for finding in found if finding.wall is None}
        for finding in look_at_changes(shape, facts.today, zone):
            if finding.nudge not in roomless:
                _tell(whole, placed, finding)


def _check_care(whole: Whole, facts: Facts, below: bool = False) -> None:
    placed = [one for one in whole.nudges if one.nudge.nudge is not None]
    found = care_too_often([one.nudge.nudge for one in placed if one.nudge.nudge is not None], facts.today)
    if found is None:
        return
    index, last, day = found
    when = f"on {last} and {day}" if day != last else f"twice on {day}"
    message = f"expected care once a week at most, got it {when}"
    hint = 'an offer of help weighs on a person who gets it often: days = "sun", or every = "2 weeks"'
    tell = whole.fault_below if below else whole.fault
    tell(placed[index], ("kind",), message, hint, WARNING)


def _shape(whole: Whole, shared: bool = False) -> tuple[list[Placed], Shape]:
    """What is known of when what happens; of a shared plan only what it says itself."""
    placed = [one for one in whole.nudges if one.nudge.nudge is not None]
    timings = [
        (nudge.when, nudge.dates, nudge.starts, nudge.ends)
        for nudge in (_nudge(whole, one) for one in placed)
        if nudge is not None
    ]
    said = all(key in whole.values for key in _SHAPING)
    shape = Shape(
        nudges=tuple(timings),
        quiet=_given(whole, "quiet", None if shared else BARE.quiet, wrong=None),
        limit=_given(whole, "daily_limit", None if shared else BARE.daily_limit, wrong=None),
        gap=_given(whole, "gap", NO_GAP if shared else BARE.gap, wrong=NO_GAP),
        rooms=whole.sound and (said or not shared),
    )
    return placed, shape


def _tell(whole: Whole, placed: Sequence[Placed], finding: ScheduleConflict, below: bool = False) -> None:
    item = placed[finding.nudge]
    tell = whole.fault_below if below else whole.fault
    tell(item, _path(item, finding), _message(placed, finding), finding.hint, finding.severity)


def _path(placed: Placed, finding: ScheduleConflict) -> Path:
    """The value that a finding is about: one of the times of `at`, in the order of the file."""
    nudge = placed.nudge.nudge
    match nudge and nudge.when:
        case At() if finding.wall in placed.nudge.at:
            return ("at", placed.nudge.at.index(finding.wall))
        case Cron():
            return ("cron",)
        case Between():
            return ("between",)
        case _:
            return ("at",)


def _message(placed: Sequence[Placed], finding: ScheduleConflict) -> str:
    if finding.other is None:
        return finding.message
    return finding.message.replace("{other}", f'nudge "{placed[finding.other].nudge.id}"')


def _language(whole: Whole) -> str:
    language: str = _given(whole, "language", BARE.language, wrong=BARE.language)
    return language


def _given(whole: Whole, key: str, absent: Any, wrong: Any = _AS_ABSENT) -> Any:
    """A value of the plan; `absent` where it is not given, `wrong` where it is and is wrong."""
    value = whole.values.get(key, absent)
    if value is FAULTY:
        return absent if wrong is _AS_ABSENT else wrong
    return value
