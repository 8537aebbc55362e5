"""Pushes, compositions and where they go, with real git and real deployments."""

import pytest

from deployments import intake, running, services
from deployments.models import Deployment
from deployments.pages import standing
from environments import holds, locks, repositories, stops
from environments.git import Git, GitError
from environments.models import Environment
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases import changes, plan, stacking
from releases import intake as pushes
from releases.models import Candidate, Change
from tests.deployments.engine import Shop

S = Deployment.Status


def test_a_push_is_noticed_tested_composed_and_deployed_to_dev(engine: Shop):
    engine.adopt()
    change = engine.push(engine.plan("Keep a wishlist").changes.get())
    assert change.status == Change.Status.DEVELOPMENT
    assert change.revision.checks.get().status == "passed"
    here = engine.dev.deployments.get(status=S.SUCCEEDED, candidate__purpose="dev")
    assert here.candidate.rows.get().change == change
    assert engine.runs(engine.dev) == "dev"
    assert engine.runs(engine.production) != "dev"


def test_a_poll_without_news_does_nothing(engine: Shop):
    engine.adopt()
    engine.push(engine.plan("Keep a wishlist").changes.get())
    before = (Deployment.objects.count(), Work.objects.count(), Candidate.objects.count())
    assert intake.poll_upstream() == 0
    assert (Deployment.objects.count(), Work.objects.count(), Candidate.objects.count()) == before


