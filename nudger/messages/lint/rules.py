"""The rules of the tone, by name, over every text of a message bank (ours, or an operator's).

What they hold and why: plain and short texts are read under strain; nothing orders, blames, counts,
hurries or gives a person away on a lock screen; each text says honestly what nudger is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

from nudger.errors import Problem
from nudger.messages.bank.choice import KEPT
from nudger.messages.bank.source import Source, WordingError
from nudger.messages.lint.proofs import Proof, message_proofs, page_proofs, text_proofs
from nudger.messages.lint.readability import grade, sentences
from nudger.messages.lint.tone import Tone
from nudger.messages.wording.segments import Segments
from nudger.messages.wording.sources import TONE
from nudger.messages.wording.wording import Wording
from nudger.model import Effort, Kind

LONGEST_SENTENCE = 20  # words
MEAN_SENTENCE = 15  # words, over a whole language
HARDEST_TEXT = 8.0  # grade of school; one text is short, so its figure is rough
HARDEST_LANGUAGE = 6.0  # over all messages of a language
FEWEST = KEPT + 2  # messages of a kind: none comes twice within the last ten, and some chance is left
FEWEST_TINY = 8  # of these: a plan of tiny messages alone does not come round soon
ALIKE = 0.6  # share of words that two texts have in common

_SAY_AUTOMATED = (
    "welcome",
    "welcome_by_link",
    "reminder",
    "help",
    "unknown",
    "held",
    "crisis",
    "crisis_told",
    "stopped_crisis",
    "notice",
    "automated",
)
_SHOW_STOP = ("welcome", "reminder", "started", "help", "unknown", "notice")


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that one text breaks, and how to mend it."""

    rule: str
    language: str
    kind: str  # "rest", or "system"
    key: str  # empty where all texts of the kind are meant
    message: str
    fix: str

    def __str__(self) -> str:
        where = "/".join(part for part in (self.language, self.kind, self.key) if part)
        return f"{where}: {self.rule}: {self.message}; {self.fix}"


def check_words(sources: Mapping[str, str]) -> tuple[Finding, ...]:
    """Every finding over all languages of these files. Raises WordingError where they cannot be read."""
    wording = Wording.parse(sources)
    tones = _tones(sources)
    findings = (_language(wording, language, tones.get(language, Tone())) for language in sorted(tones))
    return (*chain.from_iterable(findings), *_same_keys(wording))


def _tones(sources: Mapping[str, str]) -> dict[str, Tone]:
    tones, problems = dict[str, Tone](), list[Problem]()
    for language in sorted({path.partition("/")[0] for path in sources if path.count("/") == 1}):
        path = f"{language}/{TONE}"
        tone = Tone.parse(Source(path, sources.get(path, "")))
        if isinstance(tone, Tone):
            tones[language] = tone
        else:
            problems += tone
    if problems:
        raise WordingError(problems)
    return tones


def _language(wording: Wording, language: str, tone: Tone) -> Iterator[Finding]:
    messages = list(message_proofs(wording, language))
    texts = [*text_proofs(wording, language), *page_proofs(wording, language)]
    for proof in chain(messages, texts):
        for rule, message, fix in _one(proof, tone, wording, language):
            yield Finding(rule, language, proof.kind, proof.key, message, fix)
    for proof in messages:
        yield from (replace(one, key=proof.key) for one in _reading([proof], language, HARDEST_TEXT))
    for kind in Kind:
        of_kind = [proof for proof in messages if proof.kind == kind.value]
        yield from _enough(of_kind, language, kind)
    yield from _mean_sentence(messages, language)
    yield from (replace(one, kind="all") for one in _reading(messages, language, HARDEST_LANGUAGE))
    yield from _alike(messages, language)


