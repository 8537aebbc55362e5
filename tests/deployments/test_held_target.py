"""A worker that is frozen while it holds the target's files: whoever comes next says so and goes on living."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deployments import keeper_state, targets
from deployments.models import Deployment
from tests.deployments.engine import Shop, log_of

S = Deployment.Status


@contextmanager
def held(folder) -> Iterator[None]:  # noqa: ANN001
    """As a process would that stopped between taking the lock and writing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_nobody_waits_for_ever_for_whoever_holds_the_files(engine: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_state, "LOCK_SECONDS", 0.3)
    engine.deploy(engine.dev, engine.candidate("one"))
    two = engine.candidate("two")
    with held(targets.driver_for(engine.dev, two).target.folder):
        refused = engine.deploy(engine.dev, two)
    assert refused.status == S.FAILED, log_of(refused)
    assert "somebody who does not go on holds the files of dev" in refused.error
    assert engine.runs(engine.dev) == "one"
    assert engine.deploy(engine.dev, two).status == S.SUCCEEDED
