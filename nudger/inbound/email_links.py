"""The links of emails: what each does to the person whom it names, and what its page says.

Looked at, nothing happens; pressed, it is done, and the page says so. Mail scanners and previews open
every link that they see (RFC 8058, 1): opening one changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from functools import cached_property

import structlog

from nudger.agenda.entries import Sending
from nudger.domain.effects import Effect, OptIn, OptOut, Pause, Response, Settle, Snooze
from nudger.domain.model import ChannelName, Origin, Outcome, Plan
from nudger.domain.tokens import Action, Expired, Forged, Link, read, sign
from nudger.inbound.port import InboundStore, Line, PeopleStore, Writer
from nudger.inbound.respond import Responder, reached
from nudger.messages import Wording, without_form
from nudger.replies import Intent
from nudger.schedule import day_bounds, resolve

ENGLISH = "en"
GONE, NOT_FOUND, TOO_MANY = 410, 404, 429  # RFC 9110

log = structlog.get_logger("nudger.links")


@dataclass(frozen=True, slots=True)
class Card:
    """What a link's page shows, in words that are ready."""

    language: str
    title: str
    text: str
    automated: str
    button: str = ""  # empty: there is nothing to press
    undo: str = ""  # the words of the link that takes it back
    undo_token: str = ""
    status: int = 200  # of HTTP


@dataclass(frozen=True)
class Followed:
    """A right link, and how the person it names stands."""

    link: Link
    writer: Writer
    now: datetime
    responder: Responder

    @property
    def plan(self) -> Plan:
        return self.writer.person.plan

    def is_over(self) -> bool:
        """Tells whether what it was for is gone: the nudge is forgotten, or went out anew (that email has
        links of its own), or another address has come in the place of the one that was asked. Under a crisis
        hold no time is promised."""
        action, bound = self.link.action, self.writer.bound
        if action in (Action.PAUSE, Action.STOP):
            return False
        if action is Action.LATER and self.writer.person.standing.held_at is not None:
            return True
        if action is Action.CONFIRM:
            address = self.plan.address(self.link.channel)
            return bound is None or address is None or bound.address != address
        return bound is None or (bound.outcome is Outcome.SNOOZED and bound.snoozed_until is None)

    def before(self) -> Card:
        """Returns the page before the button is pressed; where the link was used, that there is nothing to
        do."""
        settled = self._settled()
        if settled is not None:
            return self._card(self._says("settled", "title"), settled)
        return replace(self._card(self.says("title"), self.says("ask")), button=self.says("button"))

    def after(self, key: bytes) -> Card:
        """Returns the page after it."""
        card = self._card(self.says("title"), self.says("said"))
        back, link = _BACK.get(self.link.action), self.link
        if back is None or not link.occurrence:
            return card
        undo = token(back, link.person, link.channel, link.occurrence, key, self.now)
        return replace(card, undo=self.says("undo"), undo_token=undo)

    def response(self) -> Response:
        """Returns what pressing does; no effects where it was done before."""
        if self.is_over() or self._settled() is not None:
            return Response(str(Intent.UNKNOWN))
        intent, effect = self._effect()
        in_touch = reached(self.writer) if intent is Intent.DONE else ()
        return Response(str(intent), self._until, (effect, *in_touch))

    def says(self, key: str) -> str:
        """Says a text of the link's own section."""
        return self._says(str(self.link.action), key, self._until)

    def _effect(self) -> tuple[Intent, Effect]:
        entry, channels = self.link.occurrence, frozenset({self.link.channel})
        match self.link.action:
            case Action.LATER if self._until is not None:
                return Intent.SNOOZE, Snooze(entry, self._until)
            case Action.DONE:
                return Intent.DONE, Settle(entry, Outcome.DONE)
            case Action.SKIP:
                return Intent.SKIP, Settle(entry, Outcome.SKIPPED)
            case Action.PAUSE:
                return Intent.PAUSE, Pause(self._until)
            case Action.STOP:
                return Intent.STOP, OptOut(channels, "used the link")
            case Action.CONFIRM:
                return Intent.START, OptIn(channels, "used the link")
            case other:
                raise ValueError(f"nothing is done by a link that says {other}")

    def _settled(self) -> str | None:
        """What there is to say where the link was used before."""
        bound, standing, channel = self.writer.bound, self.writer.person.standing, self.link.channel
        outcome = bound.outcome if bound else None
        if standing.held_at is not None and self.link.action in (Action.LATER, Action.PAUSE):
            return self._says("settled", "pause")  # nothing is planned or promised under a hold
        match self.link.action:
            case Action.LATER if bound is not None and bound.snoozed_until is not None:
                return self._says("settled", "later", bound.snoozed_until)
            case Action.LATER | Action.DONE | Action.SKIP if outcome in (Outcome.DONE, Outcome.SKIPPED):
                return self._says("settled", "done")
            case Action.PAUSE if standing.paused(self.now):
                back_at = standing.back_at(self.now)
                return self._says("settled", "pause_until" if back_at else "pause", back_at)
            case Action.STOP if channel in standing.opted_out:
                return self._says("settled", "stop")
            case Action.CONFIRM if channel in standing.consented - standing.opted_out:
                return self._says("settled", "confirm")
            case _:
                return None

    def _card(self, title: str, text: str) -> Card:
        return Card(self.plan.language, title, text, self._says("frame", "automated"))

    def _says(self, section: str, key: str, at: datetime | None = None) -> str:
        values: dict[str, object] = {"channel": str(self.link.channel), "limit": str(self.plan.daily_limit)}
        if at is not None:
            here, wording = self._zone, self.responder.wording
            values["when"] = wording.say_when(self.plan.voice, at.astimezone(here), self.now.astimezone(here))
        return self.responder.wording.page(self.plan.voice, section, key, **values)

    @cached_property
    def _until(self) -> datetime | None:
        """When LATER brings it back, and until when a pause lasts."""
        if self.link.action is Action.PAUSE:
            return days_on(self._zone, self.now, PAUSE_DAYS)
        if self.link.action is not Action.LATER:
            return None
        later = self.responder.wording.command(self.plan.voice, "LATER")
        return self.responder.respond(self.writer, later, self.link.channel, self.now).until

    @property
    def _zone(self) -> tzinfo:
        return self.responder.zone(self.plan.timezone)


