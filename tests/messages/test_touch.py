"""Links in an email to get in touch with a contact."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from nudger.domain.model import Contact
from nudger.messages import Wording, compose
from nudger.messages.wording.email import Anchor, ways_to

SAM = Contact("Sam", "brother", "+447700900456", "sam@example.org")


def test_a_contact_is_a_text_a_call_or_a_mail_away(wording: Wording) -> None:
    hello = "Hi%20Sam%2C%20just%20a%20small%20hello%20from%20me."

    assert list(ways_to(SAM, wording.texts["en"])) == [
        Anchor("Text Sam", f"sms:+447700900456?body={hello}"),
        Anchor("Call Sam", "tel:+447700900456"),
        Anchor("Write to Sam", f"mailto:sam@example.org?body={hello}"),
    ]


@pytest.mark.parametrize(
    ("contact", "schemes"),
    [
        (Contact("Jo", phone="+447700900456"), ["sms", "tel"]),
        (Contact("Jo", email="jo@example.org"), ["mailto"]),
        (Contact("Jo"), []),
    ],
)
def test_only_what_is_known_of_them_is_offered(
    contact: Contact, schemes: list[str], wording: Wording
) -> None:
    assert [urlsplit(way.address).scheme for way in ways_to(contact, wording.texts["en"])] == schemes


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize("name", ["Zoë & Max", "Ana?subject=x", 'A"<b>', "Søren 100%"])
def test_a_name_changes_nothing_but_the_words(name: str, language: str, wording: Wording) -> None:
    contact = Contact(name, phone="+447700900456", email="a+b%c&d=e?f@example.org")

    text, _, mail = ways_to(contact, wording.texts[language])

    for way in (text, mail):
        parts = urlsplit(way.address)
        assert list(parse_qs(parts.query, strict_parsing=True)) == ["body"]
        assert name in parse_qs(parts.query)["body"][0]
    assert unquote(urlsplit(mail.address).path) == "a+b%c&d=e?f@example.org"


def test_both_parts_of_an_email_have_them_above_the_footer(wording: Wording) -> None:
    parts = compose("You could call Sam.", "A hello", "en", wording, contact=SAM)

    body, _, _ = parts.text.partition("\n-- \n")
    assert "Call Sam: tel:+447700900456" in body
    assert '<a href="tel:+447700900456">Call Sam</a>' in parts.html
    assert parts.html.index("tel:") < parts.html.index("<footer")


def test_an_email_that_names_nobody_has_none(wording: Wording) -> None:
    parts = compose("A rest?", "A small pause", "en", wording)

    assert "tel:" not in parts.text + parts.html
