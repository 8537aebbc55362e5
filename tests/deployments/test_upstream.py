"""What Lifecycle brings upstream and takes back from it: snapshots, tags, main, foreign commits, a lost mirror."""

import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import advancing, collecting, intake, pushing, snapshots
from deployments.models import Deployment
from environments import deltas, mirrors, repositories
from environments.models import Delta, Environment, Repository
from environments.pages import repository as pages
from lifecycle import jobs
from lifecycle.events import Machine, about
from lifecycle.models import Work
from releases import candidates, checks, external_checks, facts
from releases.models import Candidate, Check, Release
from tests.deployments.engine import Shop

PRODUCTION = "refs/heads/env/production"


def do(kind: str) -> str:
    """What waits of this kind, as a worker would; how the last one ended."""
    for work in Work.objects.filter(kind=kind, status=Work.Status.QUEUED, due_at__lte=timezone.now()):
        jobs.execute(work.key)
    last = Work.objects.filter(kind=kind).exclude(status=Work.Status.QUEUED).latest("id")
    return f"{last.status} {last.error}".strip()


@pytest.fixture
def adopted(engine: Shop) -> Candidate:
    sha = engine.upstream.git("rev-parse", "main")
    return candidates.adopt(engine.cast.product, sha=sha, by=engine.cast.ops)


def recorded(shop: Shop, candidate: Candidate, release: Release | None = None) -> Deployment:
    """A deployment to production that has succeeded, on paper, with its real snapshot."""
    now = timezone.now()
    deployment = Deployment.objects.create(
        product=shop.cast.product,
        environment=shop.production,
        candidate=candidate,
        release=release,
        digest=candidate.digest,
        kind=Deployment.Kind.DEPLOY,
        requested_by=shop.cast.ops,
        requested_at=now,
        due_at=now,
        verified_at=now,
        status=Deployment.Status.SUCCEEDED,
    )
    snapshots.record(deployment)
    pushing.push_later(shop.production)
    return deployment


def released(shop: Shop, candidate: Candidate, version: str = "24.11", status: str = Release.Status.DONE) -> Release:
    now = timezone.now()
    facts_ = {"target_date": now.date(), "author": shop.cast.petra, "created_at": now, "live_at": now}
    return Release.objects.create(
        product=shop.cast.product, version=version, status=status, candidate=candidate, **facts_
    )


def composed(shop: Shop, adopted: Candidate, purpose: str = "release") -> Candidate:
    """A candidate of Lifecycle's own on top of what was adopted."""
    git = repositories.git(shop.repository)
    sha = git.commit(adopted.tree, [adopted.sha], "Apply something", {}, snapshots.LIFECYCLE, timezone.now())
    made = Candidate.objects.create(
        product=shop.cast.product,
        repository=shop.repository,
        purpose=purpose,
        status=Candidate.Status.READY,
        base=adopted,
        label="24.11",
        sha=sha,
        tree=adopted.tree,
        digest="d" * 64,
        created_at=timezone.now(),
    )
    git.point(candidates.ref_of(made), sha, None)
    return made


def test_branch_and_tag_reach_an_upstream_that_denies_everything_but_fast_forwards(engine: Shop, adopted: Candidate):
    engine.upstream.git("config", "receive.denyNonFastForwards", "true")
    engine.upstream.git("config", "receive.denyDeletes", "true")
    made = composed(engine, adopted)
    recorded(engine, adopted)
    recorded(engine, made, released(engine, made))
    assert do("push_upstream") == "succeeded"
    assert engine.upstream.git("rev-parse", "refs/tags/24.11") == made.sha
    subjects = engine.upstream.git("log", "--format=%P", "-2", PRODUCTION).splitlines()
    assert all(len(parents.split()) == 1 for parents in subjects)


def test_a_tag_that_means_another_commit_upstream_stays_and_is_said(engine: Shop, adopted: Candidate):
    engine.upstream.git("tag", "-a", "24.11", "-m", "ours", adopted.sha)
    made = composed(engine, adopted)
    recorded(engine, made, released(engine, made))
    assert do("push_upstream") == "succeeded"
    engine.repository.refresh_from_db()
    assert "24.11" in engine.repository.tag_note
    assert engine.upstream.git("rev-parse", "24.11^{commit}") == adopted.sha


