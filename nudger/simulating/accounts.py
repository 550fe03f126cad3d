"""What the referee keeps of each person: some sixty bytes, however long the simulation."""

from array import array
from enum import IntFlag

NEVER = 0
FOREVER = 1 << 62


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
