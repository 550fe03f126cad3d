"""A throw-away Debian machine: systemd booted in a container whose disk is an overlay of this one's.

What is installed here is there; what is written there is gone afterwards. It has no network.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60  # seconds, for anything that a machine with two busy cores is asked
LEFT_BEHIND = ("etc/nudger", "opt/nudger", "var/lib/nudger", "usr/local/bin/nudger", "root/.config/pip")
# Mounts live in a namespace of their own, and vanish with it. nspawn refuses / itself as its root.
BOOT = """
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
echo "$NAME" > "$1/root/etc/hostname"
: > "$1/root/etc/machine-id"
for path in $LEFT_BEHIND; do rm -rf "$1/root/$path"; done
exec systemd-nspawn --quiet --register=no --keep-unit --private-network --console=pipe \
  --bind-ro="$2:/srv/given" --directory="$1/root" --boot -- systemd.unit=basic.target
"""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAME = "nudger-test-machine"
CLEAN = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}


def missing() -> str | None:
    """What this machine lacks to boot another one."""
    if os.geteuid() != 0:
        return "a machine is booted as root: sudo make test"
    if shutil.which("systemd-nspawn") is None:
        return "a machine is booted by systemd-nspawn: apt-get install systemd-container"
    if not Path("/usr/bin/python3").exists() or _fails("/usr/bin/python3", "-c", "import ensurepip"):
        return "the machine installs nudger with Debian's Python: apt-get install python3-venv"
    if _fails("unshare", "--mount", "true"):
        return "a machine needs mount namespaces: run the tests outside of an unprivileged container"
    return None


def _fails(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


@dataclass(frozen=True)
class Machine:
    """A machine that runs."""

    leader: int  # the process that is its PID 1

    def run(self, script: str, typed: str = "", environ: Mapping[str, str] | None = None) -> str:
        """What a root shell there prints; AssertionError with all of it where a command fails."""
        done = self.attempt(script, typed, environ)
        assert done.returncode == 0, f"exit {done.returncode} of:\n{script}\n{done.stdout}"
        return done.stdout

    def attempt(
        self, script: str, typed: str = "", environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._shell(script),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**CLEAN, **(environ or {})},
            timeout=5 * PATIENCE,
            check=False,
        )

    def wait_for(self, pattern: str, since: str) -> None:
        """Returns when the journal of nudger has a line like this after the cursor."""
        follow = (
            f"timeout {PATIENCE} journalctl --unit nudger -o cat --follow --no-tail --after-cursor '{since}'"
        )
        seen = []
        with subprocess.Popen(
            self._shell(follow), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=CLEAN
        ) as journal:
            assert journal.stdout is not None
            for line in journal.stdout:
                seen.append(line)
                if re.search(pattern, line):
                    journal.terminate()
                    return
        raise AssertionError(f"the journal has no {pattern!r}:\n{''.join(seen)}")

    def _shell(self, script: str) -> list[str]:
        enter = ["nsenter", f"--target={self.leader}", "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        # A command that reached this machine instead of that one would install, or uninstall, here.
        there = f"grep -qx {NAME} /etc/hostname; cd /root"
        return [*enter, "bash", "-euo", "pipefail", "-c", f"{there}\n{script}"]

    def cursor(self) -> str:
        """Where the journal ends now."""
        last = self.run("journalctl --sync; journalctl --lines 0 --show-cursor --quiet --no-pager")
        return last.strip().removeprefix("-- cursor: ")

    def show(self, name: str) -> str:
        """A property of the service."""
        return self.run(f"systemctl show --value --property {name} nudger").strip()


@contextlib.contextmanager
def booted(given: Path) -> Iterator[Machine]:
    """A machine that has started, with the folder `given` at /srv/given."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="nudger-machine-"))
        log = stack.enter_context(Path(folder, "console").open("w+"))
        # If this process dies, so does the container, which must not outlive the tests: the kernel ends
        # unshare with it, unshare its child, and with that, the first of its PID namespace, all in it.
        spaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces, "--"]
        disk = Path(folder, "disk")
        disk.mkdir()
        container = subprocess.Popen(
            [*command, "sh", "-c", BOOT, "boot", str(disk), str(given)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": PATH, "NAME": NAME, "LEFT_BEHIND": " ".join(LEFT_BEHIND)},
            start_new_session=True,
        )
        try:
            machine = _started(container, log.name)
            yield machine
            machine.attempt("systemctl poweroff")
            container.wait(PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(container.pid, signal.SIGKILL)
            container.wait()
            _sweep()


def _sweep() -> None:
    """nspawn leaves its control groups behind, empty; the kernel refuses to remove any that are in use."""
    for name in ("payload", "supervisor"):
        for group in Path("/sys/fs/cgroup").glob(f"**/{name}"):
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)


def _started(container: subprocess.Popen[bytes], console: str) -> Machine:
    """Nothing outside tells when a container is up, so it is asked, again and again."""
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at and container.poll() is None:
        nspawn = _child(container.pid)
        leader = _child(nspawn) if nspawn else None
        if leader and _is_container(leader):
            machine = Machine(leader)
            state = machine.attempt("systemctl is-system-running --wait || true").stdout.strip()
            if state in ("running", "degraded"):
                return machine
        time.sleep(0.1)
    raise AssertionError(f"the machine did not start:\n{Path(console).read_text()}")


def _child(process: int) -> int | None:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(children[0]) if children else None


def _is_container(process: int) -> bool:
    """Before the container is up, the boot script's own commands stand in its place."""
    try:
        return Path(f"/proc/{process}/root/etc/hostname").read_text().strip() == NAME
    except OSError:
        return False
