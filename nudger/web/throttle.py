"""How often one address on the internet may knock at the pages that are open to all."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import Request

KNOWN = 4096  # addresses remembered, the latest: what a flood of them costs in memory
SUBNET = 64  # bits: one household has so many IPv6 addresses


@dataclass(slots=True)
class Throttle:
    """A token bucket for each client address: `burst` requests at once, then `per_second`.

    `clock` gives seconds that never go back. `behind_proxy`: the last address of X-Forwarded-For is
    the client's, written by the proxy before us; else that header is anybody's word and not read.
    """

    clock: Callable[[], float]
    burst: int = 30
    per_second: float = 1.0
    behind_proxy: bool = False
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def lets_in(self, request: Request) -> bool:
        """Whether this request is within what its address may do; counts it if so."""
        address, now = self._address(request), self.clock()
        left, at = self._buckets.pop(address, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_second)
        allowed = left >= 1
        self._buckets[address] = (left - 1 if allowed else left, now)
        if len(self._buckets) > KNOWN:
            self._buckets.popitem(last=False)
        return allowed

    def _address(self, request: Request) -> str:
        address = request.client.host if request.client else ""
        if self.behind_proxy:
            address = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or address
        return _household(address)


def _household(address: str) -> str:
    """IPv6 by its subnet; what is no address as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((parsed, SUBNET), strict=False))
    return str(parsed)
