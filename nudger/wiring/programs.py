"""What other programs ask of nudger: monitoring, and the operator's own, with the token of the settings."""

import asyncio
import time
from ipaddress import ip_address

from nudger.core import Core
from nudger.delivery.ports import Clock, Store
from nudger.metrics import Metrics, Reading
from nudger.settings import Settings
from nudger.web.api.routes import ApiDoors
from nudger.web.bearer import Bearer
from nudger.web.board.doors import Desk
from nudger.web.metrics import MetricsDoors
from nudger.web.throttle import Throttle
from nudger.wiring.channels import secret

TRIES, TRY_EACH = 10, 12.0  # with a wrong token: so many at once, then one each so many seconds


def bearer(settings: Settings) -> Bearer | None:
    """Who comes with the token; None where there is none."""
    token = secret(settings.api_token)
    if token is None:
        return None
    return Bearer(token, Throttle(time.monotonic, TRIES, 1 / TRY_EACH))


def api_doors(desk: Desk, bearer: Bearer | None) -> ApiDoors | None:
    """None without a token: then there is no API."""
    return None if bearer is None else ApiDoors(desk, bearer)


def metrics_doors(
    core: Core, store: Store, clock: Clock, metrics: Metrics, bearer: Bearer | None
) -> MetricsDoors | None:
    """Open where nobody but this machine reaches the port; else with the token; without one, not there."""
    if bearer is None and not _ours_alone(core.settings):
        return None

    def read() -> Reading:
        now = clock.now()
        standing = sum(alarm.cleared_at is None for alarm in store.alarms())
        return Reading(store.vitals(now), standing, store.counters(), now)

    async def page(accept: str) -> tuple[bytes, str]:
        return await asyncio.to_thread(lambda: metrics.page(read(), accept))

    return MetricsDoors(page, None if _ours_alone(core.settings) else bearer)


def _ours_alone(settings: Settings) -> bool:
    """A public address means a web server before us, whose requests come from this machine too."""
    return settings.public_url is None and _is_loopback(settings.web_host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
