"""The real daemon with people's phones around it, by Twilio's double."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.running import free_port, running

PUBLIC_URL = "https://nudger.example.org"
CRISIS = "Samaritans on 116 123"
PLAN = """
name = "{name}"
timezone = "UTC"
phone = "{phone}"
consent = "2026-11-20, in person"
quiet = "none"
[[nudge]]
kind = "rest"
at = "{at:%H:%M}"
message = "A short rest, {name}?"
"""


@dataclass(frozen=True)
class Daemon:
    """The real daemon, and the phones around it."""

    twilio: TwilioDouble
    webhook: str

    async def text(self, phone: str, words: str) -> int:
        return await self.twilio.text(self.webhook, phone, words, public=f"{PUBLIC_URL}/twilio/inbound")

    def to(self, phone: str) -> Sequence[str]:
        return [one["body"] for one in self.twilio.taken if one["to"] == phone]


def write_plans(folder: Path, phones: Mapping[str, str], at: datetime | None = None) -> None:
    """A plan for each of these phones: the nudge of p0, p1 ... is at this time, if one is named; of the
    others, none is near."""
    (folder / "plans").mkdir()
    for name, phone in phones.items():
        when = at if at and name.startswith("p") else datetime.now(UTC) - timedelta(hours=2)
        text = PLAN.format(name=name.title(), phone=phone, at=when)
        (folder / "plans" / f"{name}.toml").write_text(text)


@asynccontextmanager
async def around(**more: str) -> AsyncIterator[tuple[TwilioDouble, dict[str, str], str]]:
    """Twilio's double, the settings of a daemon that is posted to, and where."""
    port = free_port()
    async with TwilioDouble() as twilio:
        settings = {
            **twilio.settings,
            "PUBLIC_URL": PUBLIC_URL,
            "WEB_PORT": str(port),
            "COUNTRY": "GB",
            **more,
        }
        yield twilio, settings, f"http://127.0.0.1:{port}/twilio/inbound"


@asynccontextmanager
async def daemon(
    folder: Path, phones: Mapping[str, str], at: datetime | None = None, **more: str
) -> AsyncIterator[Daemon]:
    """A daemon that runs, with these phones around it."""
    write_plans(folder, phones, at)
    async with around(**more) as (twilio, settings, webhook), running(folder, **settings) as process:
        yield Daemon(twilio, webhook)
        assert await process.stop() == 0
