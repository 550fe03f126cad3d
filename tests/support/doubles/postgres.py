"""A throw-away PostgreSQL server on a unix socket: nothing of it is on the network, nothing stays."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

USER = "nudger"
RUNS_AS = "postgres"  # the server refuses to run as root

# Nothing here has to outlive a power cut.
OPTIONS = (
    "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    " -c shared_buffers=32MB -c max_connections=60"
)


def binaries() -> Path | None:
    """Where initdb and pg_ctl are: on the path, or in the newest of Debian's folders."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(os.path.realpath(found)).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return folders[-1] if folders else None


# Everything does: what a server does that nobody has told anything.
DURABLE = "-c listen_addresses= -c max_connections=60"


@dataclass
class Server:
    """A server that runs; called with a name it makes a database and gives its URL."""

    folder: Path
    _run: Callable[..., None]
    _options: str
    _port: str = "5432"

    def __call__(self, name: str) -> str:
        self._run("createdb", "-h", str(self.folder), "-p", self._port, "-U", USER, name)
        port = "" if self._port == "5432" else f"&port={self._port}"
        return f"postgresql://{USER}@/{name}?host={self.folder}{port}"

    def start(self, environ: Mapping[str, str] | None = None) -> None:
        """`environ` is added to its environment (a clock of its own)."""
        log, data = f"{self.folder}/log", f"{self.folder}/data"
        self._run(
            *("pg_ctl", "-D", data, "-l", log, "-w", "-o", self._options, "start"), environ=environ or {}
        )

    def stop(self) -> None:
        """At once, as in a crash."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def busy(self) -> float:
        """Processor seconds that it has used so far, all its processes together."""
        ticks = 0
        main = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in (main, *children):
            with suppress(OSError):  # it has just ended, and counts with the first from now on
                # From the third field on (proc(5)): the second is a name, in brackets.
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15]))  # its own time, and that of those which have ended
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def cluster(
    folder: Path, environ: Mapping[str, str] | None = None, listen: str | None = None, options: str = OPTIONS
) -> Iterator[Server]:
    """Runs a server in `folder`, which must be reachable for every user and short (a socket's path has
    some 100 characters). `listen`: "address:port" where it is on the network too, for anybody there."""
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    if os.geteuid() == 0:
        shutil.chown(folder, RUNS_AS)
    run = _runner(programs)
    data = folder / "data"
    run(
        *("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    )
    asked, port = f"-k {folder} {options}", "5432"
    if listen is not None:
        address, port = listen.split(":")
        asked += f" -c listen_addresses={address} -c port={port}"
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
    server = Server(folder, run, asked, port)
    server.start(environ)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def throw_away_cluster(
    environ: Mapping[str, str] | None = None, listen: str | None = None, options: str = OPTIONS
) -> Iterator[Server]:
    """The same in a folder of its own, which goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="nudger-pg-"))
    folder.chmod(0o755)
    try:
        with cluster(folder, environ, listen, options) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def _runner(programs: Path) -> Callable[..., None]:
    prefix = ["runuser", "-u", RUNS_AS, "--"] if os.geteuid() == 0 else []

    def run(program: str, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        ended = subprocess.run(
            [*prefix, str(programs / program), *arguments],
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",
            env={**os.environ, **(environ or {})},
        )
        if ended.returncode:
            said = (ended.stdout or b"").decode(errors="replace")
            raise RuntimeError(f"{program} failed: {said or 'see the log in ' + str(arguments)}")

    return run
