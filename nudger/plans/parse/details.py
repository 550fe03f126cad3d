"""Reads how a person is reached and called (numbers, email addresses, countries, names), and words of record:
where their consent stands, and the two opt-ins to a notice to a trusted contact.

Each record has the day on which it was given, not to come, and how. What says that there is none, "no" or
"pending", is not read as one: it is a problem, and where there was a consent, it ends (`Refusal`).

A trusted contact is told when a crisis hold begins, only by the written opt-in of both: `tell` is the
person's, `agreed` the contact's own.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from nudger.domain.model import BackOff, Contact, phone_forms, same_phone
from nudger.messages import is_blank
from nudger.plans.format.faults import (
    IN_A_FILE,
    Breach,
    Facts,
    Wrong,
    did_you_mean,
    meant,
    shown,
    spoilt_phone,
)

# The library has no numbers for these territories; people live in some of them all the same.
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS) | {"AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
LONGEST_NAME = 100  # characters
LONGEST_LINE = 300
PERSON_ID = r"[a-z0-9][a-z0-9_-]{0,63}"

_IGNORED = re.compile(r"[ \-‐‑–()\[\]\u00a0]")
# As people write one: a word before it, and what parts its digits; nothing that may be an extension.
_ONLY_A_NUMBER = re.compile(r"(?:[^\W\d_]+[.:]*\s*)?([+(]*[0-9][0-9\s().\[\]/\u00a0‐‑–-]*)")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets
_LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_APART = ("US", "RU")  # countries that share their code with others: Canada and more, Kazakhstan
_ID = re.compile(PERSON_ID)
_ALSO_COUNTRIES = {
    "uk": "GB",
    "en": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "united kingdom": "GB",
    "great britain": "GB",
    "usa": "US",
    "united states": "US",
    "america": "US",
    "germany": "DE",
    "deutschland": "DE",
    "france": "FR",
    "spain": "ES",
    "españa": "ES",
    "ireland": "IE",
    "canada": "CA",
    "australia": "AU",
    "austria": "AT",
    "switzerland": "CH",
    "italy": "IT",
    "india": "IN",
    "new zealand": "NZ",
}


def read_phone(value: object, country: str | None = None) -> str:
    """Reads a phone number, as E.164; spaces, dashes and brackets are ignored. Possible, not assigned:
    examples pass.

    `country` is only for guessing at what was meant.
    """
    written = str(value) if type(value) is int and 0 < value < 10**15 else value
    number = _IGNORED.sub("", written) if isinstance(written, str) and len(written) <= LONGEST_NAME else ""
    if _E164.fullmatch(number):
        if _possible(number) == number:
            return number
        expected = f"expected a number that its country can have, got {shown(value)}"
        meant = next((one for one in phone_forms(number) if _possible(one) == one), _possible(number))
        raise Wrong(expected, did_you_mean(meant, "check the digits after the country's code"))
    text = written if number and isinstance(written, str) else ""
    hint = spoilt_phone(text) or did_you_mean(_meant(text, country))
    otherwise = f"a number begins with + and its country's code, in place of the first 0{IN_A_FILE}"
    raise Wrong(f'expected a phone number like "+447700900123", got {shown(value)}', hint or otherwise)


def read_email(value: object) -> str:
    """Reads one address, without a name beside it."""
    if isinstance(value, str) and len(value) <= _LONGEST_EMAIL and _EMAIL.fullmatch(value):
        if len(value.partition("@")[0]) > _LONGEST_LOCAL:
            raise Wrong(f"expected at most {_LONGEST_LOCAL} characters before the @, got {shown(value)}")
        return value
    found = re.search(r"<([^<>]+)>", value[:300]) if isinstance(value, str) else None
    bare = found[1] if found else value.strip() if isinstance(value, str) else ""
    hint = did_you_mean(bare) if bare != value and _EMAIL.fullmatch(bare[:_LONGEST_EMAIL]) else ""
    if not hint:
        ascii_form = isinstance(value, str) and not value.isascii()
        hint = "write a domain in its ASCII form, xn--..." if ascii_form else "one @, and a domain with a dot"
    raise Wrong(f'expected an email address like "maya@example.org", got {shown(value)}', hint)


def read_country(value: object) -> str:
    """Reads a country: two capital letters, ISO 3166-1."""
    if isinstance(value, str) and value in COUNTRIES:
        return value
    folded = value.strip().casefold()[:LONGEST_NAME] if isinstance(value, str) else ""
    guess = _ALSO_COUNTRIES.get(folded, folded.upper() if folded.upper() in COUNTRIES else "")
    hint = did_you_mean(guess, "two capital letters, as in web addresses; the United Kingdom is GB")
    raise Wrong(f'expected a country like "GB", got {shown(value)}', hint)


def read_name(value: object) -> str:
    """Reads a person's or a contact's name: one line, not too long for a text."""
    return _line(value, "a name", LONGEST_NAME)


def read_line(value: object) -> str:
    """Reads a line of text, of LONGEST_LINE characters at most."""
    return _line(value, "a line of text", LONGEST_LINE)


def read_id(value: object) -> str:
    """Reads what a nudge or a person is called in commands, tables and the store."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    expected = f'expected an id like "evening-walk", got {shown(value)}'
    raise Wrong(expected, did_you_mean(slug(value), "small letters, digits, - and _; 64 at most"))


