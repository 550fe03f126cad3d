"""What the pages need of the daemon besides the ports of the rooms. `app/` fulfils it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from nudger.agenda.port import Clock
from nudger.inbound.port import Inbound

FormPairs = Sequence[tuple[str, str]]


class Receiver(Protocol):
    """Takes what people say, and looks at the agenda again when told to."""

    async def take(self, inbound: Inbound) -> None:
        """Returns once the text and all that follows from it are committed.

        Raises StoreError where that cannot be had now.
        """

    def wake(self) -> None:
        """Looks at the agenda again: something may be due at once."""


class SelfCheck(Protocol):
    """Whether nudger can do its work."""

    def faults(self) -> Sequence[str]:
        """Names what it cannot work for, as its own look found it: asking costs the store nothing."""


class Changes(Protocol):
    """Tells when a conversation may have gone on."""

    async def wait_for_change(self) -> None:
        """Returns when something may have gone out, or after some seconds."""


class TwilioAccount(Protocol):
    """The account whose webhooks come here."""

    def signed(self, raw_path: bytes, query: bytes, form: FormPairs, signature: str) -> bool:
        """Tells whether this account has signed a request: its path, its query and every field."""

    async def report(self, message_id: str, sid: str, status: str, code: str | None) -> None:
        """Takes what became of a message; returns once it is committed.

        Args:
            message_id: ours, as the address of the webhook names it.
            sid: Twilio's name of the message.
            status: Twilio's word for how it stands.
            code: Twilio's error code, where it names one.
        """


class SmsGateApp(Protocol):
    """The app on a phone whose webhooks come here."""

    def signed(self, body: bytes, stamp: str, signature: str) -> bool:
        """Tells whether the app has signed these very bytes, lately; `stamp` is its X-Timestamp."""

    async def take(self, body: bytes) -> None:
        """Returns once what an event says is committed. Raises ValueError for what cannot be read."""


class SteeredClock(Clock, Protocol):
    """The demo's fast clock."""

    @property
    def factor(self) -> float:
        """How many times as fast as life it runs; 0 while it is held."""

    def run(self, factor: float) -> None:
        """Runs on at this pace from here; 0 holds it."""

    def advance_to(self, at: datetime) -> None:
        """Moves on to `at` at once, where that is ahead."""
