"""Makes the sample shop's repository: main with its history, and the feature branches.

Needs git and the standard library only. What it writes is read from the folders beside this file: `main/` is the
newest tree of main and history.toml says which commit brought which file; each folder of `branches/` holds one
branch: branch.toml (name, author, message, migrations, edits of existing files) and `files/`, added or replaced.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
AUTHORS = {"Dev": "Dev <dev@northwind.test>", "Lena": "Lena <lena@northwind.test>"}
LEFT_OUT = {"__pycache__", "var", ".ruff_cache"}
EXECUTABLE = {"manage.py"}

Files = dict[str, bytes]


@dataclass(frozen=True)
class Commit:
    """One commit: the files it adds or replaces."""

    author: str
    days_before: int
    message: str
    files: Files

    @classmethod
    def read(cls, facts: Mapping[str, Any], *, files: Files, trailers: str = "") -> "Commit":
        message = facts["message"].strip() + "\n" + trailers
        return cls(AUTHORS[facts["author"]], facts["days_before"], message, files)


@dataclass(frozen=True)
class Branch:
    """A feature branch of one commit on top of main; `migrations` is "none" or "expand"."""

    name: str
    migrations: str
    commit: Commit


def build(target: Path, *, at: datetime | None = None) -> None:
    """Make the bare repository `target` with commits dated before `at` (now by default).

    The same `at` gives the same commits. Raises FileExistsError if `target` exists; never leaves half a repository.
    """
    if target.exists():
        raise FileExistsError(target)
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    _git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(draft))
    stream = b"".join(_stream(at or datetime.now(UTC)))
    _git("--git-dir", str(draft), "fast-import", "--quiet", "--done", stdin=stream)
    draft.rename(target)


def history() -> list[Commit]:
    """The commits of main, oldest first. Raises ValueError unless each file belongs to exactly one."""
    tree = main_tree()
    listed = tomllib.loads((HERE / "history.toml").read_text(encoding="utf-8"))["commit"]
    commits = [Commit.read(facts, files=_below(tree, facts["paths"])) for facts in listed]
    brought = sorted(path for commit in commits for path in commit.files)
    if brought != sorted(tree):
        raise ValueError(f"history.toml does not bring each file once: {set(tree) ^ set(brought) or brought}")
    return commits


def branches() -> list[Branch]:
    """The feature branches, oldest first."""
    tree = main_tree()
    found = [_read_branch(folder.parent, tree) for folder in (HERE / "branches").glob("*/branch.toml")]
    return sorted(found, key=lambda branch: (-branch.commit.days_before, branch.name))


def main_tree() -> Files:
    """Every file of main by its path in the repository."""
    return _read_files(HERE / "main")


def _read_branch(folder: Path, tree: Files) -> Branch:
    facts = tomllib.loads((folder / "branch.toml").read_text(encoding="utf-8"))
    files = _edited(tree, facts.get("edit", [])) | _read_files(folder / "files")
    flag = facts["migrations"]
    trailers = "" if flag == "none" else f"\nMigrations: {flag}\n"
    return Branch(facts["name"], flag, Commit.read(facts, files=files, trailers=trailers))


def _edited(tree: Files, edits: list[dict[str, str]]) -> Files:
    """The files that `edits` change. Raises ValueError if a text to replace is not there exactly once."""
    changed: Files = {}
    for edit in edits:
        path, old = edit["file"], edit["find"].encode()
        content = changed.get(path, tree[path])
        if content.count(old) != 1:
            raise ValueError(f"{path} does not hold this text exactly once: {edit['find']!r}")
        changed[path] = content.replace(old, edit["replace"].encode())
    return changed


def _read_files(folder: Path) -> Files:
    files = (
        file for file in folder.rglob("*") if file.is_file() and not LEFT_OUT & set(file.relative_to(folder).parts)
    )
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(files)}


def _below(tree: Files, paths: list[str]) -> Files:
    """The files named in `paths`, or below one of its folders (which end with a slash)."""
    folders = tuple(path for path in paths if path.endswith("/"))
    return {path: content for path, content in tree.items() if path in paths or path.startswith(folders)}


def _stream(at: datetime) -> Iterator[bytes]:
    """The input of git fast-import: https://git-scm.com/docs/git-fast-import#_input_format"""
    for commit in history():
        yield from _commit("main", commit, at)
    for branch in branches():
        yield f"reset refs/heads/{branch.name}\nfrom refs/heads/main\n\n".encode()
        yield from _commit(branch.name, branch.commit, at)
    yield b"done\n"


def _commit(branch: str, commit: Commit, at: datetime) -> Iterator[bytes]:
    seconds = int((at - timedelta(days=commit.days_before)).timestamp())
    yield f"commit refs/heads/{branch}\n".encode()
    yield f"author {commit.author} {seconds} +0000\ncommitter {commit.author} {seconds} +0000\n".encode()
    yield _data(commit.message.encode())
    for path, content in commit.files.items():
        yield f"M {'100755' if path in EXECUTABLE else '100644'} inline {path}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _git(*arguments: str, stdin: bytes = b"") -> None:
    """Run git without anybody's configuration. Raises CalledProcessError."""
    environment = os.environ | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], input=stdin, env=environment, check=True, timeout=60)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
