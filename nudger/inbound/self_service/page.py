"""The person's own page behind its signed link: looked at, pressed, handed over, erased; and in words: how
things stand, what comes next, what can be pressed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import groupby

import structlog

from nudger.agenda.decide import Decider
from nudger.agenda.forecast import Forecast, foreseen
from nudger.domain.tokens import Action, Link
from nudger.inbound.email_links import GONE, NOT_FOUND, TOO_MANY, Card, closed, language_of, opened
from nudger.inbound.port import InboundStore, PeopleStore
from nudger.inbound.respond import Responder
from nudger.inbound.self_service.steps import Choices, Group, Press
from nudger.messages import When, Wording
from nudger.schedule import local_date

BY = "their page"  # who acted, in the log
NOTICES = frozenset({"said", "nothing"})

log = structlog.get_logger("nudger.links")


@dataclass(frozen=True, slots=True)
class Button:
    step: Press
    words: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to do, and the ways to do it."""

    about: str
    title: str
    text: str
    buttons: Sequence[Button]


@dataclass(frozen=True, slots=True)
class Coming:
    """One nudge to come."""

    at: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    rows: Sequence[Coming]


@dataclass(frozen=True, slots=True)
class OwnPage:
    """The page in words that are ready; those in the order of the page that are not a list may be empty."""

    language: str
    title: str
    notice: str  # on what was just done
    states: Sequence[str]
    helplines: str  # for somebody on hold
    coming: str  # the title of what comes, where anything can
    none_coming: str
    days: Sequence[Day]
    offers: Sequence[Offer]
    away_first: str
    away_last: str
    rules_title: str
    rules: Sequence[str]
    words_title: str  # of what they have said
    words_text: str
    words_link: str
    data_title: str
    data_text: str
    export: str
    erase: str
    automated: str


@dataclass(frozen=True, slots=True)
class Mine:
    """From a token to the page of the person whom it names. A Card says why there is none.

    `languages` are those the browser asks for, best first: for tokens that name nobody.
    """

    store: InboundStore
    people: PeopleStore
    responder: Responder
    decider: Decider
    key: bytes

    def look(self, token: str, languages: Sequence[str], now: datetime, notice: str = "") -> OwnPage | Card:
        """Returns the page, under one of NOTICES. Changes nothing."""
        link = self.link(token, languages, now)
        if isinstance(link, Card):
            return link
        writer = self.store.writer(link.person, now)
        if writer is None:
            return self._closed("me_over", self._language(languages), GONE)
        choices = Choices(writer, link.channel, now, self.responder)
        planned = self.people.agenda(link.person, local_date(choices.zone, now))
        coming, _ = foreseen(writer.person, planned, now, DAYS, self.decider)
        return PageWords(choices).page(coming, notice if notice in NOTICES else "")

    def press(self, token: str, step: str, languages: Sequence[str], now: datetime) -> str | Card:
        """Does what was pressed, in one transaction, as far as the page offers it (still): the notice to
        show."""
        link = self.link(token, languages, now)
        if isinstance(link, Card):
            return link
        response = self.store.act(
            link.person,
            now,
            lambda writer: Choices(writer, link.channel, now, self.responder).response(step),
            step,
            by=BY,
        )
        if response is None:
            return self._closed("me_over", self._language(languages), GONE)
        log.info("own_page", step=response.intent)
        return "said" if response.effects else "nothing"

    def export(self, token: str, languages: Sequence[str], now: datetime) -> str | Card:
        """Returns all that is held on the person, as JSON text."""
        link = self.link(token, languages, now)
        if isinstance(link, Card):
            return link
        held = self.people.export(link.person)
        if held is None:
            return self._closed("me_over", self._language(languages), GONE)
        return json.dumps(held, ensure_ascii=False, indent=2)

    def ask_erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Returns what erasing does, before it is done."""
        link = self.link(token, languages, now)
        if isinstance(link, Card):
            return link
        known = self.people.person(link.person)
        if known is None:
            return self._closed("me_over", self._language(languages), GONE)
        wording, voice = self.responder.wording, known.plan.voice
        text = "\n".join(wording.page(voice, "me_erase", key) for key in ("text", "plan"))
        button, back = (wording.page(voice, "me_erase", key) for key in ("button", "back"))
        return replace(self._closed("me_erase", voice, 200), text=text, button=button, undo=back)

    def erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Erases the person. Their file may stay with the operator: it makes nobody of them any more."""
        link = self.link(token, languages, now)
        if isinstance(link, Card):
            return link
        known = self.people.person(link.person)
        self.people.forget(link.person)
        log.info("own_page", step="erase")
        return self._closed("me_erased", known.plan.voice if known else self._language(languages), 200)

    def busy(self, languages: Sequence[str]) -> Card:
        """Returns the page for an address that asks too often."""
        return self._closed("busy", self._language(languages), TOO_MANY)

    def link(self, token: str, languages: Sequence[str], now: datetime) -> Link | Card:
        """Reads a token of a person's own page, or says why it is none."""
        wording = self.responder.wording
        link = opened(token, self.key, now, self.people, wording, languages, over="me_over")
        if isinstance(link, Card) or link.action is Action.ME:
            return link
        return self._closed("forged", self._language(languages), NOT_FOUND)

    def _closed(self, section: str, voice: str, status: int) -> Card:
        return closed(self.responder.wording, section, voice, status)

    def _language(self, wanted: Sequence[str]) -> str:
        return language_of(self.responder.wording, wanted)


