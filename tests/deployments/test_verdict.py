"""What the page of a deployment says of its end is what the environment is left with."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle.models import User
from tests.cast import Cast
from tests.deployments.test_services import hard_change
from tests.deployments.watched import candidate, deployment, environment

SignIn = Callable[[User | None], Client]
S = Deployment.Status
OK, UNSURE = Environment.State.OK, Environment.State.UNSURE
STEPS = ("prepare", "migrate", "switch", "health", "return")


def ended(cast: Cast, status: str, state: str, *, first: bool = False, **steps: str) -> Deployment:
    """24.11 after 24.10 on production, and how far each of its steps came."""
    place = environment(cast.product)
    before = None if first else deployment(place, candidate(cast.product, "24.10")).candidate
    made = deployment(place, candidate(cast.product, "24.11"), status=status, previous=before, error="It ended so.")
    for position, key in enumerate(STEPS):
        if came := steps.get(key, "done" if key == "prepare" else ""):
            Step.objects.create(deployment=made, key=key, position=position, status=came, started_at=timezone.now())
    Environment.objects.filter(pk=place.pk).update(state=state)
    return made


def page(made: Deployment, client: Client) -> str:
    return client.get(f"/deployments/{made.pk}/").content.decode()


@pytest.fixture
def ops(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.ops)


SWITCHED = {"migrate": "done", "switch": "done", "health": "failed"}


def test_one_that_was_put_back_says_so(cast: Cast, ops: Client) -> None:
    shown = page(ended(cast, S.FAILED, OK, **SWITCHED, **{"return": "done"}), ops)
    assert "Check its health failed; Production is back on 24.10" in shown
    assert "The one before was put back." in shown and "may be what runs" not in shown


def test_one_that_was_never_switched_says_that_users_stayed(cast: Cast, ops: Client) -> None:
    shown = page(ended(cast, S.FAILED, OK, migrate="failed"), ops)
    assert "Migrate the database failed; Production still runs 24.10" in shown
    assert "put back" not in shown and "may be what runs" not in shown


@pytest.mark.parametrize(("status", "words"), [(S.ERRORED, "It broke off"), (S.ABORTED, "Stopped")])
def test_one_that_could_not_be_put_back_names_the_way_out(cast: Cast, ops: Client, status: str, words: str) -> None:
    made = ended(cast, status, UNSURE, **SWITCHED)
    shown = page(made, ops)
    assert f"{words}; nobody is sure what Production runs: roll back or deploy again" in shown
    assert "was put back" not in shown and shown.count("may be what runs") == 2
    assert "serves everybody" not in shown
    assert "Roll back to 24.10" in shown


def test_a_way_back_that_failed_is_not_called_one(cast: Cast, ops: Client) -> None:
    shown = page(ended(cast, S.ERRORED, UNSURE, **SWITCHED, **{"return": "failed"}), ops)
    assert "The way back failed, too." in shown and "was put back" not in shown


def test_after_a_contract_migration_it_says_that_a_repair_is_needed(cast: Cast, ops: Client) -> None:
    made = ended(cast, S.ERRORED, UNSURE, **SWITCHED)
    hard_change(made.candidate)
    shown = page(made, ops)
    assert "nobody is sure what Production runs: deploy a repair" in shown
    assert "nothing goes back by itself" in shown and "was put back" not in shown
    assert "Roll back to" not in shown


def test_a_first_one_that_failed_does_not_say_that_nothing_runs(cast: Cast, ops: Client) -> None:
    shown = page(ended(cast, S.FAILED, UNSURE, first=True, **SWITCHED, **{"return": "skipped"}), ops)
    assert "nobody is sure what Production runs: deploy again" in shown
    assert "There was nothing to go back to." in shown and "still runs" not in shown
    assert "nothing was verified here before" in shown and "serves everybody" not in shown


def test_one_whose_workers_died_before_the_switch_agrees_with_the_environment(cast: Cast, ops: Client) -> None:
    shown = page(ended(cast, S.ERRORED, UNSURE, migrate="running"), ops)
    assert "nobody is sure what Production runs" in shown and "does not serve anybody" in shown


def test_what_was_put_right_since_asks_for_nothing(cast: Cast, ops: Client) -> None:
    made = ended(cast, S.ERRORED, OK, **SWITCHED)
    deployment(made.environment, candidate(cast.product, "24.12"))
    shown = page(made, ops)
    assert "It broke off; nobody was sure what Production ran until the next one<" in shown


def test_one_that_goes_back_without_anything_to_go_back_to_says_so(cast: Cast, ops: Client) -> None:
    shown = page(ended(cast, S.RETURNING, OK, first=True, **SWITCHED), ops)
    assert "nothing was verified on Production that it could go back to" in shown


def test_before_it_is_stopped_it_is_said_that_nothing_goes_back(cast: Cast, ops: Client) -> None:
    made = ended(cast, S.RUNNING, OK, migrate="running")
    assert "a stop leaves everything as it is" not in page(made, ops)
    hard_change(made.candidate)
    assert "Once C-1 has begun, a stop leaves everything as it is" in page(made, ops)
