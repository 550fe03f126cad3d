"""The on-screen phone: a channel whose network is the store itself."""

from collections.abc import Callable

from nudger.agenda.entries import Failure, Receipt, SendFailure, Sending


class PhoneChannel:
    """Accepts every message. What the phone shows is read from the agenda's own rows, so there is
    nothing to hand over; `shown`, where given, is told of each message (the demo's terminal)."""

    places = None

    def __init__(self, shown: Callable[[Sending], None] | None = None) -> None:
        self._shown = shown
        self._closed = False

    async def send(self, sending: Sending) -> Receipt:
        if self._closed:
            raise SendFailure(Failure.NOT_SENT, "the phone is switched off")
        if self._shown is not None:
            self._shown(sending)
        return Receipt(f"phone-{sending.message}")

    async def close(self) -> None:
        self._closed = True
