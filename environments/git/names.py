"""Which names may reach a git command line. Everything else is refused before a process is started."""

import re

from .errors import GitError

UPSTREAM_HEADS = "refs/upstream/heads/"

_NAME = re.compile(r"[^\W_][\w./+#@=-]*")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_STEPS_BACK = re.compile(r"(?:[~^][0-9]{0,4})*")
_USER = r"[A-Za-z0-9_][A-Za-z0-9._+-]*@"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_UPSTREAM = re.compile(
    rf"(?:(?:https|ssh)://(?:{_USER})?{_HOST}(?::[0-9]{{1,5}})?/|{_USER}{_HOST}:(?!/*-)|file:///|/)[^\s\x00-\x1f]+"
)


def branch_name_is_valid(name: str) -> bool:
    """True for names that git's check-ref-format takes and that mean nothing special to git or a shell."""
    if len(name) > 200 or not _NAME.fullmatch(name) or name in {"HEAD", "@"}:
        return False
    if ".." in name or "@{" in name or name.endswith("."):
        return False
    return all(part and not part.startswith(".") and not part.endswith(".lock") for part in name.split("/"))


def is_sha(text: str) -> bool:
    return bool(_SHA.fullmatch(text))


def checked_sha(text: str) -> str:
    """A full object id; short ids and names are refused, because they can change their meaning."""
    if not is_sha(text):
        raise GitError(f"not a full object id: {text[:80]!r}")
    return text


def checked_ref(ref: str) -> str:
    if not (ref.startswith("refs/") and branch_name_is_valid(ref.removeprefix(UPSTREAM_HEADS))):
        raise GitError(f"not a valid ref: {ref[:80]!r}")
    return ref


def checked_rev(rev: str) -> str:
    """A branch, ref or object id, optionally with steps back (`main~2`); no ranges, no `@{…}`, no `:path`."""
    name = re.split(r"[~^]", rev, maxsplit=1)[0]
    if not (branch_name_is_valid(name.removeprefix(UPSTREAM_HEADS)) and _STEPS_BACK.fullmatch(rev[len(name) :])):
        raise GitError(f"not a valid revision: {rev[:80]!r}")
    return rev


def checked_upstream(url: str) -> str:
    """https, ssh, file or an absolute path: no `ext::`, nothing that looks like an option, no password."""
    if not _UPSTREAM.fullmatch(url):
        raise GitError("the address of the repository must be https, ssh, file or an absolute path, without a password")
    return url


def checked_path(path: str) -> str:
    """A path inside a tree, of which no part could leave the folder or reach into a `.git`."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} or _means_git(part) for part in parts) or "\x00" in path:
        raise GitError(f"unsafe path in the repository: {path[:80]!r}")
    return path


def _means_git(part: str) -> bool:
    return part.rstrip(". ").lower() in {".git", "git~1"}
