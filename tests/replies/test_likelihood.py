"""The model's own arithmetic: weights as they are written, and texts long and short."""

from math import exp

import pytest

from nudger.replies import CrisisKind
from nudger.replies.intent.likelihood import LOWEST, OUTCOMES, WINDOW, ZERO, Likelihood, read_weights, windows
from nudger.replies.language.wordlists import WordsError

HEAD = "# made by `make weights` from 2 texts of tests/replies, 0"
EVEN = "0.1 0 0 0 0 0 0 0"


def line(part: str, *, rarity: int = 0, **steps: int) -> str:
    """A part that is no rarer than any, but `rarity` tenths, with its weights in steps of a tenth."""
    weights = "".join(chr(ZERO + steps.get(outcome, 0)) for outcome in OUTCOMES)
    return f"{part}{chr(LOWEST + rarity)}{weights}"


def model(*lines: str) -> Likelihood:
    return Likelihood(read_weights("\n".join([HEAD, EVEN, *lines])), {})


def test_a_weight_counts_by_the_share_that_its_part_has_of_the_text() -> None:
    # Four words of one rarity are a vector whose parts are a half each: a weight of 2 lifts its outcome by 1.
    heard = model(line("one", self=20), line("two"), line("three"), line("four")).of(
        ["one", "two", "three", "four"], ""
    )

    assert heard is not None
    of_crises = exp(1) + len(CrisisKind) - 1
    assert heard.crisis == pytest.approx(of_crises / (of_crises + len(OUTCOMES) - len(CrisisKind)), abs=0.01)


def test_what_is_rarer_weighs_more() -> None:
    words = ["one", "two", "three", "four"]
    common = model(line("one", self=20), line("two"), line("three"), line("four")).of(words, "")
    rare = model(line("one", rarity=50, self=20), line("two"), line("three"), line("four")).of(words, "")

    assert common is not None
    assert rare is not None
    assert rare.crisis > common.crisis


def test_low_is_danger_and_no_crisis() -> None:
    heard = model(line("one", low=40), *map(line, ("two", "three", "four"))).of(
        ["one", "two", "three", "four"], ""
    )

    assert heard is not None
    assert heard.kind is CrisisKind.SELF
    assert heard.danger > 0.75 > 0.5 > heard.crisis


def test_of_few_words_and_of_words_that_nobody_knows_nothing_is_heard() -> None:
    known = model(line("one", self=20))

    assert known.of(["one", "one", "one"], "one one one") is None
    assert known.of(["eins", "zwei", "drei", "one"], "eins zwei drei one") is None


def test_the_worst_part_of_a_long_text_counts() -> None:
    known = model(line("bad", self=40), line("good"))
    long = ["good"] * 10 * WINDOW + ["bad"] * WINDOW

    heard = known.of(long, " ".join(long))

    assert heard is not None
    assert heard.crisis == pytest.approx(known.of(["bad"] * WINDOW, "").crisis)  # type: ignore[union-attr]


def test_the_windows_of_a_long_text_have_every_word_as_it_was_written() -> None:
    words = [f"w{number}" for number in range(2 * WINDOW + 7)]

    found = list(windows(words, " ".join(words)))

    assert {word for some, _ in found for word in some} == set(words)
    assert all(" ".join(some) == written for some, written in found)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "the first line does not say"),
        (EVEN, "the first line does not say"),
        (HEAD, "line 2: expected a step and 7 numbers"),
        (f"{HEAD}\n0.1 0 0", "line 2: expected a step and 7 numbers"),
        (f"{HEAD}\n{EVEN}\nOOO", "expected a part, its rarity and 7 weights"),
    ],
)
def test_what_make_weights_did_not_write_is_refused(source: str, says: str) -> None:
    with pytest.raises(WordsError, match=says):
        read_weights(source)
