"""Every text of the corpora with what it speaks of: what the weights are made from."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nudger.replies.intent.likelihood import CALM, LOW, STOP
from nudger.replies.scoring import read_table
from tests.support.replies import zone_of

HERE = Path(__file__).parents[1] / "replies"


@dataclass(frozen=True)
class Text:
    text: str
    outcome: str | None  # a kind of crisis, "low", "stop" or "none"; None where honest people differ


def texts(language: str) -> list[Text]:
    """Those of one language, `unseen` left out; each once."""
    found = [*_of_tables(language), *_of_crises(language), *_of_cases(language), *_of_the_bank(language)]
    return list({one.text: one for one in reversed(found)}.values())


def _of_tables(language: str) -> Iterator[Text]:
    for file in sorted((HERE / "corpus").glob("*.tsv")):
        if file.stem.split("-")[0] == language:
            for case in read_table(file.read_text("utf-8"), language, zone_of):
                alarmed = {str(one) for one in case.intents} & {"crisis", "concern"}
                kind = str(case.kind) if case.kind else "self"
                calm = STOP if case.intents == {"stop"} else CALM if "stop" not in case.intents else None
                if kind == "self" and case.intents <= {"crisis", "concern"} and "concern" in case.intents:
                    kind = LOW
                yield Text(case.text, kind if case.in_danger else (None if alarmed else calm))


def _of_crises(language: str) -> Iterator[Text]:
    for folder in ("corpus", "held_out"):
        file = HERE / folder / f"crisis_{language}.toml"
        if file.exists():
            table = tomllib.loads(file.read_text("utf-8"))
            kinds = table.get("kinds", {})
            yield from (Text(one, kinds.get(one, "self")) for one in table["crisis"])
            yield from (Text(one, CALM) for one in table["lookalike"])


def _of_cases(language: str) -> Iterator[Text]:
    for folder in ("corpus", "held_out"):
        file = HERE / folder / f"{language}.toml"
        if file.exists():
            for case in tomllib.loads(file.read_text("utf-8"))["case"]:
                yield from (Text(one, STOP if case["intent"] == STOP else CALM) for one in case["texts"])


def _of_the_bank(language: str) -> Iterator[Text]:
    """Our own messages: some phones send what they answer to."""
    for file in sorted((HERE.parents[1] / "templates" / language).glob("*.toml")):
        for message in tomllib.loads(file.read_text("utf-8")).get("message", ()):
            yield Text(re.sub(r"{{.*?}}", "Sam", message["text"]), CALM)
