"""The mirror, its refs and its history."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from environments.git import LIFECYCLE, Git, GitError, Part, PushRejected, RefMoved, Signature, branch_name_is_valid
from tests.environments.repositories import Upstream

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def git(tmp_path: Path, upstream: Upstream) -> Git:
    return Git.create_mirror(tmp_path / "mirror.git", str(upstream.path))


def test_a_mirror_keeps_only_the_upstream_branches(git, upstream):
    tip = upstream.change("idea/42-wishlist", "main", 5)
    upstream.git("tag", "v1")
    git.fetch(str(upstream.path))
    main = upstream.git("rev-parse", "main")
    assert git.refs("refs/upstream/heads/") == {"main": main, "idea/42-wishlist": tip}
    assert git.refs("refs/tags/") == {} and git.refs("refs/heads/") == {}


def test_a_branch_deleted_upstream_disappears_and_own_refs_stay(git, upstream):
    tip = upstream.change("idea/42", "main", 5)
    git.fetch(str(upstream.path))
    git.point("refs/lifecycle/changes/1/1", tip, None)
    upstream.git("branch", "-D", "idea/42")
    upstream.change("idea/42/more", "main", 6)
    git.fetch(str(upstream.path))
    assert sorted(git.refs("refs/upstream/heads/")) == ["idea/42/more", "main"]
    assert git.refs("refs/lifecycle/") == {"changes/1/1": tip}


def test_creating_a_mirror_twice_is_harmless(git, upstream):
    again = Git.create_mirror(git.path, str(upstream.path))
    assert again.refs("refs/upstream/heads/") == git.refs("refs/upstream/heads/")


def test_resolve_gives_a_full_id_and_refuses_what_is_not_a_plain_revision(git, upstream):
    assert git.resolve("refs/upstream/heads/main") == upstream.git("rev-parse", "main")
    for rev in (
        "--help",
        "-n1",
        "main..x",
        "@{u}",
        "main@{1}",
        ":/base",
        "main:shop.py",
        "nowhere",
        "",
        "a b",
        "HEAD\n",
    ):
        with pytest.raises(GitError):
            git.resolve(rev)


def test_a_ref_moves_only_from_where_it_was_expected(git, upstream):
    first = upstream.git("rev-parse", "main")
    second = upstream.commit("second")
    third = upstream.commit("third")
    git.fetch(str(upstream.path))
    git.point("refs/heads/env/dev", first, None)
    git.point("refs/heads/env/dev", second, first)
    with pytest.raises(RefMoved) as refused:
        git.point("refs/heads/env/dev", third, first)
    assert refused.value.found == second
    with pytest.raises(RefMoved):
        git.point("refs/heads/env/dev", third, None)
    git.point("refs/heads/env/dev", second, first)  # the retry of a move that was already made
    assert git.resolve("refs/heads/env/dev") == second
    git.delete_ref("refs/heads/env/dev")
    git.delete_ref("refs/heads/env/dev")
    assert git.refs("refs/heads/") == {}


def test_the_lock_of_a_git_that_was_killed_does_not_hold_a_ref_for_ever(git, upstream):
    git.fetch(str(upstream.path))
    sha = git.resolve("refs/upstream/heads/main")
    lock = git.path / "refs/heads/env/dev.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(GitError, match="update-ref failed"):
        git.point("refs/heads/env/dev", sha, None)  # somebody may be writing it at this moment
    os.utime(lock, (0, 0))
    git.point("refs/heads/env/dev", sha, None)
    assert git.refs("refs/heads/") == {"env/dev": sha} and not lock.exists()


def test_a_tag_never_moves(git, upstream):
    first = upstream.git("rev-parse", "main")
    second = upstream.commit("second")
    git.fetch(str(upstream.path))
    git.tag("24.11", first)
    git.tag("24.11", first)
    with pytest.raises(RefMoved):
        git.tag("24.11", second)
    assert git.refs("refs/tags/") == {"24.11": first}


def test_the_log_tells_authors_bodies_and_repeated_trailers(git, upstream):
    first = upstream.git("rev-parse", "main")
    tip = upstream.commit("Wishlist\n\nКак просили.\x1f\n\nIdea: 41\nIdea: 42\nSigned-off-by: Dev <dev@shop.test>")
    git.fetch(str(upstream.path))
    [commit] = git.log(first, tip)
    assert (commit.sha, commit.parents, commit.subject) == (tip, [first], "Wishlist")
    assert (commit.author, commit.email) == ("Dev", "dev@shop.test")
    assert "Как просили." in commit.body and commit.at.tzinfo is not None
    assert commit.trailers["Idea"] == ["41", "42"] and commit.trailer("idea") == "42"
    assert [c.sha for c in git.log(None, tip)] == [tip, first]
    assert git.log(tip, tip) == []


def test_everybody_in_every_commit_is_named_once(git, upstream):
    fork = upstream.git("rev-parse", "main")
    upstream.commit("one\n\nCo-authored-by: Mia M <Mia@Home.test>\nCo-authored-by: nobody")
    upstream.git("-c", "user.email=x@y", "commit", "-q", "--allow-empty", "--author=Lena <lena@shop.test>", "-m", "two")
    upstream.commit("three")
    git.fetch(str(upstream.path))
    assert git.people(fork, upstream.git("rev-parse", "main")) == {
        Part("author", "Dev", "dev@shop.test"),
        Part("committer", "Dev", "dev@shop.test"),
        Part("author", "Lena", "lena@shop.test"),
        Part("co_author", "Mia M", "mia@home.test"),
    }


def test_ancestry_and_differences(git, upstream):
    base = upstream.git("rev-parse", "main")
    a, b = upstream.change("a", "main", 5), upstream.change("b", "main", 9)
    git.fetch(str(upstream.path))
    assert git.merge_base(a, b) == base
    assert git.is_ancestor(base, a) and not git.is_ancestor(a, b)
    assert [(c.status, c.path) for c in git.diff(base, a)] == [("A", "a.py"), ("M", "shop.py")]
    assert [(c.status, c.path) for c in git.diff(a, b)] == [("D", "a.py"), ("A", "b.py"), ("M", "shop.py")]
    assert git.diff(a, a) == []


def test_a_file_is_read_from_a_commit(git, upstream):
    upstream.write("lifecycle.toml", "[test]\n")
    upstream.write("empty", "")
    tip = upstream.commit("toml")
    git.fetch(str(upstream.path))
    assert git.read_file(tip, "lifecycle.toml") == b"[test]\n"
    assert git.read_file(tip, "empty") == b""
    assert git.read_file(tip, "nothing.toml") is None
    for path in ("../secret", "/etc/passwd", "a/../../b", ".git/config", "a//b"):
        with pytest.raises(GitError):
            git.read_file(tip, path)


def test_a_commit_is_the_same_for_the_same_arguments_and_no_value_forges_a_trailer(git, upstream):
    main = git.resolve("refs/upstream/heads/main")
    tree = git.tree_of(main)
    who = Signature("Dev <evil>\n", "dev@shop.test")
    trailers = {"Deployment": "7\nCandidate: 9"}
    made = [git.commit(tree, [main], "Snapshot", trailers, who, AT) for _ in range(2)]
    assert made[0] == made[1]
    [commit] = git.log(main, made[0])
    assert commit.trailers == {"Deployment": ["7 Candidate: 9"]}
    assert commit.author == "Dev evil" and commit.at == AT and git.tree_of(commit.sha) == tree


def test_a_push_is_a_fast_forward_or_a_definite_no(git, upstream, tmp_path):
    hub = tmp_path / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", str(hub)], check=True)
    main = git.resolve("refs/upstream/heads/main")
    snapshot = git.commit(git.tree_of(main), [main], "Snapshot", {}, LIFECYCLE, AT)
    other = git.commit(git.tree_of(main), [], "Elsewhere", {}, LIFECYCLE, AT)
    git.push(str(hub), [f"{main}:refs/heads/env/production"])
    git.push(str(hub), [f"{snapshot}:refs/heads/env/production"])
    with pytest.raises(PushRejected):
        git.push(str(hub), [f"{other}:refs/heads/env/production"])
    for refspec in ("+refs/heads/a:refs/heads/a", "--force", "main:main", f"{main}:refs/heads/../x"):
        with pytest.raises(GitError):
            git.push(str(hub), [refspec])
    with pytest.raises(GitError) as unreachable:
        git.push(str(tmp_path / "gone.git"), [f"{main}:refs/heads/x"])
    assert not isinstance(unreachable.value, PushRejected)


@pytest.mark.parametrize(
    "address",
    ["ext::sh -c 'touch canary'", "-oProxyCommand=x", "--upload-pack=touch", "http://x/y", "file://a\nb", ""],
)
def test_other_protocols_and_options_are_refused_as_upstream(git, address):
    with pytest.raises(GitError):
        git.fetch(address)


def test_hooks_and_configured_commands_of_the_mirror_do_not_run(git, upstream, tmp_path):
    canary = tmp_path / "canary"
    hooks = git.path / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-update", "pre-push"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {canary}\n")
        (hooks / name).chmod(0o755)
    upstream.commit("next")
    git.fetch(str(upstream.path))
    git.point("refs/heads/x", git.resolve("refs/upstream/heads/main"), None)
    assert not canary.exists()


def test_git_is_stopped_at_its_limits(git, upstream):
    main = git.resolve("refs/upstream/heads/main")
    with pytest.raises(GitError, match="more than 10 bytes"):
        Git(git.path, max_output_bytes=10).log(None, main)
    slow = Upstream(upstream.path.parent / "slow")
    with pytest.raises(GitError, match="took too long"):
        Git(git.path, timeout_seconds=0).fetch(str(slow.path))


def test_a_missing_repository_is_a_readable_error(tmp_path):
    with pytest.raises(GitError, match="failed"):
        Git.create_mirror(tmp_path / "m.git", str(tmp_path / "nothing-here"))


NAMES = [
    "main", "idea/42-wishlist", "a", "a.b", "dependabot/npm_and_yarn/@types/node-1.2", "fix#3", "x" * 200,
    "", "-x", "--help", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "/a", "a/", "a//b", "a.lock",
    "a.lock/b", ".a", "a/.b", "a.", "@", "HEAD", "a@{b", "a\n", "a\x00b", "$(id)", "`id`", "a;b", "a|b", "a&b",
    "x" * 201,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_branch_name_is_one_git_takes_too(name):
    valid = branch_name_is_valid(name)
    assert valid == (NAMES.index(name) < 7)
    if valid:
        git = ["git", "check-ref-format", "--branch", name]
        subprocess.run(git, capture_output=True, env={"PATH": os.environ["PATH"]}, check=True)
