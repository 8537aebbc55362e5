"""Exporting files, also out of repositories that mean harm."""

import os
from pathlib import Path

import pytest

from environments.git import ExportLimits, Git, GitError
from tests.environments.repositories import Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def git(upstream: Upstream) -> Git:
    """Reads the team's repository directly: what a hostile mirror would hold, unfiltered."""
    return Git(upstream.path / ".git")


def tree(upstream: Upstream, *entries: tuple[str, str, str]) -> str:
    """A commit of raw (mode, name, content) entries in one flat tree, made without git's own checks."""
    body = b""
    for mode, name, content in entries:
        kind = ("hash-object", "-w", "--stdin")
        sha = content if mode in {"40000", "160000"} else upstream.git(*kind, stdin=content.encode())
        body += f"{mode} {name}".encode() + b"\x00" + bytes.fromhex(sha)
    made = upstream.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=body)
    return upstream.git("commit-tree", made, "-m", "crafted")


def test_files_come_out_exactly_as_committed(git, upstream, tmp_path):
    upstream.write("run.sh", "#!/bin/sh\r\n")
    (upstream.path / "run.sh").chmod(0o755)
    upstream.write("каталог/файл.txt", "$Format:%H$ $Id$\n")
    upstream.write("hidden.txt", "kept")
    upstream.write(
        ".gitattributes", "hidden.txt export-ignore\n*.txt export-subst ident\n*.sh text eol=lf filter=evil\n"
    )
    (upstream.path / "link").symlink_to("каталог/файл.txt")
    sha = upstream.commit("files")
    git.export(sha, tmp_path / "out")
    out = tmp_path / "out"
    assert (out / "run.sh").read_bytes() == b"#!/bin/sh\n"  # normalised by the commit, not by the export
    assert (out / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (out / "link").read_text() == "$Format:%H$ $Id$\n"
    assert (out / "hidden.txt").read_text() == "kept"
    assert not (out / ".git").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/../../outside", ".."])
def test_a_link_that_leads_out_is_refused(git, upstream, tmp_path, target):
    sha = tree(upstream, ("120000", "link", target))
    with pytest.raises(GitError, match="leads out"):
        git.export(sha, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_links_that_lead_out_only_together_are_refused(git, upstream, tmp_path):
    (upstream.path / "d").mkdir()
    (upstream.path / "d" / "s").symlink_to("..")
    (upstream.path / "x").symlink_to("d/s/../outside")
    with pytest.raises(GitError, match="leads out"):
        git.export(upstream.commit("links"), tmp_path / "out")


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", "git~1", ".git."])
def test_a_path_that_leaves_the_folder_or_enters_git_is_refused(git, upstream, tmp_path, name):
    inner = upstream.git("rev-parse", "HEAD^{tree}")
    sha = tree(upstream, ("40000", name, inner))
    with pytest.raises(GitError, match="unsafe path"):
        git.export(sha, tmp_path / "out")
    assert not (tmp_path / "shop.py").exists()


def test_nothing_is_written_through_a_link(git, upstream, tmp_path):
    inner = upstream.git("rev-parse", "HEAD^{tree}")
    sha = tree(upstream, ("120000", "a", "elsewhere"), ("40000", "a", inner))
    with pytest.raises(GitError):
        git.export(sha, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_submodule_is_an_empty_folder(git, upstream, tmp_path):
    sha = tree(upstream, ("160000", "vendor", upstream.git("rev-parse", "HEAD")))
    git.export(sha, tmp_path / "out")
    assert os.listdir(tmp_path / "out" / "vendor") == []


def test_too_many_files_and_too_many_bytes_are_refused_before_writing(git, upstream, tmp_path):
    sha = upstream.change("many", "main", 3)
    with pytest.raises(GitError, match="more than 1"):
        git.export(sha, tmp_path / "out", ExportLimits(files=1))
    with pytest.raises(GitError, match="bytes, more than 10"):
        git.export(sha, tmp_path / "out", ExportLimits(total_bytes=10))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(git, upstream, tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(GitError, match="not empty"):
        git.export(upstream.git("rev-parse", "HEAD"), tmp_path)
    assert (tmp_path / "mine").read_text() == "x"
