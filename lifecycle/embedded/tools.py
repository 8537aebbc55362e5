"""The chores around a running stack: reset, psql, shell, manage, messages."""

import os
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlsplit

from lifecycle.embedded import messages, postgres, runfile
from lifecycle.embedded.environment import service_environment
from lifecycle.embedded.paths import ROOT, private_folder, var_folder


def reset(_arguments: list[str]) -> int:
    """Empty the data folder; refused while a launcher runs on it."""
    var = private_folder(var_folder())
    try:
        lock = runfile.lock(var)
    except runfile.Taken as running:
        print(f"Lifecycle is running ({running}); stop it first, then reset.")
        return 1
    with lock:
        runfile.end_leftovers(var)
        for path in var.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    print(f"{var} is empty")
    return 0


def psql(arguments: list[str]) -> int:
    """A prompt on DATABASE_URL or the running stack's database; the password stays off the process list."""
    url = os.environ.get("DATABASE_URL") or runfile.read(var_folder()).get("database_url")
    if not url:
        return _nothing_runs()
    parts = urlsplit(url)
    environment = os.environ | {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }
    binary = next((str(path / "psql") for path in postgres.candidates() if (path / "psql").exists()), "psql")
    return subprocess.run([binary, *arguments], env=environment, check=False).returncode


def manage(arguments: list[str]) -> int:
    """`manage.py …` with the running stack's environment."""
    running = runfile.read(var_folder())
    if not running:
        return _nothing_runs()
    environment = service_environment(var_folder(), running)
    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=False).returncode


def shell(arguments: list[str]) -> int:
    """A Python prompt with the models imported, on the running stack."""
    return manage(["shell", *arguments])


def compile_messages(_arguments: list[str]) -> int:
    """Collect the texts into the Russian catalogue (needs xgettext) and compile it; English is the source."""
    if messages.can_collect():
        messages.collect()
    else:
        print("xgettext is not installed: the catalogues are only compiled, not collected anew")
    print(f"compiled: {len(messages.compile_stale())}")
    return 0


def _nothing_runs() -> int:
    print("Nothing runs here: `make run` first.")
    return 1
