"""The rules of the tone, by name, over every text of a message bank (ours, or an operator's).

What they hold and why: plain and short texts are read under strain; nothing orders, blames, counts,
hurries or gives a person away on a lock screen; each text says honestly what nudger is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from nudger.domain.errors import Problem
from nudger.messages.bank.source import Source, WordingError
from nudger.messages.lint import whole_bank
from nudger.messages.lint.proofs import (
    SAYS_WHOM_TO_CALL,
    Proof,
    message_proofs,
    page_proofs,
    text_proofs,
    voices,
)
from nudger.messages.lint.tone import Tone, sentences
from nudger.messages.wording.sources import SHIPPED, TONE
from nudger.messages.wording.wording import Wording

LONGEST_SENTENCE = 20  # words
# In letters that GSM-7 lacks, a text has less than half of the room: it may take so many segments for one.
IN_ACCENTS = 2
IN_A_CRISIS = 2  # and so many more, before an answer in a crisis loses a word
HARDEST_TEXT = 8.0  # grade of school; one text is short, so its figure is rough

_SAY_AUTOMATED = (
    "welcome",
    "welcome_by_link",
    "welcome_again",
    "welcome_again_by_link",
    "not_begun",
    "reminder",
    "help",
    "unknown",
    "said",
    "held",
    "notice",
    "automated",
    *SAYS_WHOM_TO_CALL,
)
_NOT_SHORTENED = (*SAYS_WHOM_TO_CALL, "crisis_told")
_SHOW_STOP = ("welcome", "welcome_again", "reminder", "started", "help", "unknown", "notice")
Breach = tuple[str, str, str]  # the rule, what is wrong, how to mend it


@dataclass(frozen=True, slots=True)
class WordingFinding:
    """One rule that one text breaks, and how to mend it."""

    rule: str
    language: str  # and the form of address, where there are several: "es.usted"
    kind: str  # "rest", or "system"
    key: str  # empty where all texts of the kind are meant
    message: str
    fix: str

    def __str__(self) -> str:
        where = "/".join(part for part in (self.language, self.kind, self.key) if part)
        return f"{where}: {self.rule}: {self.message}; {self.fix}"


def check_words(sources: Mapping[str, str]) -> tuple[WordingFinding, ...]:
    """Returns every finding over all languages of these files. Raises WordingError where they cannot be
    read."""
    wording = Wording.parse(sources)
    tones = _tones(sources)
    of_voices = (
        _voice(wording, voice, tones[language])
        for language in sorted(tones)
        for voice in voices(wording, language)
    )
    of_all = (WordingFinding(*found) for found in whole_bank.across(wording, tones))
    return (*chain.from_iterable(of_voices), *of_all)


def _tones(sources: Mapping[str, str]) -> dict[str, Tone]:
    tones, problems = dict[str, Tone](), list[Problem]()
    own = (path for path in sources if path.count("/") == 1 and not path.startswith(SHIPPED))
    for language in sorted({path.partition("/")[0] for path in own}):
        path = f"{language}/{TONE}"
        tone = Tone.parse(Source(path, sources.get(path, "")))
        if isinstance(tone, Tone):
            tones[language] = tone
        else:
            problems += tone
    if problems:
        raise WordingError(problems)
    return tones


def _voice(wording: Wording, voice: str, tone: Tone) -> Iterator[WordingFinding]:
    messages = list(message_proofs(wording, voice))
    texts = [*text_proofs(wording, voice), *page_proofs(wording, voice)]
    for proof in chain(messages, texts):
        for rule, message, fix in _one(proof, tone, wording, voice):
            yield WordingFinding(rule, voice, proof.kind, proof.key, message, fix)
    for blind in tone.blind():
        message = f'does not find its example "{blind.finds}"'
        yield WordingFinding("example", voice, "tone", blind.name, message, "mend its words, or the example")
    for kind, key, breach in whole_bank.of_voice(messages, tone):
        yield WordingFinding(breach[0], voice, kind, key, breach[1], breach[2])


def _one(proof: Proof, tone: Tone, wording: Wording, voice: str) -> Iterator[Breach]:
    form = voice.partition(".")[2]
    for rule, found in tone.broken(proof.text, proof.key, form, proof.message):
        yield rule.name, f'says "{found}"', rule.instead
    if "!" in proof.text or "¡" in proof.text:
        yield "no-exclamation", "has an exclamation mark", "end with a full stop"
    said = wording.texts[voice].sources["commands"].values()
    commands = {word for command in said for word in command.split()}
    for shouted in proof.shouted(commands | tone.capitals):
        yield "no-capitals", f'has "{shouted}" in capitals', "write it small, or add it to tone.toml"
    for sentence in sentences(proof.text):
        if len(sentence) > LONGEST_SENTENCE:
            start = " ".join(sentence[:4])
            yield "short-sentences", f'has {len(sentence)} words after "{start}"', "make two of it"
    if "{" in proof.text or "}" in proof.text:
        yield "placeholders", "shows a brace", "write names as {{ name }}"
    yield from _size(proof, tone)
    yield from _honest(proof, tone)
    if proof.key in SAYS_WHOM_TO_CALL:
        yield from _in_a_crisis(proof, tone)
    if proof.message is not None:
        yield from _message(proof, tone)


def _size(proof: Proof, tone: Tone) -> Iterator[Breach]:
    longest, allowed = proof.longest, proof.segments
    if allowed is None:
        return
    if longest.culprit is None:
        if longest.segments > allowed:
            most = 160 if allowed == 1 else 153 * allowed
            yield "segments", f"takes {longest.units} of {most} characters with long names", "shorten it"
    elif not tone.accents:
        fix = "choose a word that is spelled without it: one such letter makes the text cost more than twice"
        yield "gsm-7", f'has "{longest.culprit}", which GSM-7 lacks', fix
    else:
        most = allowed * IN_ACCENTS + (IN_A_CRISIS if proof.key in _NOT_SHORTENED else 0)
        if longest.segments > most:
            message = f'takes {longest.units} of {67 * most} characters, as "{longest.culprit}" is in it'
            yield "segments", message, "shorten it"


def _honest(proof: Proof, tone: Tone) -> Iterator[Breach]:
    if proof.kind != "system":
        return
    if proof.key in _SAY_AUTOMATED and tone.automated and not _says(proof.text, tone.automated):
        yield "says-automated", "does not say that nudger is a program", f'say "{tone.automated[0]}"'
    if proof.key in _SHOW_STOP and "STOP" not in proof.uses:
        yield "shows-stop", "does not say how to stop", "add {{ STOP }}"


def _in_a_crisis(proof: Proof, tone: Tone) -> Iterator[Breach]:
    """Warm before it is a machine; no questions; whom to call, and where it counts the number first."""
    opening = proof.text.partition(".")[0]
    if _says(opening, tone.automated):
        fix = "thank the person first, and say that it is automated further down"
        yield "warm-opening", "begins with being a program", fix
    if "?" in proof.text:
        yield "no-questions", "asks a question", "say whom to call; what is asked here nobody hears"
    if "helplines" not in proof.uses and not {"line", "emergency"} <= proof.uses:
        fix = "add {{ helplines }}, or {{ line }} and {{ emergency }}"
        yield "whom-to-call", "does not say whom to call", fix
    if proof.key == "crisis_taken" and not proof.text.find("911") < proof.text.find("988"):
        yield "emergency-first", "names a line before the emergency number", "begin with {{ emergency }}"
    if proof.key == "crisis_danger" and tone.delete and not _says(proof.text, tone.delete):
        yield "how-to-delete", "does not say how to take it off the phone", f'say "{tone.delete[0]}"'


def _message(proof: Proof, tone: Tone) -> Iterator[Breach]:
    grade = tone.formula.grade([proof.text]) if tone.formula else None
    if grade is not None and grade > HARDEST_TEXT:
        message = f"takes a reader of grade {grade:.1f}; at most {HARDEST_TEXT:g}"
        yield "reading-grade", message, "use shorter words and shorter sentences"
    if proof.message is not None and proof.message.company and "?" in proof.text:
        yield "company", "asks a question", "say something that needs no answer, or leave company out"


def _says(text: str, ways: Sequence[str]) -> bool:
    return any(way in text.lower() for way in ways)
