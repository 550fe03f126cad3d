"""The model's own arithmetic: weights as they are written, and texts long and short."""

from math import exp, tanh

import pytest

from nudger.replies import CrisisKind, Intent
from nudger.replies.intent.likelihood import (
    FIRST,
    HIDDEN,
    LEVELS,
    LOW,
    OUTCOMES,
    WINDOW,
    Likelihood,
    read_weights,
    windows,
)
from nudger.replies.language.wordlists import WordsError

HEAD = "# made by `make weights` from 2 texts of tests/replies, 0"
STEP = " ".join(["0.1", *["0"] * HIDDEN])
FEATURES = {"self": 0, LOW: 1, "stop": 2}  # the hidden feature that tells each of these, with a weight of 10


def outcome(name: str) -> str:
    found = ["0"] * (HIDDEN + 1)
    if name in FEATURES:
        found[1 + FEATURES[name]] = "10"
    return " ".join(found)


EVEN = "\n".join([STEP, *map(outcome, OUTCOMES)])


def line(part: str, *, rarity: int = 0, **levels: int) -> str:
    """A part that is no rarer than any, but `rarity` tenths, with its weights in steps of a tenth."""
    whole = [LEVELS // 2] * HIDDEN
    for name, level in levels.items():
        whole[FEATURES[name]] += level
    pairs = [chr(FIRST + LEVELS * one + other) for one, other in zip(whole[::2], whole[1::2], strict=True)]
    return f"{part}{chr(FIRST + rarity)}{''.join(pairs)}"


def model(*lines: str) -> Likelihood:
    return Likelihood(read_weights("\n".join([HEAD, EVEN, *lines])), {})


def test_a_weight_counts_by_the_share_that_its_part_has_of_the_text() -> None:
    # Of four words of one rarity each is a half of the vector: a weight of 0.4 moves its feature by 0.2.
    heard = model(line("one", self=4), line("two"), line("three"), line("four")).of(
        ["one", "two", "three", "four"], ""
    )

    assert heard is not None
    of_it = exp(10 * tanh(0.2))
    assert heard.chances[OUTCOMES.index("self")] == pytest.approx(of_it / (of_it + len(OUTCOMES) - 1))


def test_what_is_rarer_weighs_more() -> None:
    words = ["one", "two", "three", "four"]
    common = model(line("one", self=4), line("two"), line("three"), line("four")).of(words, "")
    rare = model(line("one", rarity=50, self=4), line("two"), line("three"), line("four")).of(words, "")

    assert common is not None
    assert rare is not None
    assert rare.crisis > common.crisis


def test_low_is_danger_and_no_crisis() -> None:
    heard = model(line("one", low=4)).of(["one"], "")

    assert heard is not None
    assert heard.kind is CrisisKind.SELF
    assert heard.danger > 0.5 > heard.crisis


def test_what_opts_out_beside_danger_is_likely_to_opt_out() -> None:
    heard = model(line("one", self=4), line("two", stop=2)).of(["one", "two"], "")

    assert heard is not None
    assert heard.stops_beside_danger > heard.of(Intent.STOP)
    assert heard.meant is Intent.STOP


def test_of_words_that_nobody_knows_nothing_is_heard() -> None:
    known = model(line("one", self=4))

    assert known.of(["eins", "zwei", "drei", "one"], "eins zwei drei one") is None


def test_the_worst_part_of_a_long_text_counts() -> None:
    known = model(line("bad", self=4), line("good"))
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
        (HEAD, f"line 2: expected {HIDDEN + 1} numbers"),
        (f"{HEAD}\n0.1 0 0", f"line 2: expected {HIDDEN + 1} numbers"),
        (f"{HEAD}\n{STEP}\n0 0", f"line 3: expected {HIDDEN + 1} numbers"),
        (f"{HEAD}\n{EVEN}\nOOO", f"expected a part, its rarity and {HIDDEN} weights"),
    ],
)
def test_what_make_weights_did_not_write_is_refused(source: str, says: str) -> None:
    with pytest.raises(WordsError, match=says):
        read_weights(source)
