"""Finds the settings, and says everything that is wrong with them at once."""

import ipaddress
import os
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from nudger.app.settings.model import SECRETS, Settings
from nudger.app.settings.sources import PREFIX, Credentials, Environment, Given, SettingsFile, SettingsSource
from nudger.domain.errors import SettingsError

SYSTEM_FILE = Path("/etc/nudger/settings.env")
WORLD_READABLE = 0o004


def load(
    settings_file: Path | None, environ: Mapping[str, str], cwd: Path, *, running: bool = True
) -> Settings:
    """Reads the settings of this process, or raises SettingsError with every problem at once.

    Without `settings_file` it is settings.env in `cwd`, else in /etc/nudger, else none. `running=False` is
    for commands that neither send nor receive: what only a channel needs may be missing.
    """
    file = settings_file or _usual_file(cwd, running)
    shown = "settings.env" if file in (None, cwd / "settings.env") else str(file)
    environment = Environment(Settings, environ, cwd)
    credentials = Credentials(Settings, environ.get("CREDENTIALS_DIRECTORY"))
    in_file = SettingsFile(Settings, cwd / file if file else None, shown)
    sources: list[SettingsSource] = [environment, credentials, in_file]
    given = ChainMap(*(source.given for source in sources))
    problems = [problem for source in sources for problem in source.problems]
    problems += [*_missing(given, shown), *_contradictions(given)] if running else []
    try:
        settings = Settings([*sources, _Folders(environ, (cwd / file).parent if file else cwd)])
    except ValidationError as fault:
        # `from None`: the fault holds what was found, secrets too.
        raise _refusal([*problems, *_wrong(fault, given)]) from None
    if problems:
        raise _refusal(problems)
    settings._file = cwd / file if file else None
    settings._warnings = (*environment.warnings, *_doubts(settings, credentials, in_file))
    return settings


