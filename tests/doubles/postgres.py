"""A throw-away PostgreSQL server on a unix socket: nothing of it is on the network, nothing stays."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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


@contextmanager
def cluster(
    folder: Path, environ: Mapping[str, str] | None = None, options: str = OPTIONS
) -> Iterator[Callable[[str], str]]:
    """Runs a server in `folder`, which must be reachable for every user and short (a socket's path has
    some 100 characters); gives a function that makes a database and returns its URL. `environ` is added to
    the server's (a clock of its own)."""
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    if os.geteuid() == 0:
        shutil.chown(folder, RUNS_AS)
    run = _runner(programs)
    run(
        "initdb",
        "-D",
        f"{folder}/data",
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    asked = f"-k {folder} {options}"
    start = ("pg_ctl", "-D", f"{folder}/data", "-l", f"{folder}/log", "-w", "-o", asked, "start")
    run(*start, environ=environ or {})
    try:

        def database(name: str) -> str:
            run("createdb", "-h", str(folder), "-U", USER, name)
            return f"postgresql://{USER}@/{name}?host={folder}"

        yield database
    finally:
        run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")


@contextmanager
def throw_away_cluster(
    environ: Mapping[str, str] | None = None, options: str = OPTIONS
) -> Iterator[Callable[[str], str]]:
    """The same in a folder of its own, which goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="nudger-pg-"))
    folder.chmod(0o755)
    try:
        with cluster(folder, environ, options) as database:
            yield database
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
