"""What tests of the installed program start from: the wheel, and the wheels of what it needs."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    # Not isolated: an isolated build would ask the network for hatchling.
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("nudger-*.whl"))


@pytest.fixture(scope="session")
def wheelhouse(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """A folder with the wheels of all that nudger needs under a Python: it then installs offline.

    It is kept in pytest's cache while constraints.txt stays as it is.
    """

    def filled(python: str) -> Path:
        version = subprocess.check_output(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], text=True
        )
        key = hashlib.sha256((CONSTRAINTS.read_text() + version).encode()).hexdigest()[:12]
        folder = request.config.cache.mkdir(f"wheelhouse-{key}")
        if not (folder / "complete").exists():
            _fill(folder, python, wheel, tmp_path_factory.mktemp("venv"))
            (folder / "complete").touch()
        return folder

    return filled


def _fill(folder: Path, python: str, wheel: Path, venv: Path) -> None:
    subprocess.run([python, "-m", "venv", venv], check=True)
    command = [venv / "bin" / "python", "-m", "pip", "wheel", "--quiet", "--constraint", CONSTRAINTS]
    done = subprocess.run(
        [*command, "--wheel-dir", folder, wheel], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"nudger's dependencies are fetched once: needs a package index ({done.stderr[-200:]})")
    (folder / wheel.name).unlink()  # the one under test is named by its path
