"""Repositories and names that mean harm: nothing runs, nothing outside is read, caps hold, people read a sentence."""

import time
from pathlib import Path

import pytest

from deployments import intake
from environments import repositories
from environments.git import ExportLimits, Git, GitError
from releases import checks
from tests.environments.git_calls import Calls
from tests.environments.hostile import MAKERS, REFUSED, SECRET

SECONDS = 20


def everything(git: Git, main: str, tip: str, folder: Path) -> list[str]:
    """Whatever Lifecycle does with a pushed commit; the sentences of what was refused."""
    try:
        git.require_modest(tip)
    except GitError as error:
        return [str(error)]
    said = []
    doings = (
        lambda: git.export(tip, folder, ExportLimits()),
        lambda: checks.read_manifest(git, tip),
        lambda: git.apply(main, main, tip),
        lambda: git.diff(main, tip),
        lambda: git.log(None, tip),
    )
    for do in doings:
        try:
            do()
        except REFUSED as error:
            said.append(str(error))
    return said


@pytest.mark.django_db
@pytest.mark.parametrize("name", MAKERS)
def test_a_hostile_repository_gets_nothing(name: str, cast, canary: Path, tmp_path: Path, calls: Calls) -> None:
    upstream = MAKERS[name](tmp_path / "upstream", canary)
    begun = time.monotonic()
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    intake.poll_upstream()
    said = [repository.fetch_error] if repository.fetch_error else []
    git = repositories.git(repository)
    main = repository.branches.filter(name="main").first()
    for number, branch in enumerate(repository.branches.exclude(name="main")):
        assert main is not None
        said += everything(git, main.sha, branch.sha, tmp_path / f"out{number}")
    assert time.monotonic() - begun < SECONDS
    assert not canary.exists()
    outside = [path for path in tmp_path.glob("out*/**/*") if path.is_file() and SECRET in path.read_text("latin-1")]
    assert outside == []
    assert all(0 < len(sentence) < 1000 and "Traceback" not in sentence for sentence in said)
    assert calls.unguarded() == []


REFUSALS = {
    "link_to_a_secret": "leads out",
    "links_that_leave_together": "leads out",
    "a_million_files": "more than",
    "a_billion_files": "more than",
    "blob_bomb": "bytes, more than",
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_exported_says_why_and_leaves_nothing(name: str, cast, canary: Path, tmp_path: Path) -> None:
    upstream = MAKERS[name](tmp_path / "upstream", canary)
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    git = repositories.git(repository)
    with pytest.raises(GitError, match=REFUSALS[name]):
        git.export(repository.branches.get(name="evil").sha, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir()) if (tmp_path / "out").exists() else True


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["git_folder", "git_file", "path_that_climbs", "name_with_a_slash"])
def test_a_tree_git_would_never_make_is_not_even_fetched(name: str, cast, canary: Path, tmp_path: Path) -> None:
    upstream = MAKERS[name](tmp_path / "upstream", canary)
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    assert "fsck" in repository.fetch_error or "contains" in repository.fetch_error
    assert not repository.branches.exists()
