from html.parser import HTMLParser

import pytest

from nudger.domain.tokens import Action
from nudger.messages import Wording, compose


class Tags(HTMLParser):
    """The elements of a page, in order, and whether each one that opens also closes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes[tag] = dict(attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_plain_text_comes_with_a_footer_that_is_honest(wording: Wording) -> None:
    stop = "https://nudger.example/stop"
    parts = compose("One quiet minute.", "A small pause", "en", wording, links={Action.STOP: stop})
    assert parts.text == (
        f"One quiet minute.\n\n-- \nStop these emails: {stop}\n"
        "This note is automated. No person reads the replies, and it is not for emergencies.\n"
    )


def test_a_link_to_stop_stands_in_both_parts(wording: Wording) -> None:
    link = "https://nudger.example/stop?a=1&b=2"
    parts = compose("Hello.", "A small pause", "en", wording, links={Action.STOP: link})
    assert f"\nStop these emails: {link}\n" in parts.text
    assert Tags(parts.html).attributes["a"]["href"] == link
    assert "&amp;b=2" in parts.html


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "To stop these emails, please tell whoever set them up for you."),
        ("es", "Si ya no quieres estos correos, díselo a quien los preparó para ti."),
        ("fr", "Pour ne plus recevoir ces e-mails, dites-le à la personne qui les a mis en place pour vous."),
    ],
)
def test_where_nothing_else_stops_them_it_names_whom_to_tell(
    language: str, line: str, wording: Wording
) -> None:
    parts = compose("Hello.", "A small pause", language, wording)

    assert parts.text.endswith(f"{line}\n")
    assert line in parts.html
    assert "STOP" not in parts.text


def test_without_a_link_it_says_where_to_write(wording: Wording) -> None:
    parts = compose("Hello.", "A small pause", "fr", wording, stop_address="stop@example.org")
    line = "Pour ne plus recevoir ces e-mails, écrivez STOP à stop@example.org."
    assert line in parts.text
    assert "stop@example.org" in parts.html


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
def test_the_page_is_one_plain_column_in_its_language(language: str, wording: Wording) -> None:
    html = compose(
        "Hello.", "A small pause", language, wording, links={Action.STOP: "https://x.example/"}
    ).html
    tags = Tags(html)
    assert html.startswith("<!doctype html>")
    assert tags.attributes["html"]["lang"] == language
    assert not tags.open
    assert not {"img", "table", "script", "link", "style"} & set(tags.names)
    assert "color:" not in html.replace("color-scheme", "")


def test_what_people_wrote_is_escaped_in_the_page(wording: Wording) -> None:
    parts = compose("<script>alert(1)</script> & so on", "Hi <b>", "en", wording)
    assert "<script>" not in parts.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on" in parts.html
    assert "<title>Hi &lt;b&gt;</title>" in parts.html
    assert parts.text.startswith("<script>alert(1)</script> & so on")


def test_lines_and_paragraphs_stay(wording: Wording) -> None:
    html = compose("one\ntwo\n\nthree", "Hi", "en", wording).html
    assert "<p>one<br>two</p>" in html
    assert "<p>three</p>" in html


def test_a_subject_is_one_line(wording: Wording) -> None:
    parts = compose("Hello.", "Hi\r\nBcc: someone@example.org", "en", wording)
    assert parts.subject == "Hi Bcc: someone@example.org"
