"""Commits that only `git merge-tree` sees: written as text, because each start of git costs milliseconds."""

import hashlib

from .records import LIFECYCLE

_WHO = f"{LIFECYCLE.name} <{LIFECYCLE.email}> 0 +0000"  # one date, so the same commit is stored only once
_HASHES = {40: "sha1", 64: "sha256"}


def commit_text(tree: str, parent: str = "") -> bytes:
    """A commit object's content."""
    above = f"parent {parent}\n" if parent else ""
    return f"tree {tree}\n{above}author {_WHO}\ncommitter {_WHO}\n\napply\n".encode()


def commit_id(text: bytes, *, like: str) -> str:
    """The id git gives this commit, in a repository whose ids are as long as `like`."""
    return hashlib.new(_HASHES[len(like)], b"commit %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
