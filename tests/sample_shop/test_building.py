"""The builder makes the repository that the demo works on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sample_shop.build import branches, build, main_tree
from tests.sample_shop.shop import git

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_main_holds_every_file_and_a_history(shop_repository: Path) -> None:
    files = git(shop_repository, "ls-tree", "-r", "-z", "--name-only", "main").rstrip("\0").split("\0")
    assert sorted(files) == sorted(main_tree())
    assert int(git(shop_repository, "rev-list", "--count", "main")) >= 6


def test_every_branch_is_one_commit_on_main(shop_repository: Path) -> None:
    for branch in branches():
        assert git(shop_repository, "rev-list", "--count", f"main..{branch.name}").strip() == "1"
        assert git(shop_repository, "rev-parse", f"{branch.name}^") == git(shop_repository, "rev-parse", "main")


def test_a_branch_with_a_migration_says_so(shop_repository: Path) -> None:
    for branch in branches():
        changed = git(shop_repository, "diff", "--name-only", "main", branch.name)
        trailer = git(shop_repository, "log", "-1", "--format=%(trailers:key=Migrations,valueonly)", branch.name)
        assert trailer.strip() == ("expand" if "/migrations/0" in changed else "")


def test_the_same_moment_gives_the_same_commits(tmp_path: Path) -> None:
    tips = []
    for name in ("one.git", "two.git"):
        build(tmp_path / name, at=AT)
        tips.append(git(tmp_path / name, "for-each-ref"))
    assert tips[0] == tips[1]


def test_commits_are_dated_before_that_moment(tmp_path: Path) -> None:
    build(tmp_path / "shop.git", at=AT)
    seconds = [int(line) for line in git(tmp_path / "shop.git", "log", "--all", "--format=%at").split()]
    assert max(seconds) < AT.timestamp()


def test_an_existing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        build(tmp_path)
