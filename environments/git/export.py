"""Writing a commit's files into a folder, safely and exactly.

Read with `ls-tree` and `cat-file` instead of `git archive`: an archive obeys the repository's own
`export-ignore`, `export-subst` and line-ending attributes, and what was tested must be what is deployed.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, NamedTuple

from .errors import GitError
from .names import checked_path, checked_sha
from .runner import environment, kill_group, popen, run

_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"
Kind = Literal["file", "executable", "link"]
Note = Callable[[str, Kind, bytes], None]
"""Told of each file that was written: its path below the folder, its kind, its content (of a link: where it leads)."""


@dataclass(frozen=True)
class ExportLimits:
    """Checked before the first byte is written."""

    files: int = 100_000
    total_bytes: int = 2_000_000_000


class _Entry(NamedTuple):
    mode: str
    sha: str
    size: int
    path: str


def export_tree(
    git_dir: Path,
    tree: str,
    folder: Path,
    limits: ExportLimits,
    *,
    timeout_seconds: float,
    read_only: bool = False,
    note: Note = lambda path, kind, content: None,
) -> None:
    """Write `tree` into `folder`; GitError, and an empty folder, when the tree is unsafe or too large.

    Links must stay inside the folder. Submodules are empty folders. Filters and attributes do not run. `read_only`
    files are born so, and `note` is told of all, which spares the disk a second look at each of them.
    """
    entries = _list(git_dir, tree, limits, timeout_seconds)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise GitError(f"the folder {folder.name} is not empty")
    try:
        _write(git_dir, entries, folder, timeout_seconds, read_only, note)
    except (GitError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        raise (error if isinstance(error, GitError) else GitError(f"cannot write the files: {error}")) from error


def _list(git_dir: Path, tree: str, limits: ExportLimits, timeout_seconds: float) -> list[_Entry]:
    args = [
        "ls-tree",
        "-r",
        "-l",
        "-z",
        "--full-tree",
        "--end-of-options",
        checked_sha(tree),
    ]
    room = limits.files * 400
    answer = run(git_dir, args, timeout_seconds=timeout_seconds, max_output_bytes=room)
    if answer.code:
        raise GitError("cannot list the files of the commit", answer.complaint)
    entries = [_entry(line) for line in answer.stdout.split(b"\x00") if line]
    if len(entries) > limits.files:
        raise GitError(f"the commit has {len(entries)} files, more than {limits.files}")
    if (total := sum(entry.size for entry in entries)) > limits.total_bytes:
        raise GitError(f"the commit has {total} bytes, more than {limits.total_bytes}")
    return entries


def _entry(line: bytes) -> _Entry:
    head, _, path = line.partition(b"\t")
    mode, _, sha, size = head.decode().split()
    return _Entry(mode, sha, 0 if size == "-" else int(size), checked_path(os.fsdecode(path)))


def _write(
    git_dir: Path, entries: list[_Entry], folder: Path, timeout_seconds: float, read_only: bool, note: Note
) -> None:
    # Links come last: nothing is ever written through one.
    links = [entry for entry in entries if entry.mode == _LINK]
    files = [entry for entry in entries if entry.mode not in (_LINK, _SUBMODULE)]
    for name in {os.path.dirname(entry.path) for entry in (*files, *links)}:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for entry in entries:
        if entry.mode == _SUBMODULE:
            (folder / entry.path).mkdir(parents=True)
    umask = _umask()
    with _blobs(git_dir, [*files, *links], timeout_seconds) as stream:
        for entry in files:
            content, may_run = _blob(stream, entry), entry.mode == _EXECUTABLE
            mode = (0o755 if may_run else 0o644) & (0o555 if read_only else 0o777)
            _write_file(f"{folder}/{entry.path}", content, mode, umask)
            note(entry.path, "executable" if may_run else "file", content)
        for entry in links:
            target = _blob(stream, entry)
            os.symlink(target, os.fsencode(f"{folder}/{entry.path}"))
            note(entry.path, "link", target)
    _refuse_links_that_leave(folder, links)


def _umask() -> int:
    """What this process takes away from new files; read, because setting it would change other threads' files."""
    found = re.search(r"^Umask:\s*([0-7]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1], 8) if found else 0o777


def _write_file(target: str, content: bytes, mode: int, umask: int) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        if mode & umask:
            os.fchmod(handle, mode)
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)


def _refuse_links_that_leave(folder: Path, links: list[_Entry]) -> None:
    root = folder.resolve()
    for entry in links:
        try:
            inside = (folder / entry.path).resolve().is_relative_to(root)
        except (OSError, RuntimeError):  # a loop of links
            inside = False
        if not inside or os.path.isabs(os.readlink(folder / entry.path)):
            raise GitError(f"the link {entry.path} leads out of the repository")


@contextlib.contextmanager
def _blobs(git_dir: Path, entries: list[_Entry], timeout_seconds: float) -> Iterator[IO[bytes]]:
    """What `cat-file` says of the entries, in their order; it is ended when the time is over."""
    with tempfile.TemporaryFile() as asked:
        asked.write(b"".join(entry.sha.encode() + b"\n" for entry in entries))
        asked.seek(0)
        command = ["cat-file", "--batch", "--buffer"]
        process = popen(git_dir, command, stdin=asked, stdout=subprocess.PIPE, env=environment())
    assert process.stdout
    watchdog = threading.Timer(timeout_seconds, process.kill)
    watchdog.start()
    try:
        yield process.stdout
    finally:
        watchdog.cancel()
        kill_group(process)


def _blob(stream: IO[bytes], entry: _Entry) -> bytes:
    head = stream.readline().split(b" ")
    content = stream.read(entry.size + 1)
    if len(head) != 3 or len(content) != entry.size + 1:
        raise GitError(f"cannot read {entry.path} from the repository")
    return content[:-1]
