"""Asking for deployments: who may go where, the line, supersede, abort, retry. No worker takes part."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import running, services, stopping
from deployments.models import Deployment
from environments import holds, locks
from environments.models import Environment
from lifecycle.models import Event
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, CandidateChange, Change, Revision
from tests.deployments.engine import Shop, log_of

S, Kind = Deployment.Status, Deployment.Kind


def done(engine: Shop, environment: Environment, candidate: Candidate, **more: object) -> Deployment:
    """As if a worker had carried it out."""
    made = services.request(environment, candidate, by=engine.cast.ops, **more)
    now = timezone.now()
    Deployment.objects.filter(pk=made.pk).update(status=S.SUCCEEDED, verified_at=now, finished_at=now)
    made.refresh_from_db()
    return made


def test_the_first_line_of_the_log_is_there_at_once(engine: Shop):
    made = services.request(engine.dev, engine.candidate("one"), by=engine.cast.petra, reason="For the demo.")
    assert made.status == S.QUEUED
    assert log_of(made).startswith("Petra asked for a deployment to Dev: one")
    assert log_of(made).endswith("For the demo.")
    assert list(Event.objects.filter(subject_kind="deployment").values_list("verb", flat=True)) == [
        "deployment.requested",
        "deployment.queued",
    ]


def test_the_same_wish_twice_is_one(engine: Shop):
    candidate = engine.candidate("one")
    first = services.request(engine.dev, candidate, by=engine.cast.ops)
    assert services.request(engine.dev, candidate, by=engine.cast.lena) == first


def test_a_newer_wish_supersedes_the_waiting_one(engine: Shop):
    first = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    second = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    first.refresh_from_db()
    assert first.status == S.SUPERSEDED
    assert running.queue_position(second) == 1


def test_other_environments_keep_their_lines(engine: Shop):
    candidate = engine.candidate("one")
    here = services.request(engine.dev, candidate, by=engine.cast.ops)
    services.request(engine.environment("staging"), candidate, by=engine.cast.ops)
    here.refresh_from_db()
    assert here.status == S.QUEUED


def test_an_older_candidate_is_refused_over_a_newer_one(engine: Shop):
    old, new = engine.candidate("one"), engine.candidate("two")
    done(engine, engine.dev, new)
    with pytest.raises(NotAllowed, match="something newer"):
        services.request(engine.dev, old, by=engine.cast.ops)


def test_a_candidate_that_is_not_composed_is_refused(engine: Shop):
    candidate = engine.candidate("one")
    Candidate.objects.filter(pk=candidate.pk).update(status="composing")
    candidate.refresh_from_db()
    with pytest.raises(NotAllowed, match="not composed"):
        services.request(engine.dev, candidate, by=engine.cast.ops)


def test_production_refuses_what_is_no_release(engine: Shop):
    candidate = engine.candidate("one")
    Candidate.objects.filter(pk=candidate.pk).update(purpose="staging")
    candidate.refresh_from_db()
    with pytest.raises(NotAllowed, match="Only the candidate of a release"):
        services.request(engine.production, candidate, by=engine.cast.ops)


def test_a_hard_lock_refuses_deployments_and_lets_rollbacks_pass(engine: Shop):
    done(engine, engine.dev, engine.candidate("one"))
    done(engine, engine.dev, engine.candidate("two"))
    locks.lock(engine.dev, kind="hard", reason="Load test", hours=1, by=engine.cast.ops)
    with pytest.raises(NotAllowed, match="locked by Ops: Load test"):
        services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    assert services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty.").candidate.label == "one"


def test_a_rollback_needs_a_reason_and_something_to_go_back_to(engine: Shop):
    done(engine, engine.dev, engine.candidate("one"))
    with pytest.raises(ValidationError):
        services.roll_back(engine.dev, by=engine.cast.ops, reason="  ")
    with pytest.raises(NotAllowed, match="Nothing was verified"):
        services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty.")


def test_a_rollback_comes_first_and_asks_the_active_one_to_stop(engine: Shop):
    done(engine, engine.dev, engine.candidate("one"))
    active = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    Deployment.objects.filter(pk=active.pk).update(status=S.RUNNING)
    waiting = services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    back = services.roll_back(engine.dev, by=engine.cast.max, reason="It hangs.")
    active.refresh_from_db()
    waiting.refresh_from_db()
    assert active.abort_requested_at is not None
    assert waiting.status == S.SUPERSEDED
    assert running.queue_position(back) == 1
    assert back.candidate.label == "one"
    later = services.request(engine.dev, engine.candidate("four"), by=engine.cast.ops)
    assert [row.pk for row in running.line(engine.dev)] == [back.pk, later.pk]


def test_one_rollback_at_a_time(engine: Shop):
    done(engine, engine.dev, engine.candidate("one"))
    done(engine, engine.dev, engine.candidate("two"))
    first = services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty.")
    assert services.roll_back(engine.dev, by=engine.cast.max, reason="Faulty!") == first
    Deployment.objects.filter(pk=first.pk).update(status=S.RUNNING)
    with pytest.raises(NotAllowed, match="already on its way. If it hangs, stop it first, then roll back again"):
        services.roll_back(engine.dev, by=engine.cast.max, reason="Faulty!")


def test_a_contract_migration_in_between_switches_the_rollback_off(engine: Shop):
    done(engine, engine.production, engine.candidate("one"))
    candidate = engine.candidate("two")
    hard_change(candidate)
    done(engine, engine.production, candidate)
    with pytest.raises(NotAllowed, match="C-1 changed the database"):
        services.roll_back(engine.production, by=engine.cast.ops, reason="Faulty.")


def hard_change(candidate: Candidate, flag: str = "contract") -> Change:
    now = timezone.now()
    change = Change.objects.create(
        product=candidate.product,
        number=1,
        title="Drop it",
        migrations=flag,
        created_at=now,
        waiting_since=now,
    )
    revision = Revision.objects.create(change=change, number=1, fork="a" * 40, tip="b" * 40, seen_at=now)
    CandidateChange.objects.create(candidate=candidate, change=change, revision=revision)
    return change


def test_a_waiting_one_is_cancelled_and_an_ended_one_cannot_be(engine: Shop):
    waiting = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    stopping.abort(waiting, by=engine.cast.lena, reason="Not today.")
    waiting.refresh_from_db()
    assert waiting.status == S.CANCELLED
    assert "Lena cancelled it. Not today." in log_of(waiting)
    with pytest.raises(NotAllowed, match="has ended"):
        stopping.abort(waiting, by=engine.cast.lena)


def test_only_what_did_not_succeed_is_tried_again(engine: Shop):
    made = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    with pytest.raises(NotAllowed, match="not ended"):
        services.retry(made, by=engine.cast.ops)
    Deployment.objects.filter(pk=made.pk).update(status=S.FAILED)
    made.refresh_from_db()
    again = services.retry(made, by=engine.cast.lena)
    assert (again.candidate, again.requested_by, again.status) == (made.candidate, engine.cast.lena, S.QUEUED)


def test_promote_refuses_when_nothing_is_ready_and_while_somebody_tests(engine: Shop):
    engine.adopt()
    with pytest.raises(NotAllowed, match="No change is ready"):
        services.promote(engine.cast.product, by=engine.cast.lena)
    staging = engine.environment("staging")
    holds.hold(staging, by=engine.cast.tess, minutes=30)
    with pytest.raises(NotAllowed, match="Tess is testing on Staging"):
        services.promote(engine.cast.product, by=engine.cast.lena)


def test_the_board_says_what_runs_is_done_and_waits_in_three_statements(engine: Shop, django_assert_num_queries):
    done(engine, engine.dev, engine.candidate("one"))
    active = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    Deployment.objects.filter(pk=active.pk).update(status=S.RUNNING)
    waiting = services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    with django_assert_num_queries(3):
        dev, staging, _production = running.board(engine.cast.product)
    assert (dev.current.candidate.label, dev.active, dev.waiting) == ("one", active, [waiting])
    assert (staging.current, staging.active, staging.waiting) == (None, None, [])


def test_the_database_allows_one_active_deployment_per_environment(engine: Shop):
    from django.db import IntegrityError

    first = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    Deployment.objects.filter(pk=first.pk).update(status=S.RUNNING)
    second = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    with pytest.raises(IntegrityError):
        Deployment.objects.filter(pk=second.pk).update(status=S.CLAIMED)


def test_a_rollback_is_not_tried_again_over_something_newer(engine: Shop):
    one, two = engine.candidate("one"), engine.candidate("two")
    done(engine, engine.production, one)
    done(engine, engine.production, two)
    rollback = services.roll_back(engine.production, by=engine.cast.ops, reason="Checkout fails.")
    Deployment.objects.filter(pk=rollback.pk).update(status=S.FAILED)
    rollback.refresh_from_db()
    assert services.retry(rollback, by=engine.cast.ops).kind == Kind.ROLLBACK
    done(engine, engine.production, engine.candidate("three"))
    with pytest.raises(NotAllowed, match="Something newer was deployed since"):
        services.retry(rollback, by=engine.cast.ops)


def test_half_of_a_rehearsal_is_not_tried_again_alone(engine: Shop):
    staging = engine.environment("staging")
    half = services.request(staging, engine.candidate("one"), by=engine.cast.ops, kind=Kind.REHEARSAL)
    Deployment.objects.filter(pk=half.pk).update(status=S.FAILED)
    half.refresh_from_db()
    with pytest.raises(NotAllowed, match="rehearse the release again"):
        services.retry(half, by=engine.cast.ops)


def test_nothing_new_comes_while_somebody_else_tests_on_staging(engine: Shop):
    staging, one = engine.environment("staging"), engine.candidate("one")
    holds.hold(staging, by=engine.cast.tess, minutes=30)
    with pytest.raises(NotAllowed, match="Tess is testing on Staging"):
        services.request(staging, one, by=engine.cast.ops)
    assert services.request(staging, one, by=engine.cast.tess).status == S.QUEUED
    assert services.request(engine.dev, one, by=engine.cast.ops).status == S.QUEUED
