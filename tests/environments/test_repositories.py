"""A product's repository: connected, polled, its branches seen, its failures kept and shown."""

import shutil

import pytest
from django.core.exceptions import ValidationError

from environments import branches, repositories
from environments.git import UPSTREAM_HEADS, Git
from environments.models import Branch, Repository
from lifecycle.events import about
from lifecycle.transitions import NotAllowed


def test_connecting_fetches_and_lists_the_branches(cast, upstream, address):
    upstream.change("wishlist", "main", 5)
    repository = repositories.connect(cast.product, address, by=cast.ops)
    assert repository.fetch_error == ""
    assert repository.fetched_at
    assert set(repository.branches.values_list("name", flat=True)) == {"main", "wishlist"}
    branch = repository.branches.get(name="wishlist")
    assert (branch.sha, branch.subject, branch.author) == (upstream.git("rev-parse", "wishlist"), "wishlist", "Dev")


def test_the_mirror_keeps_only_upstream_heads(cast, upstream, address):
    repository = repositories.connect(cast.product, address, by=cast.ops)
    git = repositories.git(repository)
    assert git.path.name == "shop.git"
    assert set(git.refs("refs/")) == {f"{UPSTREAM_HEADS.removeprefix('refs/')}main"}


def test_a_poll_returns_what_moved_until_it_is_taken_in(cast, upstream, address):
    repository = repositories.connect(cast.product, address, by=cast.ops)
    assert taken(repository) == ["main"]
    assert taken(repository) == []
    upstream.change("wishlist", "main", 5)
    assert [branch.name for branch in repositories.poll(repository)] == ["wishlist"]
    assert taken(repository) == ["wishlist"]
    assert taken(repository) == []
    upstream.change("wishlist", "wishlist", 6)
    assert taken(repository) == ["wishlist"]


def test_what_moved_on_meanwhile_stays_due(cast, upstream, address):
    repository = repositories.connect(cast.product, address, by=cast.ops)
    [main] = repositories.poll(repository)
    upstream.commit("One more")
    repositories.poll(repository)
    branches.out_of_trouble(main)
    assert taken(repository) == ["main"]


def taken(repository: Repository) -> list[str]:
    """What a poll returns, taken in as a worker would."""
    moved = repositories.poll(repository)
    for branch in moved:
        branches.out_of_trouble(branch)
    return [branch.name for branch in moved]


def test_a_branch_that_went_away_goes_away(cast, upstream, address):
    upstream.change("wishlist", "main", 5)
    repository = repositories.connect(cast.product, address, by=cast.ops)
    upstream.git("branch", "-D", "wishlist")
    repositories.poll(repository)
    assert list(Branch.objects.values_list("name", flat=True)) == ["main"]


def test_a_failure_is_kept_once_and_ends_by_itself(cast, upstream, address):
    repository = repositories.connect(cast.product, address, by=cast.ops)
    hidden = upstream.path.with_name("hidden")
    shutil.move(upstream.path, hidden)
    assert repositories.poll(repository) == []
    repositories.poll(repository)
    repository.refresh_from_db()
    assert repository.fetch_error
    assert about(repository).filter(verb="repository.unreachable").count() == 1
    shutil.move(hidden, upstream.path)
    repositories.poll(repository)
    repository.refresh_from_db()
    assert repository.fetch_error == ""


@pytest.mark.parametrize("bad", ["ext::sh -c id", "--upload-pack=id", "http://x/y", ""])
def test_an_address_git_must_not_be_given_is_refused(cast, bad):
    with pytest.raises(ValidationError):
        repositories.name_upstream(cast.product, bad, by=cast.ops)
    assert not Repository.objects.exists()


@pytest.mark.parametrize("bad", ["--force", "a b", "a..b", "", "HEAD", "x:y"])
def test_a_main_branch_git_would_not_take_is_refused(cast, address, bad):
    with pytest.raises(ValidationError, match="main_branch"):
        repositories.name_upstream(cast.product, address, main_branch=bad, by=cast.ops)


def test_naming_runs_no_git_and_the_next_poll_fetches(cast, upstream, address):
    repository = repositories.name_upstream(cast.product, address, by=cast.ops)
    assert not repositories.mirror_path(cast.product).exists()
    assert [branch.name for branch in repositories.poll(repository)] == ["main"]


def test_a_repository_in_use_is_not_swapped(cast, upstream, address):
    repositories.connect(cast.product, address, by=cast.ops)
    with pytest.raises(NotAllowed):
        repositories.name_upstream(cast.product, "file:///elsewhere", by=cast.ops)


def test_devops_names_it_in_the_browser(cast, sign_in, address):
    ops = sign_in(cast.ops)
    connect = "/environments/repository/connect/"
    assert ops.post(connect, {"upstream": "x", "main_branch": "main"}).status_code == 422
    assert ops.post(connect, {"upstream": address, "main_branch": "main"}).status_code == 302
    repositories.poll(Repository.objects.get())
    assert "main" in ops.get("/environments/repository/").content.decode()
    assert sign_in(cast.dev).get("/environments/repository/").status_code == 200
    assert sign_in(cast.dev).post(connect, {}).status_code == 403
    assert sign_in(cast.cleo).get("/environments/repository/").status_code == 403


def test_a_first_fetch_that_was_cut_off_is_given_its_long_time_again(cast, upstream, settings, tmp_path, monkeypatch):
    settings.VAR = tmp_path / "var"
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    Repository.objects.filter(pk=repository.pk).update(fetched_at=None)  # the row of one whose worker died in it
    repository.refresh_from_db()
    given = []
    real = Git.fetch
    monkeypatch.setattr(Git, "fetch", lambda git, url: (given.append(git.timeout_seconds), real(git, url))[1])
    repositories.poll(repository)
    assert given == [600]
    repositories.poll(repository)
    assert given == [600, 60]
