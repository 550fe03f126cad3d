"""Every key that a plan, a nudge or a contact can have: what reads it, its JSON Schema, what it does.

The parser, `nudger schema`, rosters and did-you-mean all come from these tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from nudger.domain.model import BackOff, ChannelName, Effort, Kind, Topic
from nudger.messages import is_blank
from nudger.plans.format import times
from nudger.plans.format.faults import Facts, Wrong, did_you_mean, listed, meant, shown
from nudger.plans.format.times import read_zone
from nudger.plans.parse import asks, details

Reader = Callable[[Any, Facts], Any]  # raises Wrong
MOST_A_DAY = 8
HOUR = timedelta(hours=1)
_KINDS = {kind.value: kind for kind in Kind}
_CHANNEL_NAMES = {channel.value: channel for channel in ChannelName}
_ALSO_KINDS = {
    "sleep": "rest",
    "break": "rest",
    "exercise": "movement",
    "walk": "movement",
    "stretch": "movement",
    "journal": "reflection",
    "writing": "reflection",
    "friend": "support",
    "social": "support",
    "breathing": "mindfulness",
    "meditation": "mindfulness",
    "art": "creative",
    "music": "creative",
    "self-compassion": "compassion",
    "therapy": "care",
    "doctor": "care",
}
_NO_FORMS = "no language here has several: leave it out"
_EFFORTS = {effort.value: effort for effort in Effort}
_ALSO_EFFORTS = {"low": "tiny", "minimal": "tiny", "little": "small", "high": "medium", "large": "medium"}
_TOPICS = {topic.value: topic for topic in Topic}
_ALSO_TOPICS = {
    "death": "grief",
    "loss": "grief",
    "bereavement": "grief",
    "eating": "food",
    "meals": "food",
    "diet": "food",
    "weight": "body",
    "appearance": "body",
    "faith": "religion",
    "prayer": "religion",
    "god": "religion",
}
_ALSO_CHANNELS = {"text": "sms", "txt": "sms", "phone": "sms", "mail": "email", "e-mail": "email"}


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is read. With `many`, a list of such values; one alone will do."""

    read: Reader
    schema: Mapping[str, object]
    many: bool = False
    alone: Mapping[str, frozenset[int]] = field(default_factory=dict)  # words that stand for a whole list


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    name: str
    form: Form
    doc: str
    default: object = None  # as it would be written


def _plain(
    read: Callable[[Any], Any], schema: Mapping[str, object], *, many: bool = False, **alone: frozenset[int]
) -> Form:
    return Form(lambda value, _: read(value), schema, many, alone)


def _text(pattern: str, *examples: str) -> dict[str, object]:
    return {"type": "string", "pattern": f"^(?:{pattern})$", "examples": list(examples)}


def _span(least: timedelta, most: timedelta, *examples: str) -> Form:
    return _plain(times.duration(least, most), _text(times.DURATION, *examples))


def _language(value: object, facts: Facts) -> str:
    languages = facts.wording.languages
    if isinstance(value, str) and value in languages:
        return value
    known = listed((f'"{one}"' for one in sorted(languages)), "and")
    short = value.strip().casefold()[:2] if isinstance(value, str) else ""
    hint = did_you_mean(short if short in languages else "", f"the message bank has {known}")
    raise Wrong(f'expected a language like "en", got {shown(value)}', hint)


def _kind(value: object) -> Kind:
    if isinstance(value, str) and value in _KINDS:
        return _KINDS[value]
    hint = did_you_mean(meant(value, Kind, _ALSO_KINDS), f"the kinds are {listed(Kind, 'and')}")
    raise Wrong(f'expected a kind like "rest", got {shown(value)}', hint)


def _channel(value: object) -> ChannelName:
    if isinstance(value, str) and value in _CHANNEL_NAMES:
        return _CHANNEL_NAMES[value]
    hint = did_you_mean(meant(value, ChannelName, _ALSO_CHANNELS), 'the channels are "sms" and "email"')
    raise Wrong(f'expected "sms" or "email", got {shown(value)}', hint)