class _Folders(SettingsSource):
    """Where things lie when nobody says where; asked last."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        super().__init__(Settings)
        home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home(), ".local", "state")
        # systemd names every folder of StateDirectory= with colons between; the first one is ours.
        state = environ.get("STATE_DIRECTORY", "").split(":")[0] or str(Path(home, "nudger"))
        self.take("plans_dir", Given("plans", "", folder))
        self.take("state_dir", Given(state, "", folder))


def _usual_file(cwd: Path, running: bool) -> Path | None:
    """An operator's own commands may look without the service's file; what runs may not start without it."""
    for file in (cwd / "settings.env", SYSTEM_FILE):
        try:
            if file.exists() and (running or os.access(file, os.R_OK)):
                return file
        except PermissionError:  # of the folder: reading the file says so
            if running:
                return file
    return None


def _missing(given: Mapping[str, Given], shown: str) -> Iterator[str]:
    """What one setting asks of others."""
    for name, why, advice in (*_twilio_needs(given), *_smsgate_needs(given), *_smtp_needs(given)):
        if name not in given:
            what = advice or f"set it in {shown}, or in the environment"
            yield f"{_key(name)}: expected a value because of {why}, found none; {what}"


def _twilio_needs(given: Mapping[str, Given]) -> Iterator[tuple[str, str, str]]:
    by_key = "twilio_api_key_sid" in given or "twilio_api_key_secret" in given
    if by_key:
        yield "twilio_api_key_sid", "NUDGER_TWILIO_API_KEY_SECRET", ""
        yield "twilio_api_key_secret", "NUDGER_TWILIO_API_KEY_SID", ""
    if _choice(given, "sms", "phone") != "twilio":
        return
    why = "NUDGER_SMS=twilio"
    yield "twilio_account_sid", why, ""
    if _choice(given, "replies", "webhook" if "public_url" in given else "poll") == "webhook":
        signed = "signatures are made with it, an API key will not do; set it, or NUDGER_REPLIES=poll"
        yield "twilio_auth_token", "NUDGER_REPLIES=webhook", signed
        yield "public_url", "NUDGER_REPLIES=webhook", "set it, or NUDGER_REPLIES=poll"
    elif not by_key:
        or_key = "set it, or an API key: NUDGER_TWILIO_API_KEY_SID and NUDGER_TWILIO_API_KEY_SECRET"
        yield "twilio_auth_token", why, or_key
    if "twilio_messaging_service_sid" not in given:
        yield "twilio_from", why, "set your Twilio number, or NUDGER_TWILIO_MESSAGING_SERVICE_SID"


def _smsgate_needs(given: Mapping[str, Given]) -> Iterator[tuple[str, str, str]]:
    if _choice(given, "sms", "phone") != "smsgate":
        return
    why = "NUDGER_SMS=smsgate"
    yield "smsgate_url", why, ""
    yield "smsgate_password", why, ""
    local = _is_phone(_choice(given, "smsgate_url", ""))
    if not local:
        server = "a server stands between (the address has /3rdparty/ in it)"
        yield "smsgate_device_id", server, "set the id that the app shows; without it a random phone sends"
    if _choice(given, "replies", "webhook" if "public_url" in given else "poll") == "webhook":
        or_poll = ", or NUDGER_REPLIES=poll" if local else ""
        signed = f"set the signing key of the app (Settings, Webhooks){or_poll}"
        yield "smsgate_signing_key", "NUDGER_REPLIES=webhook", signed
        yield "public_url", "NUDGER_REPLIES=webhook", f"set it{or_poll}"


def _is_phone(url: str) -> bool:
    """Tells whether it is the address of the app itself, and no server's (see channels/smsgate/api.py, which
    is not loaded for commands that send nothing)."""
    return "/3rdparty/" not in f"{urlsplit(url).path}/"


def _contradictions(given: Mapping[str, Given]) -> Iterator[str]:
    """What excludes each other."""
    if _choice(given, "sms", "phone") != "smsgate":
        return
    polls = _choice(given, "replies", "webhook" if "public_url" in given else "poll") == "poll"
    if polls and "smsgate_url" in given and not _is_phone(given["smsgate_url"].text):
        yield (
            f"{_key('replies')}: expected webhook, for a server of SMSGate has no inbox to poll; set "
            f"{_key('public_url')} and {_key('smsgate_signing_key')}, or use the phone's own address"
        )
    url = _choice(given, "public_url", "https:")
    if not polls and not url.startswith(("https:", "http://127.0.0.1")):
        yield (
            f"{_key('public_url')}: expected https, for the app of SMSGate posts to nothing else; see "
            "docs/smsgate.md, or set NUDGER_REPLIES=poll"
        )


def _smtp_needs(given: Mapping[str, Given]) -> Iterator[tuple[str, str, str]]:
    if _choice(given, "email", "phone") == "smtp":
        yield "smtp_host", "NUDGER_EMAIL=smtp", ""
        yield "email_from", "NUDGER_EMAIL=smtp", ""
    if "mailto:" in _choice(given, "alerts", ""):
        yield "smtp_host", "a mailto: in NUDGER_ALERTS", ""
        yield "email_from", "a mailto: in NUDGER_ALERTS", ""
    if "smtp_username" in given or "smtp_password" in given:
        yield "smtp_username", "NUDGER_SMTP_PASSWORD", ""
        yield "smtp_password", "NUDGER_SMTP_USERNAME", ""


def _choice(given: Mapping[str, Given], name: str, default: str) -> str:
    return given[name].text.strip().lower() if name in given else default


def _wrong(fault: ValidationError, given: Mapping[str, Given]) -> Iterator[str]:
    # Other types of errors are defaults that could not be computed because of the error before them.
    for error in fault.errors(include_url=False, include_input=False):
        if error["type"].startswith("expected"):
            name = str(error["loc"][0])
            text, hidden = given[name].text, error["type"] == "expected_hidden"
            found = f'{len(text)} characters that begin with "{text[:2]}"' if hidden else _masked(text)
            yield f"{given[name].where}: {_key(name)}: expected {error['msg']}, found {found}"


def _masked(text: str) -> str:
    """Quoted, without the user and password of a URL."""
    return '"' + re.sub("//.*@", "//…@", text) + '"'


def _refusal(problems: Sequence[str]) -> SettingsError:
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"The settings have {count}:", *(f"  {problem}" for problem in problems)]
    hint = "Every setting, with its default, is described in settings.example.env."
    return SettingsError("\n".join(lines), hint)


def _doubts(settings: Settings, credentials: SettingsSource, in_file: SettingsSource) -> Iterator[str]:
    """What works, and endangers a secret."""
    secrets = [name for name, given in in_file.given.items() if _is_secret(name, given.text)]
    if settings.file is not None and secrets and settings.file.stat().st_mode & WORLD_READABLE:
        yield f"{settings.file}: holds {_key(secrets[0])} and every user may read it; chmod 640 it"
    for name in sorted(set(credentials.given) & set(in_file.given)):
        yield f"{in_file.given[name].where}: {_key(name)}: the credential counts; take it out here"
    if settings.sms == "twilio" and _exposed(settings.twilio_api_base):
        yield f"{_key('twilio_api_base')}: texts and the token travel unencrypted over http; use https"
    server = settings.smsgate_url or ""
    if settings.sms == "smsgate" and not _is_phone(server) and _exposed(server):
        yield f"{_key('smsgate_url')}: texts and the password travel unencrypted over http; use https"
    for name, value in (("alerts", settings.alerts), ("ping_url", settings.ping_url)):
        if value and any(map(_exposed, value.get_secret_value().replace("json:", "").split())):
            yield f"{_key(name)}: travels unencrypted over http, and whoever reads along may write there"
    if settings.smtp_username and settings.smtp_security == "none" and not _local(settings.smtp_host or ""):
        yield f"{_key('smtp_security')}: the password travels unencrypted; use starttls or tls"


def _is_secret(name: str, text: str) -> bool:
    return name in SECRETS or (name == "database_url" and "@" in text)


def _exposed(url: str) -> bool:
    return url.startswith("http:") and not _local(urlsplit(url).hostname or "")


def _local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _key(name: str) -> str:
    return PREFIX + name.upper()
