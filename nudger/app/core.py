"""What every command that decides, or understands replies, starts from. No network, no database."""

import os
from dataclasses import dataclass
from functools import cached_property

from nudger.agenda.decide import Decider
from nudger.app.grounds import Grounds
from nudger.app.word_cache import cache_of
from nudger.domain.model import ChannelName
from nudger.inbound.respond import Responder
from nudger.inbound.wishes import WhoSends
from nudger.plan_sync.files import read_words
from nudger.replies import Words


@dataclass(frozen=True)
class Core(Grounds):
    """The rules of sending and of replies, with the words and zones that they need."""

    @cached_property
    def words(self) -> Words:
        sources = read_words()
        return Words.parse(sources, cache_of(sources, os.environ))

    @cached_property
    def decider(self) -> Decider:
        return Decider(self.wording, self.zone, self.settings.seed, by_link=self.by_link, mute=self.mute)

    @cached_property
    def responder(self) -> Responder:
        handled = self.settings.sms == "twilio" and self.settings.provider_handles_stop
        silent = frozenset({ChannelName.SMS}) if handled else frozenset[ChannelName]()
        sender = WhoSends(self.settings.sender_name or "", self.settings.sender_contact or "")
        return Responder(self.words, self.wording, self.zone, silent, self.settings.tell_contacts, sender)
