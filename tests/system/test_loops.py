"""Programs that answer, at the real daemon: no loop goes on, and none takes what others need."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.doubles.twilio_double import Hang
from tests.support.phones import CRISIS, Daemon, daemon

HANG = Hang(taken=True)
COMMANDS = ("LESS", "MORE", "PLAN", "HELP", "DONE", "SKIP", "TINY", "PAUSE", "RESUME", "NOW")
# A program's words, to its n-th text, and how many answers it may draw at most.
PROGRAMS: Mapping[str, tuple[Callable[[int], str], int]] = {
    "busy": (lambda _: "Auto-Reply: I'm busy right now and can't take your text. I will reply tomorrow", 0),
    "iphone": (
        lambda _: "I’m driving with Driving Focus turned on. I’ll see your message when I get there.",
        0,
    ),
    "android": (lambda _: "I'm driving right now - I'll get back to you later.", 0),
    "vacation": (
        lambda n: f"Thank you for your message. I am on leave until {n + 2} May and will reply then.",
        0,
    ),
    "oficina": (lambda _: "Respuesta automática: estoy fuera de la oficina. Le responderé a mi regreso.", 0),
    "bureau": (lambda _: "Réponse automatique : je suis en congés, je vous répondrai à mon retour.", 0),
    "thanks": (lambda _: "Thank you!", 3),
    "yes": (lambda _: "Yes!", 3),
    "kettle": (lambda n: f"Welcome to Kettle World, order {n}, where kettles sing", 3),
    "changing": (
        lambda n: ["LESS", "MORE", "PLAN", "HELP", "DONE", "SKIP", "TINY", "PAUSE", "RESUME", "NOW"][n % 10],
        10,
    ),
    "danger": (lambda n: f"Automatic reply {n}: in a crisis, or suicidal? Call 988", 1),
    "despair": (lambda n: f"I want to die, said the parrot for the {n}. time", 3),
}


async def loop_of(one: Daemon, phone: str, words: Callable[[int], str]) -> None:
    """A program that answers each text that it gets, at once and for ever; the first comes by itself."""
    number = 0
    while True:
        assert await one.text(phone, words(number)) == 200
        number += 1
        await one.twilio.wait_for(lambda wanted=number: len(one.to(phone)) >= wanted)


async def test_no_loop_goes_on_and_none_takes_what_others_need(tmp_path: Path) -> None:
    programs = {name: f"+4477009001{number:02}" for number, name in enumerate(PROGRAMS)}
    people = {f"p{number}": f"+4477009002{number:02}" for number in range(5)}
    at = (datetime.now(UTC) + timedelta(seconds=80)).replace(second=0, microsecond=0)
    async with (
        asyncio.timeout(240),
        daemon(tmp_path, programs | people, at, SMS_PER_SECOND="10", SMS_PER_DAY="40") as one,
    ):
        loops = [
            asyncio.create_task(loop_of(one, phone, PROGRAMS[name][0])) for name, phone in programs.items()
        ]
        await asyncio.sleep(15)
        drawn = {name: len(one.to(phone)) for name, phone in programs.items()}
        began = time.monotonic()
        await one.text(people["p0"], "I am going to kill myself")
        await one.twilio.wait_for(lambda: any(CRISIS in text for text in one.to(people["p0"])))
        answered_in = time.monotonic() - began
        await one.twilio.wait_for(lambda: all(one.to(people[name]) for name in ("p1", "p2", "p3", "p4")))
        for task in loops:
            task.cancel()
        ends = await asyncio.gather(*loops, return_exceptions=True)

    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []
    assert {name: count for name, count in drawn.items() if count > PROGRAMS[name][1]} == {}
    assert answered_in < 5
    assert [one.to(people[name]) for name in ("p1", "p2", "p3", "p4")] == [
        [f"A short rest, P{number}?"] for number in range(1, 5)
    ]


async def test_a_crisis_behind_150_texts_is_answered_within_five_seconds(tmp_path: Path) -> None:
    people = {f"p{number:03}": f"+44770090{number:04}" for number in range(150)}
    others = list(people.values())
    async with (
        asyncio.timeout(240),
        daemon(tmp_path, people | {"maya": "+447700909999"}, SMS_PER_SECOND="1") as one,
    ):
        at_once = asyncio.Semaphore(10)

        async def text(phone: str) -> int:
            async with at_once:
                return await one.text(phone, "PLAN")

        texts = [asyncio.create_task(text(phone)) for phone in others]
        done, _ = await asyncio.wait(texts, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 140:
            done, _ = await asyncio.wait(texts, timeout=0.05)
        began = time.monotonic()
        status = await one.text("+447700909999", "I want to die")
        await one.twilio.wait_for(lambda: bool(one.to("+447700909999")))
        answered_in = time.monotonic() - began
        waiting = len(others) - len([message for message in one.twilio.taken if message["to"] in others])
        statuses = await asyncio.gather(*texts)

    assert (status, set(statuses)) == (200, {200})
    assert CRISIS in one.to("+447700909999")[0]
    assert waiting > 100
    assert answered_in < 5


async def test_a_crisis_is_answered_while_the_provider_lets_every_other_text_hang(tmp_path: Path) -> None:
    people = {f"p{number:03}": f"+44770090{number:04}" for number in range(150)}
    async with (
        asyncio.timeout(240),
        daemon(tmp_path, people | {"maya": "+447700909999"}, SMS_PER_SECOND="1000") as one,
    ):
        one.twilio.behaviours |= dict.fromkeys(people.values(), HANG)
        for number, phone in enumerate(people.values()):
            await one.text(phone, "PLAN")
            if number == 120:
                break
        began = time.monotonic()
        await one.text("+447700909999", "I want to die")
        await one.twilio.wait_for(lambda: bool(one.to("+447700909999")))
        answered_in = time.monotonic() - began
        one.twilio.released.set()

    assert answered_in < 5
