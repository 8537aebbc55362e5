"""Where a rollback leads, and that it leads where the person who asked for it was told. No worker takes part."""


from deployments import running, services
from deployments.models import Deployment
from environments.models import Environment
from tests.deployments.engine import Shop
from tests.deployments.test_services import done

S = Deployment.Status


def shipped(engine: Shop, *labels: str) -> None:
    for label in labels:
        done(engine, engine.dev, engine.candidate(label))


def taken_back(engine: Shop) -> Deployment:
    """As if a worker had carried a rollback out, from what was recorded as running when it began."""
    back = services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty.")
    return done(engine, engine.dev, back.candidate, kind=Deployment.Kind.ROLLBACK)


def leads_to(engine: Shop) -> str:
    target = running.rollback_target(engine.dev)
    return target.label if target else ""


def test_a_rollback_that_overtook_takes_nothing_back_that_was_verified(engine: Shop):
    shipped(engine, "one", "two")
    hanging = services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    Deployment.objects.filter(pk=hanging.pk).update(status=S.RUNNING)
    back = services.roll_back(engine.dev, by=engine.cast.ops, reason="It hangs.")
    Deployment.objects.filter(pk=hanging.pk).update(status=S.ABORTED)
    assert done(engine, engine.dev, back.candidate, kind=Deployment.Kind.ROLLBACK).candidate.label == "two"
    shipped(engine, "four")
    assert leads_to(engine) == "two"


def test_a_rollback_to_be_sure_takes_nothing_back_that_was_verified(engine: Shop):
    shipped(engine, "one", "two")
    Environment.objects.filter(pk=engine.dev.pk).update(state=Environment.State.UNSURE)
    assert taken_back(engine).candidate.label == "two"
    Environment.objects.filter(pk=engine.dev.pk).update(state=Environment.State.OK)
    shipped(engine, "three")
    assert leads_to(engine) == "two"


def test_what_was_taken_back_and_verified_again_may_be_gone_back_to(engine: Shop):
    shipped(engine, "one", "two")
    taken = running.current(engine.dev).candidate
    assert taken_back(engine).candidate.label == "one"
    done(engine, engine.dev, taken)
    shipped(engine, "three")
    assert leads_to(engine) == "two"
    assert taken_back(engine).candidate.label == "two"
    assert leads_to(engine) == "one"
    taken_back(engine)
    shipped(engine, "four")
    assert leads_to(engine) == "one"
