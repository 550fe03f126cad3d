import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.messages.wording.texts import GSM7_BASIC, GSM7_EXTENDED, count, to_gsm7


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 80 + "a", "GSM-7", 161, 2),
        ("ж" * 70, "UCS-2", 70, 1),
        ("ж" * 71, "UCS-2", 71, 2),
        ("ж" * 134, "UCS-2", 134, 2),
        ("ж" * 135, "UCS-2", 135, 3),
        ("\U0001f600" * 35, "UCS-2", 70, 1),
        ("\U0001f600" * 36, "UCS-2", 72, 2),
        ("line one\nline two", "GSM-7", 17, 1),
        ("¿Qué tal, señor? À", "UCS-2", 18, 1),
    ],
)
def test_a_text_takes_the_segments_that_the_standard_gives_it(
    text: str, encoding: str, units: int, segments: int
) -> None:
    cost = count(text)
    assert (cost.encoding, cost.units, cost.segments) == (encoding, units, segments)


def test_an_escape_pair_is_not_split_between_segments() -> None:
    split = "a" * 152 + "€" + "a" * 152
    assert (count(split).units, count(split).segments) == (306, 3)


def test_a_surrogate_pair_is_not_split_between_segments() -> None:
    split = "ж" * 66 + "\U0001f600" + "ж" * 66
    assert (count(split).units, count(split).segments) == (134, 3)


@pytest.mark.parametrize(
    ("text", "culprit"),
    [("plain", None), ("It’s fine", "’"), ("café à çà", "ç"), ("ok \U0001f600…", "\U0001f600")],
)
def test_the_culprit_is_the_first_character_that_forces_ucs_2(text: str, culprit: str | None) -> None:
    assert count(text).culprit == culprit


@given(st.text(st.sampled_from(sorted(GSM7_BASIC))))
def test_basic_characters_cost_one_septet_each(text: str) -> None:
    cost = count(text)
    assert (cost.encoding, cost.units) == ("GSM-7", len(text))
    assert cost.segments == (1 if len(text) <= 160 else -(-len(text) // 153))


@given(st.text(st.sampled_from("a€жñ\U0001f600[")), st.text(st.sampled_from("a€жñ\U0001f600[")))
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert count(text + more).segments >= count(text).segments


@given(st.text())
def test_units_are_those_of_utf_16_where_gsm_7_cannot_hold_the_text(text: str) -> None:
    cost = count(text)
    if cost.encoding == "UCS-2":
        assert cost.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    else:
        assert cost.units == len(text) + sum(one in GSM7_EXTENDED for one in text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“It’s fine”, he said – or not…", '"It\'s fine", he said - or not...'),
        ("one\u00a0two\u202fthree\tfour", "one two three four"),
        ("zero\u200bwidth", "zerowidth"),
        ("cafe\u0301", "café"),
        ("mañana, ça, Zoë", "mañana, ça, Zoë"),
        ("already plain", "already plain"),
    ],
)
def test_typography_becomes_plain_and_letters_stay(text: str, plain: str) -> None:
    assert to_gsm7(text) == plain


@given(st.text())
def test_making_plain_twice_changes_nothing_more(text: str) -> None:
    assert to_gsm7(to_gsm7(text)) == to_gsm7(text)
