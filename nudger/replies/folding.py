"""One text in one form: what a phone, a mail program or a person's fingers add to it is taken off.

Every function here takes time in proportion to the length of the text, and the text is cut to
LONGEST characters before any of them sees it.
"""

import re
import unicodedata

LONGEST = 1600  # the longest text that SMS carries

_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"} | dict.fromkeys("“”„«»″", '"'))
_FRACTIONS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4"})
_CONTROLS: dict[int, str | None] = dict.fromkeys([*range(32), 127], None)
_CONTROLS.update({ord("\n"): "\n", ord("\t"): " ", 11: "\n", 12: "\n"})
_LONG_RUN = re.compile(r"([^\W\d_])\1{3,}")
_POINTED_HALF = re.compile(r"\b([ap])\s?\.\s?m\b\.?")


def fold(text: str) -> str:
    """Lower case, plain quotes, no accents, no invisible characters; at most LONGEST characters.

    Lines stay lines. A letter written four times or more is left three times: "stooooop" is "stooop".
    """
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    text = text.translate(_CONTROLS).lower() if text.isascii() else _plain(text)
    return _LONG_RUN.sub(r"\1\1\1", _POINTED_HALF.sub(r"\1m", text))


def _plain(text: str) -> str:
    text = text.translate(_FRACTIONS).translate(_QUOTES).translate(_CONTROLS)
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    # In this form an accent is a character of its own. One character can have become eighteen.
    return "".join(one for one in parts if one == "\n" or not _invisible(one))[:LONGEST]


def _invisible(character: str) -> bool:
    """Accents, joiners, variation selectors, control characters and halves of characters."""
    return unicodedata.category(character) in {"Mn", "Me", "Cc", "Cf", "Cs", "Co", "Cn"}
