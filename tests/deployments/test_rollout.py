"""Carrying deployments out: real git, a real keeper, real processes."""

import time

import pytest

from deployments import endings, rollout, running, services, steps, stopping
from deployments.models import Deployment
from environments import repositories
from environments.models import Environment
from environments.variables import set_variable
from lifecycle.models import Work
from tests.deployments.engine import MANIFEST, Shop, in_background, log_of
from tests.deployments.shop import answer, eventually

S = Deployment.Status


def test_a_deployment_runs_the_new_release_and_says_each_step(engine: Shop):
    done = engine.deploy(engine.dev, engine.candidate("one"))
    assert done.status == S.SUCCEEDED, log_of(done)
    assert engine.runs(engine.dev) == "one"
    keys = {step.key: step.status for step in done.steps.all()}
    assert keys == {
        "prepare": "done",
        "backup": "skipped",
        "migrate": "done",
        "switch": "done",
        "health": "done",
        "verify": "done",
        "snapshot": "done",
    }
    assert done.verified_at and done.lease_until is None
    assert "Ops asked for a deployment to Dev: one" in log_of(done)
    assert engine.environment("dev").state == Environment.State.OK


def test_the_environment_branch_is_a_line_of_snapshots(engine: Shop):
    first = engine.deploy(engine.dev, engine.candidate("one"))
    second = engine.deploy(engine.dev, engine.candidate("two"))
    back = engine.roll_back(engine.dev)
    git = repositories.git(engine.repository)
    log = git.log(None, git.refs("refs/heads/")["env/dev"])
    assert [commit.trailer("Deployment") for commit in log] == [str(d.pk) for d in (back, second, first)]
    assert [len(commit.parents) for commit in log] == [1, 1, 0]
    assert git.tree_of(log[0].sha) == first.candidate.tree
    assert log[0].trailer("Candidate") == str(first.candidate_id)


def test_the_branch_does_not_end_with_what_was_recorded_and_then_given_up(engine: Shop, monkeypatch):
    first = engine.deploy(engine.dev, engine.candidate("one"))
    monkeypatch.setattr(endings, "succeed", lambda _attempt: 1 / 0)
    second = engine.deploy(engine.dev, engine.candidate("two"))
    assert (second.status, engine.runs(engine.dev)) == (S.ERRORED, "one")
    git = repositories.git(engine.repository)
    log = git.log(None, git.refs("refs/heads/")["env/dev"])
    assert [commit.trailer("Deployment") for commit in log] == [str(d.pk) for d in (first, second, first)]
    first.refresh_from_db()
    assert first.snapshot == log[0].sha


def test_the_branch_is_pushed_by_work_of_its_own(engine: Shop):
    from lifecycle import jobs

    done = engine.deploy(engine.dev, engine.candidate("one"))
    work = Work.objects.get(kind="push_upstream")
    jobs.execute(work.key)
    work.refresh_from_db()
    assert work.status == Work.Status.SUCCEEDED, work.error
    assert engine.upstream.git("rev-parse", "env/dev") == done.snapshot


def test_a_failing_push_does_not_fail_the_deployment_and_is_tried_again(engine: Shop):
    from lifecycle import jobs

    candidate = engine.candidate("one")
    engine.upstream.path.rename(engine.upstream.path.with_name("moved"))
    done = engine.deploy(engine.dev, candidate)
    assert done.status == S.SUCCEEDED
    first = Work.objects.get(kind="push_upstream")
    jobs.execute(first.key)
    statuses = list(Work.objects.filter(kind="push_upstream").order_by("id").values_list("status", flat=True))
    assert statuses == [Work.Status.FAILED, Work.Status.QUEUED]


