"""The on-screen phone in a real browser: live, by tap and by keyboard, small, dark, without a script."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nudger.domain.model import ChannelName, Plan
from tests.support.axe import Axe
from tests.support.pages import Site
from tests.support.worlds.web import JOSE, World

pytestmark = pytest.mark.browser

MAYA = "#phone-maya"
SMALL = {"width": 320, "height": 640}

# For every element with words of its own: its contrast by WCAG 2.2, the lowest first.
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => channels(colour).slice(0, 3).map((value) => value / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const solid = (colour) => channels(colour)[3] !== 0;
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (solid(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const worded = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const all = [...document.body.querySelectorAll("*")];
  return all.filter((one) => worded(one) && one.checkVisibility()).map((one) => {
    const pair = [light(getComputedStyle(one).color), light(ground(one))].sort((a, b) => a - b);
    return [(pair[1] + 0.05) / (pair[0] + 0.05), one.tagName + "." + one.className, one.textContent];
  }).sort((a, b) => a[0] - b[0]);
}"""


def test_a_message_appears_by_itself(page: Page, site: Site) -> None:
    site.arrive("A slow breath out, if you like.")

    expect(page.locator(f"{MAYA} .bubble").last).to_contain_text("A slow breath out, if you like.")
    expect(page.locator(f"{MAYA} .talk")).to_have_attribute("aria-live", "polite")


def test_later_tapped_is_a_reply_and_the_answer_shows(page: Page, world: World) -> None:
    page.locator(MAYA).get_by_role("button", name="LATER").click()

    bubbles = page.locator(f"{MAYA} .bubble")
    expect(bubbles).to_have_count(3)
    expect(bubbles.nth(1)).to_contain_text("Maya: LATER")
    expect(bubbles.nth(2)).to_contain_text("OK, again at 3:30 pm.")
    assert [(reply.text, reply.channel) for reply in world.replies] == [("LATER", ChannelName.SMS)]


def test_words_are_typed_and_sent_with_the_keyboard_alone(page: Page, world: World) -> None:
    focused = "() => document.activeElement.id || document.activeElement.textContent.trim()"
    way = []
    while "text-maya" not in way:
        page.keyboard.press("Tab")
        way.append(page.evaluate(focused))
        assert len(way) < 30, way
    page.keyboard.type("snooze 2h")
    page.keyboard.press("Enter")

    expect(page.locator(f"{MAYA} .mine")).to_contain_text("snooze 2h")
    expect(page.get_by_label("Reply as Maya")).to_have_value("")
    expect(page.get_by_label("Reply as Maya")).to_be_focused()
    assert way[-5:-1] == ["LATER", "DONE", "SKIP", "HELP"]
    assert [reply.text for reply in world.replies] == ["snooze 2h"]


def test_what_has_the_focus_can_be_seen(page: Page) -> None:
    for _ in range(6):
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")

        assert outline == "3px"


def test_a_reply_that_does_not_get_through_is_kept_and_said(page: Page, site: Site, world: World) -> None:
    page.route("**/phone/reply", lambda route: route.fulfill(status=200, body=""))
    page.get_by_label("Reply as Maya").fill("first")
    page.get_by_label("Reply as Maya").press("Enter")
    expect(page.get_by_label("Reply as Maya")).to_have_value("")
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('gone')); }")
    page.get_by_label("Reply as Maya").fill("keep me")
    page.get_by_label("Reply as Maya").press("Enter")

    expect(page.get_by_role("status")).to_have_text("That did not go out. nudger does not answer.")
    expect(page.get_by_label("Reply as Maya")).to_have_value("keep me")


def test_an_email_is_a_card_with_its_subject(page: Page) -> None:
    card = page.locator("#phone-jose .mail")

    expect(card.locator(".subject")).to_have_text("Una pausa")
    expect(card).to_contain_text("Email")


def test_a_new_day_gets_its_name(page: Page, site: Site) -> None:
    site.world.at = site.world.at.replace(day=24)
    site.arrive("A new day.")

    expect(page.locator(f"{MAYA} .day")).to_have_text(["Monday 23 November", "Tuesday 24 November"])


def test_the_first_text_takes_the_place_of_the_empty_page(open_page: Callable[..., Page], site: Site) -> None:
    site.world.lines.clear()
    page = open_page()
    expect(page.get_by_text("Nothing yet.").first).to_be_visible()
    site.arrive("The first.", plan=JOSE)

    expect(page.locator("#phone-jose .bubble")).to_have_count(1)
    expect(page.locator("#phone-jose .empty")).to_be_hidden()


def test_the_clock_runs_as_fast_as_the_daemons(page: Page) -> None:
    clock = page.locator(f"{MAYA} [data-clock]")
    first = clock.inner_text()

    expect(clock).not_to_have_text(first)
    expect(clock).to_have_text(re.compile(r"2:3\d pm"))


