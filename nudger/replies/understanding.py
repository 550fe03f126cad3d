"""From the text of a reply to what it means. The order is the promise of DESIGN, "Replies":

a bare opt-out keyword, crisis, an opt-out phrase, commands, and what is left is not understood.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from nudger.model import Window
from nudger.replies.folding import fold
from nudger.replies.intent import Intent, Understood
from nudger.replies.languages import Language, Words
from nudger.replies.moments import Now
from nudger.replies.taps import Left, frame, without_ours, words_of
from nudger.replies.tokens import Tokens, tokens

UNKNOWN = Understood(Intent.UNKNOWN)
NOBODYS = Understood(Intent.UNKNOWN, automatic=True)
_LONGEST_KEYWORD = 4  # words
_SHORT = 3  # letters around an emoji on a tap: "to", "zu", "em"
CRISIS = Understood(Intent.CRISIS, crisis=True)


def understand(
    text: str,
    *,
    language: str,
    now: datetime,
    zone: tzinfo,
    snooze: timedelta,
    quiet: Window | None,
    words: Words,
    ours: Sequence[str] = (),
) -> Understood:
    """What a reply means to somebody of this language, here and now. Every text gets an answer.

    `now` is an aware UTC datetime; `snooze` is what a bare LATER puts off by; a snooze that lands in
    `quiet` moves to its end; `ours` are the messages that were lately sent to them. Only the first 1,600
    characters are looked at.
    """
    folded = fold(text)
    here = Now(now, zone, snooze, quiet)
    left = without_ours(folded, ours)
    if left is not None:
        return _beside_ours(left, language, here, words)
    around = frame(folded)
    meaning = words.reactions.get(words_of(around)) if around is not None else None
    if around is not None and meaning is not None:
        return _tap(meaning, around, here, words)
    return _own(folded, language, here, words)


def _beside_ours(left: Left, language: str, here: Now, words: Words) -> Understood:
    """What a person wrote beside words of ours; or a tap on them, which says nothing where it is in words
    that nobody here knows."""
    around = left.frame
    if not left.own and around is None:
        return NOBODYS  # our own words, sent back
    if around is None:
        return _own(left.own, language, here, words)
    if left.own:
        return _own(f"{left.own}\n{around}", language, here, words)
    known = words_of(around)
    if (meaning := words.reactions.get(known)) is not None:
        return replace(_tap(meaning, around, here, words), tapped=left.which)
    # Never missed, wherever it stands: STOP "A short rest?"
    said = _own(around, language, here, words)
    if said.intent is Intent.STOP or said.crisis:
        return said
    understood = _tap("emoji", around, here, words) if len(known) <= _SHORT else NOBODYS
    return replace(understood, tapped=left.which)


def _tap(meaning: str, around: str, here: Now, words: Words) -> Understood:
    intent = _emoji(around, words) if meaning == "emoji" else Intent(meaning)
    return NOBODYS if intent is Intent.UNKNOWN else here.understood(intent)


def _own(folded: str, language: str, here: Now, words: Words) -> Understood:
    """What a person wrote, with all that a mail program or a phone put around it."""
    own = words.letters.own_words(folded)
    if not own.strip():
        # All of it is quoted: nobody's command, but a crisis is not missed for a ">".
        return CRISIS if words.crisis.speaks(tokens(folded).words) else UNKNOWN
    near = words.near(language)
    plain = tokens(near[0].spelling.uncover(own))
    if not plain.words:
        return here.understood(_emoji(own, words))
    return _in_order(plain, near, here, words)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as it reads in one language."""

    language: Language
    text: Tokens


def _in_order(plain: Tokens, near: Sequence[Language], here: Now, words: Words) -> Understood:
    """The text is read in the person's language, misspellings put right, then in English as written:
    "stp" is a misspelt stop in one language, and please in another."""
    right = near[0].spelling.correct(plain)
    readings = [_Reading(near[0], right)] + [_Reading(one, plain) for one in near[1:]]
    if near[0].slipped(right.words) or _keyword(plain, words) or _keyword(right, words):
        return _stop(readings)
    sure = any(one.language.optout.sure(one.text) for one in readings)
    if words.crisis.speaks(plain.words) or (right != plain and words.crisis.speaks(right.words)):
        return _stop(readings, crisis=True) if sure else CRISIS
    if sure or any(one.language.optout.meant(one.text) for one in readings):
        return _stop(readings)
    return next((understood for understood in _commands(readings, here) if understood is not None), UNKNOWN)


def _keyword(text: Tokens, words: Words) -> bool:
    """Whether a keyword of any language is all there is, however often."""
    if len(text.words) > _LONGEST_KEYWORD and len(set(text.words)) > 1:
        return False
    once = text.words[:1] if len(set(text.words)) == 1 else text.words
    return any(one.optout.alone(once) for one in words.languages.values())


def _stop(readings: Sequence[_Reading], *, crisis: bool = False) -> Understood:
    everywhere = any(one.language.optout.everywhere.found(one.text.words) for one in readings)
    return Understood(Intent.STOP, everywhere=everywhere, crisis=crisis)


def _commands(readings: Sequence[_Reading], here: Now) -> Iterator[Understood | None]:
    """The whole text in each language, then its clauses: "nap time for the baby, later"."""
    for one in readings:
        yield one.language.commands.understand(one.text.words, here)
    for one in readings:
        clauses = list(one.text.clauses())
        for clause in clauses if len(clauses) > 1 else ():
            yield one.language.commands.understand_clause(clause, here)


def _emoji(folded: str, words: Words) -> Intent:
    """The meaning of a text of emoji: a stop outweighs all others, else the first that has one."""
    found = [words.emoji[mark] for mark in folded if mark in words.emoji]
    if Intent.STOP in found:
        return Intent.STOP
    return found[0] if found else Intent.UNKNOWN