def test_a_branch_the_upstream_refuses_keeps_no_tag_back(engine: Shop, adopted: Candidate):
    hook = engine.upstream.path / ".git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nwhile read old new ref; do case $ref in refs/heads/*) exit 1;; esac; done; exit 0\n")
    hook.chmod(0o755)
    made = composed(engine, adopted)
    recorded(engine, made, released(engine, made))
    assert do("push_upstream").startswith(f"failed {pushing.REFUSED}")
    assert engine.upstream.git("rev-parse", "refs/tags/24.11") == made.sha


def test_a_candidate_that_an_external_ci_waits_for_is_pushed_as_soon_as_the_upstream_is_back(
    engine: Shop, adopted: Candidate
):
    made = composed(engine, adopted)
    Candidate.objects.filter(pk=made.pk).update(release=released(engine, made, status=Release.Status.FROZEN))
    [check] = awaited(made)
    assert external_checks.sentence(check) == "The external check build has not passed yet."
    away = engine.upstream.path.with_name("moved")
    engine.upstream.path.rename(away)
    assert do("push_candidate").startswith("failed")
    branch = candidates.branch_of(made)
    assert f"{branch} could not be pushed upstream" in external_checks.sentence(check)
    away.rename(engine.upstream.path)
    again = Work.objects.get(kind="push_candidate", status=Work.Status.QUEUED)
    assert again.due_at > timezone.now()
    Work.objects.filter(pk=again.pk).update(due_at=timezone.now())
    assert do("push_candidate") == "succeeded"
    assert engine.upstream.git("rev-parse", branch) == made.sha
    assert f"upstream as the branch {branch}" in external_checks.sentence(check)


def awaited(candidate: Candidate) -> list[Check]:
    """What lifecycle.toml names for a candidate that was tested."""
    external_checks.expect(checks.request(candidate=candidate), ("build",))
    return list(candidate.checks.filter(kind=Check.Kind.EXTERNAL))


def test_a_candidate_that_nobody_waits_for_any_more_is_not_pushed_again(engine: Shop, adopted: Candidate):
    made = composed(engine, adopted)
    awaited(made)
    engine.upstream.path.rename(engine.upstream.path.with_name("moved"))
    assert do("push_candidate").startswith("failed")
    assert not Work.objects.filter(kind="push_candidate", status=Work.Status.QUEUED).exists()


def test_foreign_commits_are_drift_until_the_next_snapshot_goes_on_top(engine: Shop, adopted: Candidate):
    recorded(engine, adopted)
    do("push_upstream")
    engine.upstream.git("checkout", "-q", "env/production")
    engine.upstream.write("hand.txt", "made by hand")
    foreign = engine.upstream.commit("by hand")
    engine.upstream.git("checkout", "-q", "main")
    intake.poll_upstream()
    assert engine.production.foreign_sha == foreign
    assert about(engine.production).filter(verb="environment.drifted").count() == 1
    back = recorded(engine, adopted)
    assert engine.production.foreign_sha == ""
    assert do("push_upstream") == "succeeded"
    assert engine.upstream.git("rev-parse", f"{PRODUCTION}^") == foreign
    assert engine.upstream.git("rev-parse", f"{PRODUCTION}^{{tree}}") == back.candidate.tree


def test_snapshots_the_upstream_never_got_go_on_top_of_foreign_commits_too(engine: Shop, adopted: Candidate):
    recorded(engine, adopted)
    do("push_upstream")
    engine.upstream.git("checkout", "-q", "env/production")
    engine.upstream.commit("by hand")
    engine.upstream.git("checkout", "-q", "main")
    recorded(engine, adopted)
    assert do("push_upstream").startswith("failed refused")
    assert pages.is_refused(engine.production)
    intake.poll_upstream()
    recorded(engine, adopted)
    assert do("push_upstream") == "succeeded"
    said = engine.upstream.git("log", "--format=%(trailers:key=Deployment,valueonly,separator=)", PRODUCTION)
    assert [number for number in said.split() if number] == [
        str(pk) for pk in Deployment.objects.order_by("-pk").values_list("pk", flat=True)
    ]


