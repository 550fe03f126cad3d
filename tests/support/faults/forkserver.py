"""Starts `nudger` in processes forked from one that has imported it already: `python -m` this.

A start then takes a tenth of a second where it took one, so that a thousand of them are no hour. Each is
a process of its own from then on: its own files, environment and signals, `nudger.cli.main` as the
console script calls it, and dead when it is killed. Under libfaketime, all of them share one clock.

Reads a JSON line for each start, {"run", "arguments", "environment", "folder", "output"}; writes
{"run", "pid"}, and {"run", "ended"} with the exit code, negative for a signal.
"""

import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from twilio.rest import Client

from nudger.cli import main
from tests.support.faults import failpoints

_ = Client("AC", "-").messages  # imports what the package leaves until it is used


class Server:
    def __init__(self) -> None:
        self._children: dict[int, int] = {}  # pid -> run
        self._unread = b""
        self._wake, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken)

    def serve(self) -> None:
        _say({"now": time.time()})
        while True:
            readable, _, _ = select.select([0, self._wake], [], [])
            if self._wake in readable:
                os.read(self._wake, 4096)
                self._reap()
            if 0 in readable:
                read = os.read(0, 65536)
                if not read:
                    break
                *lines, self._unread = (self._unread + read).split(b"\n")
                for line in lines:
                    self._start(json.loads(line))
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _start(self, order: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.closerange(3, self._wake + 2)
            _become(order)
        self._children[pid] = order["run"]
        _say({"run": order["run"], "pid": pid})

    def _reap(self) -> None:
        for pid, run in list(self._children.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._children[pid]
                _say({"run": run, "ended": os.waitstatus_to_exitcode(status)})


def _become(order: dict[str, Any]) -> NoReturn:
    """In the child: never returns into the server's loop."""
    code = 70
    try:
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(order["folder"])
        # libfaketime looks its own variables up again and again.
        kept = {name: value for name, value in os.environ.items() if name.startswith("FAKETIME")}
        os.environ.clear()
        os.environ.update(order["environment"], **kept)
        if folder := os.environ.get(failpoints.FOLDER):
            failpoints.stand(Path(folder))
        sys.argv = ["nudger", *order["arguments"]]
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(event: dict[str, object]) -> None:
    os.write(1, json.dumps(event).encode() + b"\n")


if __name__ == "__main__":
    Server().serve()
