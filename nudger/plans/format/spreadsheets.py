"""What spreadsheets do to numbers, and people to phone numbers: told, and never guessed back.

A spreadsheet takes "+49 151 12345678" for a quantity: it drops the +, or a first 0, rounds it, writes it as
4.9E+12, or adds ".0". What is left may well be the number of somebody else, so no hint names one.
"""

import re

_KEEP = (
    "give the column the format Text before numbers are put into it, and enter this one again, with + and "
    "the country's code"
)
# In their order: the first that fits says what has happened.
_KINDS = tuple(
    (re.compile(pattern, re.IGNORECASE), happened)
    for pattern, happened in (
        (r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", "a spreadsheet kept its first digits, and the others are lost"),
        (r"[+-]?\d{5,}[.,]\d+", "a spreadsheet took it for a quantity, and what stood before it may be lost"),
        (r"-\d+", "a spreadsheet took it for a sum, and worked it out"),
        (r"\d{1,3}(?:[.,'’]\d{3}){2,}", "a spreadsheet took it for a quantity, and put it into thousands"),
        (r"#+", "the column of the spreadsheet was too narrow, and the number was not saved"),
        (r"#.*", "a formula of the spreadsheet failed here"),
        (r"=.*", "a spreadsheet keeps a formula here, not a number"),
    )
)
_EXTENSION = re.compile(
    r"(?:ext(?:n|ension)?|x|#|;ext=|durchwahl|dw|poste|int(?:erno)?)[ .:=]*\d{1,6}$", re.IGNORECASE
)
_TWO = re.compile(r"\d{7,}\s*(?:[/;|,&+]|or|and|und|oder|ou|et|o|y)\s*\+?\d{7,}", re.IGNORECASE)
_ERROR = re.compile(r"#(?:[A-ZÀ-Ü][A-ZÀ-Ü0-9/_ ]*[!?]?|¡[A-ZÀ-Ü]+!|#+)")
_WITH_ZEROS = re.compile(r"(\d{1,15})[.,]0+")


def of_phone(written: str) -> str:
    """What has become of a phone number, and what to do; "" where it is as somebody wrote it."""
    text = written.strip()
    for pattern, happened in _KINDS:
        if pattern.fullmatch(text):
            return f"{happened}: {_KEEP}"
    if _EXTENSION.search(text):
        return "a text reaches no extension: write a number that takes texts, with + and the country's code"
    if _TWO.search(re.sub(r"[ ()\[\]\u00a0.-]", "", text)):
        return "one number, which replies come from: put the other one into a note of your own"
    return ""


def of_id(written: str) -> str:
    """The same of a person's id that is a number."""
    if number := whole(written):
        return f'a spreadsheet took it for a quantity; did you mean "{number}"?'
    if _KINDS[0][0].fullmatch(written):
        return f"{_KINDS[0][1]}: give the column the format Text before ids are put into it"
    return "a formula of the spreadsheet failed here: write the id itself" if is_error(written) else ""


def is_error(cell: str) -> bool:
    """Whether it is what a spreadsheet shows in place of a value: "#N/A", "#BEZUG!", "####"."""
    return bool(_ERROR.fullmatch(cell))


def whole(cell: str) -> str | None:
    """The whole number that was taken for a quantity, "3" of "3.0"; None where it is another one."""
    found = _WITH_ZEROS.fullmatch(cell)
    return found[1] if found else None
