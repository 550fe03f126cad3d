"""Chance that a seed decides: the same for the same names, whatever else happens before."""

from hashlib import blake2b

_RANGE = float(1 << 64)


def draw(*names: object) -> float:
    """A number from 0 and below 1."""
    text = "/".join(map(str, names)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest()) / _RANGE
