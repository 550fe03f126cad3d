"""Every text of the corpora with what it speaks of: what the weights are made from."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nudger.replies.intent.likelihood import LOW, MEANT, OUTCOMES
from nudger.replies.intent.meanings import Intent
from nudger.replies.scoring import Case, read_table
from tests.support.replies import zone_of

HERE = Path(__file__).parents[1] / "replies"


_SAID = {
    "lookalike": "said:alike",
    "report": "said:deed",
    "auto": "said:program",
    "not-stop": "said:stopping",
}  # by the group of a text
_OWN, _ALIKE, _OURS = "said", "said:alike", "said:ours"
_DANGER = {Intent.CRISIS, Intent.CONCERN}


@dataclass(frozen=True)
class Text:
    text: str
    outcomes: frozenset[str]  # each of them is right; none where nobody can tell
    file: str  # the corpus that it stands in


def texts(language: str) -> list[Text]:
    """Those of one language, `unseen` left out; each once."""
    found = [*_of_tables(language), *_of_crises(language), *_of_cases(language), *_of_the_bank(language)]
    return list({one.text: one for one in reversed(found)}.values())


def _of_tables(language: str) -> Iterator[Text]:
    for file in sorted((HERE / "corpus").glob("*.tsv")):
        if file.stem.split("-")[0] == language:
            for case in read_table(file.read_text("utf-8"), language, zone_of):
                yield Text(case.text, _outcomes(case), file.stem)


def _outcomes(case: Case) -> frozenset[str]:
    if case.intents & _DANGER:
        kind = str(case.kind) if case.kind else "self"
        low = kind == "self" and Intent.CONCERN in case.intents and case.intents <= _DANGER
        return frozenset({LOW if low else kind} if case.in_danger else ())
    if Intent.STOP in case.intents and len(case.intents) > 1:
        return frozenset()
    if case.intents & {Intent.SAID, Intent.UNKNOWN}:  # where a command is right too, nothing is obeyed
        return frozenset({_SAID.get(case.group, _OWN)})
    return frozenset(str(one) for one in case.intents if one in MEANT)


def _of_crises(language: str) -> Iterator[Text]:
    for folder in ("corpus", "held_out"):
        file = HERE / folder / f"crisis_{language}.toml"
        if file.exists():
            table = tomllib.loads(file.read_text("utf-8"))
            kinds = table.get("kinds", {})
            yield from (Text(one, frozenset({kinds.get(one, "self")}), file.stem) for one in table["crisis"])
            yield from (Text(one, frozenset({_ALIKE}), file.stem) for one in table["lookalike"])


def _of_cases(language: str) -> Iterator[Text]:
    for folder in ("corpus", "held_out"):
        file = HERE / folder / f"{language}.toml"
        if file.exists():
            for case in tomllib.loads(file.read_text("utf-8"))["case"]:
                outcome = _OWN if case["intent"] == Intent.UNKNOWN else case["intent"]
                if outcome in OUTCOMES:
                    yield from (Text(one, frozenset({outcome}), file.stem) for one in case["texts"])


def _of_the_bank(language: str) -> Iterator[Text]:
    """Our own messages: some phones send what they answer to."""
    for file in sorted((HERE.parents[1] / "templates" / language).glob("*.toml")):
        for message in tomllib.loads(file.read_text("utf-8")).get("message", ()):
            yield Text(re.sub(r"{{.*?}}", "Sam", message["text"]), frozenset({_OURS}), "bank")
