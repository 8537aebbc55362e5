"""Which earlier words hold for another build: those about a change whose files do not overlap what differs.

Runs git to compare trees; for workers. What came out stands on the candidate's rows, where pages read it.
"""

from collections.abc import Iterable
from functools import lru_cache

from environments import repositories
from environments.git import Git
from releases.models import Candidate, CandidateChange

Rows = dict[int, CandidateChange]
"""A build's rows by the ids of their changes."""


def differing(candidate: Candidate, earlier: Candidate) -> frozenset[str]:
    """The files in which the trees of two candidates differ."""
    if candidate.tree == earlier.tree:
        return frozenset()
    return _between(repositories.git(candidate.repository), earlier.tree, candidate.tree)


@lru_cache(maxsize=64)
def _between(git: Git, older: str, newer: str) -> frozenset[str]:
    """Trees never change, and most changes of a build were last seen on the same one."""
    return frozenset(file.path for file in git.diff(older, newer))


def rows_of(candidate: Candidate) -> Rows:
    return {row.change_id: row for row in candidate.rows.select_related("change", "revision")}


def changed_by(before: Rows, after: Rows, files: Iterable[str], but: int) -> list[dict[str, object]]:
    """Who changed these files between two builds: `[{"change": "C-7", "files": […]}]`; "" is what is live."""
    wanted = set(files)
    found = {key: sorted(wanted & touched) for key, touched in moved(before, after, but).items()}
    named = [{"change": key, "files": paths} for key, paths in sorted(found.items()) if paths]
    rest = sorted(wanted - {path for paths in found.values() for path in paths})
    return [*named, {"change": "", "files": rest}] if rest else named


def moved(before: Rows, after: Rows, but: int) -> dict[str, set[str]]:
    """Keys of the changes that came, left or came at another revision → their files; `but` is the one that asks."""
    found: dict[str, set[str]] = {}
    for pk in (before.keys() | after.keys()) - {but}:
        ends = [row for row in (before.get(pk), after.get(pk)) if row is not None]
        if len({(row.revision_id, row.action) for row in ends}) != 1 or len(ends) == 1:
            found[ends[0].change.key] = {path for row in ends for path in row.revision.files}
    return found


def store(rows: Iterable[CandidateChange]) -> None:
    """Write down what was found out about the changes of a build."""
    CandidateChange.objects.bulk_update(rows, ["unchanged_since", "stale"], batch_size=500)
