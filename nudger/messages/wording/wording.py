"""The voice of nudger: which words go to whom. Parsed once, then pure and fast.

Nothing here reads a file: the sources come in as texts by their path ("en/rest.toml").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import product

from jinja2 import Template

from nudger.domain.errors import NudgerError
from nudger.domain.model import AskForm, Contact, History, Kind, Nudge, Plan, Topic
from nudger.messages.bank.messages import (
    ASKING,
    KEPT,
    MESSAGE,
    Bank,
    Message,
    MessageChoice,
    contact_now,
    contacts_of,
    own_plans_of,
    questions_of,
)
from nudger.messages.bank.sandbox import Compiled, Refused, compile_source, is_blank
from nudger.messages.bank.source import OnDemand
from nudger.messages.wording.helplines import ELSEWHERE, Helpline, Helplines
from nudger.messages.wording.sources import HELPLINES, PAGE, Pages, Sources
from nudger.messages.wording.texts import CRISIS_KINDS, Texts, When, count, plain, tidied, without_form

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Worded:
    """One nudge in words."""

    text: str
    subject: str
    bank_key: str | None  # None: the plan's own message
    contact: str | None  # the contact whom it names
    segments: int
    ways_out: bool = False  # it says who sends it, and how to have less or none
    eases: bool = False  # it says that less comes while the person is silent


@dataclass(frozen=True, slots=True)
class Wording:
    """The banks and texts of every voice: a language, or a language with one of its forms of address
    ("es", "es.usted"). Whoever asks for a form that the language has lost is answered in the usual one.
    """

    banks: Mapping[tuple[str, Kind], Bank]
    texts: Mapping[str, Texts]
    pages: Mapping[str, Pages]
    forms: Mapping[str, Sequence[str]]  # by language, the usual one first; none where it speaks to all alike
    choices: MessageChoice
    sources: Sources

    @classmethod
    def parse(cls, sources: Mapping[str, str]) -> "Wording":
        """Reads "<language>/<kind>.toml", "<language>/system.toml", "<language>/pages.toml",
        "helplines.toml" and "email.html".

        An operator's own files stand in `sources` in place of ours. Raises WordingError with every
        problem of every file at once.
        """
        return cls._of(Sources.read(sources))

    @classmethod
    def on_demand(cls, sources: Mapping[str, str]) -> "Wording":
        """Reads the same of the files that nudger comes with, which are known to be sound: each is parsed
        when it is first asked for, as most commands, and most hosts, need few. Raises WordingError where one
        is missing."""
        return cls._of(Sources.on_demand(sources))

    @classmethod
    def _of(cls, read: Sources) -> "Wording":
        own_plans = OnDemand[str, Sequence[Message]](
            lambda voice: {voice: own_plans_of(*read.texts[voice].of("if_then"))}
        )
        questions = OnDemand[str, Mapping[AskForm, Message]](
            lambda voice: {voice: questions_of(*read.texts[voice].of("questions"))}
        )
        choices = MessageChoice(read.banks, own_plans, questions)
        return cls(read.banks, read.texts, read.pages, read.forms, choices, read)

    @property
    def lines(self) -> Helplines:
        return self.sources.helplines[HELPLINES]

    @property
    def email(self) -> Template:
        """The HTML of emails."""
        return self.sources.page[PAGE]

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self.forms)

    def texts_of(self, voice: str) -> Texts:
        """Returns what nudger itself says in this voice. Raises NudgerError where there is no such
        language."""
        try:
            return self.texts[voice]
        except KeyError:
            language = without_form(voice)
        if language not in self.forms:
            known = ", ".join(sorted(self.languages))
            raise NudgerError(f'no words in "{language}"', f"there are {known}")
        return self.texts[language]

    def template_keys(self, voice: str, kind: Kind) -> frozenset[str]:
        """Returns the keys that a plan may name as `template`."""
        return frozenset(message.key for message in self._bank(voice, kind).messages)

    def template(self, voice: str, kind: Kind, key: str) -> str | None:
        """Returns the Jinja2 source of that message, for `check` and `longest`."""
        message = self._bank(voice, kind).message(key)
        return message.text if message else None

    def puts(self, voice: str, kind: Kind, key: str) -> AskForm | None:
        """Returns what this message asks."""
        message = self._bank(voice, kind).message(key)
        return message.ask if message else None

    def touches(self, voice: str, kind: Kind, key: str) -> frozenset[Topic]:
        """Returns the topics that this message touches."""
        message = self._bank(voice, kind).message(key)
        return message.avoid if message else frozenset()

    def nudge(
        self,
        plan: Plan,
        nudge: Nudge,
        *,
        local_date: date,
        slot: int,
        round: int,
        local_now: datetime,
        history: History,
        seed: str,
        tiny: bool = False,
    ) -> Worded:
        """Returns the words of one occurrence: the same for the same arguments, on every host.

        The plan's own message, or the template it names, or a choice of the bank that was not among
        the last min(10, n - 1) from it. A template that the bank has lost since the plan was checked, words
        that name a contact while nobody is due, and words that come to nothing leave the choice to the bank.
        `tiny` holds for its choices alone. Raises NudgerError where the plan's message is none.
        """
        contact = contact_now(plan, nudge, history, local_now)
        if nudge.message is not None:
            own = _compiled(nudge.message)
            if contact is not None or "contact" not in own.uses:
                worded = self._worded(plan, nudge, None, own, contact, local_now)
                if not own.may_be_blank or not is_blank(worded.text):
                    return worded
        voice, has_contact = self._known(plan.voice), contact is not None
        occurrence = (seed, plan.person, nudge.id, local_date.isoformat(), str(slot), str(round))
        chosen = self.choices.message(plan, nudge, voice, has_contact, tiny, local_now, history, occurrence)
        return self._worded(plan, nudge, chosen.key, chosen.compiled, contact, local_now)

    def _worded(
        self,
        plan: Plan,
        nudge: Nudge,
        key: str | None,
        compiled: Compiled,
        contact: Contact | None,
        local_now: datetime,
    ) -> Worded:
        contact = contact if "contact" in compiled.uses else None
        subject = self.subject(plan.voice, nudge.kind)
        if not compiled.uses:
            text, segments = _the_same_for_all(compiled)
            return Worded(text, subject, key, None, segments)
        text = tidied(compiled.render(self._values(plan, nudge, contact, local_now, compiled)))
        return Worded(text, subject, key, contact.name if contact else None, count(text).segments)

    def with_ways_out(self, worded: Worded, voice: str, nudge: Nudge) -> Worded:
        """Says the ways out, once a month, never as a text of its own: in place of a message that the bank
        chose, and below words that the plan chose, or that ask."""
        reminder = self.system(voice, "reminder")
        if nudge.message is None and nudge.template is None and nudge.ask is None:
            return replace(worded, text=reminder, bank_key=None, contact=None, segments=1, ways_out=True)
        text = f"{worded.text}\n\n{reminder}"
        return replace(worded, text=text, segments=count(text).segments, ways_out=True)

    def with_ease(self, worded: Worded, voice: str) -> Worded:
        """Says below the words that less comes while the person is silent, once each time."""
        text = f"{worded.text}\n\n{self.system(voice, 'backed_off')}"
        return replace(worded, text=text, segments=count(text).segments, eases=True)

    def after(self, history: History, worded: Worded, kind: Kind, now: datetime) -> History:
        """Returns the history once these words have gone out: what was said, and whom it named."""
        recent, contacted = history.recent, history.contacted
        if worded.bank_key is not None:
            bank = (worded.bank_key, *recent.get(kind, ()))[:KEPT]
            recent = {**recent, str(kind): bank}
        if worded.contact is not None:
            contacted = {**contacted, worded.contact: now}
        shown_at = now if worded.ways_out or history.shown_at is None else history.shown_at
        h = history  # by position: `replace` takes three times as long, and every send comes by here
        eased_at = now if worded.eases else h.eased_at
        return History(h.on, h.sent, h.last_at, recent, contacted, h.left_out, shown_at, eased_at)

    def system(self, voice: str, key: str, **values: object) -> str:
        """Returns one of nudger's own texts (`texts.ANSWERS` lists them and the values that each takes)."""
        texts = self.texts_of(voice)
        missing = texts.compiled["texts"][key].uses - values.keys() - texts.sources["commands"].keys()
        if missing:
            raise NudgerError(f'the text "{key}" was not given {", ".join(sorted(missing))}')
        return tidied(texts.say("texts", key, values))

    def page(self, voice: str, section: str, key: str, **values: object) -> str:
        """Returns a text of a web page (`pages.SECTIONS` lists them and the values that each takes)."""
        return self.pages[self._known(voice)].say(section, key, values)

    def command(self, voice: str, command: str) -> str:
        """Returns the word with which people of this language say LATER, DONE and the like."""
        return self.texts_of(voice).sources["commands"][command]

    def subject(self, voice: str, kind: Kind | None) -> str:
        """Returns the email subject of a nudge of this kind, or (None) of an answer."""
        return self.texts_of(voice).sources["subjects"][kind or "answer"]

    def welcome_subject(self, voice: str) -> str:
        """Returns the email subject of the question for consent."""
        return self.texts_of(voice).sources["subjects"]["consent"]

    def say_when(self, voice: str, local_at: datetime, local_now: datetime) -> When:
        """Says `local_at` in words ("tomorrow at 9:30 am"), as seen from `local_now`."""
        return self.texts_of(voice).when(local_at, local_now)

    def say_time(self, voice: str, wall: time) -> str:
        """Says a wall time as the language tells it."""
        return self.texts_of(voice).time(wall)

    def weekday(self, voice: str, day: date) -> str:
        return self.texts_of(voice).weekday(day)

    def kind(self, voice: str, kind: Kind) -> str:
        """Returns what a kind is called."""
        return self.texts_of(voice).sources["kinds"][kind]

    def helplines(self, country: str | None, voice: str = "en") -> str:
        """Returns whom to call, as the end of a sentence that begins "please"."""
        return self.lines.say(country, without_form(voice), self.texts_of(voice)).all

    def crisis(
        self, voice: str, kind: str, country: str | None, *, told: str = "", stopped: bool = False
    ) -> str:
        """Returns the answer to a text that speaks of danger, by its kind (one of CRISIS_KINDS).

        `told`: the contact who gets a notice, whom the answer names. `stopped`: after STOP nothing
        more comes, else all is quiet until RESUME.
        """
        assert kind in CRISIS_KINDS
        said = [self._with_lines(voice, f"crisis_{kind}", kind, country)]
        if told:
            said.append(self.system(voice, "crisis_told", contact=told))
        said.append(self.system(voice, "crisis_stopped" if stopped else "crisis_held"))
        return " ".join(said)

    def concern(self, voice: str, kind: str, country: str | None, *, quiet: bool = True) -> str:
        """Returns the answer to a text that may speak of danger of this kind. `quiet`: a quiet day begins."""
        return self._with_lines(voice, "concern" if quiet else "concern_again", kind, country)

    def said(self, voice: str, country: str | None) -> str:
        """Returns the answer to a person's own words: they are kept, nobody reads them, and who listens."""
        return self._with_lines(voice, "said", "self", country)

    def stale_helplines(self, today: date) -> tuple[str, ...]:
        """Returns the countries whose helplines nobody has looked at for 180 days."""
        return self.lines.stale(today)

    def helpline_country(self, country: str | None) -> str:
        """Returns the country whose lines people of this one get: ELSEWHERE where it has none."""
        return country if country in self.lines.countries and country is not None else ELSEWHERE

    def unchecked_helplines(self, country: str | None, language: str) -> Sequence[Helpline]:
        """Returns the lines that a person there may be sent to, and that nobody has looked up."""
        return self.lines.unchecked(country, language)

    def check(
        self, source: str, *, has_contact: bool, has_if_then: bool = True, ask: str | None = None
    ) -> str | None:
        """Returns what is wrong with a plan's own message, or None. What passes never fails to render."""
        try:
            compiled = compile_source(source, MESSAGE)
        except Refused as refusal:
            return str(refusal)
        if is_blank(source):
            return "is empty"
        if "contact" in compiled.uses and not has_contact:
            return "names a contact, and the nudge has none"
        if "if_then" in compiled.uses and not has_if_then:
            return 'uses "if_then", and the plan has none'
        asked = AskForm.of(ask) if ask is not None else None
        for name, question in ASKING.items():
            if name in compiled.uses and asked is not question:
                return f'uses "{name}", and the nudge asks for no {question}'
        return None

    def echo(self, if_then: str, voice: str) -> str:
        """Returns the longest text that echoes a plan's if-then line."""
        texts = self.texts_of(voice)
        return max(
            (plain(texts.say("if_then", key, {"if_then": if_then})) for key in texts.sources["if_then"]),
            key=_cost,
        )

    def is_everybodys(self, source: str) -> bool:
        """Tells whether a message says the same to everybody who gets it at the same time."""
        return _compiled(source).uses.isdisjoint({"name", "contact", "if_then"})

    def longest(self, source: str, plan: Plan, nudge: Nudge) -> str:
        """Returns the text that takes the most segments, over every day, part of day and contact of the
        plan."""
        return max((text for _, text in self._every(source, plan, nudge)), key=_cost)

    def blank_when(self, source: str, plan: Plan, nudge: Nudge) -> str | None:
        """Returns when the text comes to nothing, "on Tuesday"; "always", or None where it never does. What
        is put off comes at another time of the day, or on another day, than the plan says."""
        compiled = _compiled(source)
        if not compiled.may_be_blank:
            return None
        every = list(self._every(source, plan, nudge))
        blank = [values for values, text in every if is_blank(text)]
        if not blank:
            return None
        return "always" if len(blank) == len(every) else _when(blank[0])

    def _every(self, source: str, plan: Plan, nudge: Nudge) -> Iterator[tuple[Mapping[str, object], str]]:
        """Every text that can come of it, each with what varies."""
        texts, compiled = self.texts_of(plan.voice), _compiled(source)
        ranges = {
            "weekday": texts.weekdays,
            "part_of_day": [word for _, word in texts.parts_of_day],
            "contact": contacts_of(plan, nudge) or [Contact("")],
        }
        varied = [name for name in ranges if name in compiled.uses]
        fixed = self._values(plan, nudge, None, _NEVER, compiled)
        for combined in product(*(ranges[name] for name in varied)):
            values = dict(zip(varied, combined, strict=True))
            yield values, plain(compiled.render({**fixed, **values}))

    def _values(
        self, plan: Plan, nudge: Nudge, contact: Contact | None, local_now: datetime, compiled: Compiled
    ) -> dict[str, object]:
        """What the message uses, and no more: most use little."""
        texts, values = self.texts_of(plan.voice), dict[str, object]()
        for name in compiled.uses:
            match name:
                case "name":
                    values[name] = plan.name
                case "contact":
                    values[name] = contact or Contact("")
                case "kind":
                    values[name] = texts.sources["kinds"][nudge.kind]
                case "weekday":
                    values[name] = texts.weekday(local_now.date())
                case "part_of_day":
                    values[name] = texts.part_of_day(local_now)
                case "if_then":
                    values[name] = plan.if_then or ""
                case "snooze":
                    values[name] = texts.duration(nudge.snooze)
                case "low" | "high" | "choices":
                    values[name] = texts.asking(nudge.ask or "")[name]
        return values

    def _with_lines(self, voice: str, key: str, kind: str, country: str | None) -> str:
        texts = self.texts_of(voice)
        lines = self.lines.say(country, without_form(voice), texts, safe=kind == "danger")
        return self.system(voice, key, helplines=lines.all, line=lines.line, emergency=lines.emergency)

    def _known(self, voice: str) -> str:
        """The voice, or its language where that has no such form."""
        self.texts_of(voice)
        return voice if voice in self.texts else without_form(voice)

    def _bank(self, voice: str, kind: Kind) -> Bank:
        return self.banks[self._known(voice), kind]


def _when(values: Mapping[str, object]) -> str:
    """The first of the times at which a text comes to nothing, as a person says it."""
    words = []
    if "weekday" in values:
        words.append(f"on {values['weekday']}")
    if "part_of_day" in values:
        words.append(f"in the {values['part_of_day']}")
    if isinstance(contact := values.get("contact"), Contact):
        words.append(f'where it names "{contact.name}"')
    return " ".join(words)


def _compiled(source: str) -> Compiled:
    try:
        return compile_source(source, MESSAGE)
    except Refused as refusal:
        raise NudgerError(f"the message {refusal}", "`nudger check` shows where it stands") from refusal


@lru_cache(maxsize=4096)
def _the_same_for_all(compiled: Compiled) -> tuple[str, int]:
    """Text and segments of a message that uses nothing."""
    text = tidied(compiled.render({}))
    return text, count(text).segments


def _cost(text: str) -> tuple[int, int]:
    cost = count(text)
    return cost.segments, cost.units
