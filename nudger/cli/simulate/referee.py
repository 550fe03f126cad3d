"""The referee: judges what people got by what they were promised and what they said.

It is told what the channel accepted and what people texted, and knows their plans; of the engine, its
gate and its agenda it knows nothing. One promise that is broken is one `Broken`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from nudger.cli.simulate.sayings import Means, Saying
from nudger.cli.simulate.terms import NEVER, Accounts, Calendar, Expected, Shut, Terms, seconds
from nudger.domain.model import Origin


class Promise(StrEnum):
    """What holds for everybody."""

    TWICE = "nothing comes twice"
    UNPLANNED = "nothing comes that nobody planned or asked for"
    QUIET = "quiet hours are kept"
    LIMIT = "the daily limit is kept"
    GAP = "a drawn time keeps the gap"
    STOPPED = "nothing comes after STOP"
    PAUSED = "nothing comes while paused"
    HELD = "nothing comes while a crisis hold stands"
    UNASKED = "nothing comes without consent"
    LOST = "nothing is lost"
    LESS = "less comes to who is silent, and at the end of a plan"


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept: to whom, when by their own clock, and the two messages."""

    promise: Promise
    person: str
    at: str
    message: str  # that came, or did not
    before: str  # what came or was said before it

    def __str__(self) -> str:
        return f"{self.promise}: {self.person}, {self.at}: {self.message}; before it: {self.before}"


MOST_ASKED = 3  # nudges on demand of one date
LATE = 60  # seconds: so late still counts as on time, for the gap
SNOOZE_FRESH = 30 * 60
LAYING_OUT = 60  # what comes so soon after START, RESUME or a move need not be laid out in time
KEPT = 64  # of the last nudges it is known which came
_BITS = (1 << KEPT) - 1
MOST_KEPT = 20  # broken promises that are told; all are counted