DAYS = 4  # local dates that it looks ahead, today among them
_RATES = ("as_planned", "half", "quarter")  # by steps of LESS


@dataclass(frozen=True)
class PageWords:
    """The words for what a person's page finds."""

    choices: Choices

    def page(self, forecasts: Sequence[Forecast], notice: str) -> OwnPage:
        choices, held = self.choices, self.choices.standing.held_at is not None
        return OwnPage(
            language=choices.plan.language,
            title=self._says("title", name=choices.plan.name),
            notice=self._says(notice) if notice else "",
            states=[*self._states()],
            helplines=self._helplines() if held else "",
            coming=self._says("coming") if choices.open and not held else "",
            none_coming=self._says("coming_none"),
            days=[*self._days(forecasts)],
            offers=[self._offer(group) for group in choices.groups()],
            away_first=self._says("away_first"),
            away_last=self._says("away_last"),
            rules_title=self._says("rules"),
            rules=[*self._rules()],
            words_title=self._says("words"),
            words_text=self._says("words_text"),
            words_link=self._says("words_link"),
            data_title=self._says("data"),
            data_text=self._says("data_text"),
            export=self._says("export"),
            erase=self._says("erase"),
            automated=self._wording.page(choices.plan.voice, "frame", "automated"),
        )

    def _states(self) -> Iterator[str]:
        standing, now = self.choices.standing, self.choices.now
        if standing.removed_at is not None:
            yield self._says("removed")
        elif standing.held_at is not None:
            yield self._says("held")
        elif not standing.opted_out and not self.choices.open:
            yield self._says("unasked")
        for channel in self.choices.reached:
            if channel in standing.opted_out:
                yield self._says("stopped", channel=str(channel))
        if standing.removed_at is None and standing.held_at is None and self.choices.open:
            yield from self._pace(now)

    def _pace(self, now: datetime) -> Iterator[str]:
        standing = self.choices.standing
        if standing.paused(now):
            until = standing.back_at(now)
            yield self._says("paused_until", when=self._when(until)) if until else self._says("paused")
            return
        for span in standing.wishes.away_after(now):
            yield self._says("away_from", begins=self._when(span.begins_at), when=self._when(span.ends_at))
        yield self._says("eased" if self.choices.backs_off else _RATES[standing.fewer])
        if standing.tiny_until is not None and standing.low(now):
            yield self._says("low", when=self._when(standing.tiny_until))

    def _days(self, forecasts: Sequence[Forecast]) -> Iterator[Day]:
        zone = self.choices.zone
        here = [
            (one.due_at.astimezone(zone), one)
            for one in forecasts
            if one.status == "send" and one.due_at is not None and one.kind is not None
        ]
        for day, rows in groupby(here, key=lambda pair: pair[0].date()):
            yield Day(self._day(day), [self._coming(at, row) for at, row in rows])

    def _coming(self, at: datetime, row: Forecast) -> Coming:
        note = self._says("put_off") if row.reason == "put off" else ""
        what = self._wording.kind(self.choices.plan.voice, row.kind) if row.kind else ""
        return Coming(self._wall(at.time()), _capital(what), note)

    def _day(self, day: date) -> str:
        ahead = (day - local_date(self.choices.zone, self.choices.now)).days
        if ahead > 1:
            return _capital(self._wording.weekday(self.choices.plan.voice, day))
        return self._says("tomorrow_day" if ahead else "today")

    def _offer(self, group: Group) -> Offer:
        about, steps = group
        if about == "later":
            return self._later(steps)
        buttons = [Button(step, self._says(f"{step.replace('-', '_')}_button")) for step in steps]
        return Offer(about, self._says(about), self._says(f"{about}_text"), buttons)

    def _later(self, steps: Sequence[Press]) -> Offer:
        bound, voice = self.choices.writer.bound, self.choices.plan.voice
        kind = self._wording.kind(voice, bound.kind) if bound and bound.kind else ""
        due_at = (bound.snoozed_until or bound.due_at) if bound else self.choices.now
        untils = [(step, self.choices.until(step)) for step in steps]
        buttons = [Button(step, _capital(self._when(until).until)) for step, until in untils if until]
        text = self._says("later_text", kind=kind, when=self._when(due_at))
        return Offer("later", self._says("later"), text, buttons)

    def _rules(self) -> Iterator[str]:
        plan, quiet = self.choices.plan, self.choices.plan.quiet
        if quiet is None:
            yield self._says("no_quiet")
        else:
            yield self._says("quiet", start=self._wall(quiet.start), end=self._wall(quiet.end))
        yield self._says("limit", limit=str(plan.daily_limit))

    def _says(self, key: str, **values: object) -> str:
        return self._wording.page(self.choices.plan.voice, "me", key, **values)

    def _when(self, at: datetime) -> When:
        zone, voice = self.choices.zone, self.choices.plan.voice
        return self._wording.say_when(voice, at.astimezone(zone), self.choices.now.astimezone(zone))

    def _wall(self, wall: time) -> str:
        return self._wording.say_time(self.choices.plan.voice, wall)

    def _helplines(self) -> str:
        plan = self.choices.plan
        return self._says("helplines", helplines=self._wording.helplines(plan.country, plan.voice))

    @property
    def _wording(self) -> Wording:
        return self.choices.responder.wording


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
