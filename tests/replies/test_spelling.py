"""Misspelt words: put right where it is safe, and never towards or away from an opt-out."""

from string import ascii_lowercase

import pytest

from nudger.replies import Intent
from nudger.replies.language.normalisation import distance

# Ordinary words that are one letter away from a keyword, and commands in their own right.
WORDS_OF_THEIR_OWN = {"send", "quiet", "quite", "eod", "finished"}


def edits(word):
    """Every text that is one edit away."""
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    without = {left + right[1:] for left, right in splits if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    other = {left + letter + right[1:] for left, right in splits if right for letter in ascii_lowercase}
    more = {left + letter + right for left, right in splits for letter in ascii_lowercase}
    return sorted((without | swapped | other | more) - {word, ""})


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("snoze", "snooze"),
        ("lter", "snooze"),
        ("doen", "done"),
        ("skpi", "skip"),
        ("puase", "pause"),
        ("resme", "resume"),
        ("hlep", "help"),
        ("tomorow", "snooze"),
        ("snoooooze", "snooze"),
        ("yesss", "start"),
        ("nooo", "skip"),
        ("d o n e", "done"),
        ("l8r", "snooze"),
        ("2moro", "snooze"),
    ],
)
def test_a_misspelt_command_is_understood(text, intent, here):
    assert here.read(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "stpo",
        "sotp",
        "tsop",
        "stopp",
        "STOOOOP",
        "st0p",
        "S T O P",
        "S.T.O.P",
        "unsubcribe",
        "unsuscribe",
        "usubscribe",
        "UNSUBSCIRBE",
        "cancle",
        "qiut",
        "remvoe",
        "unsubscribbe",
    ],
)
def test_a_misspelt_keyword_opts_out_where_it_is_all_of_the_text(text, here):
    assert here.read(text).intent is Intent.STOP


@pytest.mark.parametrize(
    "text", ["step", "shop", "spot", "top", "slop", "bend", "quilt", "cancer", "moved", "atop"]
)
def test_an_ordinary_word_that_is_one_letter_from_a_keyword_is_not_one(text, here):
    assert here.read(text).intent is Intent.UNKNOWN


@pytest.mark.parametrize(
    "command",
    [
        "later",
        "snooze",
        "done",
        "skip",
        "pause",
        "resume",
        "now",
        "plan",
        "less",
        "more",
        "help",
        "info",
        "start",
        "tomorrow",
        "tonight",
        "remind me",
        "busy",
        "soon",
    ],
)
def test_no_typo_makes_an_opt_out_or_a_crisis_of_a_command(command, here):
    dangerous = [text for text in edits(command) if here.read(text).intent in {Intent.STOP, Intent.CRISIS}]

    assert dangerous == []


@pytest.mark.parametrize(
    "keyword", ["stop", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "remove"]
)
def test_no_typo_makes_a_command_of_an_opt_out(keyword, here):
    read = {text: here.read(text).intent for text in edits(keyword)}

    wrong = {text for text, intent in read.items() if intent not in {Intent.STOP, Intent.UNKNOWN}}

    assert wrong <= WORDS_OF_THEIR_OWN | {"esnd", "queit"}  # swaps of those


@pytest.mark.parametrize(
    "text", ["I'm in mourning", "the launch went well", "it was a warning", "turn right", "I might"]
)
def test_ordinary_words_near_ours_are_left_alone(text, here):
    assert here.read(text).intent is Intent.UNKNOWN


@pytest.mark.parametrize("text", ["s'il te plait plus tard", "plus tard stp", "demain stp"])
def test_please_in_one_language_is_no_stop_of_another(text, here):
    assert here.__class__(here.words, language="fr").read(text).intent is Intent.SNOOZE


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("stop", "stop", 0),
        ("stpo", "stop", 1),
        ("step", "stop", 1),
        ("stopp", "stop", 1),
        ("", "abc", 3),
        ("tomorow", "tomorrow", 1),
        ("tommorow", "tomorrow", 2),
    ],
)
def test_a_swap_of_neighbours_is_one_edit(one, other, edits):
    assert distance(one, other) == distance(other, one) == edits
