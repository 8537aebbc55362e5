"""Copies of the database, taken while the shop is running."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

KEPT = 5


def backup(database: Path, folder: Path, *, label: str) -> Path:
    """Copy `database` to `folder`/<label>.sqlite3 and keep the newest five copies. Returns the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{_file_name(label)}.sqlite3"
    draft = target.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
    os.replace(draft, target)
    _prune(folder)
    return target


def _file_name(label: str) -> str:
    return re.sub(r"[^\w.-]+", "-", label).strip(".") or "unnamed"


def _prune(folder: Path) -> None:
    copies = sorted(folder.glob("*.sqlite3"), key=lambda copy: copy.stat().st_mtime_ns, reverse=True)
    for old in copies[KEPT:]:
        old.unlink()