def _one(proof: Proof, tone: Tone, wording: Wording, language: str) -> Iterator[tuple[str, str, str]]:
    for avoidance, found in tone.avoided(proof.text, proof.key):
        yield avoidance.name, f'says "{found}"', avoidance.instead
    if "!" in proof.text or "¡" in proof.text:
        yield "no-exclamation", "has an exclamation mark", "end with a full stop"
    said = wording.texts[language].sources["commands"].values()
    commands = {word for command in said for word in command.split()}
    for shouted in proof.shouted(commands | tone.capitals):
        yield "no-capitals", f'has "{shouted}" in capitals', "write it small, or add it to tone.toml"
    for sentence in sentences(proof.text):
        if len(sentence) > LONGEST_SENTENCE:
            start = " ".join(sentence[:4])
            yield "short-sentences", f'has {len(sentence)} words after "{start}"', "make two of it"
    if "{" in proof.text or "}" in proof.text:
        yield "placeholders", "shows a brace", "write names as {{ name }}"
    yield from _size(proof.longest, proof.segments)
    yield from _honest(proof, tone)


def _size(longest: Segments, allowed: int | None) -> Iterator[tuple[str, str, str]]:
    if allowed is None:
        return
    if longest.culprit is not None:
        fix = "choose a word that is spelled without it: one such letter makes the text cost more than twice"
        yield "gsm-7", f'has "{longest.culprit}", which GSM-7 lacks', fix
    elif longest.segments > allowed:
        most = 160 if allowed == 1 else 153 * allowed
        yield "segments", f"takes {longest.units} of {most} characters with long names", "shorten it"


def _honest(proof: Proof, tone: Tone) -> Iterator[tuple[str, str, str]]:
    if proof.kind != "system":
        return
    said = proof.text.lower()
    if proof.key in _SAY_AUTOMATED and tone.automated and not any(word in said for word in tone.automated):
        yield "says-automated", "does not say that nudger is a program", f'say "{tone.automated[0]}"'
    if proof.key in _SHOW_STOP and "STOP" not in proof.uses:
        yield "shows-stop", "does not say how to stop", "add {{ STOP }}"


def _reading(proofs: Sequence[Proof], language: str, hardest: float) -> Iterator[Finding]:
    reading = grade([proof.text for proof in proofs], language)
    if reading is not None and reading > hardest:
        message = f"takes a reader of grade {reading:.1f}; at most {hardest:g}"
        fix = "use shorter words and shorter sentences"
        yield Finding("reading-grade", language, proofs[0].kind, "", message, fix)


def _enough(proofs: Sequence[Proof], language: str, kind: Kind) -> Iterator[Finding]:
    for contact in (False, True):
        of_these = [proof for proof in proofs if proof.contact is contact]
        if not of_these and contact:
            continue
        which = "with a contact" if contact else "for everyone"
        tiny = sum(proof.effort is Effort.TINY for proof in of_these)
        for rule, what, number, fewest in (
            ("enough", "messages", len(of_these), FEWEST),
            ("enough-tiny", "tiny messages", tiny, FEWEST_TINY),
        ):
            if number < fewest:
                message = f"has {number} {what} {which}; {fewest} keep one from coming back soon"
                yield Finding(rule, language, kind.value, "", message, "write some more")


def _mean_sentence(proofs: Sequence[Proof], language: str) -> Iterator[Finding]:
    lengths = [len(sentence) for proof in proofs for sentence in sentences(proof.text)]
    mean = sum(lengths) / len(lengths)
    if mean > MEAN_SENTENCE:
        message = f"sentences have {mean:.1f} words on average; at most {MEAN_SENTENCE}"
        yield Finding("short-sentences", language, "all", "", message, "shorten the longest ones")


def _alike(proofs: Sequence[Proof], language: str) -> Iterator[Finding]:
    for one, other in combinations(proofs, 2):
        shared = len(one.words & other.words) / max(1, len(one.words | other.words))
        if shared >= ALIKE:
            rule = "duplicate" if one.text == other.text else "near-duplicate"
            message = f"is much like {one.kind}/{one.key}"
            yield Finding(rule, language, other.kind, other.key, message, "say something else in one of them")


def _same_keys(wording: Wording) -> Iterator[Finding]:
    """A shared plan that names a template works in every language. Who adds a message of their own may need
    it in one alone."""
    for kind in Kind:
        keys = {language: wording.template_keys(language, kind) for language in wording.languages}
        added = {language: wording.banks[language, kind].added for language in keys}
        every = frozenset[str]().union(*(keys[language] - added[language] for language in keys))
        for language in sorted(keys):
            for key in sorted(every - keys[language]):
                message = "exists in another language and not in this one"
                fix = "write it in this language too, under the same key"
                yield Finding("same-keys", language, kind.value, key, message, fix)
