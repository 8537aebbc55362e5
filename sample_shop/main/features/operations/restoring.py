"""Trying a backup: is the newest copy whole, and is there anything in it?"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


class NotRestored(Exception):
    """There is no backup, or it does not hold what a shop holds."""


def told(words: str) -> Path | None:
    """The copy that `manage.py backup` spoke of ("database copied to /…"), None if it is not said.

    Raises NotRestored if it is gone: another one in its place would prove nothing.
    """
    copy = Path(words.rpartition(" copied to ")[2])
    if not words:
        return None
    if not copy.is_file():
        raise NotRestored(f"no backup at {copy}")
    return copy


def newest(folder: Path) -> Path:
    """The newest copy in a folder of backups. Raises NotRestored if there is none."""
    copies = sorted(folder.glob("*.sqlite3"), key=lambda copy: copy.stat().st_mtime_ns)
    if not copies:
        raise NotRestored(f"no backup in {folder}")
    return copies[-1]


def restore(copy: Path, target: Path) -> dict[str, int]:
    """Put a copy where a shop would open it; rows by table. Raises NotRestored for a broken or an empty one."""
    shutil.copyfile(copy, target)
    try:
        with closing(sqlite3.connect(target)) as database:
            return _counted(database, copy)
    except sqlite3.DatabaseError as error:
        raise NotRestored(f"{copy.name} cannot be read: {error}") from error


def _counted(database: sqlite3.Connection, copy: Path) -> dict[str, int]:
    verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise NotRestored(f"{copy.name} is damaged: {verdict}")
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    rows = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    if not sum(rows.values()):
        raise NotRestored(f"{copy.name} is empty")
    return rows
