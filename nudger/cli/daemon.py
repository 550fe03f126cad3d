"""`nudger run` and `nudger demo`: the same daemon, on the machine's clock and on a fast one."""

import asyncio
import os
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer

from nudger.app import running, service
from nudger.app.clock import SystemClock
from nudger.app.core import Core
from nudger.app.running import build_daemon
from nudger.app.service import rest
from nudger.app.settings import Settings, load
from nudger.app.state import alone, clock_of, open_database
from nudger.cli.context import settings_of
from nudger.cli.demo import Demo
from nudger.cli.looking import stale_helplines
from nudger.cli.show import err, terminal
from nudger.domain.errors import StoreError
from nudger.plan_sync.files import bundled

log = structlog.get_logger("nudger.run")


def register(app: typer.Typer) -> None:
    app.command()(demo)
    app.command()(run)


def run(context: typer.Context) -> None:
    """The daemon: lays out days, sends what is due, takes replies. Ends on SIGTERM; SIGHUP reloads."""
    settings = settings_of(context)
    with service.unhurried():
        service.configure(settings.log_level)
        _serve(settings)


def _serve(settings: Settings) -> None:
    for warning in settings.warnings:
        err.print(f"[yellow]nudger:[/] {warning}")
    core = Core(settings)
    if stale := core.wording.stale_helplines(SystemClock().now().date()):
        err.print(f"[yellow]nudger:[/] {stale_helplines(stale)}")
    began = time.monotonic()
    try:
        asyncio.run(_run(core))
    except StoreError as fault:
        wait = rest(timedelta(seconds=time.monotonic() - began))
        if wait:
            log.error("store_unusable", fault=fault.message, ends_in=round(wait.total_seconds()))
            time.sleep(wait.total_seconds())
        raise


async def _run(core: Core) -> None:
    with alone(core.settings.state_dir, SystemClock().now()):
        store = open_database(core)
        try:
            daemon = build_daemon(core, store, clock_of(core, store))
            running.settle()
            await daemon.run()
        finally:
            store.close()


def demo(
    days: Annotated[
        int | None,
        typer.Option(min=1, max=366, help="End after so many days (default: 1 without a terminal)."),
    ] = None,
    speed: Annotated[float, typer.Option(min=1, max=3600, help="How many times as fast as life.")] = 300.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the phone page; 0: a free one.")] = 0,
    plans: Annotated[Path | None, typer.Option(help="Your own plans (default: the example plans).")] = None,
) -> None:
    """nudger at work, a day in minutes: example plans, an on-screen phone, no account anywhere."""
    service.configure("warning")
    watched = terminal()
    with tempfile.TemporaryDirectory(prefix="nudger-demo-") as folder:
        environ = {
            "NUDGER_PLANS_DIR": str(plans or bundled("plans")),
            "NUDGER_STATE_DIR": folder,
            "NUDGER_WEB_PORT": str(port),
        }
        # No settings file: one of this machine's may name a real account.
        core = Core(load(Path(os.devnull), environ, Path(folder)))
        store = open_database(core)
        try:
            show = Demo(core, store, speed, days if days or watched else 1, watched)
            asyncio.run(show.run())
        finally:
            store.close()
