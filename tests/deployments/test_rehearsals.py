"""A rollback rehearsed on staging before production needs it, by the real engine."""

import pytest
from django.utils import timezone

from deployments import gates, proofs, rehearsals, rollout, services, stopping, unfreezing
from deployments.models import Deployment, Rehearsal
from environments import holds, locks, stops
from environments.models import Environment
from lifecycle.models import Event
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Change, Release, Verdict
from tests.deployments.engine import Shop

R, D = Rehearsal.Status, Deployment.Status


@pytest.fixture
def frozen(engine: Shop, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Tested together and on staging; nobody has ticked yet."""
    with monkeypatch.context() as patch:
        patch.setattr(rehearsals, "tick", lambda: None)
        return engine.frozen("Keep a wishlist")


def rehearsal() -> Rehearsal:
    return Rehearsal.objects.select_related("back", "forward", "candidate", "target").latest("id")


def gate(release: Release) -> gates.Gate:
    release = Release.objects.select_related("candidate", "product").get(pk=release.pk)
    return next(gate for gate in gates.gates(release) if gate.key == "rollback_rehearsed")


def staging(engine: Shop) -> Environment:
    return engine.environment("staging")


def carry_out(deployment: Deployment | None) -> None:
    assert deployment is not None
    rollout.execute(deployment.pk)


def test_it_starts_by_itself_goes_back_and_forward_and_opens_the_gate(engine: Shop, frozen: Release):
    assert not gate(frozen).is_open
    heard = Event.objects.filter(verb="candidate.on_staging").count()
    engine.settle()
    found = rehearsal()
    assert (found.status, found.candidate, found.target) == (R.SUCCEEDED, frozen.candidate, frozen.candidate.base)
    assert found.back.kind == found.forward.kind == Deployment.Kind.REHEARSAL
    assert 0 < found.back_seconds < 30 and 0 < found.forward_seconds < 30
    assert gate(frozen).is_open and "Back in" in gate(frozen).evidence
    assert engine.runs(staging(engine)) == frozen.version
    assert Event.objects.filter(verb="candidate.on_staging").count() == heard, "a rehearsal is no news"
    steps = list(found.back.steps.values_list("key", flat=True))
    assert "migrate" not in steps, "the first half does what a rollback does"
    engine.settle()
    assert Rehearsal.objects.count() == 1, "once is enough"


def test_between_its_halves_staging_runs_what_production_runs_and_testers_read_it(engine: Shop, frozen: Release):
    rehearsals.tick()
    assert rehearsal().status == R.QUEUED or rehearsal().status == R.BACK
    rehearsals.tick()
    carry_out(rehearsal().back)
    assert engine.runs(staging(engine)) == frozen.candidate.base.label
    assert "is being rehearsed" in proofs.note(frozen.product)
    rehearsals.tick()
    carry_out(rehearsal().forward)
    rehearsals.tick()
    assert rehearsal().status == R.SUCCEEDED and proofs.note(frozen.product) == ""


def test_it_waits_for_a_tester_who_holds_staging(engine: Shop, frozen: Release):
    holds.hold(staging(engine), by=engine.cast.tess, minutes=30)
    engine.settle()
    assert rehearsal().status == R.QUEUED
    assert "Tess holds it" in gate(frozen).evidence
    holds.let_go(staging(engine), by=engine.cast.tess)
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED


def test_a_lock_before_the_way_back_begins_is_the_result_and_it_can_be_tried_again(engine: Shop, frozen: Release):
    rehearsals.tick()
    rehearsals.tick()
    lock = locks.lock(staging(engine), kind="hard", reason="Load test", hours=1, by=engine.cast.ops)
    carry_out(rehearsal().back)
    engine.settle()
    assert rehearsal().status == R.FAILED and "Load test" in rehearsal().reason
    assert engine.runs(staging(engine)) == frozen.version
    locks.unlock(lock, by=engine.cast.ops)
    rehearsals.again(frozen, by=engine.cast.ops)
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED and engine.runs(staging(engine)) == frozen.version


def test_a_lock_half_way_makes_it_wait_and_testers_read_why(engine: Shop, frozen: Release):
    engine.settle()
    rehearsals.again(frozen, by=engine.cast.ops)
    rehearsals.tick()
    carry_out(rehearsal().back)
    assert "back in about" in proofs.note(frozen.product), "the last one tells how long it takes"
    lock = locks.lock(staging(engine), kind="hard", reason="Load test", hours=1, by=engine.cast.ops)
    engine.settle()
    assert rehearsal().status == R.BACK and engine.runs(staging(engine)) == frozen.candidate.base.label
    for text in (proofs.note(frozen.product), gate(frozen).evidence):
        assert "Load test" in text and "about" not in text
    locks.unlock(lock, by=engine.cast.ops)
    assert "back in about" in proofs.note(frozen.product)
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED and engine.runs(staging(engine)) == frozen.version


def test_before_the_combined_check_has_passed_it_does_not_begin(engine: Shop, frozen: Release):
    frozen.candidate.checks.all().delete()
    engine.settle()
    assert not Rehearsal.objects.exists()


@pytest.mark.parametrize("kind", ["contract", "irreversible"])
def test_where_no_way_leads_back_the_reason_is_the_result(engine: Shop, frozen: Release, kind: str):
    Change.objects.update(migrations=kind)
    engine.settle()
    found = rehearsal()
    assert (found.status, found.back) == (R.IMPOSSIBLE, None)
    assert "does not run on the new schema" in found.reason and not gate(frozen).is_open


def test_a_way_forward_that_fails_leaves_a_known_release_and_says_so(engine: Shop, frozen: Release):
    rehearsals.tick()
    rehearsals.tick()
    carry_out(rehearsal().back)
    (engine.data(staging(engine)) / "fail-migrate").touch()
    engine.settle()
    found = rehearsal()
    assert found.status == R.FAILED and "way forward" in found.reason
    assert f"runs {frozen.candidate.base} now" in found.reason
    assert engine.runs(staging(engine)) == frozen.candidate.base.label
    assert not gate(frozen).is_open and "way forward" in gate(frozen).evidence

    (engine.data(staging(engine)) / "fail-migrate").unlink()
    rehearsals.again(frozen, by=engine.cast.ops)
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED and gate(frozen).is_open
    assert engine.runs(staging(engine)) == frozen.version


def test_a_way_back_that_fails_keeps_staging_on_the_candidate(engine: Shop, frozen: Release):
    base = frozen.candidate.base
    silent = base.manifest.replace('field = "release"', 'field = "nobody"')
    Candidate.objects.filter(pk=base.pk).update(manifest=silent)
    engine.settle()
    assert rehearsal().status == R.FAILED and "way back" in rehearsal().reason
    assert rehearsal().back.status == D.FAILED and rehearsal().forward is None
    assert engine.runs(staging(engine)) == frozen.version and not gate(frozen).is_open


def test_one_that_is_stopped_half_way_has_failed_and_can_be_tried_again(engine: Shop, frozen: Release):
    rehearsals.tick()
    rehearsals.tick()
    services.roll_back(staging(engine), by=engine.cast.ops, reason="I need it.")
    engine.settle()
    assert rehearsal().status == R.SUPERSEDED and not gate(frozen).is_open
    rehearsals.again(frozen, by=engine.cast.ops)
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED and engine.runs(staging(engine)) == frozen.version


def test_something_newer_for_staging_overtakes_it(engine: Shop, frozen: Release):
    rehearsals.tick()
    rehearsals.tick()
    waiting = rehearsal()
    services.request(staging(engine), frozen.candidate, by=engine.cast.ops, release=frozen)
    waiting.back.refresh_from_db()
    assert waiting.back.status == D.SUPERSEDED
    rehearsals.advance(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.status == R.SUPERSEDED
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED, "the next tick begins anew"


def test_unfrozen_before_it_began_it_is_overtaken(engine: Shop, frozen: Release):
    holds.hold(staging(engine), by=engine.cast.tess, minutes=30)
    rehearsals.tick()
    unfreezing.unfreeze(frozen, by=engine.cast.petra, reason="One more change")
    holds.let_go(staging(engine), by=engine.cast.tess)
    engine.settle()
    assert rehearsal().status == R.SUPERSEDED


def test_unfrozen_half_way_staging_comes_forward_again_all_the_same(engine: Shop, frozen: Release):
    rehearsals.tick()
    rehearsals.tick()
    carry_out(rehearsal().back)
    unfreezing.unfreeze(frozen, by=engine.cast.petra, reason="One more change")
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED and engine.runs(staging(engine)) == "24.11"


def test_a_hotfix_that_borrows_staging_overtakes_one_that_waits(engine: Shop, frozen: Release):
    holds.hold(staging(engine), by=engine.cast.tess, minutes=30)
    rehearsals.tick()
    Release.objects.filter(pk=frozen.pk).update(parked_at=timezone.now())
    rehearsals.tick()
    assert rehearsal().status == R.SUPERSEDED
    rehearsals.tick()
    assert Rehearsal.objects.count() == 1, "a parked release is not rehearsed"


def test_two_ticks_at_once_ask_once(engine: Shop, frozen: Release):
    for _again in range(3):
        rehearsals.tick()
    assert Rehearsal.objects.count() == 1
    assert Deployment.objects.filter(kind=Deployment.Kind.REHEARSAL).count() == 1
    with pytest.raises(NotAllowed, match="already"):
        rehearsals.request(frozen, by=engine.cast.ops)


def test_nobody_rehearses_a_plan(engine: Shop, frozen: Release):
    unfreezing.unfreeze(frozen, by=engine.cast.petra, reason="One more change")
    frozen.refresh_from_db()
    with pytest.raises(NotAllowed, match="not frozen"):
        rehearsals.again(frozen, by=engine.cast.ops)


def test_verdicts_outlive_it(engine: Shop, frozen: Release):
    before = list(Verdict.objects.values_list("pk", "outcome"))
    engine.settle()
    assert list(Verdict.objects.values_list("pk", "outcome")) == before


@pytest.mark.parametrize("halves", [0, 1])
def test_when_its_environment_is_destroyed_it_ends_and_another_one_may_begin(
    engine: Shop, frozen: Release, halves: int
):
    holds.hold(staging(engine), by=engine.cast.tess, minutes=30)
    rehearsals.tick()
    holds.let_go(staging(engine), by=engine.cast.tess)
    for _half in range(halves):
        rehearsals.tick()
        carry_out(rehearsal().back)
    Environment.objects.filter(slug="staging").update(status=Environment.Status.DESTROYING)
    rehearsals.advance(rehearsal().pk)
    assert rehearsal().status == R.SUPERSEDED and "not in use any more" in rehearsal().reason
    assert rehearsals.request(frozen, by=engine.cast.ops).pk


def test_the_emergency_stop_half_way_makes_it_wait_and_it_goes_on_afterwards(engine: Shop, frozen: Release):
    rehearsals.tick()
    rehearsals.tick()
    carry_out(rehearsal().back)
    stop = stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail.")
    engine.settle()
    assert rehearsal().status == R.BACK and engine.runs(staging(engine)) == frozen.candidate.base.label
    assert "Payments fail." in proofs.note(frozen.product)
    stops.lift(stop, by=engine.cast.max)
    engine.settle()
    assert rehearsal().status == R.SUCCEEDED and engine.runs(staging(engine)) == frozen.version
