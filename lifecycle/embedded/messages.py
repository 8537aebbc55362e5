"""Compiles the translations; a fresh machine has no msgfmt, so polib does it."""

from pathlib import Path

import polib

from lifecycle.embedded.paths import ROOT


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
