"""The stack itself: what the campaign stands on."""

from deployments.models import Deployment
from tests.chaos.product import ChaosProduct, ended, steps_of
from tests.chaos.stack import Stack
from tests.chaos.traps import KILL


def test_every_kind_of_target_is_deployed_and_says_what_runs(stack: Stack, product: ChaosProduct) -> None:
    for driver in ("fake", "command", "process"):
        place = product.environment(f"first-{driver}", driver=driver)
        product.deploy_many(place, 2)
        assert product.runs(place) == product.release(1)
        switched = [e.release for e in product.effects(place) if (e.phase, e.what) == ("end", "switch")]
        assert switched == [product.release(0), product.release(1)]


def test_a_trap_springs_once_and_the_work_is_finished_by_somebody_else(stack: Stack, product: ChaosProduct) -> None:
    place = product.environment("trapped")
    product.deploy(place, 0)
    done = ended(product.ask(place, 1, traps={"before:switch": KILL}))
    assert len(stack.traps.notes(done.log_key, KILL)) == 1
    assert (done.status, done.attempt) == (Deployment.Status.SUCCEEDED, 2)
    assert steps_of(done)["migrate"][1] == 1, "what was done before the death is not done again"
