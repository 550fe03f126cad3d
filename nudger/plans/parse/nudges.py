"""One [[nudge]]: what it will say (whether its template exists, its message works, what it costs), which
keys go together, and whether it ever comes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from nudger.domain.model import At, Between, ChannelName, Cron, Every, Kind, Nudge, OnDays, Plan
from nudger.messages import Segments, Wording, count
from nudger.plans.format.faults import ERROR, FAULTY, WARNING, Facts, Path, did_you_mean, listed, meant, shown
from nudger.schedule import falls_on

NOTHING = "an empty text cannot be sent: give it words that are always there, an if its else"
SHOWN_KEYS = 8
LONGEST = 1600  # characters of a text that Twilio takes


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a nudge breaks, at one of its keys; at its header where `key` is None."""

    key: str | None
    message: str
    hint: str = ""
    severity: str = ERROR

    @property
    def path(self) -> Path:
        """From the nudge on."""
        return () if self.key is None else (self.key,)


@dataclass(slots=True)
class MessageChecks:
    """The checks of messages. It lives as long as one reading and remembers what it rendered."""

    wording: Wording
    _rendered: dict[object, str] = field(default_factory=dict)

    def breaches(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """What is wrong with the words of a nudge. Its message, if it has one, compiles."""
        yield from self.templates(plan, nudge)
        key, source = self._source(plan, nudge)
        contacts, if_then = bool(plan.contacts), plan.if_then is not None
        problem = self.wording.check(source, has_contact=contacts, has_if_then=if_then) if source else None
        if problem:
            yield Breach(key, problem, "docs/plans.md lists what a message can use")
        elif source and (when := self.blank(source, plan, nudge)):
            yield Breach(key, f"comes to nothing {when}".replace(" always", ""), NOTHING)

    def nothing(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Whether a message of a shared plan comes to nothing, whoever extends it."""
        message = nudge.message
        if message and self.wording.is_everybodys(message) and (when := self.blank(message, plan, nudge)):
            yield Breach("message", f"comes to nothing {when}".replace(" always", ""), NOTHING)

    def blank(self, source: str, plan: Plan, nudge: Nudge) -> str | None:
        """When nobody would see anything of it; looked at once for all plans that give it the same values."""
        seen = ("blank", *_values(source, plan, nudge))
        if seen not in self._rendered:
            self._rendered[seen] = self.wording.blank_when(source, plan, nudge) or ""
        return self._rendered[seen] or None

    def templates(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Whether the bank has the template of a nudge."""
        if nudge.template is None:
            return
        keys = sorted(self.wording.template_keys(plan.voice, nudge.kind))
        if nudge.template not in keys:
            hint = did_you_mean(meant(nudge.template, keys), _some(keys))
            expected = f"expected a template of the kind {nudge.kind}, got {shown(nudge.template)}"
            yield Breach("template", expected, hint)
            return
        touched = self.wording.touches(plan.voice, nudge.kind, nudge.template) & set(plan.avoid)
        if touched:
            message = f"touches {listed(sorted(touched), 'and')}, which this plan avoids"
            yield Breach("template", message, "the bank chooses another in its place", WARNING)

    def form(self, plan: Plan) -> Iterator[Breach]:
        """Whether the plan's language has its form of address."""
        forms = self.wording.forms[plan.language]
        if plan.form is None or plan.form in forms:
            return
        if not forms:
            hint = f'"{plan.language}" has one way to speak to everybody: leave it out'
        else:
            hint = did_you_mean(meant(plan.form, forms), f"it has {listed(map(shown, forms), 'and')}")
        expected = f'expected a form of address of "{plan.language}", got {shown(plan.form)}'
        yield Breach("form", expected, hint)

    def is_in_some_language(self, nudge: Nudge) -> bool:
        return nudge.template is None or any(
            self.wording.template(language, nudge.kind, nudge.template) for language in self.wording.languages
        )

    def lengths(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Whether what comes out is too long to send, or to send in one SMS."""
        key, source = self._source(plan, nudge)
        text = self._longest(source, plan, nudge) if source else ""
        if len(text) > LONGEST:
            message = f"expected at most {LONGEST} characters, comes to {len(text)} with all that it names"
            yield Breach(key, message, "shorten it; one segment of an SMS has 160")
        elif ChannelName.SMS in (nudge.channels or plan.channels):
            cost = count(text)
            if cost.segments > 1:
                yield _long(key, cost)

    def echo(self, plan: Plan) -> Iterator[Breach]:
        """Whether the if-then line, echoed, is too long to send in one SMS."""
        if plan.if_then is None or ChannelName.SMS not in plan.channels:
            return
        cost = count(self.wording.echo(plan.if_then, plan.voice))
        if cost.segments > 1:
            yield _long("if_then", cost)

    def _source(self, plan: Plan, nudge: Nudge) -> tuple[str, str | None]:
        """The key that says what it says, and its Jinja2; None where the bank chooses."""
        if nudge.template is not None:
            return "template", self.wording.template(plan.voice, nudge.kind, nudge.template)
        return "message", nudge.message

    def _longest(self, source: str, plan: Plan, nudge: Nudge) -> str:
        """Rendered with the plan's longest values; once for all plans that give it the same ones."""
        seen = _values(source, plan, nudge)
        if seen not in self._rendered:
            self._rendered[seen] = self.wording.longest(source, plan, nudge)
        return self._rendered[seen]


def _values(source: str, plan: Plan, nudge: Nudge) -> tuple[object, ...]:
    """All that the texts which come of it depend on."""
    name = plan.name if "name" in source else ""
    voice, line = plan.voice, plan.if_then
    return source, name, voice, line, plan.contacts, nudge.contacts, nudge.kind, nudge.snooze


def _some(keys: Sequence[str]) -> str:
    """The first of a bank's keys: it has many."""
    shown_keys = keys[:SHOWN_KEYS]
    more = f"{len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else ""
    return f"there are {listed([*shown_keys, *([more] if more else [])], 'and')}"


def _long(key: str, cost: Segments) -> Breach:
    message = f"comes to {cost.segments} SMS segments"
    hint = "one segment has 160 characters; each one is charged"
    if cost.culprit is not None:
        message += f", as {shown(cost.culprit)} is not in the SMS alphabet"
        hint = f"without {shown(cost.culprit)} a segment has 160 characters, with it 70"
    return Breach(key, message, hint, WARNING)


WHEN = ("at", "between", "cron")
CYCLE = 40 * 366  # days in which every date of the calendar has come on every day of the week
A_DAY = timedelta(days=1)


def breaches(values: Mapping[str, Any], facts: Facts) -> Iterator[Breach]:
    """What is wrong with the keys of a nudge taken together, each one read before."""
    if "kind" not in values:
        yield Breach(None, 'expected "kind", got none', f'add kind = "rest", or {listed(tuple(Kind)[1:])}')
    yield from _when(values)
    if "every" in values and "days" in values:
        later = _later(values, "every", "days")
        yield Breach(later, 'expected "every" or "days", got both', "take one of them away")
    if "message" in values and "template" in values:
        later = _later(values, "message", "template")
        yield Breach(later, 'expected "message" or "template", got both', "take one of them away")
    yield from _dates(values, facts.today)
    yield from _words(values, facts)


def build(values: Mapping[str, Any], nudge_id: str) -> Nudge:
    """The nudge of values that break no rule."""
    plain = {key: value for key, value in values.items() if key not in _BUILT}
    return Nudge(id=nudge_id, when=_when_of(values), dates=_dates_of(values), **plain)


_BUILT = frozenset((*WHEN, "id", "times", "every", "days"))


def _when(values: Mapping[str, Any]) -> Iterator[Breach]:
    given = [key for key in values if key in WHEN]
    if not given:
        yield Breach(None, 'expected one of "at", "between" and "cron", got none', 'add at = "13:00"')
    for key in given[1:]:
        found = listed((f'"{one}"' for one in given), "and")
        yield Breach(key, f'expected only one of "at", "between" and "cron", got {found}', "take one away")
    if "times" in values and "between" not in values and given:
        hint = 'for several fixed times write at = ["10:00", "15:00"]'
        yield Breach("times", f'expected "times" beside "between", got it beside "{given[0]}"', hint)
    if "every" in values and "cron" in values:
        hint = "cron says on which dates by itself; or use at"
        yield Breach("every", 'expected "every" beside "at" or "between", got it beside "cron"', hint)


def _dates(values: Mapping[str, Any], today: date) -> Iterator[Breach]:
    starts, ends = values.get("starts"), values.get("ends")
    if FAULTY in (starts, ends):
        return
    if starts is not None and ends is not None and ends < starts:
        yield Breach(
            "ends", f"expected a date that is not before `starts`, {starts}, got {ends}", "swap them"
        )
        return
    bounded = (starts is not None and ends is not None) or ("cron" in values and "days" in values)
    if bounded and _is_known(values) and not _comes(_when_of(values), _dates_of(values), starts, ends):
        found = f" from {starts} to {ends}" if starts and ends else ""
        yield Breach(
            "ends" if ends else "days",
            f"expected some date to fall on, got none{found}",
            "it never comes: change its days or its dates",
        )
        return
    if ends is not None and ends < today:
        yield Breach("ends", f"ended on {ends}, it comes no more", "move the date, or take it out", WARNING)


def _words(values: Mapping[str, Any], facts: Facts) -> Iterator[Breach]:
    message = values.get("message")
    if isinstance(message, str) and (problem := facts.wording.check(message, has_contact=True)):
        yield Breach("message", problem, "docs/plans.md lists what a message can use")


def _is_known(values: Mapping[str, Any]) -> bool:
    """Whether on which dates it falls can be told."""
    needed = [values[key] for key in (*WHEN, "times", "every", "days") if key in values]
    one = sum(key in values for key in WHEN) == 1 and not ("every" in values and "days" in values)
    return one and FAULTY not in needed


@lru_cache(maxsize=4096)
def _comes(when: At | Between | Cron, dates: OnDays | Every, starts: date | None, ends: date | None) -> bool:
    """Whether there is a date that such a nudge falls on."""
    nudge = Nudge("", Kind.REST, when, dates, starts, ends)
    start = starts or (ends - CYCLE * A_DAY if ends and ends.year > 100 else date(2024, 1, 1))
    last = min((ends or date.max).toordinal(), start.toordinal() + CYCLE)
    return any(falls_on(nudge, date.fromordinal(day)) for day in range(start.toordinal(), last + 1))


def _when_of(values: Mapping[str, Any]) -> At | Between | Cron:
    if "at" in values:
        return At(tuple(sorted(values["at"])))
    if "between" in values:
        return Between(values["between"], values.get("times", 1))
    return Cron(values["cron"])


def _dates_of(values: Mapping[str, Any]) -> OnDays | Every:
    if "every" in values:
        return Every(values["every"])
    return OnDays(frozenset(values["days"])) if "days" in values else _DAILY


_DAILY = OnDays()


def _later(values: Mapping[str, Any], *keys: str) -> str:
    """The one of `keys` that stands last in the file."""
    return [key for key in values if key in keys][-1]
