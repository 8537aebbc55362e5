"""Built artefacts: `<root>/<digest>/`, made once per candidate, read-only, run by every environment.

Built aside as `<digest>.<fence>.tmp`, marked last, then renamed: what carries the digest's name is whole. Two
environments may ask for one digest at once (and with the same fence): a lock beside the root lets one of them build.
"""

import contextlib
import errno
import fcntl
import functools
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from deployments.artefact_contents import (
    MARKER,
    Exported,
    WrongArtefact,
    contents_hash,
    is_touched_since,
    make_read_only,
)
from environments.git import Git

__all__ = ["DiskFull", "WrongArtefact", "contents_hash", "prepare", "prune", "verify"]

_DIGEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{5,127}")
_ASIDE = re.compile(r"(?P<digest>[A-Za-z0-9_-]+)\.\d+\.(tmp|wrong)")
_ASIDE_SECONDS = 86_400
_JUST_SECONDS = 10
_FULL_BYTES = 1_000_000
_POLL_SECONDS = 0.005
Build = Callable[[Path], None] | None
"""What is done to the files of the commit; None: they are the artefact."""


class DiskFull(OSError):
    """There was no room for an artefact; nothing of it was left behind."""


def prepare(
    root: Path,
    git: Git,
    sha: str,
    digest: str,
    fence: int,
    build: Build,
    *,
    wait: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda text: None,
    first: str = "",
    vouch: Callable[[str], None] = lambda contents: None,
) -> Path:
    """The folder of `digest`, made from the commit `sha` by `build(folder)` unless it is already there.

    A second builder waits for the first, calling `wait` meanwhile, and a killed one leaves the lock. What `build` and
    `wait` raise passes through and leaves nothing behind; GitError if the files cannot be exported, DiskFull without
    room. A folder that is not what its digest says is refused (WrongArtefact); whoever asks again has it built anew,
    told by `say`, with the wrong one put aside. `first` is the hash of what was built first, where it is known; `vouch`
    is asked for the hash of what will be there before it is, and refuses another one (WrongArtefact).
    """
    final, locks = _folder(root, digest), root.with_name(f"{root.name}.locks")
    root.mkdir(parents=True, exist_ok=True)
    draft, refused = root / f"{digest}.{int(fence)}.tmp", locks / f"{digest}.refused"
    rebuild = functools.partial(_build, git, sha, digest, build, draft=draft, vouch=vouch)
    is_kept = final.exists() and not _is_just_sealed(final)
    with _lock(locks, digest, wait):
        if _made(final, draft, refused, rebuild):
            return final
    try:
        contents = verify(final, digest, first, anew=is_kept)  # else somebody has hashed it just now
    except WrongArtefact as error:
        _refuse_once(refused, error)
        with _lock(locks, digest, wait):
            _put_right(final, draft, refused, rebuild, why=str(error), say=say)
    else:
        refused.unlink(missing_ok=True)
        vouch(contents)
    return final


def _made(final: Path, draft: Path, refused: Path, rebuild: Callable[[], None]) -> bool:
    """Build it, under its lock; False where it is there."""
    if final.exists():
        return False
    refused.unlink(missing_ok=True)
    rebuild()
    draft.rename(final)
    return True


def _put_right(
    final: Path, draft: Path, refused: Path, rebuild: Callable[[], None], *, why: str, say: Callable[[str], None]
) -> None:
    """Build a refused artefact anew, under its lock; nothing if somebody else has put it right meanwhile."""
    if not refused.exists():
        return
    say(f"{why}: it is built anew.")
    rebuild()
    say(_swap(draft, final, aside=draft.with_suffix(".wrong")))
    refused.unlink()


def _build(git: Git, sha: str, digest: str, build: Build, *, draft: Path, vouch: Callable[[str], None]) -> None:
    """A whole, marked draft; or none at all."""
    _remove(draft)
    try:
        if build is None:
            git.export(sha, draft, read_only=True, note=(exported := Exported()).note)
            vouch(_seal(draft, digest, sha, exported))
        else:
            git.export(sha, draft)
            build(draft)
            vouch(_seal(draft, digest, sha))
    except BaseException as error:
        full = _is_full(draft.parent, error)
        _remove(draft)
        if full:
            raise DiskFull(
                f"The disk is full: no room for the artefact {digest[:8]}. Nothing was left behind."
            ) from error
        raise


