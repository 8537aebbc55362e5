"""Each branch is what its story says: useful, failing, or in conflict with another."""

import subprocess
from pathlib import Path

import pytest

from sample_shop.build import branches
from tests.sample_shop.shop import export, git, run

FAILING = "idea/size-guide"
DEV = ("-c", "user.name=Dev", "-c", "user.email=dev@northwind.test")
CONFLICT = ("idea/free-delivery-bar", "idea/sticky-header")
NAMES = [branch.name for branch in branches()]
FITTING = [name for name in NAMES if name not in {FAILING, CONFLICT[1]}]


@pytest.mark.parametrize("name", ["main", *(name for name in NAMES if name != FAILING)])
def test_its_own_tests_pass(name: str, shop_repository: Path, tmp_path: Path) -> None:
    checkout = export(shop_repository, name, tmp_path / "checkout")
    done = run(checkout, tmp_path / "data", "test")
    assert done.returncode == 0, done.stderr


def test_one_branch_fails_one_test(shop_repository: Path, tmp_path: Path) -> None:
    checkout = export(shop_repository, FAILING, tmp_path / "checkout")
    done = run(checkout, tmp_path / "data", "test")
    assert done.returncode != 0
    assert "FAILED (failures=1)" in done.stderr
    assert "test_sizes_agree_with_the_makers_table" in done.stderr


def test_two_branches_conflict_in_one_file(shop_repository: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as conflict:
        git(shop_repository, "merge-tree", "--write-tree", "--name-only", *CONFLICT)
    assert conflict.value.returncode == 1
    assert b"shop/templates/base.html" in conflict.value.stdout


def test_all_others_fit_together(shop_repository: Path, tmp_path: Path) -> None:
    together = _merged(shop_repository, FITTING)
    checkout = export(shop_repository, together, tmp_path / "checkout")
    done = run(checkout, tmp_path / "data", "test")
    assert done.returncode == 0, done.stderr


def _merged(repository: Path, names: list[str]) -> str:
    """A commit holding main and all of these branches."""
    commit = git(repository, "rev-parse", "main").strip()
    for name in names:
        tree = git(repository, "merge-tree", "--write-tree", commit, name).strip()
        commit = git(repository, *DEV, "commit-tree", tree, "-p", commit, "-p", name, "-m", name).strip()
    return commit
