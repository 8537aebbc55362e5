"""Where a rollback leads, and that it leads where the person who asked for it was told."""

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from deployments import running, services, stopping
from deployments.drivers import Release, Stopped
from deployments.drivers.process import ProcessDriver
from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle.models import User
from releases.models import Candidate
from tests.cast import Cast
from tests.deployments.engine import Shop, in_background, log_of, status_of
from tests.deployments.test_services import done
from tests.deployments.watched import candidate, deployment, environment

S = Deployment.Status
SignIn = Callable[[User | None], Client]
PAGE = "/environments/production/roll-back/"
API = f"/api/v1/products/shop{PAGE}"


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


@pytest.fixture
def third(cast: Cast) -> Deployment:
    """Three releases were verified on production, one after the other; the last of them runs."""
    place = environment(cast.product, "production")
    rows = [candidate(cast.product, label) for label in ("24.09", "24.10", "24.11")]
    return [deployment(place, row) for row in rows][-1]


def went_back_by_itself(third: Deployment) -> None:
    """As if its health had said no while somebody read the question: 24.10 is what runs."""
    Deployment.objects.filter(pk=third.pk).update(status=S.FAILED, error="It was not healthy.")


def rollbacks() -> list[str]:
    return list(Deployment.objects.filter(kind="rollback").values_list("candidate__label", flat=True))


def test_a_rollback_leads_where_the_question_said_or_nowhere(third: Deployment, cast: Cast, sign_in: SignIn):
    client, shown = sign_in(cast.ops), running.release_id(running.rollback_target(third.environment))
    for page in (PAGE, "/environments/", f"/deployments/{third.pk}/"):
        assert f'<input type="hidden" name="to" value="{shown}">' in client.get(page).content.decode(), page
    went_back_by_itself(third)
    refused = client.post(PAGE, {"reason": "Checkout fails.", "to": shown})
    assert refused.status_code == 409 and "leads to 24.09 now" in refused.content.decode()
    assert rollbacks() == []
    client.post(PAGE, {"reason": "Both fail.", "to": running.release_id(running.rollback_target(third.environment))})
    assert rollbacks() == ["24.09"]


def test_over_the_api_a_rollback_may_name_where_it_must_lead(third: Deployment, cast: Cast, sign_in: SignIn):
    client = sign_in(cast.ops)
    shown = client.get(f"{API}preview/").json()["target"]
    went_back_by_itself(third)
    wish = {"reason": "Checkout fails.", "to": shown}
    assert client.post(API, wish, content_type="application/json").status_code == 409
    assert rollbacks() == []
    assert client.post(API, {"reason": "Both fail."}, content_type="application/json").status_code == 201
    assert rollbacks() == ["24.09"]


def chosen(third: Deployment, label: str) -> dict[str, str]:
    """What the page sends when 24.11 runs and `label` was chosen."""
    target = Candidate.objects.get(label=label)
    runs = running.release_id(third.candidate)
    return {"reason": "Both fail.", "to": running.release_id(target), "runs": runs}


def test_one_may_go_back_further_at_once(third: Deployment, cast: Cast, sign_in: SignIn):
    client = sign_in(cast.ops)
    assert "Go back further than that" in client.get("/environments/").content.decode()
    page = client.get(PAGE).content.decode()
    wish = chosen(third, "24.09")
    assert "Roll Production back to 24.10?" in page and f"?to={quote(wish['to'])}" in page
    further = client.get(PAGE, {"to": wish["to"]}).content.decode()
    assert "Roll Production back to 24.09?" in further and "?to=24.10" in further
    assert "Roll Production back to 24.10?" in client.get(PAGE, {"to": "24.11+nonsense"}).content.decode()
    without_runs = {name: wish[name] for name in ("reason", "to")}
    for refused in (without_runs, wish | {"to": "24.08+00000000"}, wish | {"to": wish["runs"]}):
        assert client.post(PAGE, refused).status_code == 409
    assert client.post(PAGE, wish).status_code == 302
    assert rollbacks() == ["24.09"]


def test_further_back_means_from_what_was_shown(third: Deployment, cast: Cast, sign_in: SignIn):
    client, wish = sign_in(cast.ops), chosen(third, "24.09")
    deployment(third.environment, candidate(cast.product, "24.12"))
    refused = client.post(PAGE, wish)
    assert refused.status_code == 409 and "Production runs 24.12 now" in refused.content.decode()
    assert rollbacks() == []


def test_over_the_api_one_may_go_back_further_at_once(third: Deployment, cast: Cast, sign_in: SignIn):
    client = sign_in(cast.ops)
    shown = client.get(f"{API}preview/").json()
    [further] = shown["further"]
    assert client.get(f"{API}preview/", {"to": further}).json()["target"] == further
    wish = {"reason": "Both fail.", "to": further, "runs": shown["runs"]}
    assert client.post(API, wish | {"runs": "24.12+00000000"}, content_type="application/json").status_code == 409
    assert client.post(API, wish, content_type="application/json").status_code == 201
    assert rollbacks() == ["24.09"]