def _effort(value: object) -> Effort:
    if isinstance(value, str) and value in _EFFORTS:
        return _EFFORTS[value]
    hint = did_you_mean(meant(value, Effort, _ALSO_EFFORTS), "tiny is a moment, medium a little more")
    raise Wrong(f'expected "tiny", "small" or "medium", got {shown(value)}', hint)


def _topic(value: object) -> Topic:
    if isinstance(value, str) and value in _TOPICS:
        return _TOPICS[value]
    hint = did_you_mean(meant(value, Topic, _ALSO_TOPICS), f"the topics are {listed(Topic, 'and')}")
    raise Wrong(f'expected a topic like "food", got {shown(value)}', hint)


def _form(value: object, facts: Facts) -> str:
    """A form that some language has; whether the plan's has it is told with the whole plan."""
    forms = sorted({form for forms in facts.wording.forms.values() for form in forms})
    if isinstance(value, str) and value in forms:
        return value
    hint = f"the forms are {listed(map(shown, forms), 'and')}" if forms else _NO_FORMS
    raise Wrong(f"expected a form of address, got {shown(value)}", did_you_mean(meant(value, forms), hint))


def _whole(least: int, most: int) -> Form:
    def read(value: object) -> int:
        if type(value) is int and least <= value <= most:
            return value
        hint = "without quotes" if isinstance(value, str) and value.strip().isdecimal() else ""
        raise Wrong(f"expected a whole number from {least} to {most}, got {shown(value)}", hint)

    return _plain(read, {"type": "integer", "minimum": least, "maximum": most})


def _message(value: object) -> str:
    if isinstance(value, str) and not is_blank(value):
        if not details.is_plain(value.replace("\n", "").replace("\t", "")):
            raise Wrong(f"expected words without control characters, got {shown(value)}")
        return value
    raise Wrong(f"expected the words of a message, got {shown(value)}", "leave it out, and the bank chooses")