def test_a_rollback_is_a_switch_to_the_kept_artefact(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.deploy(engine.dev, engine.candidate("two"))
    before = engine.steps_run(engine.dev)
    begun = time.monotonic()
    back = engine.roll_back(engine.dev)
    assert time.monotonic() - begun < 5
    assert back.status == S.SUCCEEDED, log_of(back)
    assert engine.runs(engine.dev) == "one"
    assert engine.steps_run(engine.dev) == before, "a rollback never migrates"
    assert "kept artefact" in back.steps.get(key="prepare").detail


def test_a_second_rollback_does_not_go_forward_to_what_was_taken_back(engine: Shop):
    for label in ("one", "two", "three"):
        engine.deploy(engine.dev, engine.candidate(label))
    engine.roll_back(engine.dev)
    assert engine.runs(engine.dev) == "two"
    engine.roll_back(engine.dev)
    assert engine.runs(engine.dev) == "one"


def test_what_was_taken_back_is_never_gone_back_to(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("good"))
    engine.deploy(engine.dev, engine.candidate("faulty"))
    engine.roll_back(engine.dev)
    engine.deploy(engine.dev, engine.candidate("newer"))
    engine.roll_back(engine.dev)
    assert engine.runs(engine.dev) == "good"


def test_an_unhealthy_release_goes_back_to_the_one_before(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    failed = engine.deploy(engine.dev, engine.broken("bad"))
    assert failed.status == S.FAILED
    assert "not healthy" in failed.error
    assert engine.runs(engine.dev) == "one"
    assert failed.steps.get(key="return").status == "done"
    assert engine.environment("dev").state == Environment.State.OK
    assert running.current(engine.dev).candidate.label == "one"


def test_a_failed_migration_fails_before_the_switch_with_its_output(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    (engine.data(engine.dev) / "fail-migrate").touch()
    failed = engine.deploy(engine.dev, engine.candidate("two"))
    assert failed.status == S.FAILED
    assert failed.steps.get(key="migrate").exit_code == 1
    assert "migrate of two" in log_of(failed)
    assert not failed.steps.filter(key="return").exists()
    assert engine.runs(engine.dev) == "one"


def test_the_first_deployment_that_fails_leaves_nobody_sure(engine: Shop):
    failed = engine.deploy(engine.dev, engine.broken("bad"))
    assert failed.status == S.FAILED
    assert engine.environment("dev").state == Environment.State.UNSURE
    again = engine.deploy(engine.dev, engine.candidate("good", **{"server.py": _server()}))
    assert again.status == S.SUCCEEDED, log_of(again)
    assert engine.environment("dev").state == Environment.State.OK


def _server() -> str:
    from tests.deployments.shop import SERVER

    return SERVER


def test_secrets_reach_the_application_and_are_masked_in_the_log(engine: Shop):
    set_variable(engine.dev, name="PAYMENT_KEY", value="s3cr3t-key", is_secret=True, by=engine.cast.ops)
    done = engine.deploy(engine.dev, engine.candidate("one"))
    assert "s3cr3t-key" not in log_of(done)
    assert "migrate of one" in log_of(done) and "with ••••••" in log_of(done)


def test_production_is_backed_up_before_a_migration_only(engine: Shop):
    engine.deploy(engine.production, engine.candidate("one"))
    engine.deploy(engine.production, engine.candidate("two"))
    engine.deploy(engine.production, engine.candidate("three", **{"shop__migrations__0001_initial.py": "x = 1\n"}))
    names = [line.split("+")[0] for line in engine.steps_run(engine.production)]
    assert names == ["backup one", "migrate one", "migrate two", "backup three", "migrate three"]


def test_a_changed_artefact_is_refused(engine: Shop):
    candidate = engine.candidate("one")
    engine.deploy(engine.dev, candidate)
    artefact = engine.var / "artefacts" / candidate.digest / "server.py"
    artefact.chmod(0o644)
    artefact.write_text(artefact.read_text() + "# changed\n")
    refused = engine.deploy(engine.environment("staging"), candidate)
    assert refused.status == S.FAILED
    assert "changed after it was built" in refused.error


def test_a_message_that_comes_ten_times_has_one_effect(engine: Shop):
    deployment = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    threads = [in_background(deployment) for _ in range(4)]
    for thread in threads:
        thread.join()
    for _ in range(3):
        rollout.execute(deployment.pk)
    deployment.refresh_from_db()
    assert (deployment.status, deployment.attempt) == (S.SUCCEEDED, 1)
    assert engine.steps_run(engine.dev) == [f"migrate {running.release_id(deployment.candidate)}"]


def test_an_abort_during_a_command_ends_it_and_changes_nothing(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    (engine.data(engine.dev) / "slow-migrate").write_text("60")
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    thread = in_background(deployment)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == 2)
    stopping.abort(deployment, by=engine.cast.lena, reason="Wrong one.")
    thread.join(15)
    deployment.refresh_from_db()
    assert deployment.status == S.ABORTED, log_of(deployment)
    assert "Lena asked to stop it. Wrong one." in log_of(deployment)
    assert engine.runs(engine.dev) == "one"


def test_an_abort_after_the_switch_brings_the_old_release_back(engine: Shop, monkeypatch: pytest.MonkeyPatch):
    engine.deploy(engine.dev, engine.candidate("one"))
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    real = steps.VERIFY[1].act

    def stop_now(attempt, step):
        stopping.abort(deployment, by=engine.cast.ops)
        return real(attempt, step)

    monkeypatch.setattr(steps, "VERIFY", (steps.VERIFY[0], steps.Plan("verify", stop_now), steps.VERIFY[2]))
    monkeypatch.setattr("deployments.attempts.LOOK_SECONDS", 0)
    engine.carry_out(deployment)
    assert deployment.status == S.ABORTED, log_of(deployment)
    assert engine.runs(engine.dev) == "one"


def test_a_rollback_overtakes_a_deployment_that_hangs(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    (engine.data(engine.dev) / "slow-migrate").write_text("60")
    hanging = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    thread = in_background(hanging)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == 2)
    back = services.roll_back(engine.dev, by=engine.cast.max, reason="It hangs.")
    thread.join(15)
    engine.carry_out(back)
    hanging.refresh_from_db()
    assert (hanging.status, back.status) == (S.ABORTED, S.SUCCEEDED), log_of(back)
    assert engine.runs(engine.dev) == "one"


def test_a_waiting_candidate_that_became_older_is_superseded_at_the_claim(engine: Shop):
    old, new = engine.candidate("one"), engine.candidate("two")
    waiting = services.request(engine.dev, old, by=engine.cast.ops)
    Deployment.objects.filter(pk=waiting.pk).update(status=S.REQUESTED)
    engine.deploy(engine.dev, new)
    Deployment.objects.filter(pk=waiting.pk).update(status=S.QUEUED)
    engine.carry_out(waiting)
    assert waiting.status == S.SUPERSEDED
    assert engine.runs(engine.dev) == "two"


def test_a_candidate_that_differs_from_what_was_asked_for_is_refused_in_the_claim(engine: Shop):
    deployment = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    Deployment.objects.filter(pk=deployment.pk).update(digest="0" * 64)
    engine.carry_out(deployment)
    assert deployment.status == S.FAILED
    assert "digest differs" in deployment.error
    assert engine.runs(engine.dev) == ""


def test_a_rollback_brings_the_variables_back_that_its_release_was_verified_with(engine: Shop):
    def variables_say() -> str:
        return str(answer(engine.dev.driver_settings["port"])["shop"])

    for label in ("one", "two"):
        set_variable(engine.dev, name="SHOP", value=f"set for {label}", is_secret=False, by=engine.cast.ops)
        engine.deploy(engine.dev, engine.candidate(label))
    assert variables_say() == "set for two"
    assert engine.roll_back(engine.dev).status == S.SUCCEEDED
    assert (engine.runs(engine.dev), variables_say()) == ("one", "set for one")
    engine.deploy(engine.dev, running.current(engine.dev).candidate)
    assert (engine.runs(engine.dev), variables_say()) == ("one", "set for two")


def test_a_migration_without_a_backup_is_said_before_it_runs(engine: Shop):
    manifest = MANIFEST.replace('[backup]\ncommand = ["{python}", "step.py", "backup"]\n', "")
    bare = engine.deploy(engine.production, engine.candidate("one", **{"lifecycle.toml": manifest}))
    said = log_of(bare)
    assert said.index("goes to production without one") < said.index("migrate: ")
    whole = {"lifecycle.toml": MANIFEST, "shop__migrations__0001.py": "# a table\n"}
    assert "without one" not in log_of(engine.deploy(engine.production, engine.candidate("two", **whole)))
