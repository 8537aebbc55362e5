"""A bare mirror: talking to git, the upstream and the refs, which only ever move by compare-and-set."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from . import names
from .access import NOBODY, Access, explain
from .errors import GitError, PushRejected, RefMoved
from .runner import Answer, require_git, run

_LOCK_SECONDS = 10  # moving a ref takes milliseconds
_FETCH = f"+refs/heads/*:{names.UPSTREAM_HEADS}*"
_KEPT = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*", "refs/lifecycle/*:refs/lifecycle/*")


@dataclass(frozen=True)
class Mirror:
    """The bare repository at `path`. All methods raise GitError; none touches a work tree."""

    path: Path
    timeout_seconds: float = 60
    max_output_bytes: int = 50_000_000
    access: Access = NOBODY

    def _run(self, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Answer:
        return run(
            self.path,
            list(args),
            timeout_seconds=self.timeout_seconds,
            max_output_bytes=self.max_output_bytes,
            stdin=stdin,
            env=env,
        )

    def _ask(self, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> str:
        answer = self._run(*args, stdin=stdin, env=env)
        if answer.code:
            raise GitError(f"git {args[0]} failed: {answer.complaint[:500]}", answer.complaint)
        return answer.text

    def _speak(self, *args: str) -> Answer:
        """Like `_run`, with what it takes to reach an upstream."""
        with self.access.environment() as env:
            return self._run(*args, env=env)

    @classmethod
    def create_mirror(cls, path: Path, upstream: str, *, timeout_seconds: float = 600, access: Access = NOBODY) -> Self:
        """A bare mirror of `upstream`'s branches, fetched once; harmless when it is already there."""
        require_git()
        names.checked_upstream(upstream)
        git = cls(path, timeout_seconds, access=access)
        path.mkdir(parents=True, exist_ok=True)
        git._ask("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        git._ask("config", "gc.auto", "0")
        git.fetch(upstream)
        return cls(path, access=access)

    def fetch(self, upstream: str) -> None:
        """Bring `refs/upstream/heads/` up to date with the branches of `upstream`; nothing else changes."""
        options = [
            "--quiet",
            "--no-tags",
            "--prune",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
        ]
        answer = self._speak("fetch", *options, "--end-of-options", names.checked_upstream(upstream), _FETCH)
        if answer.code:
            raise explain(GitError(f"git fetch failed: {answer.complaint[:500]}", answer.complaint))

    def salvage(self, old: Path) -> None:
        """Take over from another mirror what only mirrors have: environment branches, tags, changes, candidates.

        What cannot be read there any more is left behind.
        """
        for refs in _KEPT:
            self._run("fetch", "--quiet", "--no-write-fetch-head", "--end-of-options", f"file://{old}", refs)

    def is_sound(self) -> bool:
        """False when this is no repository or something that a ref needs is missing; True also if nobody can tell."""
        try:
            return self._run("fsck", "--connectivity-only", "--no-dangling", "--no-progress").code == 0
        except GitError:
            return True

    def collect(self, *, keep_days: int) -> None:
        """Pack, and forget what no ref has needed for `keep_days`: work that is under way never loses a thing."""
        self._ask("gc", "--quiet", f"--prune={keep_days}.days.ago")

    def push(self, upstream: str, refspecs: Sequence[str]) -> None:
        """Push `<sha or ref>:<ref>` pairs, all or none, never forced. PushRejected = a definite no."""
        for refspec in refspecs:
            source, _, target = refspec.partition(":")
            names.checked_ref(target)
            if not names.is_sha(source):
                names.checked_ref(source)
        options = ["--porcelain", "--atomic", "--no-verify", "--recurse-submodules=no"]
        answer = self._speak("push", *options, "--end-of-options", names.checked_upstream(upstream), *refspecs)
        if any(line.startswith("!\t") for line in answer.text.splitlines()):
            raise PushRejected(
                "the upstream refused the push",
                f"{answer.text}\n{answer.complaint}".strip(),
            )
        if answer.code:
            raise explain(GitError(f"git push failed: {answer.complaint[:500]}", answer.complaint))

    def delete_upstream(self, upstream: str, ref: str, *, expected: str) -> None:
        """Delete the upstream's `ref` if it is at `expected`; one that is gone is no error.

        RefMoved = it is elsewhere, PushRejected = a definite no: either way it is left alone.
        """
        names.checked_ref(ref)
        lease = f"--force-with-lease={ref}:{names.checked_sha(expected)}"
        options = ["--porcelain", "--no-verify", "--recurse-submodules=no", lease]
        answer = self._speak("push", *options, "--end-of-options", names.checked_upstream(upstream), f":{ref}")
        if not answer.code:
            return
        if not any(line.startswith("!\t") for line in answer.text.splitlines()):
            raise explain(GitError(f"git push failed: {answer.complaint[:500]}", answer.complaint))
        found = self._upstream_at(upstream, ref)
        if found not in (None, expected):
            raise RefMoved(ref, expected, found)
        if found:
            raise PushRejected("the upstream refused to delete it", f"{answer.text}\n{answer.complaint}".strip())

    def _upstream_at(self, upstream: str, ref: str) -> str | None:
        """Where the upstream's `ref` is now, None if it is not there."""
        answer = self._speak("ls-remote", "--quiet", "--end-of-options", names.checked_upstream(upstream), ref)
        if answer.code:
            raise explain(GitError(f"git ls-remote failed: {answer.complaint[:500]}", answer.complaint))
        pairs = (line.split("\t", 1) for line in answer.text.splitlines() if "\t" in line)
        return {name: sha for sha, name in pairs}.get(ref)

    def upstream_tags(self, upstream: str) -> dict[str, str]:
        """The upstream's tags: name → the commit it means, also through an annotated tag."""
        answer = self._speak("ls-remote", "--tags", "--quiet", "--end-of-options", names.checked_upstream(upstream))
        if answer.code:
            raise explain(GitError(f"git ls-remote failed: {answer.complaint[:500]}", answer.complaint))
        pairs = (line.split("\t", 1) for line in answer.text.splitlines() if "\t" in line)
        # The peeled line, which means the commit, comes after that of the tag object.
        return {name.removeprefix("refs/tags/").removesuffix("^{}"): sha for sha, name in pairs}

    def fetch_tags(self, upstream: str, tags: Sequence[str]) -> None:
        """Take over these tags of the upstream, all of which it has; one that is here already never moves."""
        specs = [f"{ref}:{ref}" for ref in (names.checked_ref(f"refs/tags/{tag}") for tag in tags)]
        if not specs:
            return
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        answer = self._speak("fetch", *options, "--end-of-options", names.checked_upstream(upstream), *specs)
        if answer.code:
            raise explain(GitError(f"git fetch failed: {answer.complaint[:500]}", answer.complaint))

    def refs(self, prefix: str) -> dict[str, str]:
        """Refs under `prefix` (`refs/upstream/heads/`): what follows the prefix → object id."""
        form = "--format=%(objectname) %(refname)"
        lines = self._ask("for-each-ref", form, "--end-of-options", prefix).splitlines()
        pairs = (line.split(" ", 1) for line in lines)
        return {name.removeprefix(prefix): sha for sha, name in pairs}

    def at(self, *refs: str) -> dict[str, str]:
        """Where refs stand (`refs/heads/env/dev`), in one question; those that do not exist are left out."""
        form = "--format=%(objectname) %(refname)"
        asked = [names.checked_ref(ref) for ref in refs]
        lines = self._ask("for-each-ref", form, "--end-of-options", *asked).splitlines()
        found = {name: sha for sha, name in (line.split(" ", 1) for line in lines)}
        return {ref: found[ref] for ref in asked if ref in found}

    def point(self, ref: str, new: str, expected_old: str | None) -> None:
        """Compare-and-set `ref` from `expected_old` (None = must not exist) to `new`, or raise RefMoved.

        A ref that is already at `new` is left alone, so a retry after a crash succeeds.
        """
        names.checked_ref(ref)
        old = names.checked_sha(expected_old) if expected_old else "0" * len(names.checked_sha(new))
        update = ("update-ref", "--no-deref", "--end-of-options", ref, new, old)
        answer = self._run(*update)
        if answer.code and self._lock_was_left(ref):
            answer = self._run(*update)
        if answer.code:
            self._explain_refusal(ref, new, expected_old, answer)

    def keep(self, ref: str, sha: str) -> None:
        """Have the caller's own `ref` at `sha`, wherever a worker that was killed has left it."""
        try:
            self.point(ref, sha, None)
        except RefMoved as moved:
            self.point(ref, sha, moved.found)

    def _lock_was_left(self, ref: str) -> bool:
        """Whether a git that was killed had left its lock on `ref`, which is taken away: git itself never does that."""
        lock = self.path / f"{ref}.lock"
        try:
            left = time.time() - lock.stat().st_mtime > _LOCK_SECONDS
        except FileNotFoundError:
            return False
        if left:
            lock.unlink(missing_ok=True)
        return left

    def _explain_refusal(self, ref: str, new: str, expected: str | None, answer: Answer) -> None:
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", ref).text.strip() or None
        if found == new:
            return
        if found != expected:
            raise RefMoved(ref, expected, found)
        raise GitError(f"git update-ref failed: {answer.complaint[:500]}", answer.complaint)

    def delete_ref(self, ref: str) -> None:
        """Delete `ref`; deleting what is not there is no error."""
        self._ask("update-ref", "-d", "--no-deref", "--end-of-options", names.checked_ref(ref))

    def tag(self, name: str, sha: str) -> None:
        """Tag `sha`; a tag never moves: RefMoved when it exists elsewhere."""
        self.point(f"refs/tags/{name}", sha, None)

    def resolve(self, rev: str) -> str:
        """The full id of the commit `rev` names."""
        rev = names.checked_rev(rev)
        answer = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", rev + "^{commit}")
        if answer.code:
            raise GitError(f"there is no commit {rev!r} in the repository", answer.complaint)
        return names.checked_sha(answer.text.strip())
