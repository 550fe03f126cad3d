"""The text by which a person is found: small letters, without accents, of their id and name."""

import unicodedata


def folded(text: str) -> str:
    """So that "jose" finds José, and "EMILE" finds Émile."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def key(person_id: str, name: str) -> str:
    return folded(f"{person_id} {name}")
