"""Running `git` with a fixed environment, fixed options and hard limits."""

import contextlib
import functools
import os
import re
import resource
import selectors
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, NamedTuple

from .errors import GitError

MINIMUM_VERSION = (2, 38)  # merge-tree --write-tree
MIRROR_BYTES = 8_000_000_000
MEMORY_BYTES = 4_000_000_000
_LIMITS = {resource.RLIMIT_FSIZE: MIRROR_BYTES, resource.RLIMIT_AS: MEMORY_BYTES, resource.RLIMIT_CORE: 0}
_CHUNK = 1 << 16
_OPTIONS = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=true",
    # Old but harmless marks found in the history of many real repositories.
    "fetch.fsck.zeroPaddedFilemode=warn",
    "fetch.fsck.badTimezone=warn",
    "gc.auto=0",
    "maintenance.auto=false",
    "merge.renames=true",
    "credential.helper=",
]
_COMMAND = [
    "git",
    "--no-replace-objects",
    *(part for option in _OPTIONS for part in ("-c", option)),
]


class Answer(NamedTuple):
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Nothing of the caller's environment but the path: no user or system configuration, no prompts."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": "file:ssh:https",
        "GIT_SSH_COMMAND": "false",  # who may be spoken with over ssh is in access.py
        **(extra or {}),
    }


def popen(folder: Path | None, args: list[str], **kwargs: object) -> subprocess.Popen[bytes]:
    """A git process in its own session, so that a limit can end it with everything it started."""
    where = [f"--git-dir={folder}"] if folder else []
    try:
        process = subprocess.Popen([*_COMMAND, *where, *args], start_new_session=True, cwd="/", **kwargs)  # type: ignore[call-overload]
    except FileNotFoundError as error:
        raise GitError("git is not installed") from error
    _limit(process.pid)
    return process  # type: ignore[no-any-return]


def _limit(pid: int) -> None:
    """Caps for git and whatever it starts: the size of one file (a pack), memory, no core dumps."""
    for kind, most in _LIMITS.items():
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, kind, (most, most))


def run(
    folder: Path | None,
    args: list[str],
    *,
    timeout_seconds: float,
    max_output_bytes: int,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
) -> Answer:
    """Run git to its end, whatever its exit code; GitError past the time or the output limit."""
    with tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        pipe = subprocess.PIPE
        process = popen(folder, args, stdin=source, stdout=pipe, stderr=pipe, env=environment(env))
        try:
            stdout, stderr = _read(process, args[0], time.monotonic() + timeout_seconds, max_output_bytes)
        finally:
            kill_group(process)
    return Answer(process.returncode, stdout, stderr)


def _read(process: subprocess.Popen[bytes], name: str, deadline: float, limit: int) -> tuple[bytes, bytes]:
    assert process.stdout and process.stderr
    chunks: dict[IO[bytes], list[bytes]] = {process.stdout: [], process.stderr: []}
    size = 0
    with selectors.DefaultSelector() as selector:
        for stream in chunks:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise GitError(f"git {name} took too long and was stopped")
            for key, _ in selector.select(max(0.0, min(1.0, deadline - time.monotonic()))):
                data = os.read(key.fd, _CHUNK)
                size += len(data)
                if size > limit:
                    raise GitError(f"git {name} printed more than {limit} bytes and was stopped")
                chunks[key.fileobj].append(data) if data else selector.unregister(key.fileobj)  # type: ignore[index]
    _wait(process, name, deadline)
    return b"".join(chunks[process.stdout]), b"".join(chunks[process.stderr])


def _wait(process: subprocess.Popen[bytes], name: str, deadline: float) -> None:
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {name} took too long and was stopped") from error


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and its helpers (ssh, index-pack) if they still run, and reap it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


@functools.cache
def require_git() -> tuple[int, ...]:
    """The version of git; GitError when it is missing or too old for `merge-tree --write-tree`."""
    answer = run(None, ["version"], timeout_seconds=10, max_output_bytes=10_000)
    found = re.search(r"(\d+)\.(\d+)", answer.text)
    version = tuple(int(part) for part in found.groups()) if found else (0, 0)
    if version < MINIMUM_VERSION:
        raise GitError(f"git {'.'.join(map(str, MINIMUM_VERSION))} or newer is needed", answer.text)
    return version
