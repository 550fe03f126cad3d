"""Writes `nudger/replies/words/<language>/weights.txt` from the corpora: `make weights`.

For every language with a table `hints`: a network of one hidden layer over the parts of a text, trained on
every corpus of the language under tests/replies but `unseen`, which nobody reads. Where several outcomes are
right, any of them is. Its parts are those that tell the outcomes apart best, as many as the file may hold.
The same corpora give the same file on the same machine; its first line says how many texts there were, and
their digest.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from nudger.plan_sync.files import read_words
from nudger.replies import Words
from nudger.replies.intent.likelihood import (
    FIRST,
    HIDDEN,
    LEVELS,
    OUTCOMES,
    RARITY_STEPS,
    Sides,
    sides,
    windows,
)
from nudger.replies.language.normalisation import fold
from tests.support.texts import Text, texts

FOLDER = Path(__file__).parents[2] / "nudger" / "replies" / "words"
LARGEST = 590_000  # bytes of one language's file
LEAST_TEXTS = 2  # in which a part is to be, to have a weight
STEADY = 3.0  # what a rare part is taken for weaker by
WITHIN = 0.98  # of all weights, the share that the levels reach to
EPOCHS, BATCH, RATE, SHRINK = 8, 128, 2e-3, 1e-6
_MOMENTUM, _SPREAD = 0.9, 0.999  # Adam's (Kingma and Ba 2015)
_EDGE = LEVELS // 2


def main() -> int:
    words = Words.parse(read_words())
    for code, language in words.languages.items():
        if language.hints:
            file = FOLDER / code / "weights.txt"
            read = [one for one in texts(code) if one.outcomes]
            file.write_text(made(code, words, read), encoding="utf-8")
            print(f"{file.relative_to(FOLDER.parents[2])}: {file.stat().st_size:,} bytes")
    return 0


def made(code: str, words: Words, read: Sequence[Text]) -> str:
    """The file of one language."""
    found = [sides_of(one.text, code, words) for one in read]
    return written(found, read)


def written(found: Sequence[Sides], read: Sequence[Text]) -> str:
    """The file of these texts, looked at already."""
    right = np.array([[one in text.outcomes for one in OUTCOMES] for text in read], np.float32)
    model = Model.fitted(found, right)
    digest = hashlib.sha256(
        "\n".join(sorted(f"{one.text}\t{sorted(one.outcomes)}" for one in read)).encode()
    ).hexdigest()
    head = f"# made by `make weights` from {len(read):,} texts of tests/replies, {digest[:16]}"
    return "\n".join([head, *model.lines()]) + "\n"


def sides_of(text: str, code: str, words: Words) -> Sides:
    """A text as the understanding looks at it; of a long one its beginning."""
    language = words.languages[code]
    some, own = next(windows(language.spelt(text), words.letters.own_words(fold(text))))
    return sides(some, own, language.hints)


@dataclass(frozen=True)
class Model:
    """What has been learnt: each part with its rarity and its weight for each hidden feature."""

    names: np.ndarray
    rarity: np.ndarray
    weights: np.ndarray  # parts by features
    bias: np.ndarray
    outcomes: np.ndarray  # features by outcomes
    outcome_bias: np.ndarray

    @classmethod
    def fitted(cls, found: Sequence[Sides], right: np.ndarray) -> "Model":
        """The model of these texts, with the outcomes that are right."""
        names, rarities, vectors = zip(*map(_vectors, zip(*found, strict=True)), strict=True)
        every = np.concatenate(names)
        telling = frozenset(_telling(every, vectors, right, LARGEST))
        kept = [np.array([one in telling for one in some]) for some in names]
        sides = [_of_length_one(one[:, some]) for one, some in zip(vectors, kept, strict=True)]
        whole = sparse.hstack(sides).tocsr().astype(np.float32)
        some = np.concatenate(kept)
        return cls(every[some], np.concatenate(rarities)[some], *_learnt(whole, right))

    def lines(self) -> Iterator[str]:
        """The step and the features' biases; of each outcome its bias and weights; a line for each part."""
        step = float(f"{np.quantile(np.abs(self.weights), WITHIN) / _EDGE:.5f}")
        yield _row([step, *self.bias])
        yield from map(_row, np.column_stack([self.outcome_bias, self.outcomes.T]))
        levels = np.clip(np.rint(self.weights / step), -_EDGE, _EDGE).astype(int) + _EDGE
        pairs = levels[:, 0::2] * LEVELS + levels[:, 1::2] + FIRST
        rare = np.rint((self.rarity - 1) * RARITY_STEPS).astype(int) + FIRST
        for at in np.argsort(self.names):
            yield self.names[at] + chr(rare[at]) + "".join(map(chr, pairs[at]))


