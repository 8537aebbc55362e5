"""Collects the texts (with xgettext) and compiles the translations (a fresh machine has no msgfmt: polib does it)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib

from lifecycle.embedded.environment import PLACEHOLDERS
from lifecycle.embedded.paths import ROOT

CATALOGUE = ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.po"
IGNORED = (".venv", ".tools", "var", "sample_shop", "tests")


def can_collect() -> bool:
    return shutil.which("xgettext") is not None


def collect() -> None:
    """Bring the Russian catalogue up to date with the texts in code and templates; English is the source."""
    (ROOT / "locale").mkdir(exist_ok=True)
    ignored = [f"--ignore={name}" for name in IGNORED]
    command = ["manage.py", "makemessages", "--verbosity=0", "--locale=ru", "--no-obsolete", "--add-location=file"]
    subprocess.run([sys.executable, *command, *ignored], cwd=ROOT, env=PLACEHOLDERS | os.environ, check=True)


def uncollected() -> list[str]:
    """Texts that the committed catalogue does not know; the catalogue is left as it was."""
    committed = CATALOGUE.read_text(encoding="utf-8")
    known = {entry.msgid for entry in polib.pofile(committed)}
    try:
        collect()
        return sorted({entry.msgid for entry in polib.pofile(str(CATALOGUE))} - known)
    finally:
        CATALOGUE.write_text(committed, encoding="utf-8")


def compile_stale(root: Path = ROOT) -> list[Path]:
    """Write the .mo of each catalogue that changed since; returns the catalogues compiled."""
    stale = [path for path in root.glob("locale/*/LC_MESSAGES/*.po") if _is_stale(path)]
    for path in stale:
        draft = path.with_suffix(".mo.new")
        polib.pofile(str(path)).save_as_mofile(str(draft))
        draft.replace(path.with_suffix(".mo"))
    return stale


def incomplete(root: Path = ROOT) -> list[str]:
    """One line per entry without a translation or marked fuzzy: "locale/ru/…/django.po: the English text"."""
    return [
        f"{path.relative_to(root)}: {entry.msgid!r}"
        for path in sorted(root.glob("locale/*/LC_MESSAGES/*.po"))
        for entry in polib.pofile(str(path))
        if not entry.obsolete and not entry.translated()
    ]


def _is_stale(catalogue: Path) -> bool:
    compiled = catalogue.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns < catalogue.stat().st_mtime_ns
