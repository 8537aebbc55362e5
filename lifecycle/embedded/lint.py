"""`make lint`: every static check, each one run even when an earlier one failed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from lifecycle.embedded import messages
from lifecycle.embedded.environment import PLACEHOLDERS
from lifecycle.embedded.paths import ROOT
from lifecycle.embedded.terminal import say

BIN = Path(sys.executable).parent
CHECKS: dict[str, tuple[str, ...]] = {
    "ruff": (f"{BIN}/ruff", "check", "."),
    "ruff format": (f"{BIN}/ruff", "format", "--check", "."),
    "import contracts": (f"{BIN}/lint-imports",),
    "mypy": (f"{BIN}/mypy",),
    "djlint": (f"{BIN}/djlint", "--quiet", "--lint", "templates"),
    "migrations": (sys.executable, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"),
    "deployment checks": (sys.executable, "manage.py", "check", "--fail-level", "WARNING"),
}


def lint(arguments: list[str]) -> int:
    """Run all checks, or those named; the exit code is 0 when everything is clean."""
    chosen = arguments or [*CHECKS, "translations"]
    failed = [name for name in chosen if not _passes(name)]
    say(f"failed: {', '.join(failed)}" if failed else "everything is clean")
    return 1 if failed else 0


def _passes(name: str) -> bool:
    began = time.monotonic()
    report = _untranslated() if name == "translations" else _run(CHECKS[name])
    say(f"{name}: {'failed' if report else 'clean'} ({time.monotonic() - began:.1f} s)")
    if report:
        print(report, flush=True)
    return not report


def _run(command: tuple[str, ...]) -> str:
    """The command's output when it fails, "" when it passes."""
    result = subprocess.run(
        command, cwd=ROOT, env=PLACEHOLDERS | os.environ, capture_output=True, text=True, check=False
    )
    return (result.stdout + result.stderr) or "failed without a word" if result.returncode else ""


def _untranslated() -> str:
    """Entries that are empty or fuzzy, and, where xgettext can look for them, texts that are in no catalogue."""
    missing = messages.incomplete()
    if messages.can_collect():
        missing += [f"in no catalogue (`make messages`): {text!r}" for text in messages.uncollected()]
    return "\n".join(["entries without a translation, or fuzzy:", *missing]) if missing else ""
