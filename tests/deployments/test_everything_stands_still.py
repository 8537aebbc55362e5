"""The emergency stop holds up tests, compositions, builds and commands for environments, and gives them back."""

import time

import pytest
from django.urls import reverse

from deployments import building, creating, drills, intake, queue_ages, stopping, targets, test_data
from deployments.models import BackupDrill, Deployment
from environments import stops
from environments.models import EmergencyStop, Environment
from lifecycle import halts, jobs
from lifecycle.models import LogLine, Work
from releases import candidates, checks
from releases.models import Candidate, Check
from tests.deployments.at_work import running
from tests.deployments.engine import MANIFEST, Shop
from tests.deployments.shop import eventually

W = Work.Status
WAITING = "It waits: Max stopped everything. It begins by itself when that is lifted."
SLOW_TEST = """
import os, pathlib, subprocess, sys, time
marks = pathlib.Path("{marks}")
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"])
(marks / "children").open("a").write(f"{{child.pid}}\\n")
print("begun", flush=True)
time.sleep(60 if not (marks / "quick").exists() else 0)
child.kill()
"""
DRILL = """
import os, pathlib, time
live = pathlib.Path(os.environ["LIVE_DATA_DIR"])
(live / "drilling").touch()
time.sleep(0 if (live / "quick").exists() else 60)
"""
DECLARED = "".join(
    f'\n[{section}]\n{key} = ["{{python}}", "step.py", "{name}"]'
    for section, key, name in (
        ("create", "command", "create"),
        ("test_data", "restore", "restore"),
    )
)


def stop(engine: Shop) -> EmergencyStop:
    return stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail.")


def work(kind: str) -> Work:
    return Work.objects.filter(kind=kind).latest("id")


def slow_check(engine: Shop, marks) -> Check:
    manifest = MANIFEST.replace('"import os"', "\"exec(open('slow.py').read())\"")
    files = {"lifecycle.toml": manifest, "slow.py": SLOW_TEST.format(marks=marks)}
    return checks.request(candidate=engine.candidate("one", **files))


