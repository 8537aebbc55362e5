"""Makes .venv fit the lock file, then hands over to `python -m lifecycle.embedded` inside it.

Runs under any Python ≥ 3.11 and uses only its standard library. A second start sees the stamp and installs
nothing, so it needs no network. Two of these at once wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".tools"
OLDEST_PYTHON = (3, 11)
UV_PIN = "uv==0.13.9"
RUNTIME_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
RUNTIME_VERBS = {"run", "reset", "psql", "shell", "manage", "messages"}
LOCK_OPTIONS = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]
STARTED_AT = time.time()


def say(message: str) -> None:
    print(f"[{time.time() - STARTED_AT:6.1f} s] {message}", flush=True)


def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        major, minor = sys.version_info[:2]
        sys.exit(
            f"Lifecycle needs Python 3.11 or newer, and this is {major}.{minor} ({sys.executable}).\n"
            "Name a newer one, for example: make run PYTHON=python3.12"
        )


def digest(lock_name: str) -> str:
    return hashlib.sha256((ROOT / lock_name).read_bytes()).hexdigest()


def stamp(lock_name: str) -> Path:
    return VENV / (lock_name + ".installed")


def is_installed(lock_name: str) -> bool:
    path = stamp(lock_name)
    return VENV_PYTHON.exists() and path.exists() and path.read_text() == digest(lock_name)


def find_uv() -> "str | None":
    """Path of uv: on PATH, else the pinned one installed under .tools; None when it cannot be had."""
    own = TOOLS / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.exists() else None)
    if found:
        return found
    say(f"fetching the installer ({UV_PIN})")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--target",
        str(TOOLS),
        UV_PIN,
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return str(own) if result.returncode == 0 and own.exists() else None


def install_with_uv(uv: str, lock_name: str) -> bool:
    if not VENV_PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=True)
    command = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--compile-bytecode",
        "--python",
        str(VENV_PYTHON),
    ]
    return subprocess.run([*command, "-r", str(ROOT / lock_name)], check=False).returncode == 0


def install_with_pip(lock_name: str) -> None:
    say("installing with pip instead, which takes some minutes")
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    command = [
        str(VENV_PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--require-hashes",
        "--no-deps",
    ]
    if subprocess.run([*command, "-r", str(ROOT / lock_name)], check=False).returncode:
        sys.exit(f"The packages in {lock_name} could not be installed; the reason is printed above.")


def install(lock_name: str) -> None:
    say(f"installing the packages of {lock_name} into .venv")
    uv = find_uv()
    if not (uv and install_with_uv(uv, lock_name)):
        install_with_pip(lock_name)
    for name in {lock_name, RUNTIME_LOCK}:  # the development lock contains the other one
        stamp(name).write_text(digest(name))
    say("packages ready")


def ensure_venv(lock_name: str) -> None:
    """Install `lock_name` unless its stamp fits; a second make waits here for the first."""
    if is_installed(lock_name):
        return
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not is_installed(lock_name):
            install(lock_name)


def write_locks() -> None:
    """`make lock`: resolve pyproject.toml anew; the development lock keeps to the other one's versions."""
    uv = find_uv() or sys.exit("make lock needs uv, and it could not be installed.")
    compile_lock = [uv, "pip", "compile", "--quiet", *LOCK_OPTIONS, "pyproject.toml"]
    subprocess.run([*compile_lock, "-o", RUNTIME_LOCK], cwd=ROOT, check=True)
    subprocess.run([*compile_lock, "--extra", "dev", "-c", RUNTIME_LOCK, "-o", DEV_LOCK], cwd=ROOT, check=True)
    say(f"{RUNTIME_LOCK} and {DEV_LOCK} written")


def main() -> None:
    check_python()
    verb = sys.argv[1] if len(sys.argv) > 1 else "run"
    if verb == "lock":
        return write_locks()
    ensure_venv(RUNTIME_LOCK if verb in RUNTIME_VERBS else DEV_LOCK)
    os.chdir(ROOT)
    os.environ["LIFECYCLE_STARTED_AT"] = str(STARTED_AT)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "lifecycle.embedded", verb, *sys.argv[2:]])


if __name__ == "__main__":
    main()
