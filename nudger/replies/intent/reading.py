"""From the text of a reply to what it means. The order is the promise of DESIGN, "Understanding":

a bare opt-out keyword, crisis, an opt-out phrase, concern, automatic replies, commands, and what is left are
the person's own words. Nothing is obeyed as a command where the text holds a word of means, death, attempt or
being hurt: it is a concern then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from nudger.domain.model import Kind, Window
from nudger.replies.intent.answers import BOUNDED, EVERYWHERE, REFUSED, UNDONE, UNTIL
from nudger.replies.intent.asked import AnswerForm, Offered, without_shares
from nudger.replies.intent.danger import Verdict
from nudger.replies.intent.languages import Language, Words
from nudger.replies.intent.likelihood import MEANT, Heard
from nudger.replies.intent.meanings import UNKNOWN, CrisisKind, Intent, Understood, plainly
from nudger.replies.language.normalisation import Tokens, fold, tokens
from nudger.replies.language.phrases import Looked
from nudger.replies.language.quoting import Left, frame, without_ours, words_of
from nudger.replies.time.resolution import Now

NOBODYS = Understood(Intent.UNKNOWN, automatic=True)
DISLIKED = f"{Intent.DISLIKE}.within"
_LONGEST_KEYWORD = 4  # words
# How likely opting out has to be to the model: where a phrase says so outright, in other words, not at all.
_SAID_OUTRIGHT, _SAID_OTHERWISE, _UNSAID, _UNSAID_IN_FEW = 0.05, 0.1, 0.5, 0.9
# From how likely danger on a text is obeyed only where it is nothing but a command.
_WARY = 0.35
# Below how likely a command that a rule has found gives way to what the model is so sure of.
_DOUBTED, _SURELY, _ONLY_SAID = 0.05, 0.5, 0.9
_DOUBTFUL = frozenset(MEANT) - {Intent.UNDO, Intent.AWAY, Intent.DISLIKE, Intent.TRAVEL, Intent.WHO}
# How likely a command that no rule has found has to be, and as a share of how likely nothing is asked for.
_LEAST_MEANT, _BESIDE_SAID = 0.2, 0.5
_FEW = 3  # words of a command that is all of a text
_HEDGED = 5  # words of an answer that the model takes for a concern, as it does short ones
_ASKING = 6  # the same, of what asks for something that nobody tells of themselves
_ASKS = (
    Intent.PLAN,
    Intent.PAUSE,
    Intent.RESUME,
    Intent.LESS,
    Intent.MORE,
    Intent.HELP,
    Intent.WHO,
    Intent.UNDO,
)
_NOT_BESIDE = (Intent.START, Intent.STOP, Intent.DONE, Intent.SAID)  # an answer: "7 ok", "5 did it"
# What a number that no form takes was read as: "12" is no snooze under 0-10.
_OF_NUMBERS = (Intent.SNOOZE, Intent.PAUSE, Intent.UNKNOWN, Intent.SAID, Intent.DONE)
_NO_WORDS = 2  # so many that nobody knows are none
# Consent has to be clear, and opting out has its own rules.
_NEVER_GUESSED = (Intent.START, Intent.STOP)
_PLAIN_ANYWAY = (Intent.STOP, Intent.START, Intent.CRISIS, Intent.CONCERN)
_SHORT = 3  # letters around an emoji on a tap: "to", "zu", "em"


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
    after_nudge: Kind | None = None,
    country: str | None = None,
    contacts: Mapping[str, str] | None = None,
    ask: AnswerForm | None = None,
    asked_consent: bool = False,
) -> Understood:
    """What a reply means to somebody of this language, here and now. Every text gets an answer.

    `now` is an aware UTC datetime; `snooze` is what a bare LATER puts off by; a snooze that lands in
    `quiet` moves to its end; `ours` are the messages that were lately sent to them; `after_nudge` is the kind
    of the nudge that it answers, if there was one; `country` says whose dates and holidays are meant;
    `ask` is what an open ask wants; `contacts` are the names of their contacts with the relation;
    `asked_consent`: the question for consent is open. Only the first 1,600 characters are looked at."""
    folded, here = fold(text), Now(now, zone, snooze, quiet, country, contacts or {})
    found = _understand(folded, ours, language, here, words)
    if asked_consent:
        found = _to_the_question(found, folded, language, words)
    if ask is not None and not found.automatic:
        found = _answered(text, folded, ask, found, language, here, words)
    if found is UNKNOWN and after_nudge is not None and _has_words(folded, language, words):
        return Understood(Intent.SAID)
    return found


def _answered(
    text: str, folded: str, ask: AnswerForm, found: Understood, language: str, here: Now, words: Words
) -> Understood:
    """What a text is that may answer an open ask. An opt-out, a crisis and, under a line, a concern and a
    command stay what they are; a command beside an answer does both."""
    if found.intent in (Intent.STOP, Intent.CRISIS):
        return found
    near = words.near(language)[0]
    own = words.letters.own_words(folded)
    plain = tokens(without_shares(own) if ask.span is not None else own)
    said = near.spelling.correct(plain)
    if ask.is_line:
        return _line(text, said.words, found)
    if not said.words:
        return _nodded(ask, found)
    offered = Offered(folded, plain, said.words, near.answers, near.commands.times, near.commands.courtesy)
    if (answer := ask.find(offered)) is None:
        missed = found.intent in _OF_NUMBERS and ask.misses(offered)
        tells = found is UNKNOWN and any(word.isalpha() and len(word) >= _SHORT for word in plain.words)
        return Understood(Intent.SAID) if missed or tells else found
    if found.concern and len(plain.words) > _HEDGED:
        return replace(found, value=answer.value)
    rest = tuple(near.spelling.correct(Tokens(answer.rest, (False,) * len(answer.rest))).words)
    beside = None
    if not all(word in near.commands.courtesy.words for word in rest):
        beside = near.commands.understand(near.phrases.look(rest), here)
    if beside is not None and beside is not UNKNOWN and beside.intent not in _NOT_BESIDE:
        return replace(beside, value=answer.value)
    return Understood(Intent.ANSWER, value=answer.value)


def _line(text: str, said: Sequence[str], found: Understood) -> Understood:
    """Under a line what is wholly a command stays one; all else is the answer."""
    longest = _ASKING if found.intent in _ASKS else _FEW
    if not said or (found is not UNKNOWN and not found.concern and len(said) <= longest):
        return found
    if found.concern:
        return replace(found, value=text.strip())
    return Understood(Intent.ANSWER, value=text.strip())


def _nodded(ask: AnswerForm, found: Understood) -> Understood:
    """A thumb up or down, to a question that takes yes or no."""
    agrees = {Intent.DONE: True, Intent.SKIP: False}.get(found.intent) if ask.yes_no else None
    return found if agrees is None else Understood(Intent.ANSWER, value=agrees)


def _has_words(folded: str, language: str, words: Words) -> bool:
    """Whether a person has written something: "asdf" is nothing, and three words of any kind are."""
    found = tokens(folded).words
    letters = [word for word in found if word.isalpha()]
    return len(letters) > _NO_WORDS or any(words.knows(word, language) for word in letters)


def _understand(folded: str, ours: Sequence[str], language: str, here: Now, words: Words) -> Understood:
    left = without_ours(folded, ours)
    if left is not None:
        return _beside_ours(left, language, here, words)
    around = frame(folded)
    meaning = words.reactions.get(words_of(around)) if around is not None else None
    if around is not None and meaning is not None:
        return _tap(meaning, around, here, words)
    return _own(folded, language, here, words)


def _to_the_question(found: Understood, folded: str, language: str, words: Words) -> Understood:
    """The same, where nudger has asked whether it may write: "ok", a like, "sure, go ahead" is a yes then."""
    if found.intent in _PLAIN_ANYWAY or found.automatic:
        return replace(found, agrees=True) if found.intent is Intent.START else found
    if found.tapped is not None or not any(one.isalnum() for one in folded):
        agrees = {Intent.DONE: True, Intent.SKIP: False}.get(found.intent)
    else:
        agrees = words.agrees(tokens(words.letters.own_words(folded)).words, words.near(language))
    if agrees is None:
        return found
    intent = Intent.START if agrees else Intent.SKIP
    return Understood(intent, agrees=agrees, tapped=found.tapped)


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
    if said.intent is Intent.STOP or said.crisis or said.concern:
        return said
    understood = _tap("emoji", around, here, words) if len(known) <= _SHORT else NOBODYS
    return replace(understood, tapped=left.which)


def _tap(meaning: str, around: str, here: Now, words: Words) -> Understood:
    intent = _emoji(around, words) if meaning == "emoji" else Intent(meaning)
    return NOBODYS if intent is Intent.UNKNOWN else plainly(intent, here)


def _own(folded: str, language: str, here: Now, words: Words) -> Understood:
    """What a person wrote, with all that a mail program or a phone put around it."""
    own, near = words.letters.own_words(folded), words.near(language)
    if not own.strip():
        # All of it is quoted: nobody's command, but a crisis is not missed for a ">".
        quoted = [tokens(folded).words]
        looks = {one.code: [one.phrases.look(quoted[0])] for one in near}
        crisis = words.hear(quoted, folded, looks).verdict.crisis
        return _crisis(crisis) if crisis is not None else UNKNOWN
    plain = tokens(near[0].spelling.uncover(own))
    if not plain.words:
        return plainly(_emoji(own, words), here)
    return _in_order(plain, own, near, here, words)


@dataclass(frozen=True, slots=True)
class _LanguageReading:
    """A text as it reads in one language, and the phrases that may be in it."""

    language: Language
    text: Tokens
    looked: Looked

    @property
    def refuses_to(self) -> bool:
        """Whether it says the contrary, asks for a pause, or dislikes some of the messages."""
        return self.looked.found(REFUSED, BOUNDED, UNDONE, DISLIKED)

    def commands_only(self) -> bool:
        """Whether a command as it is taught is all there is: "help please"."""
        return self.language.commands.is_exact(self.looked)

    def opts_out(self, automatic: Words | None, model: Heard | None) -> bool:
        """Whether it says so: a clause is a keyword, or a phrase says it outright that the `model` does not
        hold for something else. Of an automatic reply, with the `words`: not where it tells others how to
        ("reply STOP to end these")."""
        text, looked = self.text, self.looked
        if automatic is not None:
            said = tuple(automatic.without_told(text.words))
            text, looked = replace(text, words=said), looked.over(said)
        optout = self.language.optout
        if optout.keyword(text, looked):
            return True
        likely = model is None or automatic is not None or model.stops_beside_danger >= _SAID_OUTRIGHT
        return likely and optout.outright(looked)


def _in_order(plain: Tokens, written: str, near: Sequence[Language], here: Now, words: Words) -> Understood:
    """The text is read in the person's language, misspellings put right, then in English as written:
    "stp" is a misspelt stop in one language, and please in another."""
    right = near[0].spelling.correct(plain)
    texts = [right.words] if right == plain else [right.words, plain.words]
    looks = {one.code: [one.phrases.look(text) for text in texts] for one in near}
    readings = [
        _LanguageReading(near[0], right, looks[near[0].code][0]),
        *(_LanguageReading(one, plain, looks[one.code][-1]) for one in near[1:]),
    ]
    if near[0].slipped(right.words) or _keyword(plain, words) or _keyword(right, words):
        return _stop(readings, Verdict())
    heard = words.hear(texts, written, looks)
    verdict, alarm, model = heard.verdict, heard.alarm, heard.heard
    automatic = words.by_program(plain.words)
    sure = any(one.opts_out(words if automatic else None, model) for one in readings)
    if verdict.crisis is not None:
        found = _stop(readings, verdict) if sure else _crisis(verdict.crisis)
        return replace(found, automatic=automatic)
    if sure or (not automatic and _means_to_stop(readings, model)):
        return _stop(readings, verdict, alarm=alarm)
    if automatic and not (alarm and verdict.concern is not None):
        return NOBODYS  # "I will reply tomorrow" puts nothing off
    exact = any(one.commands_only() for one in readings)
    asked = next((one for one in _commands(readings, here) if one is not None), UNKNOWN) if exact else UNKNOWN
    if asked.intent is Intent.UNTELL:
        return asked  # "please don't tell anyone" is their right, however it sounds
    if verdict.concern is not None and (alarm or not exact):
        return replace(_concern(verdict.concern), automatic=automatic)
    found = next((one for one in _commands(readings, here) if one is not None), UNKNOWN)
    if found is UNKNOWN and any(one.language.optout.bounded(one.looked) for one in readings):
        return _stop(readings, verdict, alarm=alarm)  # "stop until 31/02": what is unclear opts out
    if model is not None and not exact and len(plain.words) > 1:
        found = _weighed(found, model, readings[0], here)
    if found is not UNKNOWN and (alarm or heard.wary(_WARY)):
        return found if exact and not alarm else _concern(CrisisKind.SELF)
    return found


def _weighed(found: Understood, model: Heard, reading: _LanguageReading, here: Now) -> Understood:
    """What rules have found, and what the model takes it for: a command that it doubts gives way to what it
    is sure of, and where no rule has found any, its own counts where that is likelier than that somebody only
    says how they are."""
    meant, said = model.meant, model.said
    likely, few = model.of(meant), len(reading.text.words) <= _FEW
    if found is not UNKNOWN and (few or found.intent not in _DOUBTFUL or model.of(found.intent) >= _DOUBTED):
        return found
    kept = found.intent is Intent.SNOOZE  # "later, this meeting is killing me"
    both = {found.intent, meant} <= {Intent.PAUSE, Intent.AWAY}
    if found is not UNKNOWN and (both or (likely < _SURELY and (kept or said < _ONLY_SAID))):
        return found
    if meant in _NEVER_GUESSED or likely < max(said * _BESIDE_SAID, _SURELY if few else _LEAST_MEANT):
        return UNKNOWN
    return reading.language.commands.meant(meant, reading.looked, here) or UNKNOWN


def _means_to_stop(readings: Sequence[_LanguageReading], model: Heard | None) -> bool:
    """Whether it says so in other words that the model does not hold for something else; or the model is
    nearly sure, and no word says the contrary."""
    likely = model.of(Intent.STOP) if model is not None else None
    # "stop hasta el lunes": the language that knows the end is asked, not one that knows the keyword alone.
    bounded = [one for one in readings if one.looked.found(UNTIL)]
    if any(one.language.optout.meant(one.looked) for one in bounded or readings):
        return likely is None or likely >= _SAID_OTHERWISE
    few = len(readings[0].text.words) <= _FEW
    return (
        likely is not None
        and likely >= (_UNSAID_IN_FEW if few else _UNSAID)
        and not any(one.refuses_to for one in readings)
    )


def _keyword(text: Tokens, words: Words) -> bool:
    """Whether a keyword of any language is all there is, however often."""
    distinct = set(text.words)
    if len(text.words) > _LONGEST_KEYWORD and len(distinct) > 1:
        return False
    return words.is_keyword(text.words[:1] if len(distinct) == 1 else text.words)


def _crisis(kind: CrisisKind) -> Understood:
    return Understood(Intent.CRISIS, crisis=True, danger=kind)


def _concern(kind: CrisisKind) -> Understood:
    return Understood(Intent.CONCERN, concern=True, danger=kind)


def _stop(readings: Sequence[_LanguageReading], verdict: Verdict, *, alarm: bool = False) -> Understood:
    """STOP is obeyed beside danger too, and the helplines are given with it."""
    return Understood(
        Intent.STOP,
        everywhere=any(one.looked.found(EVERYWHERE) for one in readings),
        crisis=verdict.crisis is not None,
        concern=verdict.crisis is None and (verdict.concern is not None or alarm),
        danger=verdict.crisis or verdict.concern,
    )


def _commands(readings: Sequence[_LanguageReading], here: Now) -> Iterator[Understood | None]:
    """The whole text in each language, then its clauses: "nap time for the baby, later"."""
    for one in readings:
        yield one.language.commands.understand(one.looked, here)
    for one in readings:
        clauses = list(one.text.clauses())
        for clause in clauses if len(clauses) > 1 else ():
            yield one.language.commands.understand_clause(one.looked.over(clause), here)


def _emoji(folded: str, words: Words) -> Intent:
    """The meaning of a text of emoji: a stop outweighs all others, else the first that has one."""
    found = [words.emoji[mark] for mark in folded if mark in words.emoji]
    if Intent.STOP in found:
        return Intent.STOP
    return found[0] if found else Intent.UNKNOWN
