"""A real browser before real pages."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from nudger.domain.model import ChannelName
from tests.support.axe import Axe
from tests.support.pages import Answering, Site, opening
from tests.support.worlds.web import JOSE, World

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def world() -> World:
    """Maya has had one nudge, José one by email."""
    world = Answering()
    world.say("Your jaw and shoulders may be holding tight. If you like, let them drop a little.")
    world.say("Un vaso de agua, sin prisa.", JOSE, channel=ChannelName.EMAIL, subject="Una pausa")
    world.at += timedelta(minutes=1)
    return world


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    with Site(world) as site:
        yield site


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens a page of the site."""
    with opening(browser, site.address) as open_one:
        yield open_one


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture(scope="session")
def axe() -> Axe:
    return Axe()
