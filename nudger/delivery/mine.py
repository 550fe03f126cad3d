"""The person's own page behind its signed link: looked at, pressed, handed over, erased."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from nudger.delivery.decide import Decider
from nudger.delivery.follow import Card, closed
from nudger.delivery.forecast import foreseen
from nudger.delivery.links import GONE, NOT_FOUND, TOO_MANY, language_of
from nudger.delivery.own_page import DAYS, OwnPage, Words
from nudger.delivery.own_steps import Choices
from nudger.delivery.ports import Store
from nudger.delivery.respond import Responder
from nudger.schedule import local_date
from nudger.tokens import Action, Expired, Forged, Link, read

BY = "their page"  # who acted, in the log
NOTICES = frozenset({"said", "nothing"})

log = structlog.get_logger("nudger.links")


@dataclass(frozen=True, slots=True)
class Mine:
    """From a token to the page of the person whom it names. A Card says why there is none.

    `languages` are those the browser asks for, best first: for tokens that name nobody.
    """

    store: Store
    responder: Responder
    decider: Decider
    key: bytes

    def look(self, token: str, languages: Sequence[str], now: datetime, notice: str = "") -> OwnPage | Card:
        """The page, under one of NOTICES. Changes nothing."""
        link = self._link(token, languages, now)
        if isinstance(link, Card):
            return link
        writer = self.store.writer(link.person, now)
        if writer is None:
            return self._closed("me_over", self._language(languages), GONE)
        choices = Choices(writer, link.channel, now, self.responder)
        planned = self.store.agenda(link.person, local_date(choices.zone, now))
        coming, _ = foreseen(writer.person, planned, now, DAYS, self.decider)
        return Words(choices).page(coming, notice if notice in NOTICES else "")

    def press(self, token: str, step: str, languages: Sequence[str], now: datetime) -> str | Card:
        """Does what was pressed, in one transaction, as far as the page offers it (still): the notice to
        show."""
        link = self._link(token, languages, now)
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
        """All that is held on the person, as JSON text."""
        link = self._link(token, languages, now)
        if isinstance(link, Card):
            return link
        held = self.store.export(link.person)
        if held is None:
            return self._closed("me_over", self._language(languages), GONE)
        return json.dumps(held, ensure_ascii=False, indent=2)

    def ask_erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """What erasing does, before it is done."""
        link = self._link(token, languages, now)
        if isinstance(link, Card):
            return link
        known = self.store.person(link.person)
        if known is None:
            return self._closed("me_over", self._language(languages), GONE)
        wording, voice = self.responder.wording, known.plan.voice
        text = "\n".join(wording.page(voice, "me_erase", key) for key in ("text", "plan"))
        button, back = (wording.page(voice, "me_erase", key) for key in ("button", "back"))
        return replace(self._closed("me_erase", voice, 200), text=text, button=button, undo=back)

    def erase(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        """Erases the person. Their file may stay with the operator: it makes nobody of them any more."""
        link = self._link(token, languages, now)
        if isinstance(link, Card):
            return link
        known = self.store.person(link.person)
        self.store.forget(link.person)
        log.info("own_page", step="erase")
        return self._closed("me_erased", known.plan.voice if known else self._language(languages), 200)

    def busy(self, languages: Sequence[str]) -> Card:
        """For an address that asks too often."""
        return self._closed("busy", self._language(languages), TOO_MANY)

    def _link(self, token: str, languages: Sequence[str], now: datetime) -> Link | Card:
        try:
            link = read(token, self.key, now)
        except Forged:
            return self._closed("forged", self._language(languages), NOT_FOUND)
        except Expired as ended:
            known = self.store.person(ended.link.person)
            return self._closed("me_over", known.plan.voice if known else self._language(languages), GONE)
        if link.action is Action.ME:
            return link
        return self._closed("forged", self._language(languages), NOT_FOUND)

    def _closed(self, section: str, voice: str, status: int) -> Card:
        return closed(self.responder.wording, section, voice, status)

    def _language(self, wanted: Sequence[str]) -> str:
        return language_of(self.responder.wording, wanted)