def is_plain(text: str) -> bool:
    """Tells whether a text has no line breaks and no control characters. Joiners and marks of direction are
    fine."""
    return text.isprintable() or all(unicodedata.category(one) not in ("Cc", "Zl", "Zp") for one in text)


def slug(value: object) -> str:
    """Makes the id that comes nearest to a text; "" where nothing of it can stay."""
    plain = unicodedata.normalize("NFKD", value[:200]) if isinstance(value, str) else ""
    kept = "".join(one for one in plain if not unicodedata.combining(one)).casefold()
    return re.sub(r"[^a-z0-9_]+", "-", kept).strip("-_")[:64]


def country_of(phone: str) -> str | None:
    """Returns the country that a number belongs to; a territory counts to the country whose code it
    shares."""
    regions = _countries_of(phone)
    if not regions:
        return None
    return (_region_of(phone) if regions[0] in _APART else None) or regions[0]


def is_of(phone: str, country: str) -> bool:
    """Tells whether a number may well be of a country: nothing that it says is against it."""
    regions = _countries_of(phone)
    if country not in regions:
        return False
    return regions[0] not in _APART or _region_of(phone) in (country, None)


def _countries_of(phone: str) -> Sequence[str]:
    """The countries that have the code of a number, the main one first; none for a code of no country."""
    parsed = _parsed(phone, None)
    code = parsed.country_code if parsed else None
    regions = phonenumbers.region_codes_for_country_code(code) if code else ()
    return [one for one in regions if one in COUNTRIES]


def _region_of(phone: str) -> str | None:
    parsed = _parsed(phone, None)
    return phonenumbers.region_code_for_number(parsed) if parsed else None


# The parser takes 15 us; a number is looked at some four times, and contacts are in the plans of many.
@lru_cache(maxsize=4096)
def _parsed(number: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country)
    except NumberParseException:
        return None


def _possible(number: str, country: str | None = None) -> str:
    """The number in E.164, if some number of its country is as long as it is; else ""."""
    parsed = _parsed(number, country)
    # `is_possible_number` would let numbers pass that are only dialled inside a town.
    if parsed is None or phonenumbers.is_possible_number_with_reason(parsed) != ValidationResult.IS_POSSIBLE:
        return ""
    e164: str = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return e164


def _meant(written: str, country: str | None) -> str:
    """The number that is only written in another way; "" where that cannot be told, or may be another's."""
    found = _ONLY_A_NUMBER.fullmatch(written.strip())
    digits = re.sub(r"[^0-9+]", "", found[1]) if found else ""
    if digits.startswith("00"):
        return _possible("+" + digits[2:])
    if digits.startswith("+"):
        return _possible(digits)
    abroad = _possible("+" + digits) if len(digits) > 10 and digits[0] != "0" else ""
    if country is None:
        return abroad
    here = _possible(digits, country)
    return here if here == abroad or not abroad else "" if here else abroad


