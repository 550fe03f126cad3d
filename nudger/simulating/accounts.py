"""What the referee keeps of each person: some sixty bytes, however long the simulation."""

from array import array
from datetime import timedelta
from enum import IntFlag

NEVER = 0
FOREVER = 1 << 62
AN_HOUR = 3600  # a pause of days ends by the clock on the wall or by elapsed time


class Shut(IntFlag):
    """Why a person is to be left alone until they say otherwise."""

    STOPPED = 1
    HELD = 2
    PAUSED = 4  # until RESUME; a pause with an end stands in `paused_until`
    UNASKED = 8


class Accounts:
    """One column for each fact, one row for each person."""

    def __init__(self, size: int) -> None:
        self.shape = array("H", bytes(2 * size))  # which terms
        self.zone = array("H", bytes(2 * size))
        self.next = array("i", bytes(4 * size))  # the index of the first expected nudge that is not judged
        self.came = array("Q", bytes(8 * size))  # of the indexes before it, latest first: 1 for what came
        self.free = array("i", bytes(4 * size))  # up to this index nothing has to come
        self.day = array("i", bytes(4 * size))  # the local date that the next three count
        self.sent = array("B", bytes(size))
        self.put_off = array("B", bytes(size))
        self.asked_sent = array("B", bytes(size))
        self.last = array("q", bytes(8 * size))  # when the last nudge that counts came
        self.shut = array("B", bytes(size))
        self.shut_from = array("q", bytes(8 * size))  # the latest span of being left alone
        self.shut_to = array("q", bytes(8 * size))
        self.paused_until = array("q", bytes(8 * size))
        self.fewer = array("B", bytes(size))
        self.texts = array("H", bytes(2 * size))  # said and not yet answered
        self.asks = array("B", bytes(size))  # NOWs that nothing has come of yet
        self.welcomed = array("B", bytes(size))
        self.got = array("H", bytes(2 * size))  # nudges in all
        self.waiting: dict[int, list[int]] = {}  # snoozes of those who have any

    def leave_alone(self, who: int, at: int, why: Shut) -> None:
        """From now on nothing may come, and nothing has to."""
        self.shut[who] |= why
        self._span(who, at)

    def pause(self, who: int, at: int, span: timedelta | None) -> None:
        """The same for a while; for good where there is no `span`."""
        if span is None:
            self.leave_alone(who, at, Shut.PAUSED)
            return
        self.paused_until[who] = at + int(span.total_seconds())
        self._span(who, at)
        if span >= timedelta(days=1):
            self.paused_until[who] -= AN_HOUR
            self.shut_to[who] += AN_HOUR

    def welcome_back(self, who: int, at: int, why: Shut) -> None:
        """This reason is gone."""
        self.shut[who] &= ~why
        self._span(who, at)

    def _span(self, who: int, at: int) -> None:
        if self.shut_to[who] < at:
            self.shut_from[who] = at
        self.shut_to[who] = FOREVER if self.shut[who] else max(at, self.paused_until[who])
