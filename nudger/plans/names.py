"""What the name of a file says: whose plan it is, whether it is shared, which folder it belongs to."""

from functools import lru_cache

SHARED = "shared"  # the folder of shared plans, beside the plans
ROSTER = ".csv"


def name_of(file: str) -> str:
    """`maya.toml` of `plans/maya.toml`."""
    return file.rpartition("/")[2]


def stem_of(file: str) -> str:
    """`maya` of `plans/maya.toml`."""
    name = name_of(file)
    return name.rpartition(".")[0] or name


def is_shared(file: str) -> bool:
    return _parts(file.rpartition("/")[0])[-1:] == (SHARED,)


def is_roster(file: str) -> bool:
    return file.endswith(ROSTER)


def folder_of(file: str) -> str:
    """The folder of plans that a plan, or a shared plan, belongs to; "." for the current one."""
    parts = _parts(file.rpartition("/")[0])
    parts = parts[:-1] if parts[-1:] == (SHARED,) else parts
    return "/".join(parts).replace("//", "/") or "."


@lru_cache(maxsize=1024)
def _parts(folder: str) -> tuple[str, ...]:
    root = ("/",) if folder.startswith("/") else ()
    return (*root, *(part for part in folder.split("/") if part not in ("", ".")))