def _line(value: object, what: str, longest: int) -> str:
    if not isinstance(value, str):
        raise Wrong(f"expected {what}, got {shown(value)}", "put it in quotes")
    if is_blank(value):
        raise Wrong(f"expected {what}, got {shown(value)}", "write something, or leave the key out")
    if len(value) > longest:
        raise Wrong(f"expected at most {longest} characters, got {len(value)}")
    if not is_plain(value):
        raise Wrong(f"expected {what} without line breaks or control characters, got {shown(value)}")
    return value.strip()


OPT_INS = {
    "tell": "who asked nudger to tell this contact, and how",
    "agreed": "how the contact agreed to be told",
}


def opt_in_breaches(values: Mapping[str, Any]) -> Iterator[Breach]:
    """Finds what is wrong with the opt-ins of one [[contact]] taken together."""
    given = [key for key in OPT_INS if key in values]
    if len(given) == 1:
        missing = next(key for key in OPT_INS if key not in given)
        message = f'expected "{missing}" beside "{given[0]}", got none'
        hint = f"both have to agree: add {missing}, {OPT_INS[missing]}"
        yield Breach(given[0], message, hint)
    if given and "phone" not in values:
        hint = "add their phone: a notice goes by text, so that they can answer STOP"
        yield Breach(given[0], 'expected "phone" beside it, got none', hint)


def trust_breaches(
    contacts: Mapping[str, Contact], own_phone: str | None
) -> Iterator[tuple[str, str, str, str]]:
    """Finds what is wrong with the trusted contacts of a whole plan: name, key, message, hint."""
    trusted = [contact for contact in contacts.values() if contact.trusted]
    for contact in trusted[1:]:
        message = f'expected one trusted contact at most, got "{contact.name}" beside "{trusted[0].name}"'
        yield contact.name, "tell", message, "keep the one whom the person would rather hear from"
    for contact in trusted:
        if same_phone(contact.phone, own_phone):
            hint = "a notice to the person's own phone tells nobody"
            yield contact.name, "phone", "expected a number of their own, got the person's", hint


HOW = 'say when and how it was given: "2026-11-20, in person"; leave it out, and nudger asks'

