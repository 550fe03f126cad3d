"""A Debian machine from nothing to a running service and back, by the very commands of docs/install.md.

The tests run in their order on one machine: each finds it as the one before has left it.
"""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.faults import failpoints
from tests.support.machine import Machine, booted, missing

ROOT = Path(__file__).parents[2]
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/srv/given/wheels"}
STOP_WITHIN = 20  # seconds: TimeoutStopSec of the unit

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


def section(title: str, page: str = "install.md") -> str:
    """The shell blocks under a heading of that page, as one script."""
    text = (ROOT / "docs" / page).read_text()
    found = re.search(rf"^## (?:\d+\. )?{re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, f"docs/{page} has no section {title!r}"
    blocks = re.findall(r"^```sh\n(.*?)^```$", found[1], re.M | re.S)
    assert blocks, f"the section {title!r} has no commands"
    return "".join(blocks)


@pytest.fixture(scope="module")
def given(wheel: Path, wheelhouse: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the reader of docs/install.md has copied to the server, and the dependencies to install from."""
    folder = tmp_path_factory.mktemp("given")
    shutil.copy(wheel, folder)
    shutil.copy(ROOT / "constraints.txt", folder)
    shutil.copy(ROOT / "tests" / "store" / "old" / "v0001.sql", folder)
    shutil.copytree(wheelhouse("/usr/bin/python3"), folder / "wheels")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def machine(given: Path) -> Iterator[Machine]:
    with booted(given) as running:
        running.run("cp /srv/given/nudger-*.whl /srv/given/constraints.txt .")
        yield running


def test_the_installation_ends_with_a_running_service(machine: Machine) -> None:
    machine.run(section("Install it"), environ=OFFLINE)
    machine.run(section("The user, the folders, the unit"))
    machine.run(section("Settings and a plan"))
    status = machine.run(section("Start"))
    assert "Active: active (running)" in status
    assert re.search(r'Status: ".*127\.0\.0\.1:8080"', status)
    assert "200" in machine.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/phone")


def test_the_installed_unit_has_no_fault_and_is_hardly_exposed(machine: Machine) -> None:
    machine.run("systemd-analyze verify --man=no --recursive-errors=no nudger.service")
    machine.run("systemd-analyze security --threshold=15 --no-pager nudger.service")


def test_nobody_else_may_read_settings_plans_or_people(machine: Machine) -> None:
    modes = machine.run(
        "stat -c '%A %U %G' /etc/nudger/{settings.env,plans,plans/maya.toml,credentials} /var/lib/nudger"
    )
    assert modes.splitlines() == [
        "-rw-r----- root nudger",
        "drwxr-s--- root nudger",
        "-rw-r----- root nudger",
        "drwx------ root root",
        "drwx------ nudger nudger",
    ]


def test_a_reload_takes_over_an_edited_plan(machine: Machine) -> None:
    since = machine.cursor()
    machine.run("sed 's/+447700900123/+447700900199/; s/maya@/sam@/' /etc/nudger/plans/maya.toml > plan")
    machine.run("install -m 640 -g nudger plan /etc/nudger/plans/sam.toml; systemctl reload nudger")
    machine.wait_for("plans_loaded.*added=1", since)
    running, people, *_ = machine.run("runuser -u nudger -- nudger status").splitlines()
    assert running.startswith("nudger runs here since ")
    assert people.startswith("2 people")
    assert machine.show("ActiveState") == "active"
    assert machine.show("NRestarts") == "0"


def test_commands_of_the_day_find_the_daemons_database(machine: Machine) -> None:
    told = machine.run(section("From day to day"))
    assert "2 people" in told or "sam" in told


def test_a_killed_daemon_is_back_within_seconds(machine: Machine) -> None:
    since, before = machine.cursor(), machine.show("MainPID")
    machine.run("systemctl kill --signal KILL --kill-who main nudger")
    machine.wait_for("^Started nudger", since)
    assert machine.show("NRestarts") == "1"
    assert machine.show("MainPID") not in ("0", before)


def with_steps(machine: Machine, folder: str, *more: str) -> None:
    """The service runs with failpoints, from its next start; `more` are lines of its unit."""
    machine.run("cat > /opt/nudger/failpoints.py", typed=Path(failpoints.PROGRAM).read_text("utf-8"))
    start = "/opt/nudger/venv/bin/python /opt/nudger/failpoints.py --settings /etc/nudger/settings.env run"
    lines = ("ExecStart=", f"ExecStart={start}", f"Environment={failpoints.FOLDER}={folder}", *more)
    unit = "".join(f"{line}\n" for line in ("[Service]", *lines))
    machine.run("mkdir -p /run/systemd/system/nudger.service.d; cat > $_/steps.conf", typed=unit)


def test_a_daemon_whose_loop_hangs_is_killed_and_started_again(machine: Machine) -> None:
    steps = "/var/lib/nudger/steps"
    with_steps(machine, steps, "WatchdogSec=3", "TimeoutAbortSec=3")
    machine.run(f"install -d -o nudger {steps}; systemctl daemon-reload; systemctl restart nudger")
    since = machine.cursor()
    machine.run(f"echo hang > {steps}/.tick; mv {steps}/.tick {steps}/tick")
    machine.wait_for("Watchdog timeout", since)
    machine.wait_for("^Started nudger", since)
    machine.run(f"rm -r /run/systemd/system/nudger.service.d {steps}; systemctl daemon-reload")


def test_a_start_that_takes_longer_than_systemd_would_wait_goes_on(machine: Machine) -> None:
    steps = "/var/lib/nudger/steps"
    with_steps(machine, steps, "TimeoutStartSec=8")
    machine.run(f"install -d -o nudger {steps}; echo hang > {steps}/before_recover; systemctl daemon-reload")
    machine.run("systemctl stop nudger")
    waited = machine.attempt("timeout 12 systemctl start nudger")
    assert waited.returncode == 124, waited.stdout  # systemctl was ended, and the start goes on
    assert machine.show("ActiveState") == "activating"
    assert machine.show("StatusText") == "Reading plans and laying out days"
    machine.run(f"rm -r /run/systemd/system/nudger.service.d {steps}; systemctl daemon-reload")
    machine.run("systemctl restart nudger; systemctl reset-failed nudger")


def test_a_backup_of_the_running_service_is_put_back_and_nothing_goes_out_before_a_word(
    machine: Machine,
) -> None:
    machine.run("systemctl restart nudger")
    machine.run(section("Backup", "operating.md"))
    since = machine.cursor()
    told = machine.run(section("Restore", "operating.md"), typed="y\n")
    assert "Accepted. A nudger that runs takes note" in told
    machine.wait_for("database_was_restored.*nudger accept-restore", since)
    assert machine.run("stat -c '%A %U' /var/backups/nudger/*").split() == ["-rw-------", "nudger"]
    again = machine.cursor()
    machine.run("systemctl restart nudger")
    machine.wait_for("event='ready'", again)
    assert "restored" not in machine.run(f"journalctl --unit nudger -o cat --after-cursor '{again}'")
    machine.run("systemctl reset-failed nudger")  # five starts in five minutes are the most


def test_a_stop_drains_within_its_time(machine: Machine) -> None:
    began_at = time.monotonic()
    machine.run("systemctl stop nudger")
    assert time.monotonic() - began_at < STOP_WITHIN
    ended = machine.run("systemctl show --property Result,ExecMainCode,ExecMainStatus nudger").split()
    assert sorted(ended) == ["ExecMainCode=1", "ExecMainStatus=0", "Result=success"]  # 1: exited, not killed


def test_a_secret_reaches_the_daemon_as_a_credential_and_in_no_other_way(machine: Machine) -> None:
    # Nothing listens there: what matters is that the daemon starts with the token, which it demands.
    machine.run("echo NUDGER_TWILIO_API_BASE=http://127.0.0.1:9 >> /etc/nudger/settings.env")
    machine.run(section("Real texts"), typed="token-of-a-test\n")
    assert machine.show("ActiveState") == "active"
    pid = machine.show("MainPID")
    assert machine.run("stat -c '%A %U' /etc/nudger/credentials/*").split() == ["-rw-------", "root"]
    assert "token-of-a-test" not in machine.run(
        f"tr '\\0' '\\n' < /proc/{pid}/environ; tr '\\0' ' ' < /proc/{pid}/cmdline"
    )
    assert "token-of-a-test" not in machine.run("journalctl --no-pager --unit nudger; systemctl show nudger")


def test_a_missing_secret_is_told_and_not_tried_again(machine: Machine) -> None:
    since = machine.cursor()
    machine.run("mv /etc/nudger/credentials/twilio_auth_token /root/token")
    refused = machine.attempt("systemctl restart nudger")
    assert refused.returncode != 0
    assert machine.show("ExecMainStatus") == "3"
    assert machine.show("ActiveState") == "failed"
    machine.wait_for(
        "NUDGER_TWILIO_AUTH_TOKEN: expected a value because of NUDGER_SMS=twilio, found none", since
    )
    machine.run("mv /root/token /etc/nudger/credentials/twilio_auth_token; systemctl start nudger")


def test_an_upgrade_keeps_what_nudger_knows(machine: Machine) -> None:
    machine.run("runuser -u nudger -- nudger pause maya")
    machine.run(section("Upgrade"), environ=OFFLINE)
    assert machine.show("ActiveState") == "active"
    status = json.loads(machine.run("runuser -u nudger -- nudger status --json"))
    assert {one["person"]: one["standing"] for one in status["standings"]} == {"maya": "paused"}
    machine.run("test -s /var/lib/nudger.before/nudger.db")


def test_an_upgrade_brings_the_first_schema_up_to_date_and_sends_nothing_again(machine: Machine) -> None:
    # What the first nudger left behind: its database, and no mark beside it.
    machine.run("systemctl stop nudger; rm -f /var/lib/nudger/*")
    python = "umask 077; runuser -u nudger -- /opt/nudger/venv/bin/python -"
    opened = "import sqlite3\ndatabase = sqlite3.connect('/var/lib/nudger/nudger.db')\n"
    machine.run(python, typed=f"{opened}database.executescript(open('/srv/given/v0001.sql').read())")
    machine.run(section("Upgrade"), environ=OFFLINE)
    assert machine.show("ActiveState") == "active"
    asked = (
        "SELECT version_num != '0001' FROM alembic_version",
        "SELECT count(*) FROM message WHERE line <= 9",
        "SELECT count(*) FROM message WHERE occurrence <= 11",
        "SELECT group_concat(state) FROM occurrence WHERE id IN (1, 3, 4)",
        "SELECT count(*) FROM reply",
    )
    told = f"print(*(database.execute(one).fetchone()[0] for one in {asked}))"
    assert machine.run(python, typed=opened + told).strip() == "1 5 5 sent,suppressed,sent 2"
    standings = json.loads(machine.run("runuser -u nudger -- nudger status --json"))["standings"]
    assert "opted out of email" in {one["person"]: one["standing"] for one in standings}["sam"]


def test_an_uninstalled_nudger_leaves_nothing(machine: Machine) -> None:
    machine.run(section("Uninstall"))
    left = "find /etc /opt /usr/local/bin /var/lib /run -xdev -iname '*nudger*'"
    assert machine.run(left) == ""
    assert "nudger" not in machine.run(
        "cut -d: -f1 /etc/passwd /etc/group; systemctl list-unit-files --no-pager"
    )


def test_a_user_can_have_a_daemon_of_their_own(machine: Machine) -> None:
    machine.run("useradd --create-home --shell /bin/bash ada; cp nudger-*.whl constraints.txt ~ada")
    machine.run(
        "systemctl start systemd-logind; loginctl enable-linger ada; systemctl start user@$(id -u ada)"
    )
    session = "env HOME=/home/ada XDG_RUNTIME_DIR=/run/user/$(id -u ada)"
    script = f"cd ~\n{section('On a laptop, for yourself')}"
    shell = f'runuser -u ada -- {session} bash -euo pipefail -c "$(cat)"'
    status = machine.run(shell, typed=script, environ=OFFLINE)
    assert "Active: active (running)" in status
    assert machine.run("stat -c '%A %U' ~ada/.local/state/nudger/nudger.db").split() == ["-rw-------", "ada"]
