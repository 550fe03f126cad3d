"""Who is told of each step of a send."""

from datetime import datetime

from nudger.agenda.entries import Result, Sending


class Unwatched:
    """Nobody wants to know."""

    def handed_over(self, sending: Sending, at: datetime) -> None: ...

    def ended(self, result: Result) -> None: ...

    def dropped(self, number: int) -> None: ...

    def replied(self, intent: str) -> None: ...


UNWATCHED = Unwatched()
