"""Building a candidate: a base plus one commit per change taken in or undone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .errors import Conflict
from .records import LIFECYCLE, Signature
from .repository import Git


class Step(NamedTuple):
    """Take the change `key` in (its range is `fork` → `tip`), or undo it.

    It is left out unless the change `needs` was taken in before it. `replaces` is an older range of the same change
    that the base holds: it is undone in the same commit.
    """

    key: str
    fork: str
    tip: str
    title: str = ""
    undo: bool = False
    needs: str = ""
    replaces: tuple[str, str] | None = None


class CompositionConflict(NamedTuple):
    """`key` was left out: `files` clash with the change `other_key`, or with the base (None).

    Without files nothing clashes: `key` is built on `other_key`, which is not in.
    """

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
        if step.needs and step.needs not in result.applied:
            result.conflicts.append(CompositionConflict(step.key, step.needs, []))
            continue
        try:
            result.tree = _apply(git, result.head, step)
        except Conflict as conflict:
            other = _who_touches(git, taken, conflict.files)
            result.conflicts.append(CompositionConflict(step.key, other, conflict.files))
            continue
        result.head = _record(git, result, step, author, at)
        result.applied.append(step.key)
        taken.append(step)
    return result


def _apply(git: Git, head: str, step: Step) -> str:
    """The tree of `head` with the step taken, or Conflict."""
    if step.undo:
        return git.apply(head, step.tip, step.fork)
    if step.replaces is None:
        return git.apply(head, step.fork, step.tip)
    older_fork, older_tip = step.replaces
    return git.apply(git.apply(head, older_tip, older_fork), step.fork, step.tip)


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