def test_what_a_rollback_passed_by_is_not_gone_back_to_later(engine: Shop):
    shipped(engine, "one", "two", "three")
    first = Candidate.objects.get(label="one")
    shown = {"to": running.release_id(first), "runs": running.release_id(Candidate.objects.get(label="three"))}
    back = services.roll_back(engine.dev, by=engine.cast.ops, reason="Both fail.", **shown)
    assert back.candidate == first
    done(engine, engine.dev, first, kind=Deployment.Kind.ROLLBACK)
    shipped(engine, "four")
    assert leads_to(engine) == "one"


def test_nothing_is_offered_beyond_what_older_code_does_not_run_on(third: Deployment, cast: Cast, sign_in: SignIn):
    Step.objects.create(
        deployment=Deployment.objects.get(candidate__label="24.10"),
        key="migrate",
        position=2,
        status=Step.Status.DONE,
        irreversible=True,
        started_at=timezone.now(),
    )
    client = sign_in(cast.ops)
    assert client.get(f"{API}preview/").json()["further"] == []
    assert "Go back further than that" not in client.get("/environments/").content.decode()
    assert client.post(PAGE, chosen(third, "24.09")).status_code == 409


def test_a_rollback_that_hangs_is_stopped_and_asked_for_again(engine: Shop, monkeypatch: pytest.MonkeyPatch):
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.deploy(engine.dev, engine.candidate("two"))
    first, hangs = services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty."), threading.Event()
    real = ProcessDriver.switch

    def switch(driver: ProcessDriver, release: Release, **hold: Any) -> None:
        real(driver, release, **hold)
        deadline = time.monotonic() + (0 if hangs.is_set() else 10)
        hangs.set()
        while time.monotonic() < deadline:
            time.sleep(0.05)
            if hold["stop"]():
                raise Stopped("stopped")

    monkeypatch.setattr(ProcessDriver, "switch", switch)
    thread = in_background(first)
    assert hangs.wait(10)
    stopping.abort(first, by=engine.cast.ops)
    second = services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty, still.")
    thread.join(15)
    engine.carry_out(second)
    assert (status_of(first), second.status) == (S.ABORTED, S.SUCCEEDED), log_of(second)
    assert engine.runs(engine.dev) == "one"


def going_back(third: Deployment, **fields: Any) -> Deployment:
    target = running.rollback_target(third.environment)
    return deployment(third.environment, target, kind="rollback", previous=third.candidate, **fields)


def test_while_a_rollback_is_on_its_way_the_pages_name_the_way_out(third: Deployment, cast: Cast, sign_in: SignIn):
    client, back = sign_in(cast.ops), going_back(third, status=S.RUNNING)
    asked = client.get(PAGE).content.decode()
    assert "If it hangs, stop it first, then roll back again" in asked and "Fix it forward" not in asked
    assert client.post(PAGE, {"reason": "It hangs."}).status_code == 409
    assert "Roll back to" not in client.get(f"/deployments/{back.pk}/").content.decode()
    stopping.abort(back, by=cast.ops)
    assert "Roll back to 24.10" in client.get(f"/deployments/{back.pk}/").content.decode()
    assert client.post(PAGE, {"reason": "It hangs."}).status_code == 302
    assert rollbacks() == ["24.10", "24.10"]


def test_a_rollback_that_goes_back_itself_may_be_overtaken(third: Deployment, cast: Cast):
    going_back(third, status=S.RETURNING)
    assert services.roll_back(third.environment, by=cast.ops, reason="Again.").candidate.label == "24.10"


def test_a_rollback_that_left_nobody_sure_never_leads_to_what_it_fled_from(engine: Shop):
    shipped(engine, "one", "two")
    broken = services.roll_back(engine.dev, by=engine.cast.ops, reason="Faulty.")
    Deployment.objects.filter(pk=broken.pk).update(status=S.ERRORED, started_at=timezone.now())
    Environment.objects.filter(pk=engine.dev.pk).update(state=Environment.State.UNSURE)
    engine.dev.refresh_from_db()
    assert leads_to(engine) == "one"
    assert taken_back(engine).candidate.label == "one"


def test_a_deployment_that_left_nobody_sure_still_leads_to_what_was_verified_last(engine: Shop):
    shipped(engine, "one", "two")
    broken = services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    Deployment.objects.filter(pk=broken.pk).update(status=S.ERRORED, started_at=timezone.now())
    Environment.objects.filter(pk=engine.dev.pk).update(state=Environment.State.UNSURE)
    engine.dev.refresh_from_db()
    assert leads_to(engine) == "two"