def is_alive(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_tests_that_run_are_ended_with_all_they_started_and_begin_anew_when_it_is_lifted(engine: Shop, tmp_path):
    check = slow_check(engine, tmp_path)
    with running(f"check:{check.pk}"):
        assert eventually(lambda: (tmp_path / "children").exists() and (tmp_path / "children").read_text())
        pulled, began = stop(engine), time.monotonic()
    took = time.monotonic() - began
    assert took < 9, "half a second to see it, five of grace for a child that ignores TERM"
    assert not is_alive((tmp_path / "children").read_text().split()[0])
    check.refresh_from_db()
    row = work("check")
    assert (check.status, row.status, row.attempt) == (Check.Status.QUEUED, W.LOST, 0)
    assert LogLine.objects.filter(log=check.log_key, text__contains="begin anew when that is lifted").exists()

    jobs.execute(row.key)
    check.refresh_from_db()
    assert check.status == Check.Status.QUEUED, "a ring changes nothing while all stands still"

    (tmp_path / "quick").touch()
    stops.lift(pulled, by=engine.cast.max)
    engine.settle()
    check.refresh_from_db()
    assert check.status == Check.Status.PASSED


def test_lifting_it_rings_for_what_stood_still(engine: Shop, monkeypatch):
    pulled = stop(engine)
    creating.create(engine.dev, slug="qa", name="QA", kind="dev", with_secrets=False, by=engine.cast.ops)
    rung = []
    monkeypatch.setattr(jobs, "ring_after_commit", lambda task, key, queue: rung.append((task, key, queue)))
    stops.lift(pulled, by=engine.cast.max)
    assert rung == [("lifecycle.tasks.work", work(creating.CREATE).key, "default")]


def test_nothing_that_waits_is_begun(engine: Shop):
    place = engine.environment("staging")
    engine.deploy(place, engine.candidate("one", **{"lifecycle.toml": MANIFEST + DECLARED}))
    pulled = stop(engine)
    test_data.request(place, by=engine.cast.ops)
    made = creating.create(place, slug="qa", name="QA", kind="staging", with_secrets=False, by=engine.cast.ops)
    candidates.request(engine.cast.product, Candidate.Purpose.DEV, by=intake.INTAKE)
    for row in Work.objects.filter(status=W.QUEUED):
        jobs.execute(row.key)
    assert not [line for line in engine.steps_run(place) if line.startswith("restore")]
    made.refresh_from_db()
    composed = Candidate.objects.latest("id")
    assert (made.status, composed.status) == (Environment.Status.CREATING, Candidate.Status.COMPOSING)

    stops.lift(pulled, by=engine.cast.max)
    engine.settle()
    made.refresh_from_db()
    composed.refresh_from_db()
    assert (made.status, composed.status) == (Environment.Status.READY, Candidate.Status.READY)
    assert [line for line in engine.steps_run(place) if line.startswith("restore")]


def test_a_restore_of_test_data_is_ended_and_a_rollback_beside_it_is_not(engine: Shop):
    place = engine.environment("staging")
    engine.deploy(place, engine.candidate("one", **{"lifecycle.toml": MANIFEST + DECLARED}))
    engine.deploy(place, engine.candidate("two"))
    (engine.data(place) / "slow-restore").write_text("60")
    test_data.request(place, by=engine.cast.ops)
    with running(work(test_data.RESTORE).key):
        assert eventually(lambda: engine.steps_run(place)[-1].startswith("restore"))
        stop(engine)
        assert engine.roll_back(place).status == Deployment.Status.SUCCEEDED
    place.refresh_from_db()
    assert (work(test_data.RESTORE).status, place.test_data_at, place.test_data_note) == (W.LOST, None, "")


def test_a_drill_is_ended_and_begins_anew(engine: Shop):
    engine.deploy(engine.production, engine.candidate("zero"))
    engine.deploy(engine.production, engine.candidate("one", **{"shop__migrations__0001_first.py": ""}))
    manifest = MANIFEST + '\n[restore_drill]\ncommand = ["{python}", "drill.py"]'
    files = {"lifecycle.toml": manifest, "drill.py": DRILL, "shop__migrations__0002_second.py": ""}
    engine.deploy(engine.production, engine.candidate("two", **files))
    drill = drills.request(engine.production, by=engine.cast.ops)
    with running(f"restore_drill:{drill.pk}"):
        assert eventually(lambda: (engine.data(engine.production) / "drilling").exists())
        pulled = stop(engine)
    drill.refresh_from_db()
    assert (drill.status, work("restore_drill").status) == (BackupDrill.Status.QUEUED, W.LOST)
    (engine.data(engine.production) / "quick").touch()
    stops.lift(pulled, by=engine.cast.max)
    engine.settle()
    drill.refresh_from_db()
    assert drill.status == BackupDrill.Status.SUCCEEDED


def test_a_build_is_ended_and_leaves_no_artefact(engine: Shop, tmp_path):
    slow = (
        f"open('{tmp_path}/begun', 'w'); import os, time; time.sleep(0 if os.path.exists('{tmp_path}/quick') else 60)"
    )
    build = f'\n[build]\ncommand = ["{{python}}", "-c", "{slow}"]\n'
    made = engine.candidate("one", **{"lifecycle.toml": MANIFEST + build})
    building.later(made)
    with running(f"build:{made.pk}"):
        assert eventually(lambda: (tmp_path / "begun").exists())
        pulled = stop(engine)
    assert (work("build").status, targets.release_of(made).path.exists()) == (W.LOST, False)
    (tmp_path / "quick").touch()
    stops.lift(pulled, by=engine.cast.max)
    engine.settle()
    assert (work("build").status, targets.release_of(made).path.exists()) == (W.SUCCEEDED, True)


def test_what_was_composed_when_it_was_pulled_goes_to_dev_when_it_is_lifted(engine: Shop, monkeypatch):
    change = engine.plan("Wishlist").changes.get()
    engine.upstream.change(change.branch, "main", 5, "a line")
    intake.poll_upstream()
    compose, pulled = intake.composing.compose, []

    def in_between(candidate: Candidate) -> None:
        compose(candidate)
        pulled.append(stop(engine))

    monkeypatch.setattr(intake.composing, "compose", in_between)
    row = work("compose")
    jobs.execute(row.key)
    row.refresh_from_db()
    made = Candidate.objects.get(pk=row.subject_id)
    assert (row.status, made.status, made.deployments.count()) == (W.LOST, Candidate.Status.READY, 0)

    monkeypatch.setattr(intake.composing, "compose", compose)
    stops.lift(pulled[0], by=engine.cast.max)
    engine.settle()
    assert [one.status for one in made.deployments.all()] == [Deployment.Status.SUCCEEDED]


def test_pages_say_why_it_waits(engine: Shop, sign_in):
    place = engine.environment("staging")
    engine.deploy(place, engine.candidate("one", **{"lifecycle.toml": MANIFEST + DECLARED}))
    test_data.request(place, by=engine.cast.ops)
    check = checks.request(candidate=Candidate.objects.latest("id"))
    client = sign_in(engine.cast.ops)
    pages = [reverse("releases:check", args=[check.pk]), reverse("deployments:place", args=[place.slug])]
    assert not any(WAITING in client.get(page).content.decode() for page in pages)
    stop(engine)
    assert all(WAITING in client.get(page).content.decode() for page in pages)
    assert "The tests wait until the emergency stop is lifted" in client.get(pages[0]).content.decode()


def test_queues_do_not_look_late_because_of_it(engine: Shop):
    creating.create(engine.dev, slug="qa", name="QA", kind="dev", with_secrets=False, by=engine.cast.ops)
    assert [queue.waiting for queue in queue_ages.ages() if queue.name == "default"] == [1]
    stop(engine)
    assert [queue.waiting for queue in queue_ages.ages() if queue.name == "default"] == [0]


@pytest.mark.parametrize("kind", ["push", "snapshot", "push_upstream", "promote"])
def test_what_only_writes_down_goes_on(kind: str):
    assert kind in jobs.REGISTRY and kind not in halts.KINDS


def test_what_stands_still_waits_and_is_not_called_lost(engine: Shop, sign_in):
    creating.create(engine.dev, slug="qa", name="QA", kind="dev", with_secrets=False, by=engine.cast.ops)
    Work.objects.update(status=W.LOST)
    ops = sign_in(engine.cast.ops)
    assert "Lost its worker" in ops.get("/system/").content.decode()
    stop(engine)
    text = ops.get("/system/").content.decode()
    assert "Lost its worker" not in text and "1 piece waits" in text
