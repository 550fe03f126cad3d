"""How often one may knock: strangers by their address, who holds something of ours by what they hold."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request

from nudger.web.addresses import household
from nudger.web.guard import prove

KNOWN = 4096  # remembered, the latest: what a flood of addresses costs in memory


@dataclass(slots=True)
class Throttle:
    """A token bucket for each of whoever is named: `burst` at once, then `per_second`. `clock` gives seconds
    that never go back."""

    clock: Callable[[], float]
    burst: int = 30
    per_second: float = 1.0
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def allows(self, whom: str) -> bool:
        """Whether this one is within what they may do; counts it if so."""
        now = self.clock()
        left, at = self._buckets.pop(whom, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_second)
        allowed = left >= 1
        self._buckets[whom] = (left - 1 if allowed else left, now)
        if len(self._buckets) > KNOWN:
            self._buckets.popitem(last=False)
        return allowed

    def lets_in(self, request: Request) -> bool:
        """The same for the address of whoever asks."""
        return self.allows(household(request.client.host if request.client else ""))


@dataclass(frozen=True, slots=True)
class TokenDoor:
    """Lets people in to what their link leads to.

    A link is a key: whoever has one is held up by nobody who has none, whatever address they share. Guesses
    are counted by address, and what is done with a link by that link, looking apart from pressing: a program
    that opens it again and again takes nobody's STOP away.
    """

    ours: Callable[[str], bool]  # (token): whether we have made it, be it over by now
    strangers: Throttle
    holders: Throttle

    def lets_in(self, request: Request) -> bool:
        token = request.path_params["token"]
        if not self.ours(token):
            return self.strangers.lets_in(request)
        prove(request)
        return self.holders.allows(f"{'press' if request.method == 'POST' else 'look'} {token}")
