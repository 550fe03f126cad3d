"""How a language says an instant, a duration, a day. The words are data (system.toml)."""

from datetime import date, datetime, time, timedelta

from nudger.messages.wording.texts import Texts

PLAINLY_NEXT = 330  # days: a date within so many is the one that comes next
MINUTE = timedelta(minutes=1)
_MINUTES = {"hour": 60, "minute": 1}


class When(str):
    """An instant in words, bare ("3:30 pm"), and the two other forms that sentences take it in."""

    __slots__ = ("at", "until")
    at: str  # "at 3:30 pm", "on Monday at 9 am"
    until: str  # "until 3:30 pm"

    def __new__(cls, bare: str, at: str, until: str) -> "When":
        when = super().__new__(cls, bare)
        when.at = at
        when.until = until
        return when


def say_when(texts: Texts, local_at: datetime, local_now: datetime) -> When:
    """`local_at` as one would say it at `local_now`; both are wall times of the same zone.

    Today needs no day, tomorrow is called so, the six days from then have their names; what is
    further away, or past, has its date, and its year where that is not plain.
    """
    ahead = (local_at.date() - local_now.date()).days
    key = "today" if ahead == 0 else "tomorrow" if ahead == 1 else "weekday" if 1 < ahead < 7 else "date"
    values = {
        "time": say_time(texts, local_at.time()),
        "hour": str(local_at.hour),
        "weekday": weekday(texts, local_at.date()),
        "day": str(local_at.day),
        "month": texts.months[local_at.month - 1],
        "year": str(local_at.year) if abs(ahead) > PLAINLY_NEXT else "",
    }
    bare, at, until = (texts.say(form, key, values) for form in ("when", "at", "until"))
    return When(bare, at, until)


def say_duration(texts: Texts, span: timedelta) -> str:
    """`span` in words, in hours and minutes; at least one minute."""
    left = max(1, round(span / MINUTE))
    said = []
    for unit, minutes in _MINUTES.items():
        number, left = divmod(left, minutes)
        if number:
            key = unit if number == 1 else f"{unit}s"
            said.append(texts.say("durations", key, {"n": str(number)}))
    return texts.sources["durations"]["and"].join(said)


def weekday(texts: Texts, day: date) -> str:
    return texts.weekdays[day.weekday()]


def part_of_day(texts: Texts, local_now: datetime) -> str:
    """The part that this hour is in; the last one of the day goes on past midnight."""
    begun = [word for hour, word in texts.parts_of_day if hour <= local_now.hour]
    return begun[-1] if begun else texts.parts_of_day[-1][1]


def say_time(texts: Texts, wall: time) -> str:
    """A wall time as this language tells it: "3:30 pm", "15:30"."""
    values = {
        "hour": str(wall.hour),
        "hour12": str(wall.hour % 12 or 12),
        "minute": f"{wall.minute:02}",
        "half": "am" if wall.hour < 12 else "pm",
    }
    return texts.say("clock", "time", values)
