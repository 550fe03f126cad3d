"""The settings, and who else may read what is secret."""

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from nudger.doctor.finding import Finding, failure, ok, several, warning
from nudger.errors import SettingsError
from nudger.settings import Settings

FAULTY = 3  # the exit code of settings and plans


def settings_are_right(settings: Settings) -> Finding:
    """Of settings that a daemon could start with."""
    file = str(settings.file) if settings.file else "no settings file, the defaults hold"
    channels = f"texts by {settings.sms}, email by {settings.email}"
    doubts = [*settings.warnings, *_doubts(settings)]
    if doubts:
        return warning(f"{file}; {channels}", "\n".join(doubts))
    return ok(f"{file}; {channels}")


def settings_are_wrong(fault: SettingsError, service_secrets: Path) -> Finding:
    """Every problem. `service_secrets`: the folder that systemd hands on to the daemon, and to no command."""
    first, *problems = fault.message.splitlines()
    advice = [line.strip() for line in problems] + [fault.hint]
    if "expected a value" in fault.message and _is_folder(service_secrets):
        advice.append(f"The service's secrets lie in {service_secrets}, for root alone: run this as root.")
    return failure(first.removesuffix(":"), "\n".join(advice), FAULTY)


def files_are_closed(files: Iterable[tuple[Path, Path]]) -> Finding:
    """Of files that hold secrets or phone numbers, each with what is to be closed where it is open: itself,
    or its folder."""
    open_ = list(dict.fromkeys(str(place) for file, place in files if _is_open(file)))
    if open_:
        return warning(
            f"every user of this machine may read {several(open_)}",
            f"They hold secrets or phone numbers. Close them: chmod o= {' '.join(open_)}",
        )
    return ok("other users of this machine cannot read secrets, plans or the database")


def service_credentials(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Each secret of a folder, with itself to close."""
    return ((file, file) for file in sorted(folder.iterdir()) if file.is_file())


def _doubts(settings: Settings) -> Iterator[str]:
    """What no start complains of, for it depends on what stands before nudger."""
    if (settings.public_url or "").startswith("https://") and not settings.behind_proxy:
        yield (
            "NUDGER_BEHIND_PROXY: nudger speaks no TLS, so a web server stands before NUDGER_PUBLIC_URL; "
            "set it to true where that one adds to X-Forwarded-For, else all the world counts as one address"
        )
    if settings.email == "smtp" and settings.public_url is None:
        yield (
            "NUDGER_PUBLIC_URL: without it no link stops the emails, and nobody reads what is written back: "
            "people can only tell you"
        )


def _is_open(file: Path) -> bool:
    """Whether everybody may read or write it, and reach it."""
    if not file.exists() or not file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in file.resolve().parents)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except PermissionError:
        return False
