"""Makes the weights of `nudger/replies/words/<language>/weights.txt` from the corpora: `make weights`.

For every language with a table `hints`: a multinomial logistic regression over the parts of a text, trained
on every corpus of the language under tests/replies but `unseen`, which nobody reads. The same corpora give
the same file, byte for byte; its first line says how many texts there were, and their digest.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from nudger.plan_sync.files import read_words
from nudger.replies import Words
from nudger.replies.intent.danger import OUTCOMES, STEP, WINDOW, ZERO, parts
from tests.support.texts import Text, texts

FOLDER = Path(__file__).parents[2] / "nudger" / "replies" / "words"
LARGEST = 390_000  # bytes of one language's file
STRENGTH = 0.3  # the inverse of the regularisation
LEAST_TEXTS = 2  # in which a part is to be, to have a weight
LARGEST_WEIGHT = 46  # in steps: what a printable character can stand for


def main() -> int:
    words = Words.parse(read_words())
    for code, language in words.languages.items():
        if language.hints:
            file = FOLDER / code / "weights.txt"
            file.write_text(made(code, words), encoding="utf-8")
            print(f"{file.relative_to(FOLDER.parents[2])}: {file.stat().st_size:,} bytes")
    return 0


def made(code: str, words: Words) -> str:
    """The file of one language."""
    read = [one for one in texts(code) if one.outcome is not None]
    vectors, model = fitted(code, words, read)
    digest = hashlib.sha256(
        "\n".join(sorted(f"{one.text}\t{one.outcome}" for one in read)).encode()
    ).hexdigest()
    lines = [f"# made by `make weights` from {len(read):,} texts of tests/replies, {digest[:16]}"]
    return "\n".join([*lines, *_kept(vectors, model)]) + "\n"


def fitted(code: str, words: Words, read: list[Text]) -> tuple[DictVectorizer, LogisticRegression]:
    """What is likely after these texts."""
    found = [tokens_of(code, words, one.text) for one in read]
    often = Counter(word for some in found for word in set(some))
    known = frozenset(word for word, count in often.items() if count >= LEAST_TEXTS)
    classes = words.languages[code].hints
    made_of = [dict.fromkeys(parts(some, classes, known), 1) for some in found]
    counts = Counter(part for some in made_of for part in some)
    kept = [{part: 1 for part in some if counts[part] >= LEAST_TEXTS} for some in made_of]
    vectors = DictVectorizer()
    model = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-4)
    model.fit(vectors.fit_transform(kept), [one.outcome for one in read])
    return vectors, model


def tokens_of(code: str, words: Words, text: str) -> list[str]:
    """The words of a text as the understanding reads them."""
    return list(words.languages[code].spelt(text))[:WINDOW]


def _kept(vectors: DictVectorizer, model: LogisticRegression) -> Iterator[str]:
    """Lines of a part and its weights, those that weigh most, as many as the file may hold."""
    order = [list(model.classes_).index(one) for one in OUTCOMES]
    weights = model.coef_[order] - model.coef_[order].mean(axis=0)
    yield "\t" + _written(model.intercept_[order] - model.intercept_[order].mean())
    rounded = np.clip(np.rint(weights * STEP), -LARGEST_WEIGHT, LARGEST_WEIGHT)
    weight = np.abs(weights).max(axis=0)
    names = vectors.get_feature_names_out()
    size = 0
    for at in sorted(range(len(names)), key=lambda at: (-weight[at], names[at])):
        line = f"{names[at]}\t{_written(weights[:, at])}"
        size += len(line.encode()) + 1
        if size > LARGEST or not rounded[:, at].any():
            break
        yield line


def _written(weights: np.ndarray) -> str:
    steps = np.clip(np.rint(weights * STEP), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(int)
    return "".join(chr(ZERO + step) for step in steps)


if __name__ == "__main__":
    sys.exit(main())
