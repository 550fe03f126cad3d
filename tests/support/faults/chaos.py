"""One run: a few daemons on one agenda, killed for a while under bad weather, and what came of it."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import aiohttp
import psycopg

from nudger.app.clock import FastClock
from nudger.domain.model import ChannelName, State
from nudger.store import Stores, open_store
from tests.support.doubles.postgres import throw_away_cluster
from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.doubles.twilio_double import TwilioDouble, inbound_form
from tests.support.faults import people, weather
from tests.support.faults.killing import Choice, Killed
from tests.support.faults.nursery import Nursery, faked, nursery
from tests.support.faults.people import Part, Someone
from tests.support.faults.tally import Accepted, Due, Silence, Tally, tally
from tests.support.running import environment

START = datetime(2026, 11, 25, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRESH = timedelta(minutes=30)  # the default of `expires`
GRACE = timedelta(seconds=1)  # of the machine's time, that a STOP may take
SKEW = timedelta(seconds=2)  # between the doubles' clock and the daemons'
SETTLES = timedelta(minutes=31)  # after the last kill, at most: by then what was due has expired
CALM = timedelta(minutes=1)  # the least that it goes on for: a start is well over then
PUBLIC_URL = "https://nudger.example.org"
NUDGE = re.compile(r"p\d\d n\d")
ANSWER = "answer"


@dataclass(frozen=True)
class Setup:
    """What is different from run to run."""

    folder: Path
    seed: int
    kills: int = 80  # of each daemon, at most: as many as fit into the span
    daemons: int = 1  # on one database
    people: int = 28
    speed: float = 12  # simulated seconds in one of the machine's
    lasts: float = 90  # of the machine's seconds, in which the nudges fall due
    postgresql: bool = False  # a server of its own, with the same clock; else SQLite

    @property
    def span(self) -> timedelta:
        return timedelta(seconds=self.lasts) * self.speed


@dataclass
class Outcome:
    """What a run has shown."""

    tally: Tally
    by_step: Counter[str]  # kills; "" at random moments
    deaths: list[int]  # exit codes of daemons that nobody killed
    codes: list[int]  # of the last lives, that were told to stop


async def run(setup: Setup) -> Outcome:
    """Runs it to its end. The folder is empty, or not there."""
    setup.folder.mkdir(parents=True, exist_ok=True)
    if not setup.postgresql:
        async with nursery(START, setup.speed) as born:
            return await _run(setup, born, START, None)
    with throw_away_cluster(faked(START, setup.speed)) as database:
        url = database("fleet")
        now, asked_at = time_of(url)
        async with nursery(now, setup.speed) as born:
            born.clock = FastClock(now, setup.speed, asked_at)  # the daemons go by the server's
            return await _run(setup, born, START + MINUTE * ((now - START) // MINUTE + 1), url)


async def _run(setup: Setup, born: Nursery, start: datetime, url: str | None) -> Outcome:
    random, now = Random(setup.seed), born.clock.now
    known = people.gather(setup.people, start + MINUTE, setup.span, random)
    people.write(known, setup.folder / "plans")
    async with TwilioDouble(now) as twilio, SmtpDouble(now=now) as smtp:
        twilio.weather, smtp.weather = weather.of_twilio(random), weather.of_smtp(random)
        for one in known:
            if one.part in people.NUMBERS:
                twilio.behaviours[one.phone] = people.NUMBERS[one.part]
        return await Run(setup, random, born, twilio, smtp, known, start, url).to_the_end()


def time_of(url: str) -> tuple[datetime, float]:
    """The server's time, and when that was by the machine's."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return row[0].astimezone(UTC), time.monotonic()


