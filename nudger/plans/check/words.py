"""What a nudge will say: whether its template exists, its message works, and what it costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nudger.domain.model import AskForm, ChannelName, Nudge, Plan
from nudger.messages import Segments, Wording, count
from nudger.plans.format.faults import WARNING, Breach, did_you_mean, listed, meant, shown

NOTHING = "an empty text cannot be sent: give it words that are always there, an if its else"
SHOWN_KEYS = 8
LONGEST = 1600  # characters of a text that Twilio takes


@dataclass(slots=True)
class MessageChecks:
    """The checks of messages. It lives as long as one reading and remembers what it rendered."""

    wording: Wording
    _rendered: dict[object, str] = field(default_factory=dict)

    def breaches(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Finds what is wrong with the words of a nudge. Its message, if it has one, compiles."""
        yield from self.templates(plan, nudge)
        key, source = self._source(plan, nudge)
        problem = self._problem(source, plan, nudge) if source else None
        if problem:
            yield Breach(key, problem, "docs/plans.md lists what a message can use")
        elif source and (when := self.blank(source, plan, nudge)):
            yield Breach(key, f"comes to nothing {when}".replace(" always", ""), NOTHING)

    def _problem(self, source: str, plan: Plan, nudge: Nudge) -> str | None:
        return self.wording.check(
            source,
            has_contact=bool(plan.contacts),
            has_if_then=plan.if_then is not None,
            ask=nudge.ask,
        )

    def nothing(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Checks whether a message of a shared plan comes to nothing, whoever extends it."""
        message = nudge.message
        if message and self.wording.is_everybodys(message) and (when := self.blank(message, plan, nudge)):
            yield Breach("message", f"comes to nothing {when}".replace(" always", ""), NOTHING)

    def blank(self, source: str, plan: Plan, nudge: Nudge) -> str | None:
        """Tells when nobody would see anything of it; looked at once for all plans that give it the same
        values."""
        seen = ("blank", *_values(source, plan, nudge))
        if seen not in self._rendered:
            self._rendered[seen] = self.wording.blank_when(source, plan, nudge) or ""
        return self._rendered[seen] or None

    def templates(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Checks whether the bank has the template of a nudge."""
        if nudge.template is None:
            return
        keys = sorted(self.wording.template_keys(plan.voice, nudge.kind))
        if nudge.template not in keys:
            asked = AskForm.of(nudge.ask) if nudge.ask is not None else None
            fitting = [key for key in keys if self.wording.puts(plan.voice, nudge.kind, key) is asked]
            hint = did_you_mean(meant(nudge.template, fitting), _some(fitting))
            expected = f"expected a template of the kind {nudge.kind}, got {shown(nudge.template)}"
            yield Breach("template", expected, hint)
            return
        yield from self._asks(plan, nudge, nudge.template)
        touched = self.wording.touches(plan.voice, nudge.kind, nudge.template) & set(plan.avoid)
        if touched:
            message = f"touches {listed(sorted(touched), 'and')}, which this plan avoids"
            yield Breach("template", message, "the bank chooses another in its place", WARNING)

    def _asks(self, plan: Plan, nudge: Nudge, template: str) -> Iterator[Breach]:
        """Checks whether a template asks what its nudge does."""
        asked = AskForm.of(nudge.ask) if nudge.ask is not None else None
        puts = self.wording.puts(plan.voice, nudge.kind, template)
        if puts is asked:
            return
        if asked is None:
            message = f"expected a template that asks nothing, got {shown(template)}"
            yield Breach("template", message, f"it asks for a {puts}: add ask, or take another")
            return
        expected = f"expected a template with ask = {shown(str(asked))}, got {shown(template)}"
        yield Breach("template", expected, "leave it out, and the bank chooses a question that fits")

    def form(self, plan: Plan) -> Iterator[Breach]:
        """Checks whether the plan's language has its form of address."""
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
        """Tells whether some language has the template of a nudge."""
        return nudge.template is None or any(
            self.wording.template(language, nudge.kind, nudge.template) for language in self.wording.languages
        )

    def lengths(self, plan: Plan, nudge: Nudge) -> Iterator[Breach]:
        """Checks whether what comes out is too long to send, or to send in one SMS."""
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
        """Checks whether the if-then line, echoed, is too long to send in one SMS."""
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
    return source, name, voice, line, plan.contacts, nudge.contacts, nudge.kind, nudge.snooze, nudge.ask


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
