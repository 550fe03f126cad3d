"""Makes the weights of `nudger/replies/words/<language>/weights.txt` from the corpora: `make weights`.

For every language with a table `hints`: a multinomial logistic regression over the parts of a text, trained
on every corpus of the language under tests/replies but `unseen`, which nobody reads. It is fitted twice: to
all parts, and then to those that weigh most, as many as the file may hold. The same corpora give the same
file, byte for byte; its first line says how many texts there were, and their digest.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from nudger.plan_sync.files import read_words
from nudger.replies import Words
from nudger.replies.intent.likelihood import (
    LOWEST,
    OUTCOMES,
    RARITY_STEPS,
    ZERO,
    Sides,
    sides,
    windows,
)
from nudger.replies.language.normalisation import fold
from tests.support.texts import Text, texts

FOLDER = Path(__file__).parents[2] / "nudger" / "replies" / "words"
LARGEST = 390_000  # bytes of one language's file
STRENGTH = 8.0  # the inverse of the regularisation
LEAST_TEXTS = 2  # in which a part is to be, to have a weight
MOST_STEPS = 46  # of a weight: what a printable character can stand for
COMMON = 0.999  # of all weights, the share that the steps reach to


def main() -> int:
    words = Words.parse(read_words())
    for code, language in words.languages.items():
        if language.hints:
            file = FOLDER / code / "weights.txt"
            read = [one for one in texts(code) if one.outcome is not None]
            file.write_text(made(code, words, read), encoding="utf-8")
            print(f"{file.relative_to(FOLDER.parents[2])}: {file.stat().st_size:,} bytes")
    return 0


def made(code: str, words: Words, read: Sequence[Text]) -> str:
    """The file of one language."""
    found = [_sides_of(one.text, code, words) for one in read]
    outcomes = [one.outcome for one in read]
    model = Model.fitted(found, outcomes)
    model = Model.fitted(found, outcomes, frozenset(model.weightiest(LARGEST)))
    digest = hashlib.sha256(
        "\n".join(sorted(f"{one.text}\t{one.outcome}" for one in read)).encode()
    ).hexdigest()
    head = f"# made by `make weights` from {len(read):,} texts of tests/replies, {digest[:16]}"
    return "\n".join([head, *model.lines()]) + "\n"


def _sides_of(text: str, code: str, words: Words) -> Sides:
    """A text as the understanding looks at it; of a long one its beginning."""
    language = words.languages[code]
    some, written = next(windows(language.spelt(text), words.letters.own_words(fold(text))))
    return sides(some, written, language.hints)


@dataclass(frozen=True)
class Model:
    """What has been learnt: each part with its rarity and its weight for each outcome."""

    names: np.ndarray
    rarity: np.ndarray
    weights: np.ndarray  # parts by outcomes
    bias: np.ndarray

    @classmethod
    def fitted(
        cls, found: Sequence[Sides], outcomes: Sequence[str | None], only: Collection[str] | None = None
    ) -> "Model":
        """The model of these texts; of some parts alone, where they are named."""
        names, rarities, vectors = zip(
            *(_vectors(side, only) for side in zip(*found, strict=True)), strict=True
        )
        learnt = LogisticRegression(C=STRENGTH, max_iter=300, tol=1e-4)
        learnt.fit(sparse.hstack(vectors).tocsr(), outcomes)
        order = [list(learnt.classes_).index(one) for one in OUTCOMES]
        weights, bias = learnt.coef_[order], learnt.intercept_[order]
        return cls(
            np.concatenate(names),
            np.concatenate(rarities),
            (weights - weights.mean(axis=0)).T,
            bias - bias.mean(),
        )

    def weightiest(self, size: int) -> Iterator[str]:
        """The parts that weigh most, whose lines have so many bytes together."""
        weight = np.abs(self.weights).max(axis=1)
        for at in sorted(range(len(self.names)), key=lambda at: (-weight[at], self.names[at])):
            size -= len(self.names[at].encode()) + len(OUTCOMES) + 2
            if size < 0:
                break
            yield self.names[at]

    def lines(self) -> Iterator[str]:
        """The step and what every text has, then a line for each part."""
        step = float(f"{np.quantile(np.abs(self.weights), COMMON) / MOST_STEPS:.4f}")
        yield " ".join([f"{step:.4f}", *(f"{one:.4f}" for one in self.bias)])
        steps = np.clip(np.rint(self.weights / step), -MOST_STEPS, MOST_STEPS).astype(int) + ZERO
        rare = np.rint((self.rarity - 1) * RARITY_STEPS).astype(int) + LOWEST
        for at in np.argsort(self.names):
            yield self.names[at] + chr(rare[at]) + "".join(map(chr, steps[at]))


def _vectors(
    found: Sequence[Collection[str]], only: Collection[str] | None
) -> tuple[np.ndarray, np.ndarray, sparse.csr_matrix]:
    """Of one side: the parts that stand in enough texts, their rarity, and the texts' vectors."""
    counts = Counter(part for parts in found for part in parts)
    kept = {part for part, count in counts.items() if count >= LEAST_TEXTS and (only is None or part in only)}
    read = DictVectorizer()
    present = read.fit_transform([{part: 1.0 for part in parts if part in kept} for parts in found])
    texts_with = np.asarray(present.sum(axis=0)).ravel()
    rarity = np.log((1 + len(found)) / (1 + texts_with)) + 1
    return read.get_feature_names_out(), rarity, normalize(present @ sparse.diags(rarity)).tocsr()


if __name__ == "__main__":
    sys.exit(main())
