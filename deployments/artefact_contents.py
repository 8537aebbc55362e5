"""What is in a built artefact: one hash over all of it, and the seal that makes it read-only.

Written with os.scandir and plain strings, because a promotion waits for it: thousands of files in tenths of a second.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

MARKER = ".lifecycle-artefact.json"


class WrongArtefact(Exception):
    """The folder is not what its digest says: it is refused, whatever else speaks for it."""


def contents_hash(folder: Path) -> str:
    """SHA-256 over every file's path, kind, executable bit and content, in the order of paths, folder by folder.

    The marker is left out. A server reckons the same by itself (drivers/ssh/remote/files.py). WrongArtefact for what
    is neither a file nor a folder nor a link.
    """
    root, whole = os.fspath(folder), hashlib.sha256()
    for name, entry in sorted(_files(root, ""), key=lambda found: found[0].split("/")):
        path = os.fsencode(name)
        whole.update(len(path).to_bytes(4, "big") + path + _fingerprint(entry))
    return whole.hexdigest()


def make_read_only(folder: Path) -> None:
    """Nothing in it is written to any more; what may be run stays so."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            sealed = 0o555 if mode & stat.S_IXUSR else 0o444
            if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != sealed:
                os.chmod(path, sealed)
        os.chmod(parent, 0o555)


def _files(root: str, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything that is no folder, with its path below `root`."""
    with os.scandir(os.path.join(root, below)) as found:
        for entry in found:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _files(root, name)
            elif name != MARKER:
                yield name, entry


def _fingerprint(entry: os.DirEntry[str]) -> bytes:
    if entry.is_symlink():
        return b"l" + hashlib.sha256(os.fsencode(os.readlink(entry.path))).digest()
    mode = entry.stat(follow_symlinks=False).st_mode
    if not stat.S_ISREG(mode):
        raise WrongArtefact(f"{entry.name} is neither a file nor a link")
    with open(entry.path, "rb", buffering=0) as file:
        return (b"x" if mode & stat.S_IXUSR else b"f") + hashlib.file_digest(file, "sha256").digest()
