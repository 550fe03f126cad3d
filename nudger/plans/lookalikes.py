"""Names of files that somebody may have meant as a plan, and that are not read: why, and what to do.

Editors and Windows put `.txt` behind a name; people save a spreadsheet in place of a roster; programs that
keep folders the same on two machines leave copies behind. What nobody meant is passed over without a word:
dot files, and the backups of editors.
"""

import re
from dataclasses import dataclass

SUFFIXES = (".toml", ".csv")

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]*\.toml")
_BACKUPS = re.compile(
    r".*(?:~|\.(?:bak|backup|old|orig|rej|save|sav|sw[a-z]|te?mp|part|partial|crdownload|download|new|lock)\d*)",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(.+\.(?:toml|csv))(?:[. _-].*)", re.IGNORECASE)
_CASE = re.compile(r".+\.(?:toml|csv)", re.IGNORECASE)
_NEARLY = re.compile(r"(.+)\.(?:tml|tom|tmol|tomml|toml?s|tolm|ttoml)", re.IGNORECASE)
_SHEET = re.compile(r"(.+)\.(?:xlsx?|xlsm|xlsb|ods|fods|numbers|tsv|tab|gsheet)", re.IGNORECASE)
_OTHER = re.compile(r"(.+)\.(?:ya?ml|json5?|ini|cfg|conf)", re.IGNORECASE)
# By these a copy is known wherever it is found.
_COPIES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<of>.+?)\.sync-conflict-\d{8}-\d{6}(?:-\w+)?",
        r"(?P<of>.+?) ?[(\[].*(?:sfconflict|conflicted|en conflit|in konflikt|en conflicto).*[)\]]",
        r"(?P<of>.+?)_(?:BACKUP|BASE|LOCAL|REMOTE)_\d+",
        r"(?P<of>.+?)[ ._-]conflict-\d{8}-\d{6}",
    )
)
# By these only beside what it is a copy of: else it may be the one that somebody works with.
_BESIDE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<of>.+?) - (?:copy|kopie|copie|copia)(?: \(\d+\))?",
        r"(?P<of>.+?) ?\(\d+\)",
        r"(?:copy of|kopie von|copie de|copia de) (?P<of>.+)",
        r"(?P<of>.+?)[ ._-]\(?(?:conflict|konflikt|conflit|conflicto)[ ._-]?\d*\)?",
        r"(?P<of>.+?)-(?:DESKTOP|LAPTOP|WIN|MacBook)[A-Z0-9-]*",
    )
)


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A file that is not read; with `beside`, only while that one is in the same folder."""

    message: str
    hint: str
    beside: str | None = None


def lookalike(name: str) -> Lookalike | None:
    """What a file of this name is taken for; None of a plan, and of what nobody meant as one."""
    if _PLAIN.fullmatch(name) and "conflict" not in name:
        return None
    if name.startswith((".", "#", "~")) or _BACKUPS.fullmatch(name):
        return None
    stem, dot, suffix = name.rpartition(".")
    if f"{dot}{suffix}" in SUFFIXES:
        return _copy(stem, f"{dot}{suffix}")
    return _misnamed(name)


def _copy(stem: str, suffix: str) -> Lookalike | None:
    for patterns, sure in ((_COPIES, True), (_BESIDE, False)):
        for pattern in patterns:
            if found := pattern.fullmatch(stem):
                original = found["of"] + suffix
                message = f'is not read: it looks like a copy of "{original}" that a program left behind'
                hint = f'put what is right into "{original}", and remove this one'
                return Lookalike(message, hint, None if sure else original)
    return None


def _misnamed(name: str) -> Lookalike | None:
    ends = "is not read: the name of a plan ends in .toml, that of a roster in .csv"
    if found := _BEHIND.fullmatch(name):
        hidden = "; Windows may hide the end of a name" if name.lower().endswith(".txt") else ""
        return Lookalike(ends, f'rename it to "{found[1].lower()}"{hidden}')
    if _CASE.fullmatch(name):
        return Lookalike(ends, f'rename it to "{name.lower()}": capitals count')
    if found := _NEARLY.fullmatch(name):
        return Lookalike(ends, f'rename it to "{found[1]}.toml"')
    if found := _SHEET.fullmatch(name):
        return Lookalike(ends, f'save it as CSV in UTF-8: "{found[1]}.csv"')
    if found := _OTHER.fullmatch(name):
        return Lookalike(ends, f'write it in TOML, as "{found[1]}.toml"')
    return None
