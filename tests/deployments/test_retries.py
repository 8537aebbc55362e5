"""`retries` of lifecycle.toml holds for every command, also outside deployments; the log says each further try."""

from pathlib import Path

import pytest
from django.utils import timezone

from deployments import building, declared, drills, test_data
from deployments.models import BackupDrill
from lifecycle import jobs, retries
from lifecycle.models import LogLine, Work
from lifecycle.process import Finished
from releases import checks, expansion
from releases.models import Candidate, CandidateChange, Change, Check, Revision
from tests.deployments.engine import MANIFEST, Shop

S = Check.Status
AGAIN = "It is tried again."
FLAKY = """
import os, pathlib, sys
name = sys.argv[1]
tries = pathlib.Path({counts!r}) / name
tries.parent.mkdir(exist_ok=True)
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
data = pathlib.Path(os.environ["DATA_DIR"])
print(name, "in a used folder" if pathlib.Path("left").exists() or (data / "left").exists() else "in a clean folder")
pathlib.Path("left").touch() if name == "test" else None
(data / "left").touch() if name in ("test", "drill") else None
if len(tries.read_text()) < 3:
    print("FAIL: try", len(tries.read_text()), flush=True)
    sys.exit(1)
"""
TEST = '[test]\ncommand = ["{python}", "-c", "import os"]\ntimeout_seconds = 30\n'


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    return tmp_path / "counts"


def tried(counts: Path, name: str) -> int:
    file = counts / name
    return len(file.read_text()) if file.exists() else 0


def section(name: str, times: int, key: str = "command", word: str = "") -> str:
    return f'[{name}]\n{key} = ["{{python}}", "flaky.py", "{word or name}"]\nretries = {times}\n'


def made(engine: Shop, counts: Path, label: str, more: str, manifest: str = MANIFEST) -> Candidate:
    files = {"lifecycle.toml": manifest + more, "flaky.py": FLAKY.format(counts=str(counts))}
    return engine.candidate(label, **files)


def log_of(log_key: str) -> str:
    return "\n".join(LogLine.objects.filter(log=log_key).order_by("seq").values_list("text", flat=True))


@pytest.mark.parametrize(("times", "status", "count"), [(2, S.PASSED, 3), (1, S.FAILED, 2), (0, S.FAILED, 1)])
def test_tests_are_tried_as_often_as_the_file_says_each_in_a_clean_checkout(
    engine: Shop, counts: Path, times: int, status: str, count: int
):
    candidate = made(engine, counts, "one", section("test", times), MANIFEST.replace(TEST, ""))
    check = checks.request(candidate=candidate)
    jobs.execute(Work.objects.get(kind="check").key)
    check.refresh_from_db()
    text = log_of(check.log_key)
    assert (check.status, tried(counts, "test")) == (status, count), text
    assert text.count(AGAIN) == count - 1
    assert "used folder" not in text and text.count("clean folder") == count
    assert check.summary == f"FAIL: try {count}" if status == S.FAILED else check.exit_code == 0


def expanding(engine: Shop, live: Candidate, candidate: Candidate) -> Check:
    """The candidate stands on what is live and says that it expands; the proof is waiting."""
    now, product = timezone.now(), engine.cast.product
    Candidate.objects.filter(pk=candidate.pk).update(base=live)
    facts = {"created_at": now, "waiting_since": now, "migrations": Change.Migrations.EXPAND}
    change = Change.objects.create(product=product, number=product.next_number("change"), title="Wrap gifts", **facts)
    revision = Revision.objects.create(change=change, number=1, fork=live.sha, tip=candidate.sha, seen_at=now)
    CandidateChange.objects.create(candidate=candidate, change=change, revision=revision)
    candidate.refresh_from_db()
    check = expansion.request(candidate)
    assert check is not None
    return check


@pytest.mark.parametrize(("times", "status", "expand_tests"), [(2, S.PASSED, 3), (1, S.ERRORED, 0)])
def test_so_is_every_command_of_the_proof_that_a_migration_expands(
    engine: Shop, counts: Path, times: int, status: str, expand_tests: int
):
    own = [section("build", times), section("migrate", times), section("expand_test", times)]
    data = section("test_data", times, "restore", "data") + 'scrub = ["true"]\n'
    text = "".join([*own, data])
    live = made(engine, counts, "zero", text, "")
    check = expanding(engine, live, engine.candidate("one"))
    jobs.execute(Work.objects.get(kind="expand_check").key)
    check.refresh_from_db()
    said = log_of(check.log_key)
    assert (check.status, tried(counts, "expand_test")) == (status, expand_tests), said
    assert [tried(counts, name) for name in ("build", "migrate", "data")] == ([4, 4, 3] if times == 2 else [2, 0, 0])
    assert said.count(AGAIN) == (8 if times == 2 else 1)


@pytest.mark.parametrize(("times", "status"), [(2, BackupDrill.Status.SUCCEEDED), (1, BackupDrill.Status.FAILED)])
def test_so_is_a_restore_drill_each_time_into_an_empty_folder(
    engine: Shop, counts: Path, times: int, status: str, monkeypatch: pytest.MonkeyPatch
):
    engine.deploy(engine.production, made(engine, counts, "one", section("restore_drill", times, word="drill")))
    monkeypatch.setattr(drills, "last_backup", lambda place: (None, "a copy"))
    drill = drills.request(engine.production, by=engine.cast.ops)
    engine.settle()
    drill.refresh_from_db()
    text = log_of(drill.log_key)
    assert (drill.status, tried(counts, "drill")) == (status, times + 1), text
    assert text.count(AGAIN) == times and "used folder" not in text


def test_so_is_what_restores_test_data(engine: Shop, counts: Path):
    data = section("test_data", 2, "restore", "data") + 'scrub = ["true"]\n'
    staging = engine.environment("staging")
    engine.deploy(staging, made(engine, counts, "one", data))
    test_data.request(staging, by=engine.cast.ops)
    engine.settle()
    staging.refresh_from_db()
    assert (staging.test_data_note, tried(counts, "data")) == ("", 3)
    work = declared.newest(staging, test_data.RESTORE)
    assert work is not None and log_of(work.log_key).count(AGAIN) == 2


def test_a_build_ahead_says_in_its_log_that_it_is_tried_again(engine: Shop, counts: Path):
    building.later(made(engine, counts, "one", section("build", 2)))
    work = Work.objects.get(kind="build")
    jobs.execute(work.key)
    work.refresh_from_db()
    assert (work.status, tried(counts, "build")) == (Work.Status.SUCCEEDED, 3), work.error
    assert log_of(work.log_key).count(AGAIN) == 2


def test_what_was_stopped_on_purpose_is_not_tried_again():
    said: list[str] = []
    ended = retries.run(lambda: Finished(143, "stopped", 1.0), 5, said.append)
    assert (ended.reason, said) == ("stopped", [])
    assert retries.run(lambda: Finished(1, "timeout", 1.0), 2, said.append).reason == "timeout" and len(said) == 2