def test_main_moves_forward_once_the_release_is_proven(engine: Shop, adopted: Candidate):
    made = composed(engine, adopted)
    release = released(engine, made, status=Release.Status.LIVE)
    advancing.later(engine.cast.product)
    assert do("advance_main") == "succeeded"
    assert engine.upstream.git("rev-parse", "main") == adopted.sha
    facts.mark_proven(release, by=Machine("watch"))
    engine.upstream.write("new.txt", "x")
    engine.upstream.git("checkout", "-q", "--detach")
    Candidate.objects.filter(pk=made.pk).update(tree="e" * 40)
    advancing.later(engine.cast.product)
    assert do("advance_main") == "succeeded"
    assert engine.upstream.git("rev-parse", "main") == made.sha


def test_a_main_with_other_commits_needs_a_pull_request_and_says_which(engine: Shop, adopted: Candidate):
    made = composed(engine, adopted)
    released(engine, made)
    engine.upstream.write("new.txt", "x")
    engine.upstream.commit("directly on main")
    advancing.later(engine.cast.product)
    assert do("advance_main").startswith("failed")
    engine.repository.refresh_from_db()
    branch = f"lifecycle/24.11-{made.pk}"
    assert branch in engine.repository.main_note
    assert do("push_candidate") == "succeeded"
    assert engine.upstream.git("merge-base", "main", branch) == adopted.sha
    again = Work.objects.get(kind="advance_main", status=Work.Status.QUEUED)
    assert again.due_at > timezone.now()


def test_a_squashed_pull_request_counts_as_made(engine: Shop, adopted: Candidate):
    engine.upstream.git("checkout", "-q", "--detach")
    engine.upstream.write("new.txt", "shipped")
    shipped = engine.upstream.commit("shipped")
    engine.upstream.git("checkout", "-q", "main")
    engine.upstream.git("checkout", shipped, "--", ".")
    engine.upstream.commit("Release 24.11 (#5)")
    engine.upstream.write("later.txt", "x")
    engine.upstream.commit("directly on main")
    made = composed(engine, adopted)
    tree = engine.upstream.git("rev-parse", f"{shipped}^{{tree}}")
    Candidate.objects.filter(pk=made.pk).update(tree=tree)
    released(engine, made)
    Repository.objects.update(main_note="Make a pull request.")
    advancing.later(engine.cast.product)
    assert do("advance_main") == "succeeded"
    engine.repository.refresh_from_db()
    assert engine.repository.main_note == ""


def test_a_protected_main_needs_a_pull_request_too(engine: Shop, adopted: Candidate):
    hook = engine.upstream.path / ".git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nwhile read old new ref; do [ $ref = refs/heads/main ] && exit 1; done; exit 0\n")
    hook.chmod(0o755)
    made = composed(engine, adopted)
    Candidate.objects.filter(pk=made.pk).update(tree="e" * 40)
    released(engine, made)
    advancing.later(engine.cast.product)
    assert do("advance_main").startswith("failed")
    engine.repository.refresh_from_db()
    assert "protects main" in engine.repository.main_note


def test_in_trunk_mode_main_is_left_alone(engine: Shop, adopted: Candidate):
    repositories.set_mode(engine.repository, mode=Repository.Mode.TRUNK, by=engine.cast.ops)
    released(engine, composed(engine, adopted))
    advancing.later(engine.cast.product)
    assert not Work.objects.filter(kind="advance_main").exists()


def test_old_compositions_expire_and_git_tidies_up(engine: Shop, adopted: Candidate):
    old, kept, young = (composed(engine, adopted, purpose="dev") for _n in range(3))
    long_ago = timezone.now() - timedelta(days=31)
    Candidate.objects.filter(pk__in=[old.pk, kept.pk]).update(created_at=long_ago)
    recorded(engine, kept)
    assert collecting.tick() == 1
    assert do("collect") == "succeeded"
    assert collecting.tick() == 0
    refs = repositories.git(engine.repository).refs(collecting.KEPT)
    assert set(refs) == {str(adopted.pk), str(kept.pk), str(young.pk)}