def _row(numbers: Sequence[float]) -> str:
    return " ".join(f"{one:.5f}" for one in numbers)


def _learnt(whole: sparse.csr_matrix, right: np.ndarray) -> tuple[np.ndarray, ...]:
    """The weights and biases of both layers, by Adam: the loss is how little likely what is right is."""
    random = np.random.default_rng(1)
    sizes = (whole.shape[1], HIDDEN), (HIDDEN,), (HIDDEN, right.shape[1]), (right.shape[1],)
    layers = [
        random.uniform(-1, 1, size).astype(np.float32) * np.float32(np.sqrt(6 / sum(size)))
        if len(size) > 1
        else np.zeros(size, np.float32)
        for size in sizes
    ]
    means, squares = [np.zeros_like(one) for one in layers], [np.zeros_like(one) for one in layers]
    order = [random.permutation(len(right)) for _ in range(EPOCHS)]
    batches = [some for all_of_it in order for some in np.array_split(all_of_it, len(right) // BATCH + 1)]
    for time, batch in enumerate(batches, 1):
        rate = RATE * (1.05 - time / len(batches))
        rate *= np.sqrt(1 - _SPREAD**time) / (1 - _MOMENTUM**time)
        slopes = _slopes(layers, whole[batch], right[batch])
        for at, slope in enumerate(slopes):
            means[at] += (1 - _MOMENTUM) * (slope - means[at])
            squares[at] += (1 - _SPREAD) * (slope * slope - squares[at])
            layers[at] -= np.float32(rate) * means[at] / (np.sqrt(squares[at]) + np.float32(1e-8))
    return tuple(layers)


def _slopes(
    layers: Sequence[np.ndarray], batch: sparse.csr_matrix, right: np.ndarray
) -> tuple[np.ndarray, ...]:
    weights, bias, outcomes, outcome_bias = layers
    features = np.tanh(batch @ weights + bias)
    chances = _chances(features @ outcomes + outcome_bias)
    wanted = chances * right
    wanted /= np.maximum(wanted.sum(axis=1, keepdims=True), 1e-12)
    wrong = (chances - wanted) / len(right)
    back = (wrong @ outcomes.T) * (1 - features * features)
    return (
        batch.T @ back + SHRINK * weights,
        back.sum(axis=0),
        features.T @ wrong + SHRINK * outcomes,
        wrong.sum(axis=0),
    )


def _chances(odds: np.ndarray) -> np.ndarray:
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _vectors(found: Sequence[Collection[str]]) -> tuple[np.ndarray, np.ndarray, sparse.csr_matrix]:
    """Of one side: the parts that stand in enough texts, their rarity, and how much of each a text has."""
    counts = Counter(part for parts in found for part in parts)
    names = sorted(part for part, count in counts.items() if count >= LEAST_TEXTS)
    number = {name: at for at, name in enumerate(names)}
    at = [sorted(number[part] for part in parts if part in number) for parts in found]
    rarity = np.log((1 + len(found)) / (1 + np.array([counts[name] for name in names]))) + 1
    columns = np.array([one for some in at for one in some], dtype=np.int32)
    starts = np.cumsum([0, *map(len, at)])
    whole = sparse.csr_matrix((rarity[columns], columns, starts), shape=(len(found), len(names)))
    return np.array(names, dtype=object), rarity, whole


def _of_length_one(whole: sparse.csr_matrix) -> sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(lengths, 1e-9)) @ whole).tocsr()


def _telling(
    names: np.ndarray, sides: Sequence[sparse.csr_matrix], right: np.ndarray, size: int
) -> Iterator[str]:
    """The parts that tell outcomes apart, by a least-squares weight of each alone; whose lines have so many
    bytes together."""
    whole = sparse.hstack([_of_length_one(one) for one in sides]).tocsr()
    wanted = right / right.sum(axis=1, keepdims=True)
    present = np.asarray(whole.multiply(whole).sum(axis=0)).ravel()
    apart = np.linalg.norm(whole.T @ (wanted - wanted.mean(axis=0)), axis=1)
    strength = apart / (present + STEADY) * present**0.25
    size -= (len(OUTCOMES) + 2) * 9 * (HIDDEN + 1)
    for at in np.argsort(-strength, kind="stable"):
        size -= len(names[at].encode()) + HIDDEN // 2 + 2
        if size < 0:
            break
        yield names[at]


if __name__ == "__main__":
    sys.exit(main())
