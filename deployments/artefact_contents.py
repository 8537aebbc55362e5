"""What is in a built artefact: one hash over all of it, and the seal that makes it read-only.

Written with os.scandir and plain strings, because a promotion waits for it: thousands of files in tenths of a second.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from environments.git import Kind

MARKER = ".lifecycle-artefact.json"


class WrongArtefact(Exception):
    """The folder is not what its digest says: it is refused, whatever else speaks for it."""


def contents_hash(folder: Path) -> str:
    """SHA-256 over every file's path, kind, executable bit and content, in the order of paths, folder by folder.

    The marker is left out. A server reckons the same by itself (drivers/ssh/remote/files.py). WrongArtefact for what
    is neither a file nor a folder nor a link.
    """
    return _whole((name, _fingerprint(entry)) for name, entry in _files(os.fspath(folder), ""))


class Exported:
    """What git's export has written: the same hash without reading it all again."""

    KINDS: dict[Kind, bytes] = {"file": b"f", "executable": b"x", "link": b"l"}

    def __init__(self) -> None:
        self._found: list[tuple[str, bytes]] = []

    def note(self, path: str, kind: Kind, content: bytes) -> None:
        if path != MARKER:
            self._found.append((path, self.KINDS[kind] + hashlib.sha256(content).digest()))

    def contents_hash(self) -> str:
        return _whole(self._found)


def make_read_only(folder: Path, *, files_are: bool = False) -> None:
    """Nothing in it is written to any more; what may be run stays so. `files_are`: only its folders are left to do."""
    for parent, _folders, names in os.walk(folder):
        for name in () if files_are else names:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            sealed = 0o555 if mode & stat.S_IXUSR else 0o444
            if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != sealed:
                os.chmod(path, sealed)
        os.chmod(parent, 0o555)


def is_touched_since(folder: Path, moment: int) -> bool:
    """Whether a file was changed after `moment` (nanoseconds since the epoch), or one has come or gone."""
    for parent, _folders, names in os.walk(folder):
        if os.stat(parent).st_mtime_ns > moment:
            return True
        if any(os.lstat(os.path.join(parent, name)).st_ctime_ns > moment for name in names):
            return True
    return False


def _files(root: str, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything that is no folder, with its path below `root`."""
    with os.scandir(os.path.join(root, below)) as found:
        for entry in found:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _files(root, name)
            elif name != MARKER:
                yield name, entry


def _whole(found: Iterable[tuple[str, bytes]]) -> str:
    whole = hashlib.sha256()
    for name, fingerprint in sorted(found, key=lambda one: one[0].split("/")):
        path = os.fsencode(name)
        whole.update(len(path).to_bytes(4, "big") + path + fingerprint)
    return whole.hexdigest()


def _fingerprint(entry: os.DirEntry[str]) -> bytes:
    if entry.is_symlink():
        return b"l" + hashlib.sha256(os.fsencode(os.readlink(entry.path))).digest()
    mode = entry.stat(follow_symlinks=False).st_mode
    if not stat.S_ISREG(mode):
        raise WrongArtefact(f"{entry.name} is neither a file nor a link")
    with open(entry.path, "rb", buffering=0) as file:
        return (b"x" if mode & stat.S_IXUSR else b"f") + hashlib.file_digest(file, "sha256").digest()