def test_a_conflicting_change_is_left_out_of_dev_and_its_developer_told(engine: Shop):
    engine.adopt()
    one, two = engine.plan("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    engine.push(one, line=5)
    engine.push(two, line=5)
    two.refresh_from_db()
    newest = Candidate.objects.filter(purpose="dev").latest("id")
    assert newest.status == Candidate.Status.READY
    assert [row.change for row in newest.rows.all()] == [one]
    assert two.conflict["with"] == one.key


def test_an_upstream_that_is_away_is_said_and_blocks_nothing(engine: Shop):
    engine.adopt()
    engine.upstream.path.rename(engine.upstream.path.with_name("moved"))
    assert intake.poll_upstream() == 0
    engine.repository.refresh_from_db()
    assert engine.repository.fetch_error


def test_a_broken_lifecycle_toml_fails_the_candidate_with_the_line(engine: Shop):
    engine.adopt()
    change = engine.plan("Keep a wishlist").changes.get()
    engine.upstream.git("checkout", "-q", "-B", change.branch, "main")
    engine.upstream.write("lifecycle.toml", "[start]\ncomand = []\n")
    engine.upstream.commit("shop: Break it.")
    intake.poll_upstream()
    engine.settle()
    newest = Candidate.objects.filter(purpose="dev").latest("id")
    assert newest.status == Candidate.Status.FAILED
    assert "line 2" in newest.error
    assert Work.objects.filter(kind="compose").latest("id").status == Work.Status.FAILED


def test_promoting_sends_what_is_ready_to_staging_for_the_tester(engine: Shop):
    release = engine.tested("Keep a wishlist")
    change = release.changes.get()
    assert change.status == Change.Status.APPROVED
    staged = engine.environment("staging").deployments.get(candidate__purpose="staging")
    assert (staged.status, staged.requested_by) == (S.SUCCEEDED, engine.cast.lena)
    assert change.ideas.get().stop == 5


def test_freezing_tests_everything_together_and_puts_it_on_staging(engine: Shop):
    release = engine.frozen("Keep a wishlist", "Wrap gifts")
    assert release.candidate.checks.get().status == "passed"
    assert engine.runs(engine.environment("staging")) == "24.11"
    assert engine.environment("staging").deployments.latest("id").release == release


def test_a_release_unfrozen_meanwhile_does_not_take_staging(engine: Shop):
    release = engine.tested("Keep a wishlist")
    plan.freeze(release, by=engine.cast.petra)
    plan.unfreeze(release, by=engine.cast.petra)
    engine.settle()
    assert engine.runs(engine.environment("staging")) == "staging"


def test_a_composition_whose_worker_breaks_off_never_composes_for_ever(engine: Shop):
    engine.adopt()
    candidate = services.candidates.request(engine.cast.product, Candidate.Purpose.DEV, by=engine.cast.ops)
    work = Work.objects.get(kind="compose", status=Work.Status.QUEUED)
    Work.objects.filter(pk=work.pk).update(error="The worker died 3 times.")
    work.refresh_from_db()
    intake._broke_off(work)
    candidate.refresh_from_db()
    assert (candidate.status, candidate.error) == (Candidate.Status.FAILED, "The worker died 3 times.")
    assert engine.environment("dev").state == Environment.State.OK


def test_a_push_that_git_could_not_take_in_is_taken_by_the_next_poll(engine: Shop, monkeypatch: pytest.MonkeyPatch):
    engine.adopt()
    change = engine.plan("Keep a wishlist").changes.get()
    engine.upstream.change(change.branch, "main", 5)
    with monkeypatch.context() as patch:
        patch.setattr(Git, "merge_base", lambda *_arguments: (_ for _ in ()).throw(GitError("the disk is full")))
        assert intake.poll_upstream() == 0
    assert intake.poll_upstream() == 1
    change.refresh_from_db()
    assert change.revision.number == 1


@pytest.mark.parametrize(
    "place",
    ["environments.repositories.drift.note", "releases.intake.take", "deployments.intake.candidates.request"],
)
def test_a_push_whose_poll_died_half_way_is_taken_by_the_next_one(engine: Shop, monkeypatch, place: str):
    engine.adopt()
    one, two = engine.plan("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    engine.settle()
    for line, change in enumerate((one, two), start=1):
        engine.upstream.change(change.branch, "main", line * 10)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(place, dies)
        intake.poll_upstream()
    intake.poll_upstream()
    assert [change.revisions.count() for change in (one, two)] == [1, 1]
    assert Candidate.objects.filter(purpose="dev", status=Candidate.Status.COMPOSING).exists()
    before = Candidate.objects.count()
    assert intake.poll_upstream() == 0
    assert Candidate.objects.count() == before
    assert not engine.repository.branches.exclude(retry_at=None).exists()


def dies(*_arguments: object, **_named: object) -> None:
    """A worker that is killed at this point."""
    raise KeyboardInterrupt


def test_a_branch_that_breaks_the_intake_keeps_no_other_one_waiting(engine: Shop, monkeypatch: pytest.MonkeyPatch):
    engine.adopt()
    one, two = engine.plan("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    for line, change in enumerate((one, two), start=1):
        engine.upstream.change(change.branch, "main", line * 10)
    on = pushes.change_on
    with monkeypatch.context() as patch:
        patch.setattr(pushes, "change_on", lambda branch: 1 / 0 if branch.name == one.branch else on(branch))
        assert intake.poll_upstream() == 1
    assert two.revisions.count() == 1
    assert "division by zero" in engine.repository.branches.get(name=one.branch).trouble


@pytest.mark.parametrize("place", [(Git, "point"), (stacking, "place")])
def test_a_push_that_git_took_in_by_half_is_taken_in_whole_by_the_next_poll(engine: Shop, monkeypatch, place):
    engine.adopt()
    below, above = engine.plan("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    engine.push(below)
    engine.upstream.git("checkout", "-q", "-B", above.branch, below.branch)
    engine.upstream.commit("Wrap them\n\nMigrations: contract")
    with monkeypatch.context() as patch:
        patch.setattr(*place, lambda *_arguments: (_ for _ in ()).throw(GitError("the disk is full")))
        assert intake.poll_upstream() == 0
    above.refresh_from_db()
    assert above.revision.number == 1 and above.requires is None
    intake.poll_upstream()
    above.refresh_from_db()
    assert (above.migrations, above.requires, above.revision.stands_on) == ("contract", below, below.revision.tip)
    kept = repositories.git(engine.repository).refs(f"refs/lifecycle/changes/{above.pk}/")
    assert kept == {"1": above.revision.tip}
    assert Candidate.objects.filter(purpose="dev", status=Candidate.Status.COMPOSING).exists()
    assert above.revisions.count() == 1


def test_a_frozen_release_that_found_staging_taken_goes_there_when_it_is_free(engine: Shop):
    release = engine.tested("Keep a wishlist")
    staging = engine.environment("staging")
    lock = locks.lock(staging, kind="hard", reason="Load test", hours=1, by=engine.cast.ops)
    candidate = plan.freeze(release, by=engine.cast.petra)
    engine.settle()
    intake.bring_frozen()
    assert not staging.deployments.filter(candidate=candidate).exists()
    locks.unlock(lock, by=engine.cast.ops)
    for _again in range(2):
        intake.bring_frozen()
    assert staging.deployments.get(candidate=candidate).requested_by == engine.cast.petra
    engine.settle()
    assert engine.runs(staging) == release.version


def ready(engine: Shop, title: str = "Keep a wishlist") -> Change:
    """Its branch is pushed, its checks passed and Dev said so."""
    change = engine.push(engine.plan(title).changes.get())
    changes.mark_ready(change, by=engine.cast.dev)
    return change


def test_promote_says_beforehand_that_staging_is_locked_or_everything_is_stopped(engine: Shop):
    ready(engine)
    product, staging = engine.cast.product, engine.environment("staging")
    lock = locks.lock(staging, kind="hard", reason="Load test", hours=1, by=engine.cast.ops)
    with pytest.raises(NotAllowed, match="locked by Ops: Load test"):
        services.promote(product, by=engine.cast.lena)
    locks.unlock(lock, by=engine.cast.ops)
    stop = stops.pull(product, by=engine.cast.ops, reason="Smoke")
    with pytest.raises(NotAllowed, match="Smoke"):
        services.promote(product, by=engine.cast.lena)
    stops.lift(stop, by=engine.cast.ops)
    locks.lock(staging, kind="warning", reason="Ask me first", hours=1, by=engine.cast.ops)
    assert services.promote(product, by=engine.cast.lena).purpose == "staging"


def kept_away(engine: Shop) -> tuple[Candidate, Environment]:
    """Promoted; before it was composed, a tester has taken staging."""
    staging = engine.environment("staging")
    promoted = services.promote(engine.cast.product, by=engine.cast.lena)
    holds.hold(staging, by=engine.cast.tess, minutes=30)
    engine.settle()
    intake.bring_promoted()
    assert not staging.deployments.filter(candidate=promoted).exists()
    return promoted, staging


def test_what_was_promoted_and_found_a_tester_there_goes_when_the_tester_has_gone(engine: Shop):
    change = ready(engine)
    promoted, staging = kept_away(engine)
    assert said_to_wait(staging)
    holds.let_go(staging, by=engine.cast.tess)
    for _again in range(2):
        intake.bring_promoted()
    assert staging.deployments.get(candidate=promoted).requested_by == engine.cast.lena
    engine.settle()
    change.refresh_from_db()
    assert change.status == Change.Status.STAGING
    assert not said_to_wait(staging)
    intake.bring_promoted()
    assert staging.deployments.filter(candidate__purpose="staging").count() == 1


def said_to_wait(staging: Environment) -> bool:
    notes = standing.notes(staging, running.current(staging))
    return any("What was promoted waits" in note.text for note in notes)


def test_another_staging_in_front_is_not_given_what_went_to_the_one_behind_it(engine: Shop):
    engine.tested("Keep a wishlist")
    facts = {"slug": "new", "name": "New", "kind": "staging", "position": 1, "driver": "fake"}
    new = Environment.objects.create(product=engine.cast.product, **facts)
    Environment.objects.filter(slug="staging").update(position=2)
    assert running.place(engine.cast.product, "staging") == new
    intake.bring_promoted()
    assert not new.deployments.exists()


def test_what_a_push_has_overtaken_meanwhile_is_composed_anew(engine: Shop):
    change = ready(engine)
    promoted, staging = kept_away(engine)
    changes.mark_ready(engine.push(change, 7), by=engine.cast.dev)
    holds.let_go(staging, by=engine.cast.tess)
    intake.bring_promoted()
    engine.settle()
    arrived = staging.deployments.get(candidate__purpose="staging").candidate
    assert arrived.pk > promoted.pk
    assert arrived.rows.get().revision == Change.objects.get(pk=change.pk).revision


def test_what_is_not_ready_any_more_does_not_go_to_staging_late(engine: Shop):
    change = ready(engine)
    _promoted, staging = kept_away(engine)
    changes.unmark_ready(change, by=engine.cast.dev)
    holds.let_go(staging, by=engine.cast.tess)
    intake.bring_promoted()
    engine.settle()
    assert not staging.deployments.filter(candidate__purpose="staging").exists()
