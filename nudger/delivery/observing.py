"""Who wants to know what delivery does, as it does it: for metrics. Nothing depends on it."""

from datetime import datetime
from typing import Protocol

from nudger.delivery.agenda import Sending
from nudger.delivery.sends import Result


class Observer(Protocol):
    """Told in the event loop, between two steps: it must be quick and cannot fail."""

    def handed_over(self, sending: Sending, at: datetime) -> None:
        """Right before the request to the provider."""

    def ended(self, result: Result) -> None:
        """That request has ended, however it did."""

    def dropped(self, number: int) -> None:
        """So many entries were due and did not go out."""

    def replied(self, intent: str) -> None:
        """A person's text was taken, and what it was understood as."""


class Unwatched:
    """Nobody wants to know."""

    def handed_over(self, sending: Sending, at: datetime) -> None: ...

    def ended(self, result: Result) -> None: ...

    def dropped(self, number: int) -> None: ...

    def replied(self, intent: str) -> None: ...


UNWATCHED = Unwatched()
