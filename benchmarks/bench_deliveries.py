"""Deliveries

End to end: claimed, gated, worded, handed to Twilio's client, answered, recorded, each commit on the disk
(SQLite, synchronous=FULL). Against the twilio package's own asynchronous client in a bare loop of the same
calls, as many at once, nothing kept; and beside it bare aiohttp posting the same forms. All three talk to
the same Twilio on the loopback, which is a process of its own and answers at once.

A Twilio that answers at once does not exist: where it takes 50 ms, a hundred calls at once are 2,000 a second
for either. Here, with nothing to wait for, it is counted who uses Python's one thread at a time for how long:
the request itself, by aiohttp, takes a half of a delivery, the claim with its gate and words a quarter, the
event loop and the record the rest. Two idle cores make it worse, for they pass Python's lock to and fro: all
on one core (`taskset -c 0`) it is 0.72 to 0.79. On a busy machine, where calls and commits wait, it was 0.97.
"""

import asyncio
import tempfile
import warnings
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from benchmarks.due import DueAtNoon, Pace, opened, paced
from benchmarks.fast_twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBER, fast_twilio
from benchmarks.measure import Compared, Target, at_least, figure
from nudger.agenda.rate_limit import Limit
from nudger.app import running
from nudger.channels.twilio.channel import TwilioChannel
from nudger.channels.twilio.http import CONNECTIONS

PEOPLE = 6_000  # more than there are plans kept at hand
TEXT = "Feeling little or nothing is a common response to strain. You could note one word for today, or none."
FASTEST = Limit(per_second=100_000)  # the setting SMS_PER_SECOND at its highest


def run(quick: bool) -> list[Compared]:
    people, rounds = (400, 1) if quick else (PEOPLE, 7)
    folder = tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-")
    with (
        fast_twilio() as url,
        folder as root,
        opened(f"sqlite:///{root}/nudger.db", Path(root), people) as due,
    ):
        running.settle()
        rounds_of = asyncio.run(_rounds(due, url, people, rounds))
    ours, package, bare = zip(*rounds_of, strict=True)
    return [
        _speed(ours, package, "the twilio package's client alone", at_least(0.7)),
        _speed(ours, bare, "bare aiohttp, the same forms"),
        _work(ours, package, "the twilio package's client alone"),
        _work(ours, bare, "bare aiohttp, the same forms"),
    ]


def _speed(ours: Sequence[Pace], theirs: Sequence[Pace], who: str, target: Target | None = None) -> Compared:
    rates = [[one.per_second for one in rounds] for rounds in (ours, theirs)]
    return figure("deliveries", "/s", *rates, who, target)


def _work(ours: Sequence[Pace], theirs: Sequence[Pace], who: str) -> Compared:
    """What a machine with other things to do changes less."""
    costs = [[one.cpu for one in rounds] for rounds in (ours, theirs)]
    return figure("processor time of a delivery", "µs", *costs, who)


async def _rounds(due: DueAtNoon, url: str, people: int, rounds: int) -> list[tuple[Pace, Pace, Pace]]:
    channel = TwilioChannel(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, from_number=NUMBER, base_url=url)
    dispatcher = due.dispatcher(channel, FASTEST)
    found = []
    for _ in range(rounds):
        await due.next_day()
        ours = await paced(lambda: due.deliver(dispatcher))
        package = await paced(lambda: _package(url, people))
        bare = await paced(lambda: _bare(url, people))
        found.append((ours, package, bare))
    await channel.close()
    return found


async def _package(url: str, messages: int) -> int:
    """As fast as it goes and right: one pooled session, no retries, one client for all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own, under aiohttp 3.14
        async with AsyncTwilioHttpClient() as http:
            client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http, environment={"_": ""})
            client.api.base_url = url
            create = client.messages.create_async

            async def send(number: int) -> None:
                to = f"+4477{number:08}"
                message = await create(to=to, from_=NUMBER, body=TEXT, validity_period=1800)
                assert message.sid

            return await _at_once(send, messages)


async def _bare(url: str, messages: int) -> int:
    target = f"{url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    headers = {
        "Authorization": aiohttp.encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with aiohttp.ClientSession(headers=headers) as session:

        async def send(number: int) -> None:
            form = {"To": f"+4477{number:08}", "From": NUMBER, "Body": TEXT, "ValidityPeriod": 1800}
            async with session.post(target, data=urlencode(form).encode()) as answer:
                assert (await answer.json())["sid"]

        return await _at_once(send, messages)


async def _at_once(send: Callable[[int], Awaitable[None]], messages: int) -> int:
    """So many callers, each with the next message as soon as its last one is answered."""
    numbers = iter(range(messages))

    async def caller() -> None:
        for number in numbers:
            await send(number)

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
    return messages
