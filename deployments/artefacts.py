"""Built artefacts: `<root>/<digest>/`, made once per candidate, read-only, run by every environment.

Built aside as `<digest>.<fence>.tmp`, marked last, then renamed: what carries the digest's name is whole. Two
environments may ask for one digest at once (and with the same fence): a lock beside the root lets one of them build.
"""

import contextlib
import fcntl
import json
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from deployments.artefact_contents import MARKER, WrongArtefact, contents_hash, make_read_only
from environments.git import Git

__all__ = ["WrongArtefact", "contents_hash", "prepare", "prune", "verify"]

_DIGEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,127}")
_DRAFT = re.compile(r"(?P<digest>[A-Za-z0-9_-]+)\.\d+\.tmp")
_DRAFT_SECONDS = 86_400


def prepare(root: Path, git: Git, sha: str, digest: str, fence: int, build: Callable[[Path], None]) -> Path:
    """The folder of `digest`, made from the commit `sha` by `build(folder)` unless it is already there.

    A second builder waits for the first, and a killed one leaves the lock. What `build` raises passes through and
    leaves nothing behind; GitError if the files cannot be exported.
    """
    final = _folder(root, digest)
    root.mkdir(parents=True, exist_ok=True)
    with _lock(root.with_name(f"{root.name}.locks"), digest):
        if not final.exists():
            _build(git, sha, digest, build, draft=root / f"{digest}.{int(fence)}.tmp", final=final)
            return final
    verify(final, digest)
    return final


def _build(git: Git, sha: str, digest: str, build: Callable[[Path], None], *, draft: Path, final: Path) -> None:
    _remove(draft)
    try:
        git.export(sha, draft)
        build(draft)
        _seal(draft, digest, sha)
        draft.rename(final)
    finally:
        _remove(draft)


@contextlib.contextmanager
def _lock(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of this name; the kernel lets go of it when the holder dies."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def verify(folder: Path, digest: str) -> None:
    """WrongArtefact unless the marker names `digest` and the files are those that were built."""
    try:
        marker = json.loads((folder / MARKER).read_text())
    except (OSError, ValueError) as error:
        raise WrongArtefact(f"the artefact {folder.name} has no readable marker") from error
    if not isinstance(marker, dict) or marker.get("digest") != digest:
        raise WrongArtefact(f"the artefact {folder.name} is marked as something else")
    if marker.get("contents") != contents_hash(folder):
        raise WrongArtefact(f"the files of the artefact {folder.name} were changed after it was built")


def prune(root: Path, keep: Collection[str], *, now: float | None = None) -> list[str]:
    """Remove artefacts whose digest is not in `keep`, and drafts abandoned for a day; returns what went."""
    gone = []
    now = time.time() if now is None else now
    for found in sorted(root.iterdir()) if root.exists() else []:
        draft = _DRAFT.fullmatch(found.name)
        old_draft = draft and now - found.stat().st_mtime > _DRAFT_SECONDS
        if old_draft or (not draft and _DIGEST.fullmatch(found.name) and found.name not in keep):
            _remove(found)
            gone.append(found.name)
    return gone


def _folder(root: Path, digest: str) -> Path:
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"not a digest: {digest[:80]!r}")
    return root / digest


def _seal(folder: Path, digest: str, sha: str) -> None:
    marker = {"digest": digest, "commit": sha, "contents": contents_hash(folder)}
    (folder / MARKER).write_text(json.dumps(marker))
    make_read_only(folder)


def _remove(folder: Path) -> None:
    if not folder.exists():
        return
    for found in [folder, *(p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink())]:
        found.chmod(0o755)
    shutil.rmtree(folder)