def _is_full(root: Path, error: BaseException) -> bool:
    """Whether there is no room, whoever noticed it: we, git, or the product's own build command."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return isinstance(error, Exception) and shutil.disk_usage(root).free < _FULL_BYTES


def _refuse_once(mark: Path, error: WrongArtefact) -> None:
    """The first who finds it is refused, so that somebody learns of it before it is put right."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    raise WrongArtefact(f"{error}; deploy once more to have it built anew") from error


def _swap(draft: Path, final: Path, *, aside: Path) -> str:
    """Put the draft in the place of a wrong folder, which is kept a day; in words whether it is what was tested."""
    was, now = (_marker(folder).get("contents", "") for folder in (final, draft))
    _remove(aside)
    final.rename(aside)
    draft.rename(final)
    same = "Its files are those that were built first." if was == now else "Its files differ from those built first."
    return f"{same} The wrong ones are kept as {aside.name}."


@contextlib.contextmanager
def _lock(folder: Path, name: str, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of this name; the kernel lets go of it when the holder dies."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w") as handle:
        while not _locked(handle.fileno()):
            wait()
            time.sleep(_POLL_SECONDS)
        yield


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def verify(folder: Path, digest: str, first: str = "", *, anew: bool = True) -> str:
    """The hash of the files; WrongArtefact unless the marker names `digest` and they were built (first).

    Unless it is reckoned `anew` the marker is believed.
    """
    marker = _marker(folder)
    if not marker:
        raise WrongArtefact(f"the artefact {folder.name} has no readable marker")
    if marker.get("digest") != digest:
        raise WrongArtefact(f"the artefact {folder.name} is marked as something else")
    contents = contents_hash(folder) if anew else marker.get("contents", "")
    if not contents or marker.get("contents") != contents:
        raise WrongArtefact(f"the files of the artefact {folder.name} were changed after it was built")
    if first not in ("", contents):
        raise WrongArtefact(f"the artefact {folder.name} is another one than was built first")
    return contents


def _is_just_sealed(folder: Path) -> bool:
    """Whether it was hashed moments ago, while what it is for was asked for, and nobody has touched it since."""
    try:
        sealed = (folder / MARKER).stat()
    except OSError:
        return False
    is_young = 0 <= time.time() - sealed.st_mtime < _JUST_SECONDS
    return is_young and not is_touched_since(folder, sealed.st_ctime_ns)


def _marker(folder: Path) -> dict[str, str]:
    """What the seal says; empty if nobody can read it."""
    try:
        marker = json.loads((folder / MARKER).read_text())
    except (OSError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def prune(root: Path, is_kept: Callable[[str], bool], *, now: float | None = None) -> list[str]:
    """Remove artefacts whose digest is not kept, and what was put aside a day ago; returns what went.

    `is_kept` is asked under the artefact's lock right before it goes, so what is being prepared stays.
    """
    gone = []
    now = time.time() if now is None else now
    for found in sorted(root.iterdir()) if root.exists() else []:
        if _ASIDE.fullmatch(found.name):
            old = now - found.stat().st_mtime > _ASIDE_SECONDS
        else:
            old = bool(_DIGEST.fullmatch(found.name)) and not is_kept(found.name)
        if old and _remove_unless(found, is_kept):
            gone.append(found.name)
    return gone


def _remove_unless(found: Path, is_kept: Callable[[str], bool]) -> bool:
    """Remove it unless somebody works with it or it is kept by now."""
    digest = found.name.split(".")[0]
    locks = found.parent.with_name(f"{found.parent.name}.locks")
    locks.mkdir(exist_ok=True)
    with (locks / digest).open("w") as handle:
        if not _locked(handle.fileno()) or (found.name == digest and is_kept(digest)):
            return False
        _remove(found)
    return True


def _folder(root: Path, digest: str) -> Path:
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"not a digest: {digest[:80]!r}")
    return root / digest


def _seal(folder: Path, digest: str, sha: str, exported: Exported | None = None) -> str:
    """Mark and lock what is in the folder; `exported` knows that it is read-only and what it is, else it is read."""
    contents = exported.contents_hash() if exported else contents_hash(folder)
    marker = folder / MARKER
    marker.write_text(json.dumps({"digest": digest, "commit": sha, "contents": contents}))
    marker.chmod(0o444)
    make_read_only(folder, files_are=exported is not None)
    return contents


def _remove(folder: Path) -> None:
    if not folder.exists():
        return
    for found in [folder, *(p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink())]:
        found.chmod(0o755)
    shutil.rmtree(folder)