@dataclass(frozen=True, slots=True)
class Links:
    """From a token to a page with one button, and from the button to what it does.

    `languages` are those the browser asks for, best first: for tokens that name nobody.
    """

    store: InboundStore
    people: PeopleStore
    responder: Responder
    key: bytes

    def look(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Returns the page. Changes nothing."""
        found = self._found(token, languages, now)
        return found if isinstance(found, Card) else found.before()

    def press(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Does what the link says, once; pressed again, it says that it is done."""
        found = self._found(token, languages, now)
        if isinstance(found, Card):
            return found
        response = self.store.take_link(
            found.link, found.says("button"), now, lambda writer: replace(found, writer=writer).response()
        )
        if response is None or not response.effects:
            return self.look(token, languages, now)  # used, or gone, meanwhile
        log.info("link", intent=response.intent, channel=str(found.link.channel))
        return found.after(self.key)

    def busy(self, languages: Sequence[str]) -> Card:
        """Returns the page for an address that asks too often."""
        return self._closed("busy", self._language(languages), TOO_MANY)

    def _found(self, token: str, languages: Sequence[str], now: datetime) -> Card | Followed:
        link = opened(token, self.key, now, self.people, self.responder.wording, languages)
        if isinstance(link, Card):
            return link
        writer = self.store.linked(link) if link.action in LASTS else None
        if writer is None:
            return self._closed("over", self._language(languages), GONE)
        followed = Followed(link, writer, now, self.responder)
        return self._closed("over", followed.plan.voice, GONE) if followed.is_over() else followed

    def _closed(self, section: str, voice: str, status: int) -> Card:
        return closed(self.responder.wording, section, voice, status)

    def _language(self, wanted: Sequence[str]) -> str:
        return language_of(self.responder.wording, wanted)


def opened(
    token: str,
    key: bytes,
    now: datetime,
    people: PeopleStore,
    wording: Wording,
    languages: Sequence[str],
    over: str = "over",
) -> Link | Card:
    """Reads a token: the link, or the page that says why it leads nowhere.

    Args:
        languages: those the browser asks for, best first: for a token that names nobody.
        over: the section of that page where the link was right once, and has ended.
    """
    try:
        return read(token, key, now)
    except Forged:
        return closed(wording, "forged", language_of(wording, languages), NOT_FOUND)
    except Expired as ended:
        known = people.person(ended.link.person)
        voice = known.plan.voice if known else language_of(wording, languages)
        return closed(wording, over, voice, GONE)


def language_of(wording: Wording, wanted: Sequence[str]) -> str:
    """Returns the first of the languages wanted that there are words in; else English."""
    ours = wording.languages
    return next((one for one in wanted if one in ours), ENGLISH if ENGLISH in ours else min(ours))


PAUSE_DAYS = 7
# How long a link works. One that stops has to work for as long as the email may lie in a mailbox.
LASTS: Mapping[Action, timedelta] = {
    Action.LATER: timedelta(days=7),
    Action.DONE: timedelta(days=7),
    Action.SKIP: timedelta(days=7),
    Action.PAUSE: timedelta(days=30),
    Action.CONFIRM: timedelta(days=30),
    Action.STOP: timedelta(days=3650),
}
OWN_PAGE_LASTS = timedelta(days=14)  # whoever holds it reads along, so it ends, and newer ones come
_BACK = {Action.STOP: Action.CONFIRM, Action.CONFIRM: Action.STOP}


def token(
    action: Action, person: str, channel: ChannelName, occurrence: int, key: bytes, now: datetime
) -> str:
    """Signs a link that begins now, and returns its token."""
    expires_at = (now + LASTS[action]).replace(microsecond=0)
    return sign(Link(action, person, channel, expires_at, occurrence), key)


def own_page(base: str, person: str, channel: ChannelName, key: bytes, now: datetime) -> str:
    """Returns the address of a person's page, as a message on this channel may hold it."""
    expires_at = (now + OWN_PAGE_LASTS).replace(microsecond=0)
    return f"{base}/me/{sign(Link(Action.ME, person, channel, expires_at), key)}"


def links_of(email: Sending | Line, base: str, key: bytes, now: datetime) -> dict[Action, str]:
    """Returns the addresses of the links that belong below this email. `base` is where nudger's pages are."""
    match email.origin:
        case Origin.WELCOME:
            actions = [Action.CONFIRM, Action.STOP]
        case origin if origin is not None and origin.is_nudge:
            actions = [Action.LATER, Action.DONE, Action.SKIP, Action.PAUSE, Action.STOP]
        case _:
            actions = [Action.STOP]
    person, channel, entry = email.person, email.channel, email.occurrence
    links = {one: f"{base}/l/{token(one, person, channel, entry, key, now)}" for one in actions}
    if email.origin is not Origin.WELCOME:
        links[Action.ME] = own_page(base, person, channel, key, now)
    return links


def closed(wording: Wording, section: str, voice: str, status: int) -> Card:
    """Returns the page of a link that does nothing: it says what to do."""
    title, text = wording.page(voice, section, "title"), wording.page(voice, section, "text")
    automated = wording.page(voice, "frame", "automated")
    return Card(without_form(voice), title, text, automated, status=status)


def days_on(zone: tzinfo, now: datetime, days: int) -> datetime:
    """Returns the same wall time so many local dates on."""
    here = now.astimezone(zone)
    day = here.date() + timedelta(days=days)
    resolved = resolve(zone, day, time(here.hour, here.minute))
    # DST: where the clocks skip the rest of that date, the next one begins.
    return resolved.at if resolved else day_bounds(zone, day)[1]