def test_a_lost_mirror_is_fetched_anew_with_what_only_it_held(engine: Shop, adopted: Candidate):
    made = composed(engine, adopted)
    recorded(engine, made, released(engine, made))
    do("push_upstream")
    before = repositories.git(engine.repository).refs("refs/heads/")
    shutil.rmtree(engine.repository.mirror)
    intake.poll_upstream()
    assert do("restore_refs") == "succeeded"
    git = repositories.git(engine.repository)
    assert git.refs("refs/heads/") == before
    assert git.refs("refs/tags/") == {"24.11": made.sha}
    assert set(git.refs(collecting.KEPT)) == {str(adopted.pk), str(made.pk)}
    assert about(engine.repository).filter(verb="repository.fetched_anew").exists()


def test_a_broken_mirror_is_put_aside_said_and_salvaged(engine: Shop, adopted: Candidate):
    recorded(engine, adopted)
    do("push_upstream")
    mirror = repositories.git(engine.repository).path
    shutil.rmtree(mirror / "objects")
    for _round in range(2):
        intake.poll_upstream()
    assert do("restore_refs") == "succeeded"
    engine.repository.refresh_from_db()
    assert (engine.repository.fetch_error, mirrors.broken(mirror).exists()) == ("", True)
    assert repositories.git(engine.repository).refs("refs/heads/") == {
        "env/production": engine.upstream.git("rev-parse", PRODUCTION)
    }
    assert about(engine.repository).filter(verb="repository.mirror_broken").count() == 1


def test_a_mirror_that_misses_an_object_is_found_when_it_is_tidied_up(engine: Shop, adopted: Candidate):
    made = composed(engine, adopted)
    mirror = repositories.git(engine.repository).path
    (mirror / "objects" / made.sha[:2] / made.sha[2:]).unlink()
    collecting.tick()
    assert do("collect") == "succeeded"
    assert intake.poll_upstream() == 0
    assert repositories.git(engine.repository).has(adopted.sha)
    assert mirrors.broken(mirror).exists()


def test_a_branch_git_can_never_take_is_tried_five_times_and_then_when_it_moves(engine: Shop, adopted: Candidate):
    engine.upstream.git("checkout", "-q", "--orphan", "idea/1-x")
    engine.upstream.commit("Elsewhere\n\nIdea: 1")
    engine.upstream.git("checkout", "-q", "main")
    repositories.poll(engine.repository)
    branch = engine.repository.branches.get(name="idea/1-x")
    now = timezone.now()
    for round_ in range(8):
        at = now + timedelta(hours=round_)
        due = repositories.poll(engine.repository, at=at)
        assert (branch in due) == (round_ <= 4)
        if round_ <= 4 or branch in due:
            branch.refresh_from_db()
            repositories.branches.in_trouble(branch, "no way", at=at)
    branch.refresh_from_db()
    assert (branch.trouble, branch.retry_at) == ("no way", None)
    engine.upstream.git("checkout", "-q", "idea/1-x")
    engine.upstream.commit("again")
    assert branch in repositories.poll(engine.repository)
    branch.refresh_from_db()
    assert branch.trouble == ""


def test_neighbours_and_the_way_back_are_compared_before_anybody_asks(engine: Shop, adopted: Candidate):
    made = composed(engine, adopted)
    recorded(engine, adopted)
    recorded(engine, made)
    jobs.enqueue("comparisons", engine.repository, product=engine.cast.product)
    assert do("comparisons") == "succeeded"
    do("delta")
    pairs = set(Delta.objects.filter(status=Delta.Status.READY).values_list("from_sha", "to_sha"))
    assert pairs == {(adopted.sha, made.sha), (made.sha, adopted.sha)}
    assert deltas.request(engine.repository, made.sha, adopted.sha).status == Delta.Status.READY
    assert Environment.objects.count() == 3
