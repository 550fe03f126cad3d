"""A person's page and the links of an email in a real browser: without a script, small, dark, judged."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nudger.domain.effects import Hold, Keep, OptOut, Pause
from nudger.domain.model import ChannelName
from tests.support.axe import Axe
from tests.support.pages import opening
from tests.support.worlds.mailed import ONE, Mailed

pytestmark = pytest.mark.browser

OWN = {"en": "Your page", "es": "Tu página", "fr": "Votre page"}
LATER = {"en": "Later", "es": "Más tarde", "fr": "Plus tard"}
SMALL = {"width": 320, "height": 640}
SCHEMES = ("light", "dark")


@pytest.fixture
def mailed(tmp_path: Path) -> Iterator[Mailed]:
    with Mailed(tmp_path) as mailed:
        yield mailed


@pytest.fixture
def follow(browser: Browser, mailed: Mailed) -> Iterator[Callable[..., Page]]:
    """Opens a page as the email's link does; without a script, as none is needed."""
    with opening(browser, mailed.address, java_script_enabled=False) as open_one:
        yield open_one


@pytest.fixture
def judged(browser: Browser, mailed: Mailed) -> Iterator[Callable[..., Page]]:
    """The same with scripts, for those who look at a page with one."""
    with opening(browser, mailed.address) as open_one:
        yield open_one


def test_a_link_of_a_real_email_shows_one_button_and_the_button_does_it(
    mailed: Mailed, follow: Callable[..., Page]
) -> None:
    page = follow(mailed.link("Later"))
    expect(page.get_by_role("button")).to_have_count(1)
    page.get_by_role("button", name="Yes, later").click()
    expect(page.get_by_role("status")).to_have_text("OK, it comes back at 2 pm.")
    mailed.until(ONE + timedelta(hours=1))

    assert mailed.mails("en") == 2
    follow(mailed.link("Done")).get_by_role("button", name="Yes, done").click()
    mailed.until(ONE + timedelta(hours=1, minutes=20))
    assert mailed.mails("en") == 2


