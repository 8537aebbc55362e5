"""Building a candidate: a base plus one commit per change taken in or undone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .commits import Link
from .errors import Conflict
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


def compose(git: Git, base: str, changes: Iterable[Step], *, at: datetime) -> Composition:
    """Apply `changes` to `base` in their order; one that conflicts is left out and named.

    Each commit carries the trailer `Lifecycle-Change: <key>` and the change's tip as its second parent.
    The same arguments give the same commit ids. No ref moves.
    """
    steps = list(changes)
    trees = git.trees_of([base, *(sha for step in steps for sha in _commits_of(step))])
    result = Composition(head=base, tree=trees[base])
    taken: list[Step] = []
    links: list[Link] = []
    for step in steps:
        if step.needs and step.needs not in result.applied:
            result.conflicts.append(CompositionConflict(step.key, step.needs, []))
            continue
        try:
            result.tree = _apply(git, result.tree, step, trees)
        except Conflict as conflict:
            other = _who_touches(git, taken, conflict.files)
            result.conflicts.append(CompositionConflict(step.key, other, conflict.files))
            continue
        links.append(_link(result.tree, step))
        result.applied.append(step.key)
        taken.append(step)
    result.head = git.chain(base, links, at)
    return result


def _commits_of(step: Step) -> list[str]:
    return [step.fork, step.tip, *(step.replaces or ())]


def _apply(git: Git, onto: str, step: Step, trees: dict[str, str]) -> str:
    """The tree `onto` with the step taken, or Conflict; `trees` of all its commits."""
    fork, tip = trees[step.fork], trees[step.tip]
    if step.undo:
        return git.apply_trees(onto, tip, fork)
    if step.replaces is not None:
        older_fork, older_tip = step.replaces
        onto = git.apply_trees(onto, trees[older_tip], trees[older_fork])
    return git.apply_trees(onto, fork, tip)


def _link(tree: str, step: Step) -> Link:
    verb = "Undo" if step.undo else "Apply"
    trailers = {"Lifecycle-Change": step.key} | ({"Lifecycle-Undo": "yes"} if step.undo else {})
    return Link(tree, step.tip, f"{verb} {step.title or step.key}", trailers)


def _who_touches(git: Git, taken: list[Step], files: list[str]) -> str | None:
    """The latest change taken in that touches one of `files`."""
    wanted = set(files)
    for step in reversed(taken):
        if wanted & {change.path for change in git.diff(step.fork, step.tip)}:
            return step.key
    return None
