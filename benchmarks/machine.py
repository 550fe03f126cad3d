"""The machine that something was measured on."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

POSTGRES = ("/usr/lib/postgresql",)  # where Debian keeps its servers, one folder a version


def describe() -> dict[str, str]:
    """What a reader has to know to compare figures."""
    return {
        "processor": _found(r"^model name\s*: (.*)$", "/proc/cpuinfo") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": _found(r'^PRETTY_NAME="?(.*?)"?$', "/etc/os-release") or platform.system(),
        "kernel": platform.release(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _postgres(),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _memory() -> str:
    kib = _found(r"^MemTotal:\s*(\d+) kB$", "/proc/meminfo")
    return f"{int(kib) / 1024**2:.1f} GiB" if kib else "unknown"


def _postgres() -> str:
    servers = [str(path) for root in POSTGRES for path in sorted(Path(root).glob("*/bin/postgres"))]
    server = shutil.which("postgres") or (servers[-1] if servers else None)
    if server is None:
        return "none"
    said = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+(\.\d+)*", said)
    return found[0] if found else said.strip()


def _found(pattern: str, file: str) -> str | None:
    path = Path(file)
    if not path.exists():
        return None
    found = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None
