"""A release's way to production and back, with everything that follows from it."""

from deployments import approvals, rollout, services, snapshots
from deployments.models import Deployment, Watch
from environments import repositories
from environments.variables import set_variable
from ideas.models import Stop
from releases import candidates
from releases.models import Candidate, Change, Release
from tests.deployments.engine import Shop, log_of

S = Deployment.Status


def test_approved_it_goes_live_is_watched_and_one_button_takes_it_back(engine: Shop):
    release = engine.shown("Keep a wishlist", "Wrap gifts")
    approvals.approve(release, by=engine.cast.max)
    engine.settle()
    release.refresh_from_db()
    live = engine.production.deployments.latest("id")
    assert live.status == S.SUCCEEDED, log_of(live)
    assert release.status == Release.Status.LIVE
    assert engine.runs(engine.production) == "24.11"
    assert candidates.live(engine.cast.product) == release.candidate
    assert {change.status for change in release.changes.all()} == {Change.Status.LIVE}
    assert {idea.stop for idea in ideas_of(release)} == {Stop.PRODUCTION}
    watch = Watch.objects.get()
    assert (watch.deployment, watch.release, watch.status) == (live, release, Watch.Status.OPEN)

    before = release.candidate.base
    back = engine.roll_back(engine.production)
    release.refresh_from_db()
    assert back.status == S.SUCCEEDED, log_of(back)
    assert (back.candidate, release.status) == (before, Release.Status.ROLLED_BACK)
    assert engine.runs(engine.production) == before.label
    assert candidates.live(engine.cast.product) == before
    assert {change.status for change in release.changes.all()} == {Change.Status.DEVELOPMENT}
    assert {idea.stop for idea in ideas_of(release)} == {Stop.DEVELOPMENT}
    watch.refresh_from_db()
    assert watch.status == Watch.Status.BAD
    git = repositories.git(engine.repository)
    head = git.refs("refs/heads/")["env/production"]
    assert git.tree_of(head) == before.tree
    assert git.refs("refs/tags/")["24.11"] == release.candidate.sha


def test_a_worker_that_died_before_it_tagged_the_release_leaves_that_to_the_next_one(engine: Shop):
    release = engine.shown("Keep a wishlist")
    approvals.approve(release, by=engine.cast.max)
    engine.settle()
    live, git = engine.production.deployments.latest("id"), repositories.git(engine.repository)
    Deployment.objects.filter(pk=live.pk).update(snapshot="")
    git.delete_ref("refs/tags/24.11")
    snapshots.record(Deployment.objects.get(pk=live.pk))
    assert git.refs("refs/tags/")["24.11"] == release.candidate.sha
    assert git.refs("refs/heads/")["env/production"] == live.snapshot


def ideas_of(release: Release) -> list:
    return [change.ideas.get() for change in release.changes.all()]


def test_a_gate_that_closes_after_the_click_refuses_it_in_the_claim(engine: Shop):
    release = engine.shown("Keep a wishlist")
    approvals.approve(release, by=engine.cast.max)
    waiting = engine.production.deployments.latest("id")
    set_variable(engine.production, name="TAX", value="20", is_secret=False, by=engine.cast.ops)
    rollout.execute(waiting.pk)
    waiting.refresh_from_db()
    release.refresh_from_db()
    assert waiting.status == S.FAILED
    assert "Approved by management" in waiting.error
    assert release.status == Release.Status.FROZEN
    assert engine.runs(engine.production) != "24.11"


def test_after_it_is_live_dev_stands_on_it(engine: Shop):
    release = engine.shown("Keep a wishlist")
    approvals.approve(release, by=engine.cast.max)
    engine.settle()
    newest = Candidate.objects.filter(purpose="dev").latest("id")
    assert newest.base == release.candidate


def test_effects_that_fail_are_tried_again_and_the_deployment_stands(engine: Shop, monkeypatch):
    def broken(*_args: object, **_more: object) -> None:
        raise ValueError("a mistake in the facts")

    release = engine.frozen("Keep a wishlist")
    staging = engine.environment("staging")
    with monkeypatch.context() as patch:
        patch.setattr("releases.facts.mark_on_staging", broken)
        Candidate.objects.filter(pk=release.candidate_id).update(staged_at=None)
        made = engine.carry_out(services.request(staging, release.candidate, by=engine.cast.ops, release=release))
    assert made.status == S.SUCCEEDED
    engine.settle()
    release.candidate.refresh_from_db()
    assert release.candidate.staged_at is not None
