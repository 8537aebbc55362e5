"""A way back that cannot be finished because its target is away: unsure only where something had been switched."""

import pytest
from django.utils import timezone

from deployments import services
from deployments.drivers import DriverError
from deployments.drivers.process import ProcessDriver
from deployments.models import Deployment
from environments.models import Environment
from tests.deployments.engine import Shop, log_of

S = Deployment.Status
STOPPED = {"attempt": 1, "abort_requested_at": timezone.now()}
DIED_OFTEN = {"attempt": 3}


@pytest.fixture
def away(engine: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """ "one" was verified on dev, whose host cannot be reached any more."""
    engine.deploy(engine.dev, engine.candidate("one"))

    def hold(_driver: ProcessDriver, _fence: int) -> None:
        raise DriverError("web1 cannot be reached", retry=True)

    monkeypatch.setattr(ProcessDriver, "hold", hold)
    return engine


def taken_over(away: Shop, facts: dict[str, object], **steps: str) -> Deployment:
    """ "two" lost its worker; the next one is to bring it to its end."""
    made = services.request(away.dev, away.candidate("two"), by=away.cast.ops)
    for position, (key, status) in enumerate(steps.items()):
        made.steps.create(key=key, position=position, status=status, started_at=timezone.now())
    Deployment.objects.filter(pk=made.pk).update(status=S.LOST, **facts)
    return away.carry_out(made)


@pytest.mark.parametrize(("facts", "status"), [(STOPPED, S.ABORTED), (DIED_OFTEN, S.ERRORED)])
def test_before_the_switch_there_is_nothing_to_be_unsure_of(away: Shop, facts: dict[str, object], status: str):
    made = taken_over(away, facts, prepare="done", switch="pending")
    assert made.status == status, log_of(made)
    assert "web1 cannot be reached" in made.error
    assert away.environment("dev").state == Environment.State.OK
    assert away.runs(away.dev) == "one"


@pytest.mark.parametrize("facts", [STOPPED, DIED_OFTEN])
@pytest.mark.parametrize("steps", [{"switch": "running"}, {"switch": "pending", "return": "running"}])
def test_after_it_nobody_pretends_to_know(away: Shop, facts: dict[str, object], steps: dict[str, str]):
    made = taken_over(away, facts, **steps)
    assert made.status == S.ERRORED, log_of(made)
    assert away.environment("dev").state == Environment.State.UNSURE
