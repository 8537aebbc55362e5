"""Exporting the shop's branches and running them as Lifecycle would, by their own lifecycle.toml."""

import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEALTHY_WITHIN_SECONDS = 15


def git(repository: Path, *arguments: str) -> str:
    """What git printed. Raises CalledProcessError."""
    return _git(repository, *arguments).decode()


def _git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "--git-dir", repository, *arguments], check=True, capture_output=True).stdout


def export(repository: Path, treeish: str, folder: Path) -> Path:
    """The files of a commit or tree in a new folder."""
    with tarfile.open(fileobj=io.BytesIO(_git(repository, "archive", treeish))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def run(checkout: Path, data: Path, part: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the checkout's lifecycle.toml to its end."""
    return subprocess.run(
        _command(checkout, part), cwd=checkout, env=_environment(data), capture_output=True, text=True, timeout=60
    )


@contextmanager
def serving(checkout: Path, data: Path, variables: dict[str, str] | None = None) -> Iterator[str]:
    """The address of the shop, prepared and healthy, started with further variables; it ends with the block."""
    prepared = run(checkout, data, "migrate")
    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    port = _free_port()
    with (data / "shop.log").open("ab") as log:
        command = _command(checkout, "start", port)
        environment = _environment(data) | (variables or {})
        process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def health(address: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
        return json.load(answer)


def metric(address: str, name: str) -> float:
    """The value of a metric, named with its labels."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def _command(checkout: Path, part: str, port: int = 0) -> list[str]:
    manifest = tomllib.loads((checkout / "lifecycle.toml").read_text(encoding="utf-8"))
    return [element.format(python=sys.executable, port=port) for element in manifest[part]["command"]]


def _environment(data: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"DATA_DIR": str(data), "RELEASE": "24.11", "ENVIRONMENT": "staging"}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_until_healthy(address: str) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while True:
        try:
            health(address)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
