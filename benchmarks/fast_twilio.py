"""A Twilio on the loopback that is never what one waits for: a process of its own that takes any message
and answers 201 with a message's JSON. It checks nothing; what is to be right is tested elsewhere."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

ACCOUNT_SID = "AC" + "0a" * 16
AUTH_TOKEN = "token-of-the-bench"
NUMBER = "+15005550006"
_SID = "SM00000000000000000000000000000000"
_PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
_DATE = "Mon, 23 Nov 2026 12:00:00 +0000"
_BODY = json.dumps(
    {
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": "Feeling little or nothing is a common response to strain. One word for today, or none.",
        "date_created": _DATE,
        "date_sent": None,
        "date_updated": _DATE,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": NUMBER,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": _SID,
        "status": "queued",
        "subresource_uris": {"media": f"{_PATH}/{_SID}/Media.json"},
        "to": "+447700000000",
        "uri": f"{_PATH}/{_SID}.json",
    }
)
_HEAD = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
_PARTS = [part.encode() for part in (_HEAD + _BODY).split(_SID)]


class _Answers(asyncio.Protocol):
    """Reads no further than it must: where a request ends."""

    _numbers = count()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            found = head.find(b"content-length:")
            length = int(head[found + 15 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            self._transport.write((b"SM%032x" % next(self._numbers)).join(_PARTS))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def fast_twilio() -> Iterator[str]:
    """Its base URL."""
    command = [sys.executable, "-m", "benchmarks.fast_twilio"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve())