def _shared_name(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    hint = "one name; a shared plan may extend another one"
    raise Wrong(f"expected the name of a shared plan, got {shown(value)}", hint)


_LINE = {"type": "string", "minLength": 1}
_CHANNELS = _plain(_channel, {"enum": list(ChannelName)}, many=True)
_TOPIC = _plain(_topic, {"enum": list(Topic)}, many=True)
_FORM = Form(_form, {"type": "string", "pattern": "^[a-z]{1,20}$"})
_EFFORT = _plain(_effort, {"enum": list(Effort)})
_BACK_OFF = _plain(details.read_back_off, {"enum": list(BackOff)})
_TAPER = _plain(times.read_taper, _text(times.EVERY, "12 weeks"))
_EVERY = _plain(times.read_every, _text(times.EVERY, "3 days", "2 weeks"))
_RECORD = Form(details.read_opt_in, _text(r"\d{4}-\d\d-\d\d.+", "2026-11-20, on paper: please tell Sam"))
_CONSENT = Form(
    details.read_consent, {"type": "string", "minLength": 1, "examples": ["2026-11-20, in person"]}
)
_PHONE = Form(
    lambda value, facts: details.read_phone(value, facts.country),
    {"type": "string", "examples": ["+447700900123"]},
)
_EMAIL = _plain(details.read_email, {"type": "string", "format": "email"})
_DATE = _plain(times.read_date, {"type": "string", "format": "date"})
_YES_OR_NO = _plain(details.read_yes_or_no, {"type": "boolean"})
_QUIET = _plain(times.read_quiet, _text(f"{times.WINDOW}|none", "20:00-09:00", "none"))
_ASK = Form(
    asks.read_ask,
    {
        "anyOf": [
            {"enum": ["line", "yes/no"]},
            _text(asks.SPAN, "0-10", "1-5"),
            {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": asks.LONGEST_CHOICE},
                "minItems": asks.FEWEST,
                "maxItems": asks.MOST,
                "uniqueItems": True,
                "examples": [["calm", "flat", "tense"]],
            },
        ]
    },
)
_ID = _plain(details.read_id, _text(details.PERSON_ID, "evening-walk"))


def _table(*keys: Key) -> dict[str, Key]:
    return {key.name: key for key in keys}


PLAN: Mapping[str, Key] = _table(
    Key("name", _plain(details.read_name, _LINE), "What the person is called.", "the file's name"),
    Key(
        "timezone",
        Form(read_zone, {"type": "string", "examples": ["Europe/London", "America/New_York"]}),
        "Area/City, or UTC. Required, here or in the shared plan.",
    ),
    Key("language", Form(_language, _text("[a-z]{2,3}(?:-[A-Z]{2})?", "en")), "Of the words.", "en"),
    Key(
        "country",
        _plain(details.read_country, _text("[A-Z]{2}", "GB", "US")),
        "Which helplines: two capital letters.",
        "the phone number's, else the setting NUDGER_COUNTRY",
    ),
    Key("phone", _PHONE, "The number that is texted, with + and the country's code."),
    Key("email", _EMAIL, "The address that is mailed."),
    Key("channels", _CHANNELS, "Tried in this order.", "those with an address, sms first"),
    Key("quiet", _QUIET, 'When nothing is sent. "none" switches it off.', "20:00-09:00"),
    Key("daily_limit", _whole(1, MOST_A_DAY), "At most this many a day, snoozes included.", 3),
    Key("gap", _span(0 * HOUR, 12 * HOUR, "2h", "90m"), "Between nudges.", "2h"),
    Key(
        "consent",
        _CONSENT,
        "When and how consent was given. Without it nudger asks once, and sends nothing else before YES.",
    ),
    Key(
        "if_then",
        _plain(details.read_line, _LINE),
        "The person's own plan, for messages: if it is 3, I rest.",
    ),
    Key("effort", _EFFORT, "The most that a message of the bank may ask.", "medium"),
    Key("avoid", _TOPIC, "What the bank leaves alone: no message that touches it comes."),
    Key(
        "group",
        _plain(details.read_line, _LINE),
        "What you sort people by on the board: a ward, a study arm. No message has it.",
    ),
    Key("form", _FORM, "Of address, where the language has several.", "the language's usual one"),
    Key("back_off", _BACK_OFF, "Whether less comes after weeks of silence, until they say something.", "off"),
    Key("taper", _TAPER, "In so many weeks from `starts` down to one nudge a week."),
    Key("starts", _DATE, "The first date of the nudges that name none, and of the taper."),
    Key("keep_words", _YES_OR_NO, "What they say stays until they erase it.", "false"),
    Key("extends", _plain(_shared_name, _text(details.PERSON_ID, "gentle-week")), "A plan in plans/shared/."),
)

NUDGE: Mapping[str, Key] = _table(
    Key("id", _ID, "What it is called.", "the kind, then kind-2, ..."),
    Key("kind", _plain(_kind, {"enum": list(Kind)}), "What it is about. Required."),
    Key(
        "at",
        _plain(times.read_time, _text(rf"{times.CLOCK}(?::00)?", "13:00"), many=True),
        "The time, or several.",
    ),
    Key(
        "between",
        _plain(times.read_window, _text(times.WINDOW, "10:00-17:00")),
        "A time drawn from this window, afresh each day.",
    ),
    Key(
        "cron",
        _plain(times.read_cron, {"type": "string", "examples": ["30 16 * * sun"]}),
        "Five cron fields.",
    ),
    Key("times", _whole(1, MOST_A_DAY), "How many a day, one from each equal part of `between`.", 1),
    Key(
        "every",
        _EVERY,
        "Each so many days, from `starts`.",
    ),
    Key(
        "days",
        _plain(times.read_day, {"enum": list(times.DAYS)}, many=True, **times.SETS_OF_DAYS),
        "On which days of the week.",
        "daily",
    ),
    Key("starts", _DATE, "The first date."),
    Key("ends", _DATE, "The last date."),
    Key("message", _plain(_message, _LINE), "The words, with {{ name }} and the like.", "the bank chooses"),
    Key(
        "template",
        _plain(details.read_line, _LINE),
        "The key of one message of the bank.",
        "the bank chooses",
    ),
    Key("contacts", _plain(details.read_name, _LINE, many=True), "Whom it may name.", "all contacts"),
    Key("expires", _span(HOUR / 60, 48 * HOUR, "30m"), "Later than this it is not sent.", "30m"),
    Key("snooze", _span(HOUR / 60, 48 * HOUR, "1h"), "What LATER means, at most 48h.", "1h"),
    Key("channels", _CHANNELS, "In place of the person's.", "the person's"),
    Key("effort", _EFFORT, "The most that a message of the bank may ask here.", "the person's"),
    Key("keep", _YES_OR_NO, "At a fixed time: no back-off and no taper leaves it out.", "false"),
    Key("ask", _ASK, 'The question it puts: "line", a span like "0-10", "yes/no", or 2 to 6 words.'),
    Key("answer_within", _span(HOUR, 48 * HOUR, "24h"), "How long an answer is awaited.", "24h"),
    Key("thanks", _YES_OR_NO, "Whether answers are thanked, or kept in silence.", "true"),
)

CONTACT: Mapping[str, Key] = _table(
    Key("name", _plain(details.read_name, _LINE), "What the person calls them. Required."),
    Key("relation", _plain(details.read_name, _LINE), "Who they are: brother, neighbour."),
    Key("phone", _PHONE, "Their number."),
    Key("email", _EMAIL, "Their address; nudger never writes to it."),
    Key("every", _EVERY, "Named no sooner than this after the last time."),
    Key("tell", _RECORD, "The person's written opt-in to a notice, with its date; together with agreed."),
    Key("agreed", _RECORD, "The contact's own opt-in to a notice, with its date; together with tell."),
)

WHEN = ("at", "between", "cron")  # keys of a nudge, of which it has exactly one
TABLES: Mapping[str, Mapping[str, Key]] = {"nudge": NUDGE, "contact": CONTACT}

# What people and other programs call these keys.
ALSO: Mapping[str, str] = {
    "tz": "timezone",
    "zone": "timezone",
    "lang": "language",
    "locale": "language",
    "mobile": "phone",
    "number": "phone",
    "tel": "phone",
    "mail": "email",
    "limit": "daily_limit",
    "max_per_day": "daily_limit",
    "quiet_hours": "quiet",
    "do_not_disturb": "quiet",
    "text": "message",
    "type": "kind",
    "window": "between",
    "count": "times",
    "start": "starts",
    "from": "starts",
    "end": "ends",
    "until": "ends",
    "to": "ends",
    "day": "days",
    "weekdays": "days",
    "time": "at",
    "when": "at",
    "via": "channels",
    "extend": "extends",
    "includes": "extends",
    "reminder": "nudge",
    "reminders": "nudge",
    "people": "contact",
    "relationship": "relation",
    "intensity": "effort",
    "avoids": "avoid",
    "topics": "avoid",
    "address": "form",
    "formality": "form",
    "frequency": "every",
    "backoff": "back_off",
    "tapering": "taper",
    "always": "keep",
    "notify": "tell",
    "question": "ask",
    "asks": "ask",
    "answer": "ask",
    "thank": "thanks",
}


def check_field(key: str, text: str, facts: Facts) -> object:
    """Reads a value as somebody types it (`nudger init`): of any key of a plan, or else of a nudge, from its
    text; of a list, one value."""
    form = (PLAN.get(key) or NUDGE[key]).form
    text = text.strip()
    return form.read(int(text) if form.schema.get("type") == "integer" and _is_number(text) else text, facts)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 9
