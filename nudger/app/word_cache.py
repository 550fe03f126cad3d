"""What was made of the word lists, kept between one start and the next.

Compiling them takes half a second, more than all else that a command does. A file a part in the user's cache
folder: `<name>.<key>`, where the key tells the word lists, the code that compiles them, and the Python that
wrote it. Nothing is taken from a file or a folder that another user owns or may write to, nor from a file
whose digest is not that of its content. It is plain data (`marshal`): nothing in it is run.
"""

import hashlib
import marshal
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nudger import replies

_DIGEST = 32  # bytes of sha256
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class WordCache:
    """The files of one key."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key

    def get(self, name: str) -> Any:
        """Returns what is kept under a name; None where that is nothing, or nothing to be trusted."""
        try:
            if not _is_ours(os.stat(self._folder)):
                return None
            with open(self._file(name), "rb", opener=_no_link) as file:
                if not _is_ours(os.fstat(file.fileno())):
                    return None
                digest, content = file.read(_DIGEST), file.read()
        except OSError:
            return None
        if hashlib.sha256(content).digest() != digest:
            return None
        return marshal.loads(content)  # noqa: S302 - written by this user, and whole

    def put(self, name: str, made: Any) -> None:
        """Keeps it, in place of what was made of older lists or by older code; where no file can be written,
        every start compiles anew."""
        content = marshal.dumps(made)
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(os.stat(self._folder)):
                return
            self._write(name, hashlib.sha256(content).digest() + content)
            for old in self._folder.glob(f"{name}.*"):
                if old != self._file(name) and not old.name.endswith(".tmp"):
                    old.unlink()

    def _write(self, name: str, content: bytes) -> None:
        """All of it or nothing, whoever reads meanwhile."""
        handle, new = tempfile.mkstemp(dir=self._folder, prefix=f"{name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(new, self._file(name))
        except OSError:
            os.unlink(new)
            raise

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.{self._key}"


def cache_of(sources: Mapping[str, Mapping[str, str]], environment: Mapping[str, str]) -> WordCache:
    """Returns the cache of what is made of these word lists: in the folder that systemd gives a service for
    that, else in the user's."""
    own = environment.get("CACHE_DIRECTORY", "").split(":")[0]  # systemd names all of them, ours first
    users = environment.get("XDG_CACHE_HOME") or os.path.join(environment.get("HOME", "/"), ".cache")
    return WordCache(Path(own or os.path.join(users, "nudger")), _key(sources))


def _key(sources: Mapping[str, Mapping[str, str]]) -> str:
    """Tells the lists, the code and the Python from all others."""
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {marshal.version}".encode())
    for file in sorted(Path(replies.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    for code, files in sources.items():
        for name, text in files.items():
            digest.update(f"\0{code}\0{name}\0{len(text)}\0".encode())
            digest.update(text.encode())
    return digest.hexdigest()[:32]


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody else can have written it."""
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)
