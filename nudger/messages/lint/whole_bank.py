"""What a bank as a whole is held to: enough for every person and hour, company, openings that vary.

The counts of a whole bank hold where the language's tone.toml says `full = true`; until then it is enough
that no message comes again within the last ten.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from itertools import combinations

from nudger.domain.model import AskForm, Effort, Kind, Topic
from nudger.messages.bank.messages import KEPT, Message, parts_at
from nudger.messages.lint.proofs import Proof
from nudger.messages.lint.tone import Tone, sentences
from nudger.messages.wording.wording import Wording

MEAN_SENTENCE = 15  # words, over a whole language
HARDEST_LANGUAGE = 6.0  # grade of school, over all messages of a language
FEWEST = KEPT + 2  # messages to choose from: none comes twice within the last ten, and some chance is left
FEWEST_TINY = 8  # of these: a plan of tiny messages alone does not come round soon
FULL = 40  # messages of a kind for everyone
FULL_CONTACT = 20  # messages that name a contact, where a kind has some
FULL_QUESTIONS = 3  # of a kind, of each form
FULL_COMPANY = 20  # over all kinds, that ask for nothing
ALIKE = 0.6  # share of words that two texts have in common
# Share of a kind's messages that begin with the same word, or the same two.
OPENINGS = {1: 0.25, 2: 0.1}

Breach = tuple[str, str, str]  # the rule, what is wrong, how to mend it
_WRITE_MORE = "write some more"
_EVERY_TOPIC = frozenset(Topic)
_HOURS = [time(hour) for hour in range(24)]


def of_voice(proofs: Sequence[Proof], tone: Tone) -> Iterator[tuple[str, str, Breach]]:
    """Returns the kind, the key where one message is meant, and what is wrong, in one voice."""
    for kind in Kind:
        of_kind = [proof for proof in proofs if proof.kind == kind.value]
        for breach in _kind(of_kind, tone):
            yield kind.value, "", breach
    for breach in (*_reading(proofs, tone), *(_company(proofs) if tone.full else ())):
        yield "all", "", breach
    for one, other in combinations(proofs, 2):
        shared = len(one.words & other.words) / max(1, len(one.words | other.words))
        if shared >= ALIKE:
            rule = "duplicate" if one.text == other.text else "near-duplicate"
            message = f"is much like {one.kind}/{one.key}"
            yield other.kind, other.key, (rule, message, "say something else in one of them")


def across(wording: Wording, tones: Mapping[str, Tone]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Returns what languages have to have in common, each as the fields of a finding: the keys of full banks,
    so that a shared plan that names a template works in every language; and the tags of a key."""
    for kind in Kind:
        banks = {
            language: {message.key: message for message in wording.banks[language, kind].messages}
            for language in sorted(wording.languages)
        }
        full = [language for language in banks if tones[language].full]
        # Who adds a message of their own may need it in one language alone.
        added = {language: wording.banks[language, kind].added for language in full}
        every = {key for language in full for key in banks[language] if key not in added[language]}
        for language in full:
            for key in sorted(every - banks[language].keys()):
                message = "exists in another language and not in this one"
                fix = "write it in this language too, under the same key"
                yield "same-keys", language, kind.value, key, message, fix
        first = "en" if "en" in banks else next(iter(banks))
        for language, key in ((one, key) for one in banks for key in banks[one]):
            if key in banks[first] and _tags(banks[first][key]) != _tags(banks[language][key]):
                message = f"has another size, part, contact, company or ask than in {first}"
                yield "same-tags", language, kind.value, key, message, "give both the same"


def _tags(message: Message) -> tuple[object, ...]:
    """What a key means in every language. What to avoid hangs on the words, so each says it for itself."""
    return message.effort, message.parts, message.contact, message.company, message.ask


def _kind(proofs: Sequence[Proof], tone: Tone) -> Iterator[Breach]:
    everything = [proof.message for proof in proofs if proof.message is not None]
    messages = [message for message in everything if message.ask is None]
    everyone = [message for message in messages if not message.contact]
    naming = [message for message in messages if message.contact]
    yield from _enough(everyone, "for everyone", FULL if tone.full else FEWEST)
    if naming:
        yield from _enough(naming, "with a contact", FULL_CONTACT if tone.full else FEWEST)
    if not tone.full:
        return
    yield from _left_over(everyone)
    sizes = {message.effort for message in messages}
    for size in Effort:
        if size not in sizes:
            yield "sizes", f"has no {size} message", _WRITE_MORE
    yield from _openings(proofs)
    for question in AskForm:
        number = sum(message.ask is question for message in everything)
        if number < FULL_QUESTIONS:
            message = f'has {number} questions with ask = "{question}"; {FULL_QUESTIONS} are enough'
            yield "enough-questions", message, _WRITE_MORE


def _enough(messages: Sequence[Message], which: str, fewest: int) -> Iterator[Breach]:
    tiny = sum(message.effort is Effort.TINY for message in messages)
    if len(messages) < fewest:
        yield "enough", f"has {len(messages)} messages {which}; {fewest} are enough", _WRITE_MORE
    if tiny < FEWEST_TINY:
        message = f"has {tiny} tiny messages {which}; {FEWEST_TINY} keep one from coming back soon"
        yield "enough-tiny", message, _WRITE_MORE


def _left_over(messages: Sequence[Message]) -> Iterator[Breach]:
    """For somebody who wants every topic left alone, at the hour that fits the fewest."""
    for now in dict.fromkeys(parts_at(hour) for hour in _HOURS):
        left = [message for message in messages if message.fits(now, _EVERY_TOPIC)]
        tiny = sum(message.effort is Effort.TINY for message in left)
        if len(left) < FEWEST or tiny < FEWEST_TINY:
            when = " and ".join(sorted(now)) or "the middle of the day"
            message = (
                f"has {len(left)} messages, {tiny} of them tiny, for {when} that touch no topic; "
                f"{FEWEST} and {FEWEST_TINY} keep one from coming back soon"
            )
            yield "enough-left", message, "write some more without part and avoid"


def _openings(proofs: Sequence[Proof]) -> Iterator[Breach]:
    for length, share in OPENINGS.items():
        begun = Counter(" ".join(sentences(proof.text)[0][:length]).lower() for proof in proofs)
        for opening, number in begun.items():
            if number > share * len(proofs):
                message = f'{number} of {len(proofs)} begin with "{opening}"; at most {share:.0%} may'
                yield "openings", message, "begin some of them in another way"


def _company(proofs: Sequence[Proof]) -> Iterator[Breach]:
    number = sum(proof.message is not None and proof.message.company for proof in proofs)
    if number < FULL_COMPANY:
        message = f"{number} messages keep company and ask for nothing; {FULL_COMPANY} are enough"
        yield "enough-company", message, "write some more, with company = true"


def _reading(proofs: Sequence[Proof], tone: Tone) -> Iterator[Breach]:
    lengths = [len(sentence) for proof in proofs for sentence in sentences(proof.text)]
    mean = sum(lengths) / len(lengths)
    if mean > MEAN_SENTENCE:
        message = f"sentences have {mean:.1f} words on average; at most {MEAN_SENTENCE}"
        yield "short-sentences", message, "shorten the longest ones"
    grade = tone.formula.grade([proof.text for proof in proofs]) if tone.formula else None
    if grade is not None and grade > HARDEST_LANGUAGE:
        message = f"takes a reader of grade {grade:.1f}; at most {HARDEST_LANGUAGE:g}"
        yield "reading-grade", message, "use shorter words and shorter sentences"
