"""What is pushed upstream for a while goes again: only what is still as it was pushed, and only where it may."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from deployments import intake, served_branches, tasks
from environments import repositories
from environments.git import GitError, PushRejected, RefMoved
from environments.models import Branch, Environment, Repository
from environments.pages import repository as pages
from lifecycle.models import LogLine, Work
from releases import candidates, checks, external_checks
from releases.models import Candidate, Check, Release
from tests.deployments.engine import Shop
from tests.deployments.test_upstream import composed, do, released

C = Check.Status
Hub = Callable[..., str]


@pytest.fixture
def adopted(engine: Shop) -> Candidate:
    sha = engine.upstream.git("rev-parse", "main")
    return candidates.adopt(engine.cast.product, sha=sha, by=engine.cast.ops)


@pytest.fixture
def hub(engine: Shop, adopted: Candidate, tmp_path: Path) -> Hub:
    """A bare repository as a forge keeps it, which takes nothing but fast-forwards: `hub("rev-parse", "main")`."""
    bare = tmp_path / "hub" / "shop.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(engine.upstream.path), str(bare)], check=True)

    def git(*args: str) -> str:
        done = subprocess.run(["git", "-C", str(bare), *args], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    git("config", "receive.denyNonFastForwards", "true")
    Repository.objects.update(upstream=f"file://{bare}")
    engine.repository.refresh_from_db()
    return git


def heads(hub: Hub) -> list[str]:
    return hub("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/lifecycle").split()


def shown(engine: Shop, adopted: Candidate, *, release: bool = False) -> Candidate:
    """A candidate whose external check is awaited, upstream as a branch and seen there."""
    made = composed(engine, adopted)
    if release:
        version = f"24.{made.pk}"
        Candidate.objects.filter(pk=made.pk).update(
            release=released(engine, made, version, status=Release.Status.FROZEN)
        )
    external_checks.expect(checks.request(candidate=made), ("build",))
    assert do("push_candidate") == "succeeded"
    intake.poll_upstream()
    return Candidate.objects.get(pk=made.pk)


def said_by_ci(engine: Shop, candidate: Candidate, status: str) -> None:
    facts = {"sha": candidate.sha, "name": "build", "status": status}
    external_checks.report(engine.cast.product, by=engine.cast.ops, **facts)


def swept(*, at: timedelta = timedelta()) -> int:
    """How many were asked for; then a worker does it, and the upstream is looked at again."""
    count = served_branches.tick(at=timezone.now() + at)
    if count:
        do("drop_branch")
        intake.poll_upstream()
    return count


def test_a_branch_goes_when_the_check_has_ended_and_what_people_pushed_stays(
    engine: Shop, adopted: Candidate, hub: Hub
):
    made = shown(engine, adopted)
    hub("branch", "lifecycle/own", "main")
    hub("branch", f"lifecycle/other-{made.pk}", made.sha)
    hub("branch", f"idea/42-{made.pk}", made.sha)
    intake.poll_upstream()
    assert swept() == 0, "the CI has not fetched it yet"
    said_by_ci(engine, made, "failed")
    assert swept() == 1
    assert heads(hub) == [f"lifecycle/other-{made.pk}", "lifecycle/own"]
    assert hub("rev-parse", f"idea/42-{made.pk}") == made.sha
    assert not Branch.objects.filter(name=candidates.branch_of(made)).exists()
    assert swept() == 0


def test_that_of_a_frozen_release_stays_until_its_checks_are_green(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted, release=True)
    said_by_ci(engine, made, "failed")
    assert swept() == 0, "the CI is asked to run once more"
    said_by_ci(engine, made, "passed")
    assert swept() == 1 and heads(hub) == []


def test_one_that_was_put_together_again_goes_whatever_its_checks_said(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted, release=True)
    Release.objects.filter(pk=made.release_id).update(candidate=adopted)
    assert swept() == 1 and heads(hub) == []


def test_a_composition_that_no_ci_ever_answered_goes_when_it_expires(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted)
    assert swept(at=timedelta(days=29)) == 0
    Candidate.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert swept() == 1 and heads(hub) == []


def test_it_stays_as_long_as_a_pull_request_needs_it(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted)
    said_by_ci(engine, made, "passed")
    Release.objects.filter(pk=released(engine, made).pk).update(candidate=made)
    Repository.objects.update(main_note="Make a pull request.")
    assert swept() == 0
    Repository.objects.update(main_note="")
    assert swept() == 1 and heads(hub) == []


def test_it_stays_as_long_as_a_pipeline_may_check_it_out(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted, release=True)
    said_by_ci(engine, made, "passed")
    Environment.objects.filter(kind="production").update(driver="pipeline")
    assert swept() == 0
    Release.objects.filter(pk=made.release_id).update(status=Release.Status.DROPPED)
    assert swept() == 1 and heads(hub) == []


def test_a_branch_that_somebody_moved_is_left_alone(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted)
    name = candidates.branch_of(made)
    said_by_ci(engine, made, "passed")
    assert served_branches.tick() == 1
    hub("update-ref", f"refs/heads/{name}", adopted.sha)  # nobody has looked since
    assert do("drop_branch") == "succeeded"
    assert hub("rev-parse", name) == adopted.sha
    log = Work.objects.get(kind="drop_branch").log_key
    assert LogLine.objects.filter(log=log, text__contains="so it stays").exists()
    intake.poll_upstream()
    assert swept() == 0 and heads(hub) == [name]


def test_a_refusal_is_said_once_and_believed(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted)
    name = candidates.branch_of(made)
    hub("config", "receive.denyDeletes", "true")
    said_by_ci(engine, made, "passed")
    assert served_branches.tick() == 1
    assert do("drop_branch").startswith("failed refused by the upstream")
    for _round in range(3):
        intake.poll_upstream()
        assert served_branches.tick(at=timezone.now() + timedelta(days=90)) == 0
    assert Work.objects.filter(kind="drop_branch").count() == 1
    [row] = [branch for branch in pages.branches(engine.repository) if branch.name == name]
    assert row.trouble.endswith("the upstream does not let it be deleted: deletion prohibited")
    assert heads(hub) == [name]


def test_a_forge_that_is_away_is_asked_again_and_nothing_waits_for_it(
    engine: Shop, adopted: Candidate, hub: Hub, tmp_path: Path
):
    made = shown(engine, adopted)
    said_by_ci(engine, made, "passed")
    (tmp_path / "hub").rename(tmp_path / "away")
    for _hour in range(2):
        assert served_branches.tick() == 1
        assert do("drop_branch").startswith("failed git push failed")
    assert not Work.objects.filter(kind="drop_branch", status=Work.Status.QUEUED).exists()
    assert Branch.objects.get(name=candidates.branch_of(made)).trouble == ""
    (tmp_path / "away").rename(tmp_path / "hub")
    assert swept() == 1 and heads(hub) == []


def test_deleting_twice_is_deleting_once(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted)
    said_by_ci(engine, made, "passed")
    for _twice in range(2):
        tasks.collect()  # nobody has looked upstream since
        assert do("drop_branch") == "succeeded"
    assert Work.objects.filter(kind="drop_branch").count() == 2
    assert heads(hub) == []


def test_what_is_asked_for_again_meanwhile_is_not_deleted(engine: Shop, adopted: Candidate, hub: Hub):
    made = shown(engine, adopted)
    said_by_ci(engine, made, "passed")
    assert served_branches.tick() == 1
    said_by_ci(engine, made, "running")
    assert do("drop_branch") == "succeeded"
    assert heads(hub) == [candidates.branch_of(made)]


def test_git_deletes_only_what_is_where_it_was_expected(engine: Shop, adopted: Candidate, hub: Hub):
    git, address = repositories.speaking(engine.repository), engine.repository.upstream
    made, ref = composed(engine, adopted), "refs/heads/lifecycle/24.11-7"
    git.push(address, [f"{made.sha}:{ref}"])
    with pytest.raises(RefMoved):
        git.delete_upstream(address, ref, expected=adopted.sha)
    hub("config", "receive.denyDeletes", "true")
    with pytest.raises(PushRejected):
        git.delete_upstream(address, ref, expected=made.sha)
    hub("config", "receive.denyDeletes", "false")
    for _twice in range(2):
        git.delete_upstream(address, ref, expected=made.sha)
    assert heads(hub) == []
    with pytest.raises(GitError):
        git.delete_upstream(f"{address}-away", ref, expected=made.sha)
