"""`nudger doctor`: each line is ok, or says what to do; nothing is sent, changed or given away."""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nudger.store import open_store
from tests.support.commands import Typed
from tests.support.doubles.smsgate_double import SmsGateDouble
from tests.support.doubles.smtp_double import LOGIN, SmtpDouble
from tests.support.doubles.twilio_double import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioDouble, number_resource
from tests.support.doubles.watchman import watchman
from tests.support.running import free_port, running
from tests.support.running import nudger as nudger_process
from tests.support.worlds.store import World, plan

PHONE, EMAIL = "+447700900123", "maya@example.org"
PLAN = f"""
name = "Maya"
timezone = "Europe/London"
phone = "{PHONE}"
email = "{EMAIL}"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
"""
SUBJECTS = [
    *(
        "settings",
        "secrets",
        "plans",
        "helplines",
        "numbers",
        "countries",
        "consent",
        "budget",
        "clock",
        "service",
        "tzdata",
        "database",
        "people",
    ),
    *("disk", "daemon", "twilio", "webhook", "smtp", "sender", "alerts"),
]
# What this machine is like is not the test's to say.
OF_THE_MACHINE = {"clock", "service", "tzdata", "disk"}


def write_plan(folder: Path, text: str = PLAN, name: str = "maya") -> None:
    (folder / "plans").mkdir(exist_ok=True)
    (folder / "plans" / f"{name}.toml").write_text(text)


def looked_at(said: str) -> dict[str, dict[str, str]]:
    return {finding["check"]: finding for finding in json.loads(said)["findings"]}


