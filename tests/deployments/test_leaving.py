"""Workers that are asked to stop: they take nothing new, finish what is short and hand over the rest."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as django_settings
from django.db import connection

from deployments import rollout, services
from deployments.models import Deployment
from lifecycle import shutdown
from tests.deployments.engine import Shop, log_of, status_of
from tests.deployments.shop import ROOT, eventually
from tests.deployments.test_recovery import database_url
from tests.deployments.test_step_promises import promising

S = Deployment.Status
TEMPO = 5
Worker = Callable[[], subprocess.Popen]


@pytest.fixture
def celery_worker(engine: Shop) -> Iterator[Worker]:
    """`celery_worker()` starts a real one that takes deployments, its times a fifth of the real ones."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "lifecycle.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": django_settings.REDIS_URL,
        "SECRET_KEY": django_settings.SECRET_KEY,
        "LIFECYCLE_VAR": str(engine.var),
        "LIFECYCLE_TEMPO": str(TEMPO),
        "LIFECYCLE_TRANSACTION_SECONDS": str(15 / TEMPO),
    }
    started: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        name = f"leaving{os.getpid()}-{len(started)}@%h"
        celery = [sys.executable, "-m", "celery", "-A", "lifecycle", "worker", "--loglevel", "INFO"]
        options = ["-Q", "deploy", "-c", "2", "--hostname", name, "--without-gossip", "--without-mingle"]
        path = engine.var / f"worker{len(started)}.log"
        with path.open("wb") as log:
            started.append(subprocess.Popen([*celery, *options], cwd=ROOT, env=env, stdout=log, stderr=log))
        assert eventually(lambda: b" ready." in path.read_bytes(), seconds=60)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def hanging(engine: Shop, seconds: float) -> Deployment:
    """A deployment that a real worker has in its migration."""
    before = len(engine.steps_run(engine.dev))
    (engine.data(engine.dev) / "slow-migrate").write_text(str(seconds))
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == before + 1, seconds=60), status_of(deployment)
    return deployment


@pytest.mark.slow
def test_a_worker_that_leaves_hands_over_and_another_one_finishes(engine: Shop, celery_worker: Worker):
    engine.deploy(engine.dev, engine.candidate("one"))
    leaving = celery_worker()
    deployment = hanging(engine, 60)
    (engine.data(engine.dev) / "slow-migrate").unlink()
    celery_worker()
    begun = time.monotonic()
    leaving.send_signal(signal.SIGTERM)
    assert leaving.wait(60) == 0
    assert time.monotonic() - begun <= 30 / TEMPO + 6, "the pool is gone in time"
    assert eventually(lambda: status_of(deployment) == S.SUCCEEDED, seconds=60), log_of(deployment)
    assert time.monotonic() - begun < (20 + 15) / TEMPO + 5, "nobody waited for the lease"
    assert "is stopping; another one takes over." in log_of(deployment)
    assert deployment.attempt == 1, "handing over is no failure"
    assert engine.runs(engine.dev) == "two"


@pytest.mark.slow
def test_a_worker_that_leaves_finishes_what_is_short_and_takes_nothing_new(engine: Shop, celery_worker: Worker):
    engine.deploy(engine.dev, engine.candidate("one"))
    leaving = celery_worker()
    deployment = hanging(engine, 2)
    leaving.send_signal(signal.SIGTERM)
    assert eventually(lambda: b"Warm shutdown" in (engine.var / "worker0.log").read_bytes(), seconds=30)
    later = services.request(engine.environment("staging"), deployment.candidate, by=engine.cast.ops)
    assert leaving.wait(60) == 0
    assert (status_of(deployment), status_of(later)) == (S.SUCCEEDED, S.QUEUED), log_of(deployment)


def test_what_cannot_be_interrupted_is_given_longer(engine: Shop, settings):
    settings.HAND_OVER_SECONDS, settings.HAND_OVER_LATE_SECONDS = 0.5, 30
    engine.deploy(engine.dev, engine.candidate("one"))
    (engine.data(engine.dev) / "slow-migrate").write_text("3")
    deployment = services.request(engine.dev, promising(engine, "two", ""), by=engine.cast.ops)
    thread = threading.Thread(target=lambda: (rollout.execute(deployment.pk), connection.close()))
    thread.start()
    try:
        assert eventually(lambda: len(engine.steps_run(engine.dev)) == 2)
        shutdown.ask()
        thread.join(15)
        assert status_of(deployment) == S.LOST, log_of(deployment)
        assert (deployment.attempt, deployment.lease_until) == (0, None)
        assert deployment.steps.get(key="migrate").exit_code != 143, "nobody ended it"
    finally:
        shutdown.forget()
    engine.carry_out(deployment)
    assert (deployment.status, deployment.attempt) == (S.SUCCEEDED, 1), log_of(deployment)
