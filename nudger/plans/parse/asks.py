"""What a nudge can ask: how `ask` is written in a plan, and which choices people could not answer with."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nudger.domain.model import AskForm
from nudger.plans.format.faults import Breach, Facts, Wrong, did_you_mean, listed, shown
from nudger.plans.parse import details

SPAN = r"(?:[0-9]|[1-9][0-9])-(?:[1-9]|[1-9][0-9]|100)"
FEWEST, MOST = 2, 6  # words to choose from
LONGEST_CHOICE = 30  # characters of one: six of them fit a text
ONLY_WITH_ASK = ("answer_within", "thanks")
# Spans and words as people write them, with what is meant.
_ANY_SPAN = re.compile(r"(\d{1,4})\s*(?:-|–|to|\.\.|/)\s*(\d{1,4})")
_MEANT = {
    "yes/no": ("yes-no", "yes no", "yes or no", "yesno", "y/n", "yes", "bool", "boolean", "no/yes"),
    "line": ("text", "words", "one line", "a line", "free", "open", "sentence", "diary", "string"),
    "0-10": ("number", "scale", "score", "rating", "10", "0..10", "integer", "int"),
}
_EXPECTED = 'expected "line", "yes/no", a span like "0-10", or a list of 2 to 6 words'
# Who writes one of these opts out, whatever was asked: the law, and every provider, take it so.
_OPT_OUTS = frozenset(
    ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "remove")
)


def read_ask(value: object, facts: Facts) -> str:
    """Reads what a nudge asks, as the form that replies are read by: "calm|flat|tense" of a list."""
    if isinstance(value, list):
        return "|".join(_choices(value, facts))
    text = value.strip() if isinstance(value, str) else ""
    if _ANY_SPAN.fullmatch(text):
        return _span(text)
    if text not in (AskForm.LINE, AskForm.YES_NO):
        raise Wrong(f"{_EXPECTED}, got {shown(value)}", _hint(text))
    return text


def _span(text: str) -> str:
    found = _ANY_SPAN.fullmatch(text)
    low, high = (int(found[1]), int(found[2])) if found else (0, 0)
    if re.fullmatch(SPAN, text) and low < high:
        return text
    least, most = min(low, high), max(low, high)
    guess = f'"{least}-{most}"' if least < most <= 100 else ""
    expected = f"expected a span of whole numbers within 0 to 100, the lower one first, got {shown(text)}"
    raise Wrong(expected, did_you_mean(guess.strip('"'), 'like "0-10" or "1-5"'))


def _hint(text: str) -> str:
    folded = text.casefold()
    if "|" in text or "," in text:
        words = [one.strip() for one in re.split(r"[|,]", text) if one.strip()]
        return f"write a list: [{', '.join(shown(one) for one in words)}]"
    guess = next((form for form, names in _MEANT.items() if folded == form or folded in names), "")
    return did_you_mean(guess, "one text that says what is asked")


def _choices(value: Sequence[object], facts: Facts) -> Sequence[str]:
    if not FEWEST <= len(value) <= MOST:
        raise Wrong(f"expected {FEWEST} to {MOST} words to choose from, got {len(value)}")
    words = [_choice(one, facts) for one in value]
    split = [tuple(one.casefold().split()) for one in words]
    for at, one in enumerate(split):
        for other in (*split[:at], *split[at + 1 :]):
            if _is_in(one, other):
                longer, shorter = shown(" ".join(other)), shown(words[at])
                expected = f"expected choices of which none holds another, got {shorter} in {longer}"
                raise Wrong(expected, "an answer could mean both: use other words")
    return words


def _choice(value: object, facts: Facts) -> str:
    if not isinstance(value, str) or not value.strip() or len(value.strip()) > LONGEST_CHOICE:
        raise Wrong(f"expected a word of at most {LONGEST_CHOICE} characters, got {shown(value)}")
    word = value.strip()
    if "|" in word or not details.is_plain(word) or not any(one.isalnum() for one in word):
        raise Wrong(f"expected a word that somebody can type, got {shown(value)}", 'letters, without "|"')
    stops = {facts.wording.command(language, "STOP").casefold() for language in facts.wording.languages}
    if " ".join(word.casefold().split()) in _OPT_OUTS | stops:
        hint = "whoever answers with it opts out of all messages: use another word"
        raise Wrong(f"expected a word that does not opt out, got {shown(value)}", hint)
    return word


def _is_in(phrase: Sequence[str], words: Sequence[str]) -> bool:
    return any(
        tuple(words[at : at + len(phrase)]) == tuple(phrase) for at in range(len(words) - len(phrase) + 1)
    )


def ask_breaches(values: Mapping[str, Any]) -> Iterator[Breach]:
    """Finds what is wrong with the keys of a nudge about asking, taken together."""
    given = [key for key in ONLY_WITH_ASK if key in values]
    if given and "ask" not in values:
        keys = listed((f'"{one}"' for one in given), "and")
        hint = 'add ask = "line", or take it away'
        yield Breach(given[0], f'expected "ask" beside {keys}, got none', hint)
