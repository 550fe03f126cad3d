"""The demo told as a story: the real daemon on its fast clock, a real browser, one person and two nudges."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.pages import opening
from tests.support.running import environment

pytestmark = pytest.mark.browser

MAYA = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
email = "maya@example.org"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
message = "A short rest, if you like."
[[nudge]]
kind = "movement"
at = "17:00"
channels = "email"
message = "A stretch, if you like."
"""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """The address of a demo at somebody's terminal, a minute a second."""
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "maya.toml").write_text(MAYA)
    ours, its = pty.openpty()
    command = [sys.executable, "-W", "error", "-m", "nudger", "demo", "--speed", "60", "--plans", str(plans)]
    with subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, cwd=tmp_path, env=environment(tmp_path, {})
    ) as process:
        try:
            yield _address(ours)
        finally:
            process.terminate()
            os.close(its)


@pytest.fixture
def phone(browser: Browser, demo: str) -> Iterator[Page]:
    with opening(browser, demo) as open_one:
        page = open_one("/phone")
        page.set_default_timeout(20_000)
        yield page


def test_a_nudge_is_put_off_comes_back_and_is_done(phone: Page) -> None:
    # Held: where nobody answers for a while, as on a busy machine, the demo would go on to the next nudge.
    phone.get_by_role("button", name="Pause").click()
    texts = phone.locator("#phone-maya .theirs .text")
    phone.get_by_role("button", name="Next nudge").click()
    expect(texts).to_have_text(["A short rest, if you like."], timeout=20_000)

    phone.get_by_role("button", name="LATER").click()
    expect(texts).to_have_text(["A short rest, if you like.", "OK, again at 2 pm."], timeout=20_000)

    phone.get_by_role("button", name="Next nudge").click()
    expect(texts).to_have_count(3, timeout=20_000)
    expect(texts.last).to_have_text("A short rest, if you like.")
    expect(phone.locator("#phone-maya .theirs time").last).to_have_text("2:00 pm")

    phone.get_by_role("button", name="DONE").click()
    expect(texts.last).to_have_text("Noted. Thanks for saying so.")


def test_an_email_on_the_phone_is_settled_by_its_link_and_leads_to_ones_page(phone: Page) -> None:
    for _ in range(2):
        phone.get_by_role("button", name="Next nudge").click()
        phone.wait_for_timeout(500)
    card = phone.locator("#phone-maya .mail")
    expect(card).to_contain_text("A stretch, if you like.", timeout=20_000)
    page = _followed(phone, lambda: card.get_by_role("link", name="Done").click())
    page.get_by_role("button", name="Yes, done").click()
    expect(page.get_by_role("status")).to_have_text("Noted. Thanks for saying so.")

    own = _followed(phone, lambda: card.get_by_role("link", name="Your page").click())
    expect(own.get_by_role("heading", level=1)).to_have_text("Hello Maya, this page is yours")


def test_link_by_text_is_answered_with_a_link_that_opens_ones_page(phone: Page) -> None:
    phone.get_by_label("Reply as Maya").fill("LINK")
    phone.get_by_label("Reply as Maya").press("Enter")
    link = phone.locator("#phone-maya .theirs .text a")
    expect(link).to_be_visible()

    own = _followed(phone, link.click)

    expect(own.get_by_role("heading", level=1)).to_have_text("Hello Maya, this page is yours")


def _followed(phone: Page, click: Callable[[], None]) -> Page:
    """The page that opens beside the phone."""
    with phone.context.expect_page() as opened:
        click()
    return opened.value


def _address(terminal: int) -> str:
    shown = ""
    while (found := re.search(r"http://\S+?(?=/phone)", shown)) is None:
        shown += os.read(terminal, 4096).decode()
    return found[0]