_WORD = re.compile(r"[^\W\d_]{2}")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d)[,:]?\s+(\S.*)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
_IN_WORDS = re.compile(
    r"(?<!\w)(?:(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?(?: of)? (?P<month>[a-zé]{3,9})\.?"
    r"|(?P<month_first>[a-zé]{3,9})\.? (?P<day_second>\d{1,2})(?:st|nd|rd|th)?),? (?P<year>\d{4})(?!\d)",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# What is no consent, by what it begins with, what it is as a whole, and what stands anywhere in it; the dates
# taken out. English, German, Spanish, French, and what databases write for nothing.
_NO = re.compile(
    r"(?:no|not|non|none|nope|never|false|nein|nicht|noch nicht|kein\w*|falsch|nunca|falso|jamais|faux|pas|"
    r"pending|tbd|tbc|tba|to be \w+|to come|ausstehend|pendiente|en attente|en espera)(?!\w)",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"open|asked|waiting|awaiting|missing|unknown|unclear|offen|unbekannt|inconnu|desconocido|todo|to do|"
    r"n|n/a|n\.a|na|null|nil|nan|0|[?¿]+|[-–—]+",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?<!\w)(?<!\bbe )(?:refused|refuses|refusal|declined|declines|denied|withdrawn|withdrew|revoked|"
    r"rescinded|retracted|opted out|unsubscribed|stopped it|no longer|not yet|not given|no answer|"
    r"(?:does|did)(?: not|n't) (?:want|agree|consent|wish)|(?:no|without) consent|(?:would )?rather not|"
    r"(?:said|says|answered|replied):? no(?=\W*$)|"
    r"(?:sagte?|hat|antwortete) nein|will nicht|abgelehnt|verweigert|"
    r"widerrufen|widerrief|zur[uü]ckgezogen|noch nicht|"
    r"(?:dijo|dice) que no|no quiere|rechazad[oa]|revocad[oa]|retirad[oa]|todav[ií]a no|a[uú]n no|"
    r"(?:a dit|dit) non|ne veut (?:pas|plus)|refusée?|refuse|retirée?|révoquée?|pas encore)(?!\w)"
    r"|: ?no\W*$",
    re.IGNORECASE,
)


class Refusal(Wrong):
    """A line of record that says that there is none: what it stands for ends."""


def read_consent(value: object, facts: Facts) -> str:
    """Reads when and how consent was given. Words without a date are kept, and `undated` says what they
    lack."""
    if not isinstance(value, str) or not value.strip():
        kind = Refusal if value is False else Wrong
        raise kind(f"expected where consent is on record, got {shown(value)}", HOW)
    line = read_line(value)
    if _says_no(line):
        no = "a line that says no is none, and nobody is nudged by it"
        raise Refusal(f"expected where consent is on record, got {shown(line)}", f"{no}; {HOW}")
    found = _ISO.search(line)
    if found is None and (line.startswith("#") or not _WORD.search(line)):
        raise Wrong(*_undated(line))
    given = _day(found[0]) if found else _other_date(line)
    if found and given is None:
        raise Wrong(f'expected a date that there is, got "{found[0]}"', "year, month, day")
    if found and given and found[0] != given.isoformat():
        raise Wrong(f'expected a date like 2026-11-20, got "{found[0]}"', did_you_mean(given.isoformat()))
    if given is not None:
        _demand_that_it_was(given, facts)
    return line


def undated(consent: str) -> tuple[str, str] | None:
    """Returns what a consent without a date lacks, and what to do; None where it has one."""
    return None if _ISO.search(consent) else _undated(consent)


def _undated(line: str) -> tuple[str, str]:
    guess = _other_date(line)
    return (
        f"expected a date that was, and how consent was given, got {shown(line)}",
        f"did you mean {guess}? {HOW}" if guess else HOW,
    )


def read_back_off(value: object) -> BackOff:
    """Reads whether less comes to somebody who is silent."""
    if isinstance(value, str) and value in list(BackOff):
        return BackOff(value)
    word = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
    also = {"on": "gentle", "yes": "gentle", "none": "off", "no": "off"}
    hint = did_you_mean(meant(word, BackOff, also), "gentle: less comes to somebody who is silent for weeks")
    raise Wrong(f'expected "off" or "gentle", got {shown(value)}', hint)


def read_yes_or_no(value: object) -> bool:
    """Reads what is true or false."""
    if isinstance(value, bool):
        return value
    hint = "without quotes" if value in ("true", "false") else ""
    raise Wrong(f"expected true or false, got {shown(value)}", hint)


def read_opt_in(value: object, facts: Facts) -> str:
    """Reads the day on which somebody opted in to a notice, and then how and in which words."""
    hint = 'the date, and then how and in which words: "2026-11-20, on paper: please tell Sam"'
    line = read_line(value) if isinstance(value, str) and value.strip() else ""
    if value is False or _says_no(line):
        no = "a record that says no is none, and nobody is told"
        raise Refusal(f"expected the words of an opt-in with its date, got {shown(value)}", f"{no}; {hint}")
    found = _RECORD.fullmatch(line)
    given = _day(found[1]) if found else None
    if given is None:
        raise Wrong(f"expected the words of an opt-in with its date, got {shown(value)}", hint)
    _demand_that_it_was(given, facts)
    return line


def _demand_that_it_was(given: date, facts: Facts) -> None:
    # The day of whoever is furthest ahead of UTC.
    if given > facts.today + timedelta(days=1):
        raise Wrong(f"expected a date that has come, got {given}", "write it down once it is given")


def _says_no(line: str) -> bool:
    words = _ISO.sub("", line).strip(" ,;:.\"'()[]")
    return bool(_NO.match(words) or _NOTHING.fullmatch(words) or _REFUSED.search(words))


def _day(written: str) -> date | None:
    """Of a year, a month and a day with hyphens; None where there is none such."""
    year, month, day = (int(number) for number in written.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _other_date(line: str) -> date | None:
    """The date that is written in another form, where there are no two ways to read it."""
    if found := _DAY_FIRST.search(line):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "." or first > 12:
            return _day(f"{year}-{second}-{first}")
        return _day(f"{year}-{first}-{second}") if second > 12 or first == second else None
    if found := _IN_WORDS.search(line):
        month = (found["month"] or found["month_first"])[:3].lower()
        day = found["day"] or found["day_second"]
        return _day(f"{found['year']}-{_MONTHS.index(month) + 1}-{day}") if month in _MONTHS else None
    return None