class Referee:
    """Judges each message as it comes, and each nudge that did not come once it is too late for it."""

    def __init__(
        self, size: int, terms: Sequence[Terms], zones: Sequence[tzinfo], name: Callable[[int], str] = str
    ) -> None:
        self._of = Accounts(size)
        self._terms = terms
        self._zones = zones
        self._name = name
        self._calendar = Calendar(terms, zones)
        self._said: dict[int, tuple[Saying, int]] = {}  # the last text of those who texted
        self.broken: list[Broken] = []
        self.breaches = 0
        self.kept: Counter[str] = Counter()  # what did not come, and why that was right

    # what the referee is told ---------------------------------------------------------------------
    def join(self, who: int, shape: int, zone: int, at: int, *, asked: bool) -> None:
        """Somebody's plan is there from `at` on; `asked`: with consent."""
        of = self._of
        of.shape[who], of.zone[who] = shape, zone
        of.next[who] = self._first_after(who, at)
        self._sign(who, at)
        self._spare(who, at)
        if not asked:
            of.leave_alone(who, at, Shut.UNASKED)

    def moved(self, who: int, zone: int, at: int) -> None:
        """Notes that their plan names another zone. What came for a date does not come again for it; what is
        past in the new zone is not made up."""
        of = self._of
        self.settle(who, at)
        self._spare(who, at)
        of.zone[who] = zone
        of.moved[who] = 1
        self._go_on(who, max(of.next[who], self._first_after(who, at)))
        self._spare(who, at)

    def said(self, who: int, saying: Saying, at: int) -> None:
        """Notes that they texted, and that nudger has taken it."""
        of = self._of
        self.settle(who, at)
        self._said[who] = saying, at
        of.texts[who] += 1
        self._sign(who, at)
        match saying.means:
            case Means.STOP:
                of.leave_alone(who, at, Shut.STOPPED)
                self.waiting(who).clear()
            case Means.CRISIS:
                of.leave_alone(who, at, Shut.HELD)
                self.waiting(who).clear()
            case Means.START:
                of.welcome_back(who, at, Shut.STOPPED | Shut.UNASKED)
                self._spare(who, at)
            case Means.RESUME:
                of.paused_until[who] = NEVER
                of.welcome_back(who, at, Shut.HELD | Shut.PAUSED)
                self._spare(who, at)
            case Means.PAUSE:
                of.pause(who, at, saying.span)
            case Means.SNOOZE:
                self._snooze(who, at, saying)
            case Means.LESS:
                of.fewer[who] = min(2, of.fewer[who] + 1)
            case Means.MORE:
                self._spare(who, at)
                of.fewer[who] = max(0, of.fewer[who] - 1)
            case Means.NOW:
                of.asks[who] += 1

    def accepted(self, who: int, origin: Origin, text: str, at: int) -> None:
        """Judges a message that the channel took."""
        of = self._of
        match origin:
            case Origin.ANSWER:
                if of.texts[who] == 0:
                    self._break(Promise.TWICE, who, at, f"an answer, {text!r}")
                else:
                    of.texts[who] -= 1
            case Origin.WELCOME:
                self._welcomed(who, text, at)
            case _:
                self._nudge(who, origin, text, at)

    def finish(self, at: int) -> None:
        """Ends the look, nothing more comes: whatever should have come by now and did not is lost."""
        for who in range(len(self._of.next)):
            self.settle(who, at)

    # judging --------------------------------------------------------------------------------------
    def _nudge(self, who: int, origin: Origin, text: str, at: int) -> None:
        of, terms = self._of, self._terms[self._of.shape[who]]
        self.settle(who, at)
        local = datetime.fromtimestamp(at, self._zones[of.zone[who]])
        day = local.toordinal()
        if day != of.day[who]:
            of.day[who], of.sent[who], of.put_off[who], of.asked_sent[who] = day, 0, 0, 0
        self._may_come(who, text, at)
        if terms.is_quiet(local.time()):
            self._break(Promise.QUIET, who, at, repr(text))
        of.got[who] += 1
        if origin is Origin.ON_DEMAND:
            self._asked(who, text, at)
        else:
            self._counted(who, origin, text, at)

    def _may_come(self, who: int, text: str, at: int) -> None:
        shut = Shut(self._of.shut[who])
        for why, promise in (
            (Shut.STOPPED, Promise.STOPPED),
            (Shut.HELD, Promise.HELD),
            (Shut.PAUSED, Promise.PAUSED),
            (Shut.UNASKED, Promise.UNASKED),
        ):
            if why in shut:
                self._break(promise, who, at, repr(text))
        if at < self._of.paused_until[who]:
            self._break(Promise.PAUSED, who, at, repr(text))

    def _counted(self, who: int, origin: Origin, text: str, at: int) -> None:
        of, terms = self._of, self._terms[self._of.shape[who]]
        of.sent[who] += 1
        if of.sent[who] - of.put_off[who] > terms.limit:
            self._break(Promise.LIMIT, who, at, f"{text!r}, number {of.sent[who]} of {terms.limit}")
        if origin is Origin.SNOOZED:
            self._snoozed(who, text, at)
        else:
            if origin is Origin.DRAWN and at - of.last[who] < terms.gap - LATE:
                self._break(Promise.GAP, who, at, repr(text))
            self._planned(who, origin, text, at)
        of.last[who] = at

    def _planned(self, who: int, origin: Origin, text: str, at: int) -> None:
        of, drawn = self._of, origin is Origin.DRAWN
        due = self._expected(who, of.next[who])
        if due.opens <= at <= due.closes and due.drawn == drawn:
            self._earn(who, due)
            self._came_of_less(who, due, text, at)
            self._go_on(who, due.index + 1)
            of.came[who] |= 1
            return
        # After a move to the west a time comes that was past, and was never made up, where they were.
        for back in range(min(KEPT, 2 * len(self._terms[of.shape[who]].parts))):
            before = self._expected(who, due.index - 1 - back)
            if before.opens <= at <= before.closes and before.drawn == drawn:
                if of.came[who] >> back & 1:
                    self._break(Promise.TWICE, who, at, repr(text))
                of.came[who] |= 1 << back
                return
        self._break(Promise.UNPLANNED, who, at, repr(text))

    def _snoozed(self, who: int, text: str, at: int) -> None:
        waiting = self.waiting(who)
        came = next((until for until in waiting if until <= at <= until + SNOOZE_FRESH), None)
        if came is None:
            self._break(Promise.UNPLANNED, who, at, f"a snooze, {text!r}")
        else:
            waiting.remove(came)

    def _asked(self, who: int, text: str, at: int) -> None:
        of = self._of
        of.asked_sent[who] += 1
        if of.asks[who] == 0:
            self._break(Promise.UNPLANNED, who, at, f"on demand, {text!r}")
        elif of.asked_sent[who] > MOST_ASKED:
            self._break(Promise.LIMIT, who, at, f"on demand, {text!r}")
        else:
            of.asks[who] -= 1

    def _welcomed(self, who: int, text: str, at: int) -> None:
        of = self._of
        local = datetime.fromtimestamp(at, self._zones[of.zone[who]])
        if of.welcomed[who] or Shut.UNASKED not in Shut(of.shut[who]):
            self._break(Promise.TWICE, who, at, f"a question for consent, {text!r}")
        if self._terms[of.shape[who]].is_quiet(local.time()):
            self._break(Promise.QUIET, who, at, f"a question for consent, {text!r}")
        if Shut.STOPPED in Shut(of.shut[who]):
            self._break(Promise.STOPPED, who, at, f"a question for consent, {text!r}")
        of.welcomed[who] = 1

    # what did not come ----------------------------------------------------------------------------
    def settle(self, who: int, at: int) -> None:
        """Judges what can no longer come."""
        of = self._of
        while (due := self._expected(who, of.next[who])).closes < at:
            self._go_on(who, due.index + 1)
            self._earn(who, due)
            if (why := self._excuse(who, due.opens, due.closes, due)) is None:
                self._break(Promise.LOST, who, due.opens, "a nudge of the plan did not come")
            else:
                self.kept[why] += 1
        if who in of.waiting:
            for until in [one for one in of.waiting[who] if one + SNOOZE_FRESH < at]:
                of.waiting[who].remove(until)
                if (why := self._excuse(who, until, until + SNOOZE_FRESH)) is None:
                    self._break(Promise.LOST, who, until, "a snooze did not come")
                else:
                    self.kept[why] += 1

    def _excuse(self, who: int, opens: int, closes: int, due: Expected | None = None) -> str | None:
        """Why it is right that it did not come."""
        of, terms = self._of, self._terms[self._of.shape[who]]
        if of.shut_from[who] <= closes and of.shut_to[who] >= opens:
            return "left alone, as they asked"
        zone = self._zones[of.zone[who]]
        day = due.day if due else datetime.fromtimestamp(opens, zone).toordinal()
        if of.day[who] == day and of.sent[who] >= terms.limit:
            return "the daily limit"
        if due is None:
            moved_into_quiet = terms.is_quiet(datetime.fromtimestamp(opens, zone).time())
            return "quiet hours where they went" if moved_into_quiet else None
        if due.index <= of.free[who]:
            return "the plan had just begun, or begun again"
        if of.fewer[who]:
            return "fewer, as asked with LESS"
        if self._may_be_less(who, due):
            return "less by itself, after silence or at the end of a plan"
        if due.drawn and of.last[who] > opens - terms.gap:
            return "the gap after what they put off"
        return None

    def _snooze(self, who: int, at: int, saying: Saying) -> None:
        of = self._of
        if Shut.HELD in Shut(of.shut[who]):
            return  # nothing is planned while a hold stands
        zone = self._zones[of.zone[who]]
        today = datetime.fromtimestamp(at, zone).date()
        if saying.wall is not None:
            until = seconds(today + timedelta(days=1), saying.wall, zone)
        else:
            until = at + int((saying.span or timedelta()).total_seconds())
        self.waiting(who).append(self._terms[of.shape[who]].after_quiet(until, zone))
        if of.day[who] == today.toordinal():
            of.put_off[who] += 1

    # less by itself -----------------------------------------------------------------------------------
    def _sign(self, who: int, at: int) -> None:
        """Somebody is there: what came of less before says nothing about what comes now."""
        of = self._of
        of.signed[who], of.earned[who], of.got_of_it[who], of.moved[who] = at, 0.0, 0, 0

    def _share(self, who: int, day: int) -> float:
        """A pause that has ended by itself ended what came before it."""
        of, zone = self._of, self._zones[self._of.zone[who]]
        since = of.signed[who]
        until = of.paused_until[who]
        if until > since and datetime.fromtimestamp(until, zone).toordinal() <= day:
            since = until
        return self._terms[of.shape[who]].share(day, datetime.fromtimestamp(since, zone).toordinal())

    def _earn(self, who: int, due: Expected) -> None:
        share = self._share(who, due.day)
        if share < 1 and due.index > self._of.free[who]:
            self._of.earned[who] += share

    def _came_of_less(self, who: int, due: Expected, text: str, at: int) -> None:
        """No span of days has more than one too many."""
        of = self._of
        if self._share(who, due.day) >= 1 or of.moved[who] or due.index <= of.free[who]:
            return
        of.got_of_it[who] += 1
        if of.got_of_it[who] > of.earned[who] + self._slack(who):
            self._break(Promise.LESS, who, at, f"{text!r}, {of.got_of_it[who]} of {of.earned[who]:.1f}")

    def _may_be_less(self, who: int, due: Expected) -> bool:
        """Nor more than one too few."""
        of = self._of
        if self._share(who, due.day) >= 1:
            return False
        return bool(of.moved[who]) or of.earned[who] - of.got_of_it[who] < self._slack(who)

    def _slack(self, who: int) -> float:
        """One nudge, and what the order within a date may add before it is over."""
        return 1.001 + len(self._terms[self._of.shape[who]].parts) / 4

    # places ---------------------------------------------------------------------------------------
    def waiting(self, who: int) -> list[int]:
        """Returns when what this person put off is to come."""
        return self._of.waiting.setdefault(who, [])

    def zone(self, who: int) -> int:
        return self._of.zone[who]

    def got(self, who: int) -> int:
        """Counts the nudges that came."""
        return self._of.got[who]

    def _spare(self, who: int, at: int) -> None:
        """What is due about now may or may not be laid out yet."""
        due = self._expected(who, self._of.next[who])
        if due.opens <= at + LAYING_OUT:
            self._of.free[who] = max(self._of.free[who], due.index)

    def _go_on(self, who: int, index: int) -> None:
        of = self._of
        of.came[who] = of.came[who] << (index - of.next[who]) & _BITS if index - of.next[who] < KEPT else 0
        of.next[who] = index

    def _first_after(self, who: int, at: int) -> int:
        return self._calendar.first_after(self._of.shape[who], self._of.zone[who], at)

    def _expected(self, who: int, index: int) -> Expected:
        return self._calendar.expected(self._of.shape[who], self._of.zone[who], index)

    def _break(self, promise: Promise, who: int, at: int, message: str) -> None:
        self.breaches += 1
        if len(self.broken) < MOST_KEPT:
            last = self._of.last[who]
            before = [f"a nudge, {self._clock(who, last)}"] if last else []
            if who in self._said:
                saying, said_at = self._said[who]
                before.append(f"they said {saying.text!r}, {self._clock(who, said_at)}")
            told = ", ".join(before) or "nothing"
            self.broken.append(Broken(promise, self._name(who), self._clock(who, at), message, told))

    def _clock(self, who: int, at: int) -> str:
        zone = self._zones[self._of.zone[who]]
        return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S} {zone}"
