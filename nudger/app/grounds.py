"""What reading plans starts from: settings, words and zones. No network, no database, no replies."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from pathlib import Path

from nudger.app.settings import Settings
from nudger.app.zones import Zones
from nudger.domain.errors import SettingsError
from nudger.domain.model import ChannelName
from nudger.messages import Wording
from nudger.plan_sync.files import read_templates
from nudger.plans import Facts


@dataclass(frozen=True)
class Grounds:
    """What a command that reads plans has in common with all others."""

    settings: Settings

    @cached_property
    def zones(self) -> Zones:
        return Zones()

    @cached_property
    def wording(self) -> Wording:
        own = self.settings.templates_dir
        return Wording.on_demand(read_templates()) if own is None else Wording.parse(read_templates(own))

    @property
    def by_link(self) -> frozenset[ChannelName]:
        """Where a question for consent is answered by the link below it."""
        return frozenset({ChannelName.EMAIL} if self.settings.email == "smtp" else ())

    @property
    def mute(self) -> frozenset[ChannelName]:
        """Where such a question could not be answered."""
        return self.by_link if self.settings.public_url is None else frozenset()

    def zone(self, key: str) -> tzinfo:
        """Finds the zone of a plan that was checked; it can only be missing after tzdata was replaced."""
        zone = self.zones.zone(key)
        if zone is None:
            raise SettingsError(f"time zone {key!r} is not known to tzdata {self.zones.version}")
        return zone

    def facts(self, now: datetime) -> Facts:
        """Gathers what checking plans needs of the world."""
        return Facts(
            today=now.date(),
            zone=self.zones.zone,
            zone_names=self.zones.names,
            wording=self.wording,
            seed=self.settings.seed,
            country=self.settings.country,
        )

    def has_database(self) -> bool:
        """Tells whether there is one to ask already: looking ahead makes none."""
        return self.database_file is None or self.database_file.exists()

    @property
    def database_file(self) -> Path | None:
        """The SQLite file; None where the database is a server's."""
        scheme, _, path = self.settings.database_url.partition(":///")
        return Path(path) if scheme == "sqlite" else None
