"""Text that would rather be code, and secrets that would rather be seen."""

import json
from datetime import date
from pathlib import Path

import pytest

from nudger.messages.bank.sandbox import Vocabulary, compile_source
from nudger.operations.overview import PeopleWanted
from nudger.store import open_store
from tests.support.running import nudger, running
from tests.support.worlds.store import NOON, World, plan

SQL = ["' OR '1'='1", "maya'; DROP TABLE person; --", "%", "_aya", '"', "\\", "🙂'; --"]
SECRETS = {"TWILIO_AUTH_TOKEN": "5ecret-of-twilio", "OPERATOR_PASSWORD": "5ecret-of-the-board"}
PLAN = 'timezone = "UTC"\nphone = "+447700900123"\nconsent = "2026-11-20, on paper"\n'


@pytest.mark.parametrize("text", SQL)
def test_sql_is_text(tmp_path: Path, text: str) -> None:
    store = open_store(f"sqlite:///{tmp_path}/nudger.db")
    world = World(store)
    world.load(plan("maya"))

    found = store.overview.find_people(PeopleWanted(text), NOON).people
    known = (
        store.people.person(text),
        store.people.export(text),
        store.people.log(text),
        store.people.agenda(text, date(2026, 11, 23)),
        store.people.forget(text),
    )
    taken = world.text(text, address=text)
    still_there = [one.id for one in store.people.people()]
    store.close()

    assert not found
    assert [bool(one) for one in known] == [False] * 5
    assert taken is None
    assert still_there == ["maya"]


@pytest.mark.parametrize("name", ["{{ ''.__class__ }}", "{% for x in y %}", "{{ name }}", "{# #}"])
def test_a_template_in_a_name_is_a_name(name: str) -> None:
    compiled = compile_source("Hello, {{ name }}.", Vocabulary(frozenset({"name"})))

    assert compiled.render({"name": name}) == f"Hello, {name}."


async def test_no_secret_is_seen_from_the_outside(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "maya.toml").write_text(PLAN)
    lines = ["SMS=twilio", "TWILIO_ACCOUNT_SID=AC" + "0a" * 16, "TWILIO_FROM=+15005550006", "WEB_PORT=0"]
    lines += ["TWILIO_API_BASE=http://127.0.0.1:9", "PUBLIC_URL=https://nudger.example.org"]
    lines += [f"{name}={secret}" for name, secret in SECRETS.items()]
    settings = tmp_path / "settings.env"
    settings.write_text("".join(f"NUDGER_{line}\n" for line in lines))
    settings.chmod(0o600)

    async with running(tmp_path, LOG_LEVEL="debug") as daemon:
        of_process = _seen_of(daemon.process.pid)
        said = [
            await nudger(tmp_path, *asked) for asked in (("status",), ("export", "maya"), ("log", "maya"))
        ]
        said.append(await nudger(tmp_path, "send", "maya", "rest"))
        said.append(
            await nudger(tmp_path, "send", "maya", "rest", TRACEBACK="1", DATABASE_URL="sqlite:///no/x")
        )
        code = await daemon.stop()
    seen = json.dumps([of_process, said, daemon.log.read_text()])

    assert code == 0
    assert said[1][0] == 0
    assert [secret for secret in SECRETS.values() if secret in seen] == []


def _seen_of(pid: int) -> list[str]:
    """What ps shows of a process."""
    return [Path(f"/proc/{pid}/{file}").read_text() for file in ("cmdline", "environ")]