@dataclass
class Run:
    """A run, while it is on."""

    setup: Setup
    random: Random
    born: Nursery
    twilio: TwilioDouble
    smtp: SmtpDouble
    known: list[Someone]
    start: datetime
    database_url: str | None
    silences: list[Silence] = field(default_factory=list)
    answers: list[Due] = field(default_factory=list)  # what was texted wants one each
    choice: Choice = field(default_factory=Choice)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.settings = {
            **self.twilio.settings,
            "PUBLIC_URL": PUBLIC_URL,
            "SMS_PER_SECOND": "10",
            "EMAIL": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.smtp.port),
            "SMTP_SECURITY": "none",
            "EMAIL_FROM": "Nudger <nudger@example.org>",
            "PLANS_DIR": str(self.setup.folder / "plans"),
            "LOG_LEVEL": "info",
        }
        if self.database_url is not None:
            self.settings["DATABASE_URL"] = self.database_url
        self.daemons = [self._daemon(number) for number in range(self.setup.daemons)]

    async def to_the_end(self) -> Outcome:
        due = await self._foreseen()
        self.silences += _quiet_from_the_start(self.known, self.start)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(one) for one in (self._outages(), self._statuses())]
            beside += [tasks.create_task(self._texts(one)) for one in self.known if one.says]
            beside += [tasks.create_task(self._end_of_the_span())]
            async with asyncio.TaskGroup() as lives:
                for daemon in self.daemons:
                    lives.create_task(daemon.live(self.setup.kills, self.over))
            last = [tasks.create_task(daemon.last(self.settled)) for daemon in self.daemons]
            await self._settle()
            self.settled.set()
            codes = [await one for one in last]
            for task in beside:
                task.cancel()
        return self._outcome(due, codes)

    async def _foreseen(self) -> list[Due]:
        """What `nudger preview` says before anything has started."""
        folder = self.setup.folder
        asked = ["preview", "--json", "--days", "1", "--from", self.start.isoformat()]
        code, said = await self.born.call(asked, environment(folder, self.settings), folder)
        assert code == 0, said
        rows = [row for row in json.loads(said[said.index("[") :]) if row["status"] == "send"]
        due = [(row["person"], row["text"], datetime.fromisoformat(row["due_at"])) for row in rows]
        return [Due(person, text, at, at + FRESH) for person, text, at in due]

    def _daemon(self, number: int) -> Killed:
        folder = self.setup.folder / f"daemon-{number}"
        folder.mkdir()
        output = self.setup.folder / "daemon.log"
        return Killed(self.born, folder, output, self.settings, self.random, self.choice)

    # --- what goes on beside the kills ------------------------------------------------------------
    async def _outages(self) -> None:
        """Now and then nobody answers at Twilio's address, for up to a simulated minute."""
        while True:
            await asyncio.sleep(self.random.uniform(4, 12))
            await self.twilio.refuse_connections()
            await asyncio.sleep(self.random.uniform(0.2, 3))
            await self.twilio.listen()

    async def _end_of_the_span(self) -> None:
        """The last nudges fall due in peace: no more kills, on however slow a machine."""
        await asyncio.sleep(self.setup.lasts)
        self.over.set()

    async def _statuses(self) -> None:
        """Callbacks, late, repeated and out of order, as long as somebody listens."""
        while True:
            await asyncio.sleep(0.1)
            if self.twilio.callbacks:
                sid = self.random.choice(list(self.twilio.callbacks))
                url = self.twilio.callbacks[sid]
                status = self.random.choice(["queued", "sent", "delivered", "delivered"])
                with suppress(aiohttp.ClientError, OSError):
                    await self.twilio.report(self._here(url), sid, status, public=url)

    async def _texts(self, one: Someone) -> None:
        """Waits until their second nudge has come, then texts what they have to say."""
        mine = re.compile(rf"{one.id} n\d")
        await self.twilio.wait_for(lambda: sum(bool(mine.match(m["body"])) for m in self.twilio.taken) >= 2)
        tried_at = self.born.clock.now()
        await self._text(one)
        if one.part is not Part.SNOOZES:
            self.silences.append(
                Silence(one.id, "stop", tried_at, self.born.clock.now() + GRACE * self.setup.speed)
            )
        if one.part is not Part.STOPS:  # which Twilio answers itself
            self.answers.append(Due(one.id, ANSWER, tried_at, tried_at + FRESH, answer=True))

    async def _text(self, one: Someone) -> None:
        """The same is posted again until somebody has acknowledged it."""
        sid = self.twilio.arrive(one.phone, one.says or "")
        url, form = f"{PUBLIC_URL}/twilio/inbound", inbound_form(sid, one.phone, one.says or "")
        while True:
            with suppress(aiohttp.ClientError, OSError):
                if await self.twilio.post(self._here(url), form, public=url) == 200:
                    return
            await asyncio.sleep(0.05)

    def _here(self, url: str) -> str:
        """Where one of the daemons answers for this public address."""
        port = self.random.choice(self.daemons).port
        return url.replace(PUBLIC_URL, f"http://127.0.0.1:{port}")

    # --- the end ----------------------------------------------------------------------------------
    def _store(self) -> Stores:
        file = self.daemons[0].folder / "state" / "nudger.db"
        return open_store(self.database_url or f"sqlite:///{file}", create=False)

    async def _settle(self) -> None:
        """Until nothing is under way, open or due today; at most SETTLES after the last kill or nudge."""
        latest = max(self.born.clock.now(), self.start + self.setup.span) + SETTLES
        while self.born.clock.now() < latest:
            await asyncio.sleep(0.5)
            if latest - self.born.clock.now() < SETTLES - CALM and await asyncio.to_thread(self._calm):
                return

    def _calm(self) -> bool:
        store = self._store()
        try:
            soon = self.born.clock.now() + timedelta(hours=2)
            asked = any(
                one.channel is ChannelName.SMS for one in store.overview.unknown(1000)
            )  # no email can be
            return not asked and not any(
                entry.state is State.SENDING or (entry.state is State.PLANNED and entry.due_at < soon)
                for one in self.known
                for entry in store.people.agenda(one.id, self.start.date())
            )
        finally:
            store.close()

    def _outcome(self, due: list[Due], codes: list[int]) -> Outcome:
        store = self._store()
        try:
            again, ends = self._rounds(store), self._ends(store)
        finally:
            store.close()
        # What fell due before the first days were laid out, on a machine so slow, was never promised.
        began = min((daemon.ready_at for daemon in self.daemons if daemon.ready_at), default=self.start)
        due = [one for one in due if (one.person, one.text) in ends or one.at >= began]
        result = tally([*due, *again, *self.answers], [*self._accepted()], self.silences, ends)
        by_step = sum((daemon.kills for daemon in self.daemons), Counter[str]())
        result.kills = by_step.total()
        laters = sum(one.part is Part.SNOOZES for one in self.known if self._texted(one))
        if len(again) != laters:
            result.lost += abs(laters - len(again))
            result.details.append(f"snoozes: {laters} were asked for, {len(again)} are in the agenda")
        return Outcome(result, by_step, [code for daemon in self.daemons for code in daemon.deaths], codes)

    def _texted(self, one: Someone) -> bool:
        return any(answer.person == one.id for answer in self.answers)

    def _accepted(self) -> Iterator[Accepted]:
        by_phone = {one.phone: one.id for one in self.known}
        for message in self.twilio.taken:
            text = message["body"]
            yield _accepted(by_phone[message["to"]], text, self.twilio.taken_at[message["sid"]])
        for mail in self.smtp.mails:
            body = mail.message.get_body(("plain",))
            assert body is not None
            yield _accepted(mail.recipients[0].split("@")[0], body.get_content(), mail.at)

    def _rounds(self, store: Stores) -> list[Due]:
        """What was put off is due once more."""
        return [
            Due(one.id, f"{one.id} {entry.nudge}", entry.due_at, entry.expires_at)
            for one in self.known
            for entry in store.people.agenda(one.id, self.start.date())
            if entry.round > 0
        ]

    def _ends(self, store: Stores) -> dict[tuple[str, str], str]:
        ends = {}
        for one in self.known:
            for entry in store.people.agenda(one.id, self.start.date()):
                if entry.local_date == self.start.date():
                    ends[(one.id, f"{one.id} {entry.nudge}")] = _end(entry.state, entry.reason)
            for line in store.people.conversation(person=one.id):
                if not line.inbound and line.state and not NUDGE.search(line.text):
                    ends[(one.id, ANSWER)] = _end(line.state, "")
        return ends


def _accepted(person: str, text: str, at: datetime) -> Accepted:
    nudge = NUDGE.search(text)
    return Accepted(person, nudge.group() if nudge else ANSWER, at, answer=nudge is None)


def _end(state: State, reason: str) -> str:
    if state is State.MISSED and reason.startswith("a later nudge"):
        return "overtaken"
    return "unknown" if state is State.UNKNOWN else f"{state}: {reason}"


def _quiet_from_the_start(known: list[Someone], start: datetime) -> Iterator[Silence]:
    never = datetime.max.replace(tzinfo=UTC)
    for one in known:
        if one.quiet_from is not None:
            # Ten minutes are more than any daemon is away.
            yield Silence(one.id, "quiet", one.quiet_from - timedelta(minutes=10), one.quiet_from + SKEW)
        if one.part is Part.LEFT:
            yield Silence(one.id, "stop", start, never)
