"""Building a candidate: a base plus one commit per change taken in or undone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .errors import Conflict
from .records import LIFECYCLE, Signature
from .repository import Git


class Step(NamedTuple):
    """Take the change `key` in (its range is `fork` → `tip`), or undo it."""

    key: str
    fork: str
    tip: str
    title: str = ""
    undo: bool = False


class CompositionConflict(NamedTuple):
    """`key` was left out: `files` clash with the change `other_key`, or with the base (None)."""

    key: str
    other_key: str | None
    files: list[str]


@dataclass
class Composition:
    """What came out: `head` is the last commit, `tree` its tree."""

    head: str
    tree: str
    applied: list[str] = field(default_factory=list)
    conflicts: list[CompositionConflict] = field(default_factory=list)


def compose(
    git: Git,
    base: str,
    changes: Iterable[Step],
    *,
    at: datetime,
    author: Signature = LIFECYCLE,
) -> Composition:
    """Apply `changes` to `base` in their order; one that conflicts is left out and named.

    Each commit carries the trailer `Lifecycle-Change: <key>` and the change's tip as its second parent.
    The same arguments give the same commit ids. No ref moves.
    """
    result = Composition(head=base, tree=git.tree_of(base))
    taken: list[Step] = []
    for step in changes:
        before, after = (step.tip, step.fork) if step.undo else (step.fork, step.tip)
        try:
            result.tree = git.apply(result.head, before, after)
        except Conflict as conflict:
            other = _who_touches(git, taken, conflict.files)
            result.conflicts.append(CompositionConflict(step.key, other, conflict.files))
            continue
        result.head = _record(git, result, step, author, at)
        result.applied.append(step.key)
        taken.append(step)
    return result


def _record(git: Git, result: Composition, step: Step, author: Signature, at: datetime) -> str:
    verb = "Undo" if step.undo else "Apply"
    trailers = {"Lifecycle-Change": step.key} | ({"Lifecycle-Undo": "yes"} if step.undo else {})
    message = f"{verb} {step.title or step.key}"
    return git.commit(result.tree, [result.head, step.tip], message, trailers, author, at)


def _who_touches(git: Git, taken: list[Step], files: list[str]) -> str | None:
    """The latest change taken in that touches one of `files`."""
    wanted = set(files)
    for step in reversed(taken):
        if wanted & {change.path for change in git.diff(step.fork, step.tip)}:
            return step.key
    return None
