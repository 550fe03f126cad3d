"""What every command starts from: settings turned into words, zones and rules. No network, no database."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path

from nudger.agenda.decide import Decider
from nudger.app.settings import Settings
from nudger.app.zones import Zones
from nudger.domain.errors import SettingsError
from nudger.domain.model import ChannelName
from nudger.inbound.respond import Responder
from nudger.messages import Wording
from nudger.plan_sync.files import read_templates, read_words
from nudger.plans import Facts
from nudger.replies import Words


@dataclass(frozen=True)
class Core:
    """What every command shares and none of which touches the network or the database."""

    settings: Settings

    @cached_property
    def zones(self) -> Zones:
        return Zones()

    @cached_property
    def wording(self) -> Wording:
        return Wording.parse(read_templates(self.settings.templates_dir))

    @cached_property
    def words(self) -> Words:
        return Words.parse(read_words())

    @cached_property
    def decider(self) -> Decider:
        settings = self.settings
        mails = frozenset({ChannelName.EMAIL} if settings.email == "smtp" else ())
        mute = mails if settings.public_url is None else frozenset[ChannelName]()
        return Decider(self.wording, self.zone, settings.seed, by_link=mails, mute=mute)

    @cached_property
    def responder(self) -> Responder:
        handled = self.settings.sms == "twilio" and self.settings.provider_handles_stop
        silent = frozenset({ChannelName.SMS}) if handled else frozenset[ChannelName]()
        return Responder(self.words, self.wording, self.zone, silent, self.settings.tell_contacts)

    def zone(self, key: str) -> tzinfo:
        """The zone of a plan that was checked; it can only be missing after tzdata was replaced."""
        zone = self.zones.zone(key)
        if zone is None:
            raise SettingsError(f"time zone {key!r} is not known to tzdata {self.zones.version}")
        return zone

    def facts(self, now: datetime) -> Facts:
        """What checking plans needs of the world."""
        return Facts(
            today=now.date(),
            zone=self.zones.zone,
            zone_names=self.zones.names,
            wording=self.wording,
            seed=self.settings.seed,
            country=self.settings.country,
        )

    def has_database(self) -> bool:
        """Whether there is one to ask already: looking ahead makes none."""
        return self.database_file is None or self.database_file.exists()

    @property
    def database_file(self) -> Path | None:
        """The SQLite file; None where the database is a server's."""
        scheme, _, path = self.settings.database_url.partition(":///")
        return Path(path) if scheme == "sqlite" else None
