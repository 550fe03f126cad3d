"""The duties that look after nudger itself, and the ways to its operator."""

import shutil
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from nudger.channels.alerts import JsonPost, Mail, Ping, PlainPost
from nudger.core import Core
from nudger.daemon import Duty
from nudger.delivery.alerting import Alert, Pinging, Teller, Telling, TellingOfOutage
from nudger.delivery.ports import Clock, Store
from nudger.readiness import EVERY as READY_EVERY
from nudger.readiness import Readiness
from nudger.watching import Watching
from nudger.wiring.channels import alert_mail, secret

EVERY = timedelta(minutes=1)


def watching_duties(core: Core, store: Store, clock: Clock, readiness: Readiness) -> Iterator[Duty]:
    settings, host = core.settings, socket.gethostname()
    watching = Watching(
        store,
        host,
        free=lambda: shutil.disk_usage(settings.state_dir).free,
        stale_helplines=core.wording.stale_helplines,
        helpline_country=core.wording.helpline_country,
        knows_zone=lambda zone: core.zones.zone(zone) is not None,
    )
    tellers = tuple(_tellers(core, clock))
    telling = Telling(store, tellers, host)
    outages = TellingOfOutage(readiness.news, tellers, host)

    async def watch_and_tell(now: datetime) -> int:
        await watching.run_once(now)
        return await telling.run_once(now) if telling.tellers else 0

    yield Duty("watch", EVERY, watch_and_tell, at_once=True)
    if tellers:
        yield Duty("outage", READY_EVERY, outages.run_once)
    if url := secret(settings.ping_url):
        yield Duty("ping", EVERY, Pinging(store, Ping(url), host).run_once, at_once=True)


async def send_test_alert(core: Core, clock: Clock, now: datetime) -> int:
    """To every address of ALERTS; how many there are. ChannelError where one does not take it."""
    tellers = list(_tellers(core, clock))
    text = f"A test, sent at {now:%Y-%m-%d %H:%M} UTC by nudger doctor. Nothing is wrong."
    for teller in tellers:
        await teller.tell(Alert(f"nudger on {socket.gethostname()}: a test", text, False, ("test",)))
    return len(tellers)


def _tellers(core: Core, clock: Clock) -> Iterator[Teller]:
    for address in (secret(core.settings.alerts) or "").split():
        kind, _, rest = address.partition(":")
        if kind == "mailto":
            yield Mail(partial(alert_mail, core, clock), rest)
        elif kind == "json":
            yield JsonPost(rest)
        else:
            yield PlainPost(address)