def test_when_the_demo_moves_the_clock_on_the_page_follows(page: Page, site: Site) -> None:
    site.clock.advance_to(site.world.at.replace(day=24, hour=21, minute=10))

    expect(page.locator(f"{MAYA} [data-clock]")).to_have_text(re.compile(r"9:1\d pm"))
    expect(page.locator("#phone-jose [data-clock]")).to_have_text(re.compile(r"16:1\d"))
    expect(page.locator(f"{MAYA} [data-date]")).to_have_text("Tue 24 Nov")


def test_the_clock_is_paused_made_faster_and_moved_on(page: Page, site: Site) -> None:
    clock, pace = page.locator(f"{MAYA} [data-clock]"), page.locator("[data-pace]")
    page.get_by_role("button", name="Pause").click()
    expect(pace).to_have_text("The clock stands still.")
    held = clock.inner_text()
    page.get_by_role("button", name="Faster").click()
    expect(pace).to_have_text("The clock runs 120 times as fast as life.")
    expect(clock).not_to_have_text(held)
    page.get_by_role("button", name="Next nudge").click()

    expect(clock).to_have_text(re.compile(r"5:3\d pm"))
    assert site.clock.factor == 120


def test_without_a_script_the_clock_is_steered_too(open_page: Callable[..., Page], site: Site) -> None:
    page = open_page("/phone?person=maya", java_script_enabled=False)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The clock stands still.")).to_be_visible()
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_text("The clock runs 60 times as fast as life.")).to_be_visible()
    assert page.url.endswith("/phone?person=maya")


def test_the_conversation_stays_at_its_end(page: Page, site: Site) -> None:
    for number in range(30):
        site.arrive(f"Note {number}.")

    expect(page.locator(f"{MAYA} .bubble").last).to_be_in_viewport()
    expect(page.locator(f"{MAYA} .bubble").last).to_contain_text("Note 29.")


def test_without_a_script_the_conversation_can_be_read_and_answered(
    open_page: Callable[..., Page], world: World
) -> None:
    page = open_page(java_script_enabled=False)
    page.locator(MAYA).get_by_role("button", name="LATER").click()

    expect(page.locator(f"{MAYA} .bubble").last).to_contain_text("OK, again at 3:30 pm.")
    page.get_by_label("Reply as Maya").fill("thank you")
    page.get_by_role("button", name="Send as Maya").click()
    expect(page.locator(f"{MAYA} .bubble").last).to_contain_text("thank you")
    assert [reply.text for reply in world.replies] == ["LATER", "thank you"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(
    open_page: Callable[..., Page], site: Site, scheme: str
) -> None:
    site.world.say("DONE", inbound=True)
    site.world.say("hecho", JOSE, inbound=True, channel=ChannelName.EMAIL)
    page = open_page(color_scheme=scheme)

    contrasts = page.evaluate(CONTRASTS)

    assert len(contrasts) > 20
    assert contrasts[0][0] >= 4.5, contrasts[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/phone", "/phone?person=jose"])
def test_axe_finds_nothing_on_a_phone(
    open_page: Callable[..., Page], axe: Axe, site: Site, scheme: str, path: str
) -> None:
    site.world.say("DONE", inbound=True)
    site.world.say("hecho", JOSE, inbound=True, channel=ChannelName.EMAIL)

    complaints = axe.complaints(open_page(path, color_scheme=scheme))

    assert complaints == []


def test_axe_finds_nothing_on_the_list_of_phones(
    open_page: Callable[..., Page], axe: Axe, site: Site
) -> None:
    site.world.plans = [Plan(f"p{number}", f"Person {number}", "UTC", phone="+1") for number in range(30)]

    complaints = axe.complaints(open_page())

    assert complaints == []


def test_light_and_dark_are_two_faces(open_page: Callable[..., Page]) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"

    faces = {open_page(color_scheme=scheme).evaluate(ground) for scheme in ("light", "dark")}

    assert len(faces) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_the_smallest_screen_nothing_has_to_be_scrolled_sideways(
    open_page: Callable[..., Page], site: Site, tmp_path: Path, scheme: str
) -> None:
    site.world.say("Averylongwordwithoutanyspaces" * 5)
    page = open_page(viewport=SMALL, color_scheme=scheme)

    overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    buttons = page.locator("button").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height)"
    )

    assert overflow <= 0
    assert min(buttons) >= 44
    page.screenshot(path=tmp_path / "small.png")


def test_who_wants_no_motion_sees_none(open_page: Callable[..., Page], site: Site) -> None:
    page = open_page(reduced_motion="reduce")
    site.arrive("Still.")
    expect(page.locator(f"{MAYA} .bubble.new")).to_have_count(1)

    animation = page.locator(f"{MAYA} .bubble.new").evaluate("one => getComputedStyle(one).animationName")

    assert animation == "none"