def grades(found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {check: one["grade"] for check, one in found.items() if check not in OF_THE_MACHINE}


def test_what_init_has_written_is_well_and_looking_leaves_no_trace(folder: Path, nudger: Typed) -> None:
    nudger("init", "--yes", "--name", "Maya", "--timezone", "Europe/London", "--phone", PHONE)
    before = sorted(folder.parent.rglob("*"))

    code, said = nudger("doctor", "--json")

    assert code == 0, said
    found = looked_at(said)
    assert list(found) == SUBJECTS
    assert set(grades(found).values()) == {"ok", "note"}
    assert sorted(folder.parent.rglob("*")) == before


def test_each_line_has_a_grade_a_subject_and_what_to_do(folder: Path, nudger: Typed) -> None:
    write_plan(folder)

    code, said = nudger("doctor")

    assert code == 0, said
    lines = said.splitlines()
    assert "ok       plans       1 plan, no problems" in lines
    at = lines.index("note     database    there is none yet")
    assert lines[at + 1] == f"{' ' * 21}The first start makes it: nudger run"
    assert lines[-1].endswith(".")


def test_faults_of_plans_are_counted_and_end_with_3(folder: Path, nudger: Typed) -> None:
    write_plan(folder, PLAN.replace('"13:00"', '"13h"').replace("0123", "01"))

    code, said = nudger("doctor")

    assert code == 3
    assert "failure  plans       1 plan, 2 problems, 0 warnings" in said
    assert "nudger check" in said
    assert "+44" not in said


def test_wrong_settings_are_told_whole_and_the_rest_is_still_looked_at(
    folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(folder)
    monkeypatch.setenv("NUDGER_SMS", "twilio")

    code, said = nudger("doctor", "--json")

    found = looked_at(said)
    assert code == 3
    assert found["settings"]["grade"] == "failure"
    for setting in ("NUDGER_TWILIO_ACCOUNT_SID", "NUDGER_TWILIO_AUTH_TOKEN", "NUDGER_TWILIO_FROM"):
        assert setting in found["settings"]["advice"]
    assert found["plans"]["grade"] == "ok"
    assert "the settings come first" in found["the rest"]["sentence"]
    assert "twilio" not in found


def test_settings_that_cannot_be_read_leave_what_needs_none(folder: Path, nudger: Typed) -> None:
    (folder / "settings.env").write_text("NUDGER_WEB_PORT=many\n")

    code, said = nudger("doctor", "--json")

    assert code == 3
    assert list(looked_at(said)) == ["settings", "clock", "service", "the rest"]


def test_somebody_elses_database_ends_with_4_and_stays_as_it_is(
    folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(folder)
    file = folder / "notes.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = file.read_bytes()
    monkeypatch.setenv("NUDGER_DATABASE_URL", f"sqlite:///{file}")

    code, said = nudger("doctor", "--json")

    assert code == 4
    assert "belongs to something else" in looked_at(said)["database"]["sentence"]
    assert file.read_bytes() == before


def test_the_first_failure_gives_the_exit_code(
    folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "notes.txt"
    file.write_text("no database, and long enough to be taken for one" * 20)
    monkeypatch.setenv("NUDGER_DATABASE_URL", f"sqlite:///{file}")

    code, said = nudger("doctor", "--json")

    assert code == 3
    assert grades(looked_at(said))["plans"] == grades(looked_at(said))["database"] == "failure"


def test_templates_that_are_not_there_are_one_failure_and_not_four(
    folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(folder)
    monkeypatch.setenv("NUDGER_TEMPLATES_DIR", str(folder / "nowhere"))

    code, said = nudger("doctor", "--json")

    failures = [check for check, grade in grades(looked_at(said)).items() if grade == "failure"]
    assert (code, failures) == (3, ["plans"])
    assert "NUDGER_TEMPLATES_DIR" in looked_at(said)["plans"]["sentence"]


def test_secrets_that_others_may_read_are_named(
    folder: Path, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(folder)
    credentials = folder / "credentials"
    credentials.mkdir()
    (credentials / "twilio_auth_token").write_text(AUTH_TOKEN)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    above = [folder, *folder.parents]
    modes = {one: one.stat().st_mode for one in above}
    for one in above:
        one.chmod(modes[one] | 0o001)

    _, said = nudger("doctor", "--json")

    for one, mode in modes.items():
        one.chmod(mode)
    assert grades(looked_at(said))["secrets"] == "warning"
    assert f"chmod o= {folder}/plans {credentials}/twilio_auth_token" in said
    assert AUTH_TOKEN not in said


# --- with others to ask ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Outside:
    """Twilio and a mail server on the loopback, and settings that fit them."""

    twilio: TwilioDouble
    smtp: SmtpDouble
    settings: dict[str, str]

    def is_told_nothing(self) -> bool:
        return not self.twilio.messages and not self.smtp.mails


@asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    write_plan(folder)
    port = free_port()
    async with TwilioDouble() as twilio, SmtpDouble(login=LOGIN) as smtp:
        url = f"http://127.0.0.1:{port}"
        twilio.numbers = [number_resource(NUMBER, sms_url=f"{url}/twilio/inbound")]
        settings = {
            **twilio.settings,
            "PUBLIC_URL": url,
            "WEB_PORT": str(port),
            "EMAIL": "smtp",
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(smtp.port),
            "SMTP_SECURITY": "none",
            "SMTP_USERNAME": LOGIN[0],
            "SMTP_PASSWORD": LOGIN[1],
            "EMAIL_FROM": "Nudger <nudger@example.test>",
            "SENDER_NAME": "Elm Street",
            "SENDER_CONTACT": "office@example.test",
        }
        yield Outside(twilio, smtp, settings)


async def doctored(folder: Path, settings: dict[str, str]) -> tuple[int, dict[str, dict[str, str]]]:
    code, out, err = await nudger_process(folder, "doctor", "--json", **settings)
    assert err == ""
    for secret in (AUTH_TOKEN, LOGIN[1], PHONE, NUMBER, EMAIL):
        assert secret not in out
    return code, looked_at(out)


def dump(folder: Path) -> list[str]:
    """All but how long the daemon that runs holds what it has claimed, and whose turn is next."""
    (file,) = folder.rglob("nudger.db")
    connection = sqlite3.connect(file)
    its_own = ('INSERT INTO "lease"', 'INSERT INTO "turn"')
    lines = [line for line in connection.iterdump() if not line.startswith(its_own)]
    connection.close()
    return lines


@pytest.mark.slow
async def test_a_daemon_with_everything_in_order_is_well_and_nothing_is_sent(tmp_path: Path) -> None:
    async with outside(tmp_path) as others, running(tmp_path, **others.settings):
        before = dump(tmp_path)
        code, found = await doctored(tmp_path, others.settings)
        after = dump(tmp_path)

        assert code == 0, found
        asked = {
            check: found[check]["grade"] for check in ("database", "daemon", "twilio", "webhook", "smtp")
        }
        assert set(asked.values()) == {"ok"}, found
        assert others.is_told_nothing()
        assert after == before


@pytest.mark.slow
async def test_what_others_refuse_ends_with_5_and_each_says_what_to_do(tmp_path: Path) -> None:
    async with outside(tmp_path) as others:
        wrong = {"TWILIO_AUTH_TOKEN": "another-token", "SMTP_PASSWORD": "another-password"}
        code, found = await doctored(tmp_path, others.settings | wrong)

    assert code == 5
    assert {check for check, grade in grades(found).items() if grade == "failure"} == {
        "twilio",
        "webhook",
        "smtp",
    }
    assert "Twilio refused our credentials" in found["twilio"]["sentence"]
    assert "NUDGER_TWILIO_AUTH_TOKEN" in found["twilio"]["advice"]
    assert "nothing listens there" in found["webhook"]["sentence"]
    assert "the mail server refused the login" in found["smtp"]["sentence"]
    assert "_PASSWORD" in found["smtp"]["advice"]
    assert "another-" not in str(found)


@pytest.mark.slow
async def test_a_daemon_that_runs_with_another_token_is_found_by_the_signature(tmp_path: Path) -> None:
    async with outside(tmp_path) as others:
        other = others.settings | {"TWILIO_AUTH_TOKEN": "of-yesterday"}
        async with running(tmp_path, **other):
            code, found = await doctored(tmp_path, others.settings)

    assert code == 5
    assert "a rightly signed text" in found["webhook"]["sentence"]
    assert "restart" in found["webhook"]["advice"]


@pytest.mark.slow
async def test_a_webhook_that_twilio_does_not_know_is_a_warning(tmp_path: Path) -> None:
    async with outside(tmp_path) as others:
        others.twilio.numbers = [number_resource(NUMBER, sms_url="https://demo.twilio.com/welcome")]
        _, found = await doctored(tmp_path, others.settings)

    assert found["twilio"]["grade"] == "warning"
    assert f"{others.settings['PUBLIC_URL']}/twilio/inbound (POST)" in found["twilio"]["advice"]


def test_polling_needs_no_webhook(folder: Path, nudger: Typed) -> None:
    write_plan(folder)
    (folder / "settings.env").write_text(
        f"NUDGER_SMS=twilio\nNUDGER_TWILIO_ACCOUNT_SID={ACCOUNT_SID}\nNUDGER_TWILIO_AUTH_TOKEN=x\n"
        f"NUDGER_TWILIO_FROM={NUMBER}\nNUDGER_TWILIO_API_BASE=http://127.0.0.1:9\n"
    )

    code, said = nudger("doctor", "--json")

    found = looked_at(said)
    assert (code, found["twilio"]["grade"]) == (5, "failure")
    assert "Twilio could not be reached" in found["twilio"]["sentence"]
    assert found["webhook"]["sentence"] == "not needed: Twilio is asked for replies every 15 s"


@pytest.mark.slow
async def test_a_test_alert_is_sent_only_where_it_is_asked_for(folder: Path) -> None:
    write_plan(folder)
    async with watchman() as operator:
        alerts = {"ALERTS": f"{operator.url}/topic json:{operator.url}/hook"}
        _, silent, _ = await nudger_process(folder, "doctor", "--json", **alerts)
        heard_before = list(operator.heard)
        _, said, _ = await nudger_process(folder, "doctor", "--json", "--send-test-alert", **alerts)
        operator.status = 404
        code, refused, _ = await nudger_process(folder, "doctor", "--json", "--send-test-alert", **alerts)

    assert heard_before == []
    assert looked_at(silent)["alerts"]["grade"] == "note"
    assert looked_at(said)["alerts"]["sentence"] == "2 addresses took the test"
    assert {one.path for one in operator.heard} == {"/topic", "/hook"}
    assert (code, looked_at(refused)["alerts"]["sentence"]) == (5, "127.0.0.1: answered 404")


@pytest.mark.parametrize("folder_is_there", [True, False])
def test_plans_that_were_lost_by_one_look_are_told_with_what_to_do(
    folder: Path, nudger: Typed, folder_is_there: bool
) -> None:
    write_plan(folder)
    (folder.parent / "home" / "state" / "nudger").mkdir(parents=True)
    store = open_store(f"sqlite:///{folder.parent}/home/state/nudger/nudger.db")
    world = World(store)
    world.load(plan("ann"), plan("ben"), plan("cyd"))
    world.load()
    store.close()
    if not folder_is_there:
        shutil.rmtree(folder / "plans")

    code, said = nudger("doctor", "--json")

    found = looked_at(said)["plans"]
    assert (code, found["grade"]) == ((0, "warning") if folder_is_there else (3, "failure"))
    assert found["sentence"].startswith(
        "the plans of 3 people are gone, all by one look, and they are nudged on;"
    )
    assert "nudger plans accept-removal" in found["advice"]


@pytest.mark.slow
async def test_a_phone_of_ones_own_is_asked_and_its_webhook_tried(tmp_path: Path) -> None:
    write_plan(tmp_path)
    port = free_port()
    async with SmsGateDouble() as phone:
        settings = {**phone.settings, "WEB_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        async with running(tmp_path, **settings):
            await phone.wait_for_webhooks()
            code, found = await doctored(tmp_path, settings)

    assert code == 0, found
    assert {check: found[check]["grade"] for check in ("smsgate", "webhook")} == {
        "smsgate": "ok",
        "webhook": "ok",
    }
    assert "RCS chats must be off" in found["smsgate"]["sentence"]
    assert phone.texts == {}
