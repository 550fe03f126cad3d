"""PgBouncer in transaction mode before a server: each transaction may be another session's."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.doubles.postgres import RUNS_AS, USER

PATIENCE = 10  # seconds, for its start
INI = """
[databases]
{name} = host={server} user={user} dbname={name}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 4
server_reset_query = DISCARD ALL
server_reset_query_always = 1
logfile = {folder}/log
"""


def program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """Runs one before the database at `url`, of a server on a socket; gives the URL through it."""
    parsed, found = make_url(url), program()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="nudger-pool-"))
    folder.chmod(0o755)
    settings = folder / "pgbouncer.ini"
    server, name = parsed.query["host"], parsed.database
    settings.write_text(INI.format(name=name, server=server, user=USER, folder=folder))
    prefix = []
    if os.geteuid() == 0:
        shutil.chown(folder, RUNS_AS)
        prefix = ["runuser", "-u", RUNS_AS, "--"]
    process = subprocess.Popen(
        [*prefix, found, "--quiet", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + PATIENCE
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, "PgBouncer does not start"
            time.sleep(0.02)
        yield f"postgresql://{USER}@/{name}?host={folder}&port=6432"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)
