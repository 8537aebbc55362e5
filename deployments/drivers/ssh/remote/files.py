"""Files on a host: replaced in one step, hashed as the worker hashes them, removed though they are read-only."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import IO

MARKER, ENVIRONMENT = ".lifecycle-artefact.json", ".lifecycle-environment"


def try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def quoted(value: str) -> str:
    for character in '\\"$`':
        value = value.replace(character, "\\" + character)
    return f'"{value}"'


def replace(path: Path, text: str) -> None:
    """Write a file in one step, durably, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def marked(folder: Path) -> str:
    """The digest that a release's marker names, "" without a readable one."""
    try:
        return str(json.loads((folder / MARKER).read_text())["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def contents_hash(folder: Path) -> str:
    """As deployments/artefacts.py reckons it: each file's path, kind, executable bit and content."""
    whole = hashlib.sha256()
    own = (folder / MARKER, folder / ENVIRONMENT)
    for path in sorted(p for p in folder.rglob("*") if (p.is_symlink() or not p.is_dir()) and p not in own):
        name = os.fsencode(str(path.relative_to(folder)))
        whole.update(len(name).to_bytes(4, "big") + name + _fingerprint(path))
    return whole.hexdigest()


def _fingerprint(path: Path) -> bytes:
    if path.is_symlink():
        return b"l" + hashlib.sha256(os.fsencode(os.readlink(str(path)))).digest()
    found = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
    return (b"x" if path.stat().st_mode & stat.S_IXUSR else b"f") + found.digest()


def remove(folder: Path) -> None:
    if not folder.exists():
        return
    for found in [folder, *(p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink())]:
        found.chmod(0o755)
    shutil.rmtree(str(folder))
