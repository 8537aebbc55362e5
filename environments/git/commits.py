"""Lifecycle's own commits as text: several are written in one go, because each start of git costs milliseconds."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from .records import LIFECYCLE

_WHO = f"{LIFECYCLE.name} <{LIFECYCLE.email}>"
_HASHES = {40: "sha1", 64: "sha256"}


class Link(NamedTuple):
    """One commit of a chain: its tree, and the further commit that it merges."""

    tree: str
    merged: str
    message: str
    trailers: dict[str, str]


def commit_text(tree: str, parents: Iterable[str], message: str, date: str) -> bytes:
    """A commit object's content, as `git commit-tree` writes it; `date` is "<seconds since 1970> <offset>"."""
    above = "".join(f"parent {parent}\n" for parent in parents)
    return f"tree {tree}\n{above}author {_WHO} {date}\ncommitter {_WHO} {date}\n\n{message}".encode()


def throwaway(tree: str, *parents: str) -> bytes:
    """What only `git merge-tree` sees. One date, so the same commit is stored only once."""
    return commit_text(tree, parents, "apply\n", "0 +0000")


def commit_id(text: bytes, *, like: str) -> str:
    """The id git gives this commit, in a repository whose ids are as long as `like`."""
    return hashlib.new(_HASHES[len(like)], b"commit %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
