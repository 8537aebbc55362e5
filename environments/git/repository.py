"""What Lifecycle reads from a repository and the commits it makes, on top of the mirror."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from . import names
from .commits import Link, commit_id, commit_text, throwaway
from .errors import Conflict, GitError
from .export import ExportLimits, Note, export_tree
from .mirror import Mirror
from .records import (
    LIFECYCLE,
    LOG_FORMAT,
    PEOPLE_FORMAT,
    Commit,
    FileChange,
    Part,
    Signature,
    commit_message,
    parse_log,
    parse_people,
)

_USUAL_LIMITS = ExportLimits()
_LOG = ("-z", f"--format=tformat:{LOG_FORMAT}", "--encoding=UTF-8")


class Git(Mirror):
    """The bare repository at `path`, without any work tree. Commits are named by full object ids
    (`resolve` gives them), so nothing can move between two calls. Every method raises GitError.
    """

    def tree_of(self, sha: str) -> str:
        rev = names.checked_sha(sha) + "^{tree}"
        return self._ask("rev-parse", "--verify", "--end-of-options", rev).strip()

    def trees_of(self, shas: Iterable[str]) -> dict[str, str]:
        """The tree of each of these commits, in one go."""
        wanted = sorted({names.checked_sha(sha) for sha in shas})
        asked = "".join(f"{sha}^{{tree}}\n" for sha in wanted).encode()
        found = self._ask("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=asked).splitlines()
        trees = {sha: line.removeprefix("tree ") for sha, line in zip(wanted, found, strict=True)}
        if missing := [sha for sha, tree in trees.items() if not names.is_sha(tree)]:
            raise GitError(f"not in the repository: {', '.join(missing)}")
        return trees

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        answer = self._run("merge-base", "--end-of-options", names.checked_sha(a), names.checked_sha(b))
        if answer.code > 1:
            raise GitError("git merge-base failed", answer.complaint)
        return answer.text.split()[0] if answer.code == 0 else None

    def is_ancestor(self, ancestor: str, of: str) -> bool:
        pair = (names.checked_sha(ancestor), names.checked_sha(of))
        answer = self._run("merge-base", "--is-ancestor", "--end-of-options", *pair)
        if answer.code > 1:
            raise GitError("git merge-base failed", answer.complaint)
        return answer.code == 0

    def log(self, from_: str | None, to: str, *, limit: int = 1000, first_parent: bool = False) -> list[Commit]:
        """Commits reachable from `to` and not from `from_`, newest first, at most `limit`.

        `first_parent` follows only the line itself: a merge is one step, whatever it brought.
        """
        span = names.checked_sha(to) if from_ is None else f"{names.checked_sha(from_)}..{names.checked_sha(to)}"
        options = [*_LOG, "--topo-order", f"--max-count={limit}", *(["--first-parent"] if first_parent else [])]
        return list(parse_log(self._ask("log", *options, "--end-of-options", span)))

    def count(self, from_: str, to: str) -> int:
        """How many commits are reachable from `to` and not from `from_`."""
        span = f"{names.checked_sha(from_)}..{names.checked_sha(to)}"
        return int(self._ask("rev-list", "--count", "--end-of-options", span))

    def people(self, from_: str, to: str) -> set[Part]:
        """Everybody who wrote, committed or is named in a commit reachable from `to` and not from `from_`: in all."""
        span = f"{names.checked_sha(from_)}..{names.checked_sha(to)}"
        options = ("-z", f"--format=tformat:{PEOPLE_FORMAT}", "--encoding=UTF-8", "--end-of-options")
        return parse_people(self._ask("log", *options, span))

    def commits(self, shas: Sequence[str]) -> dict[str, Commit]:
        """Each of these commits by its id, in one go."""
        if not shas:
            return {}
        wanted = "".join(f"{names.checked_sha(sha)}\n" for sha in shas)
        found = parse_log(self._ask("log", *_LOG, "--no-walk=unsorted", "--stdin", stdin=wanted.encode()))
        return {commit.sha: commit for commit in found}

    def has(self, sha: str) -> bool:
        """Whether this commit is in the mirror."""
        return self._run("cat-file", "-e", names.checked_sha(sha) + "^{commit}").code == 0

    def diff(self, a: str, b: str) -> list[FileChange]:
        """Paths that differ between two commits or trees; a rename is a deletion and an addition."""
        pair = (names.checked_sha(a), names.checked_sha(b))
        options = ["-r", "-z", "--no-renames", "--name-status"]
        parts = self._ask("diff-tree", *options, "--end-of-options", *pair).split("\x00")
        return [FileChange(status, path) for status, path in zip(parts[0::2], parts[1::2], strict=False)]

    def read_file(self, sha: str, path: str) -> bytes | None:
        """The content of a file in a commit, or None when there is no such file."""
        request = f"{names.checked_sha(sha)}:{names.checked_path(path)}"
        if "\n" in path:
            return None
        answer = self._run("cat-file", "--batch", stdin=request.encode() + b"\n")
        head, _, rest = answer.stdout.partition(b"\n")
        fields = head.split(b" ")
        if answer.code or len(fields) != 3 or fields[1] != b"blob":
            return None
        return rest[: int(fields[2])]

    def require_modest(self, sha: str, limits: ExportLimits = _USUAL_LIMITS) -> None:
        """GitError for a commit of more files than can be exported: comparing or merging it could take for ever."""
        room = limits.files * 400
        options = ("-r", "-z", "--name-only", "--full-tree", "--end-of-options", names.checked_sha(sha))
        listing = replace(self, max_output_bytes=min(room, self.max_output_bytes))._run("ls-tree", *options)
        if (count := listing.stdout.count(b"\0")) > limits.files:
            raise GitError(f"the commit has {count} files, more than {limits.files}")

    def export(
        self,
        sha: str,
        folder: Path,
        limits: ExportLimits = _USUAL_LIMITS,
        *,
        read_only: bool = False,
        note: Note = lambda path, kind, content: None,
    ) -> None:
        """Write the files of a commit into `folder` (new or empty), exactly as committed; `note` is told of each."""
        export_tree(
            self.path,
            self.tree_of(sha),
            folder,
            limits,
            timeout_seconds=self.timeout_seconds,
            read_only=read_only,
            note=note,
        )

    def apply(self, onto: str, from_: str, to: str) -> str:
        """The tree of `onto` with the step `from_` → `to` applied: the primitive all else is made of.

        A three-way merge with the explicit base `from_`, so ancestry never matters:
        take in `apply(onto, fork, tip)`, undo `apply(onto, tip, fork)`. Raises Conflict with the files.
        """
        trees = self.trees_of([onto, from_, to])
        return self.apply_trees(trees[onto], trees[from_], trees[to])

    def apply_trees(self, onto: str, from_: str, to: str) -> str:
        """The same of trees; where one side has not moved there is nothing to merge."""
        if from_ in (onto, to):
            return to if onto == from_ else onto
        ours, theirs = self._throw_away(from_, onto, to)
        return self.merge(ours, theirs)

    def merge(self, ours: str, theirs: str) -> str:
        """The tree of two commits merged from their merge base. Raises Conflict with the files."""
        options = [
            "--write-tree",
            "--name-only",
            "--no-messages",
            "-z",
            "--end-of-options",
        ]
        pair = (names.checked_sha(ours), names.checked_sha(theirs))
        answer = self._run("merge-tree", *options, *pair)
        tree, *files = answer.text.rstrip("\x00").split("\x00")
        if answer.code == 1:
            raise Conflict(sorted(set(files)))
        if answer.code:
            raise GitError(f"git merge-tree failed: {answer.complaint[:500]}", answer.complaint)
        return names.checked_sha(tree)

    def _throw_away(self, base: str, ours: str, theirs: str) -> tuple[str, str]:
        """Two commits of these trees above one of the tree `base`."""
        below = throwaway(base)
        parent = commit_id(below, like=base)
        _below, first, second = self._write([below, throwaway(ours, parent), throwaway(theirs, parent)])
        return first, second

    def _write(self, commits: Sequence[bytes]) -> list[str]:
        """The ids of commits that are written in one go, so that one may stand on another."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, str(number)) for number in range(len(commits))]
            for path, text in zip(paths, commits, strict=True):
                path.write_bytes(text)
            wanted = "".join(f"{path}\n" for path in paths).encode()
            return self._ask("hash-object", "-t", "commit", "-w", "--no-filters", "--stdin-paths", stdin=wanted).split()

    def chain(self, base: str, links: Sequence[Link], at: datetime) -> str:
        """Commits by Lifecycle above `base`, each on top of the one before and written in one go; the last one.

        No ref moves. The same arguments give the same id, which is the one that `commit` would give.
        """
        head, texts = names.checked_sha(base), []
        for link in links:
            parents = dict.fromkeys([head, names.checked_sha(link.merged)])  # git names a parent once, too
            message = commit_message(link.message, link.trailers)
            texts.append(commit_text(names.checked_sha(link.tree), parents, message, _date(at)))
            head = commit_id(texts[-1], like=base)
        if texts and self._write(texts)[-1] != head:
            raise GitError("git gave a commit another id than was reckoned")
        return head

    def commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        trailers: dict[str, str],
        author: Signature,
        at: datetime,
    ) -> str:
        """A new commit object (no ref moves). The same arguments give the same id."""
        return self._commit_tree(tree, parents, commit_message(message, trailers).encode(), author, f"@{_date(at)}")

    def _commit_tree(
        self,
        tree: str,
        parents: Sequence[str],
        message: bytes,
        author: Signature,
        date: str,
    ) -> str:
        env = {
            "GIT_AUTHOR_NAME": _plain(author.name) or "unknown",
            "GIT_AUTHOR_EMAIL": _plain(author.email) or "unknown",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": LIFECYCLE.name,
            "GIT_COMMITTER_EMAIL": LIFECYCLE.email,
            "GIT_COMMITTER_DATE": date,
        }
        options = [part for parent in parents for part in ("-p", names.checked_sha(parent))]
        rev = names.checked_sha(tree) + "^{tree}"
        return self._ask("commit-tree", *options, rev, stdin=message, env=env).strip()


def _date(at: datetime) -> str:
    return f"{int(at.timestamp())} {at.strftime('%z') or '+0000'}"


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char not in "<>").strip()
