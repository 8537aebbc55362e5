"""What lifecycle.toml promises of a step: how often it is retried, whether it may be interrupted or undone."""

import json
import threading

import pytest

from deployments import services, stopping
from deployments.models import Deployment
from environments.models import Environment
from lifecycle.transitions import NotAllowed
from releases.models import Candidate
from tests.deployments.engine import MANIFEST, Shop, in_background, log_of
from tests.deployments.shop import SERVER, eventually

S = Deployment.Status
PLAIN = 'command = ["{python}", "step.py", "migrate"]\ntimeout_seconds = 30\nuninterruptible = false\n'
FAILS_TWICE = """
import os, pathlib, sys
tries = pathlib.Path(os.environ["DATA_DIR"]) / "tries"
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
sys.exit(len(tries.read_text()) < 3)
"""


def promising(engine: Shop, label: str, promises: str, **files: str) -> Candidate:
    """A candidate whose [migrate] says something else."""
    assert PLAIN in MANIFEST
    text = MANIFEST.replace(PLAIN, f'command = ["{{python}}", "step.py", "migrate"]\n{promises}\n')
    return engine.candidate(label, **{"lifecycle.toml": text, **files})


def hanging(engine: Shop, candidate: Candidate, seconds: float) -> tuple[Deployment, threading.Thread]:
    """A deployment to dev that is in the middle of its migration."""
    before = len(engine.steps_run(engine.dev))
    (engine.data(engine.dev) / "slow-migrate").write_text(str(seconds))
    deployment = services.request(engine.dev, candidate, by=engine.cast.ops)
    thread = in_background(deployment)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == before + 1)
    return deployment, thread


@pytest.mark.parametrize(("retries", "status", "tries"), [(2, S.SUCCEEDED, 3), (1, S.FAILED, 2), (0, S.FAILED, 1)])
def test_a_step_is_retried_as_often_as_the_file_says(engine: Shop, retries: int, status: str, tries: int):
    candidate = promising(engine, "one", f"retries = {retries}", **{"step.py": FAILS_TWICE})
    done = engine.deploy(engine.dev, candidate)
    step = done.steps.get(key="migrate")
    assert (done.status, step.attempt) == (status, tries), log_of(done)
    assert log_of(done).count("trying again") == tries - 1


def test_a_silent_step_is_ended_after_its_time_of_inactivity(engine: Shop):
    candidate = promising(engine, "one", "inactivity_seconds = 1\ntimeout_seconds = 60")
    (engine.data(engine.dev) / "slow-migrate").write_text("50")
    done = engine.deploy(engine.dev, candidate)
    assert done.status == S.FAILED
    assert "(inactive)" in done.error


def test_a_migration_is_waited_for_and_the_log_says_so(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    deployment, thread = hanging(engine, promising(engine, "two", ""), 4)
    stopping.abort(deployment, by=engine.cast.ops, reason="Wrong one.")
    assert eventually(lambda: "migrate cannot be interrupted: it is waited for." in log_of(deployment))
    thread.join(15)
    deployment.refresh_from_db()
    assert deployment.status == S.ABORTED, log_of(deployment)
    assert deployment.steps.get(key="migrate").status == "done", "it came to its end"
    assert engine.runs(engine.dev) == "one"


def test_what_cannot_be_interrupted_still_has_its_time_limit(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    deployment, thread = hanging(engine, promising(engine, "two", "timeout_seconds = 3"), 60)
    services.roll_back(engine.dev, by=engine.cast.max, reason="It hangs.")
    thread.join(20)
    deployment.refresh_from_db()
    assert "(timeout)" in deployment.error, log_of(deployment)
    assert engine.runs(engine.dev) == "one"


def test_after_an_irreversible_step_nothing_goes_back_by_itself(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    broken = promising(engine, "two", "irreversible = true", **{"server.py": SERVER.replace('"200"', '"500"')})
    failed = engine.deploy(engine.dev, broken)
    assert failed.status == S.ERRORED
    assert "migrate cannot be undone, so nothing goes back by itself: deploy a repair." in log_of(failed)
    assert not failed.steps.filter(key="return").exists()
    assert engine.environment("dev").state == Environment.State.UNSURE
    repair = engine.candidate("three", **{"server.py": SERVER})
    assert engine.deploy(engine.dev, repair).status == S.SUCCEEDED


def test_an_abort_after_an_irreversible_step_leaves_it_as_it_is(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    deployment, thread = hanging(engine, promising(engine, "two", "irreversible = true"), 3)
    stopping.abort(deployment, by=engine.cast.ops)
    thread.join(15)
    deployment.refresh_from_db()
    assert deployment.status == S.ABORTED, log_of(deployment)
    assert engine.environment("dev").state == Environment.State.UNSURE


def test_production_refuses_a_rollback_over_an_irreversible_step(engine: Shop):
    engine.deploy(engine.production, engine.candidate("one"))
    done = engine.deploy(engine.production, promising(engine, "two", "irreversible = true"))
    assert done.status == S.SUCCEEDED, log_of(done)
    with pytest.raises(NotAllowed, match=f"migrate of deployment {done.pk}. Deploy a repair"):
        services.roll_back(engine.production, by=engine.cast.ops, reason="Faulty.")


def test_a_rollback_that_waited_while_the_step_began_is_refused_at_the_claim(engine: Shop):
    engine.deploy(engine.production, engine.candidate("one"))
    engine.deploy(engine.production, engine.candidate("two"))
    back = services.roll_back(engine.production, by=engine.cast.ops, reason="Faulty.")
    Deployment.objects.filter(pk=back.pk).update(status=S.REQUESTED)
    engine.deploy(engine.production, promising(engine, "three", "irreversible = true"))
    Deployment.objects.filter(pk=back.pk).update(status=S.QUEUED)
    engine.carry_out(back)
    assert back.status == S.FAILED
    assert "Older code cannot run any more" in back.error
    assert engine.runs(engine.production) == "three"


def test_an_abort_works_while_the_artefact_is_built(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    began = engine.var / "began"
    code = f"import pathlib, time; pathlib.Path({str(began)!r}).touch(); time.sleep(60)"
    text = MANIFEST + f'[build]\ncommand = ["{{python}}", "-c", {json.dumps(code)}]\n'
    candidate = engine.candidate("two", **{"lifecycle.toml": text})
    deployment = services.request(engine.dev, candidate, by=engine.cast.ops)
    thread = in_background(deployment)
    assert eventually(began.exists)
    stopping.abort(deployment, by=engine.cast.ops)
    thread.join(15)
    deployment.refresh_from_db()
    assert deployment.status == S.ABORTED, log_of(deployment)
    assert [path.name for path in (engine.var / "artefacts").glob(f"{candidate.digest}*")] == []
    assert engine.runs(engine.dev) == "one"
