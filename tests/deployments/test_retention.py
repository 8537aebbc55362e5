"""Artefacts: made before they are deployed and without secrets, refused when changed, removed when not needed."""

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from deployments import building, retention, running, services
from deployments.models import Deployment
from environments.variables import set_variable
from lifecycle import jobs
from lifecycle.models import LogLine, Work
from releases.models import Candidate, Release
from tests.cast import SignIn
from tests.deployments.engine import MANIFEST, Shop, log_of

S = Deployment.Status
BUILD = """
import os, pathlib
pathlib.Path("made").write_text(f"{os.environ['ENVIRONMENT']} {os.environ['RELEASE']} {os.environ.get('PAYMENT_KEY')}")
"""


def with_build(engine: Shop, label: str) -> Candidate:
    text = MANIFEST + '[build]\ncommand = ["{python}", "build.py"]\n'
    return engine.candidate(label, **{"lifecycle.toml": text, "build.py": BUILD})


def folder(engine: Shop, candidate: Candidate) -> Path:
    return engine.var / "artefacts" / candidate.digest


def change(path: Path) -> None:
    path.chmod(0o644)
    path.write_text(path.read_text() + "# changed\n")


def prune(engine: Shop) -> None:
    retention.later()
    jobs.execute("prune_artefacts")
    assert Work.objects.get(kind="prune_artefacts").status == Work.Status.SUCCEEDED


def age_all() -> None:
    Candidate.objects.update(created_at=timezone.now() - timedelta(days=40))


def test_it_is_built_by_work_of_its_own_and_deployed_as_it_is(engine: Shop):
    candidate = with_build(engine, "one")
    building.later(candidate)
    jobs.execute(Work.objects.get(kind="build").key)
    assert (folder(engine, candidate) / "made").read_text() == f"build {running.release_id(candidate)} None"
    done = engine.deploy(engine.dev, candidate)
    assert done.status == S.SUCCEEDED, log_of(done)
    assert done.steps.get(key="prepare").detail.startswith("kept artefact")


def test_no_environment_gives_its_secrets_to_a_build(engine: Shop):
    set_variable(engine.production, name="PAYMENT_KEY", value="s3cr3t-key", is_secret=True, by=engine.cast.ops)
    candidate = with_build(engine, "one")
    assert engine.deploy(engine.production, candidate).status == S.SUCCEEDED
    assert (folder(engine, candidate) / "made").read_text().endswith("None")


def test_the_candidate_of_a_release_is_built_as_soon_as_it_is_composed(engine: Shop):
    release = engine.frozen("Keep a wishlist")
    work = Work.objects.get(kind="build", subject_id=release.candidate_id)
    assert work.status == Work.Status.SUCCEEDED, work.error


def test_a_build_that_fails_says_so_and_leaves_nothing(engine: Shop):
    text = MANIFEST + '[build]\ncommand = ["{python}", "-c", "raise SystemExit(3)"]\nretries = 1\n'
    candidate = engine.candidate("one", **{"lifecycle.toml": text})
    building.later(candidate)
    work = Work.objects.get(kind="build")
    jobs.execute(work.key)
    work.refresh_from_db()
    assert (work.status, "[build] ended with 3 (exited)" in work.error) == (Work.Status.FAILED, True)
    assert list((engine.var / "artefacts").iterdir()) == []


def test_a_changed_artefact_is_refused_once_and_then_built_anew_with_words(engine: Shop):
    candidate = engine.candidate("one")
    engine.deploy(engine.dev, candidate)
    change(folder(engine, candidate) / "server.py")
    staging = engine.environment("staging")
    refused = engine.deploy(staging, candidate)
    assert refused.status == S.FAILED
    assert "were changed after it was built; deploy once more to have it built anew" in refused.error
    assert engine.runs(staging) == ""
    again = engine.deploy(staging, candidate)
    assert again.status == S.SUCCEEDED, log_of(again)
    assert "it is built anew." in log_of(again)
    assert "Its files are those that were built first. The wrong ones are kept as" in log_of(again)
    assert "# changed" not in (folder(engine, candidate) / "server.py").read_text()
    change(folder(engine, candidate) / "server.py")
    production = engine.deploy(engine.production, candidate)
    assert production.status == S.FAILED, "the next change is refused again"


def test_what_runs_what_one_goes_back_to_and_what_is_frozen_stays(engine: Shop):
    made = [engine.candidate(f"c{number}") for number in range(9)]
    for candidate in made[:8]:
        assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED
    engine.deploy(engine.environment("staging"), made[0])
    age_all()
    waiting = services.request(engine.production, made[1], by=engine.cast.ops)
    prune(engine)
    left = {path.name for path in (engine.var / "artefacts").iterdir()}
    kept = [made[0], made[1], *made[3:8]]
    assert left == {candidate.digest for candidate in kept}, "live on staging, waiting, the last five of dev"
    assert waiting.status == S.QUEUED
    assert engine.roll_back(engine.dev).steps.get(key="prepare").detail.startswith("kept")
    log = LogLine.objects.filter(log=Work.objects.get(kind="prune_artefacts").log_key, stream="ok")
    assert log.get().text == f"1 artefacts removed: {made[2].digest[:8]}."


def test_as_many_stay_as_the_product_says(engine: Shop):
    made = [engine.candidate(f"c{number}") for number in range(5)]
    for candidate in made:
        assert engine.deploy(engine.dev, candidate).status == S.SUCCEEDED
    age_all()
    retention.set_kept(engine.cast.product, artefacts_kept=3, by=engine.cast.ops)
    prune(engine)
    left = {path.name for path in (engine.var / "artefacts").iterdir()}
    assert left == {candidate.digest for candidate in made[2:]}


def test_what_runs_and_what_one_goes_back_to_stay_however_few_are_kept(engine: Shop):
    made = [engine.candidate(f"c{number}") for number in range(4)]
    for candidate in made:
        assert engine.deploy(engine.production, candidate).status == S.SUCCEEDED
    assert engine.roll_back(engine.production).candidate == made[2]
    age_all()
    retention.set_kept(engine.cast.product, artefacts_kept=2, by=engine.cast.ops)
    prune(engine)
    left = {path.name for path in (engine.var / "artefacts").iterdir()}
    target = running.rollback_target(engine.production)
    assert target == made[1]
    assert left == {made[1].digest, made[2].digest, made[3].digest}
    back = engine.roll_back(engine.production)
    assert back.candidate == made[1] and back.steps.get(key="prepare").detail.startswith("kept")


def test_a_frozen_candidate_and_a_new_one_stay(engine: Shop):
    release = engine.frozen("Keep a wishlist")
    Deployment.objects.update(status=S.FAILED)
    age_all()
    assert retention.is_kept(release.candidate.digest)
    Release.objects.update(status="dropped")
    Deployment.objects.all().delete()
    assert not retention.is_kept(release.candidate.digest)
    Candidate.objects.filter(pk=release.candidate_id).update(created_at=timezone.now())
    assert retention.is_kept(release.candidate.digest)
    assert not retention.is_kept("f" * 64), "nobody knows it"


def test_ops_have_them_removed_from_the_system_page(engine: Shop, sign_in: SignIn):
    assert "/system/prune/" in sign_in(engine.cast.ops).get("/system/").content.decode()
    assert sign_in(engine.cast.ops).post("/system/prune/").status_code == 302
    assert Work.objects.filter(kind="prune_artefacts", status=Work.Status.QUEUED).count() == 1
    assert "/system/prune/" not in sign_in(engine.cast.tess).get("/system/").content.decode()