def test_the_emails_own_page_link_leads_through_a_day(mailed: Mailed, follow: Callable[..., Page]) -> None:
    page = follow(mailed.link("Your page"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello Maya, this page is yours")
    expect(page.get_by_role("heading", name="Tomorrow")).to_be_visible()

    page.get_by_role("button", name="Until 2 pm").click()
    expect(page.get_by_role("status")).to_contain_text("OK.")
    expect(page.locator(".coming li").first).to_contain_text("2 pm Rest put off")
    page.get_by_role("button", name="Fewer").click()
    expect(page.get_by_text("About half of your nudges come.")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="For a week").click()
    expect(page.get_by_text("All is quiet until Monday 30 November at 1 pm.")).to_be_visible()
    page.get_by_role("button", name="I want them back").click()
    page.get_by_role("button", name="Stop them all").click()
    expect(page.get_by_text("nudger sends you no emails.")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, begin")).to_be_visible()


def test_a_page_that_is_loaded_again_repeats_nothing(mailed: Mailed, follow: Callable[..., Page]) -> None:
    page = follow(mailed.link("Your page"))
    page.get_by_role("button", name="Fewer").click()
    page.reload()
    page.reload()

    expect(page.get_by_text("About half of your nudges come.")).to_be_visible()


def test_by_the_keyboard_alone_a_pause_is_one_key_away(mailed: Mailed, follow: Callable[..., Page]) -> None:
    page = follow(mailed.link("Your page"))
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "For a day":
            break
    page.keyboard.press("Enter")

    expect(page.get_by_text("All is quiet until tomorrow at 1 pm.")).to_be_visible()


def test_the_data_are_downloaded_and_then_erased_in_two_steps(
    mailed: Mailed, follow: Callable[..., Page]
) -> None:
    page = follow(mailed.link("Your page"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it all").click()
    assert json.loads(Path(download.value.path()).read_text())["person"]["name"] == "Maya"

    page.get_by_role("link", name="Erase it all").click()
    expect(page.get_by_text("One thing stays: the file of your plan")).to_be_visible()
    page.get_by_role("link", name="No, back to my page").click()
    page.get_by_role("link", name="Erase it all").click()
    page.get_by_role("button", name="Yes, erase it all").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("It is erased")
    assert mailed.world.store.people.person("en") is None
    assert mailed.world.store.people.person("fr") is not None


def test_no_page_tells_the_next_one_where_it_was(mailed: Mailed, judged: Callable[..., Page]) -> None:
    page = judged(mailed.link("Your page"))
    token = page.url.rpartition("/")[2]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.headers.get("referer", "")))
    page.get_by_role("button", name="For a day").click()
    page.get_by_role("link", name="Erase it all").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erase it all?")

    assert len(sent) > 3
    assert not [referer for referer in sent if token in referer]


def tell(mailed: Mailed, person: str, words: str, value: int | str | None = None, form: str = "0-10") -> None:
    """Somebody says this, to an ask where there is a value."""
    question = "How much do you feel just now, 0 to 10?" if value is not None else ""
    writer = mailed.world.store.inbound.writer(person, mailed.world.clock.now())
    assert writer is not None
    assert writer.after is not None
    said = Keep(writer.after.occurrence, words, value, form if value is not None else None, question)
    mailed.act(person, said)


def told_for_days(mailed: Mailed, person: str) -> None:
    """Numbers of four days, a line and some own words."""
    for day, number in enumerate((3, 7, 0, 10)):
        mailed.until(ONE + timedelta(days=day, hours=1))
        tell(mailed, person, f"about {number}", number)
    mailed.until(ONE + timedelta(days=4, hours=1))
    tell(mailed, person, "grey, and a little rain", "grey, and a little rain", "line")
    tell(mailed, person, "the cat was here " + "and purred " * 20)


def test_what_was_said_is_read_taken_along_and_erased_on_a_page_of_its_own(
    mailed: Mailed, follow: Callable[..., Page]
) -> None:
    told_for_days(mailed, "en")
    page = follow(mailed.link("Your page"))
    page.get_by_role("link", name="See your words").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your words")
    expect(page.locator("svg")).to_have_count(3)
    page.get_by_text("The numbers").first.click()
    expect(page.get_by_role("table").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a table").click()
    assert "grey, and a little rain" in Path(download.value.path()).read_text()

    page.get_by_role("button", name="Erase", exact=True).first.click()
    expect(page.get_by_role("status")).to_have_text("It is erased.")
    expect(page.get_by_text("the cat was here")).to_have_count(0)
    page.get_by_role("link", name="Erase all of it").click()
    page.get_by_role("button", name="Yes, erase my words").click()

    expect(page.get_by_text("There is nothing here so far.")).to_be_visible()
    assert mailed.world.store.answers.answers("en") == []


def test_by_the_keyboard_alone_ones_words_are_opened_and_erased(
    mailed: Mailed, follow: Callable[..., Page]
) -> None:
    tell(mailed, "en", "the only thing that was said")
    page = follow(mailed.link("Your page") + "/words")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "Erase":
            break
    page.keyboard.press("Enter")

    expect(page.get_by_text("There is nothing here so far.")).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_in_what_was_said_and_nothing_scrolls_sideways(
    mailed: Mailed, judged: Callable[..., Page], axe: Axe, scheme: str
) -> None:
    told_for_days(mailed, "en")
    for language in ("es", "fr"):
        tell(mailed, language, "gris, " * 60)
    pages = [f"{mailed.link(words, language)}/words" for language, words in OWN.items()]

    complaints = _judge(judged, axe, scheme, [*pages, f"{pages[0]}?notice=erased", f"{pages[1]}/erase"])

    assert complaints == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways_however_a_person_stands(
    mailed: Mailed, judged: Callable[..., Page], axe: Axe, scheme: str
) -> None:
    complaints = []
    mailed.act("fr", Pause(None))
    for language, words in OWN.items():
        own = mailed.link(words, language)
        ways = [own, f"{own}/erase", f"{own}x", mailed.link(LATER[language], language)]
        complaints += _judge(judged, axe, scheme, ways)
    mailed.act("en", Hold())
    mailed.act("es", OptOut(frozenset(ChannelName), "x"))
    ways = [mailed.link(OWN[one], one) for one in ("en", "es")] + [mailed.link("Your page") + "?notice=said"]
    complaints += _judge(judged, axe, scheme, ways)

    assert complaints == []


def _judge(judged: Callable[..., Page], axe: Axe, scheme: str, ways: list[str]) -> list[str]:
    found = []
    for way in ways:
        page = judged(way, viewport=SMALL, color_scheme=scheme)
        found += axe.complaints(page)
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.title()} scrolls sideways")
        page.context.close()
    return found
