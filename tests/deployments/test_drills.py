"""A backup before any migration on production, and backups that are tried before they are needed."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import drills
from deployments.models import BackupDrill, Deployment, Step
from environments.models import Environment
from lifecycle.models import LogLine, Notification
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, CandidateChange, Change, Revision
from tests.deployments.engine import MANIFEST, Shop, log_of

S = BackupDrill.Status
DRILL = """
import os, pathlib, sys
live, scratch = pathlib.Path(os.environ["LIVE_DATA_DIR"]), pathlib.Path(os.environ["DATA_DIR"])
assert scratch != live and not list(scratch.iterdir())
backup = live / "backup"
if not backup.exists():
    sys.exit("there is no backup")
(scratch / "restored").write_text(backup.read_text())
print("told:", os.environ.get("BACKUP", "nothing"))
print("key:", os.environ.get("PAYMENT_KEY", "none"))
print(len(backup.read_text().split()), "rows")
"""
WITH_DRILL = MANIFEST + '\n[restore_drill]\ncommand = ["{python}", "drill.py"]\ntimeout_seconds = 20\n'
BACKUP = (
    "import os, pathlib, sys\n"
    'folder = pathlib.Path(os.environ["DATA_DIR"])\n'
    'if sys.argv[1] == "backup":\n'
    '    (folder / "backup").write_text("one two three")\n'
    '    print("copied to", folder / "backup")\n'
)


@pytest.fixture
def live(engine: Shop) -> Candidate:
    """Production runs a release that says how its backup is tried, and was backed up before its migration."""
    engine.deploy(engine.production, engine.candidate("zero"))
    files = {"drill.py": DRILL, "lifecycle.toml": WITH_DRILL, "step.py": BACKUP, "shop__migrations__0001_first.py": ""}
    made = engine.candidate("one", **files)
    engine.deploy(engine.production, made)
    return made


def drilled(engine: Shop) -> BackupDrill:
    drill = drills.request(engine.production, by=engine.cast.ops)
    engine.settle()
    drill.refresh_from_db()
    return drill


def test_the_newest_backup_is_restored_into_a_place_of_its_own(engine: Shop, live: Candidate):
    drill = drilled(engine)
    assert (drill.status, drill.note) == (S.SUCCEEDED, "3 rows")
    assert 0 < drill.seconds < 20 and drill.requested_by == engine.cast.ops
    assert not (engine.data(engine.production) / "restored").exists()


def test_it_is_told_which_one(engine: Shop, live: Candidate):
    drill = drilled(engine)
    text = "\n".join(LogLine.objects.filter(log=drill.log_key).values_list("text", flat=True))
    assert f"told: copied to {engine.data(engine.production) / 'backup'}" in text


def test_a_backup_that_said_nothing_is_not_told_in_the_words_of_another_command(engine: Shop, live: Candidate):
    build = '[build]\ncommand = ["{python}", "-c", "print(\'all is built\')"]\n'
    silent = {
        "step.py": BACKUP.replace('print("copied to", folder / "backup")', "pass"),
        "lifecycle.toml": WITH_DRILL + build,
    }
    silent["shop__migrations__0002_more.py"] = ""
    done = engine.deploy(engine.production, engine.candidate("two", **silent))
    assert "all is built" in log_of(done)
    assert Step.objects.filter(key="backup").latest("pk").detail == "exit code 0"
    drill = drilled(engine)
    assert LogLine.objects.filter(log=drill.log_key, text="told: nothing").exists()


def test_a_backup_that_cannot_be_restored_is_told_to_devops(engine: Shop, live: Candidate):
    (engine.data(engine.production) / "backup").unlink()
    drill = drilled(engine)
    assert drill.status == S.FAILED and "exit code 1 (there is no backup)" in drill.note
    assert Notification.objects.filter(user=engine.cast.ops, event="backup.drill_failed").exists()
    assert LogLine.objects.filter(log=drill.log_key, text__contains="there is no backup").exists()


def test_secrets_stay_out_of_its_log(engine: Shop, live: Candidate):
    from environments.variables import set_variable

    set_variable(engine.production, name="PAYMENT_KEY", value="sk-very-secret", is_secret=True, by=engine.cast.ops)
    drill = drilled(engine)
    text = "\n".join(LogLine.objects.filter(log=drill.log_key).values_list("text", flat=True))
    assert "key: ••••••" in text and "sk-very-secret" not in text


def test_weekly_it_is_tried_by_itself_once_there_is_a_backup(engine: Shop, live: Candidate):
    now = timezone.now()
    drills.tick(at=now)
    drills.tick(at=now)
    engine.settle()
    assert [drill.requested_by for drill in BackupDrill.objects.all()] == [None]
    drills.tick(at=now + timedelta(days=6))
    assert BackupDrill.objects.count() == 1
    drills.tick(at=now + timedelta(days=8))
    assert BackupDrill.objects.count() == 2


def test_before_there_was_a_backup_none_is_tried_by_itself(engine: Shop, live: Candidate):
    Step.objects.filter(key="backup", deployment__previous__isnull=False).delete()
    drills.tick()
    assert not BackupDrill.objects.exists()


def test_one_at_a_time_only_production_and_only_where_the_product_says_how(engine: Shop, live: Candidate):
    drills.request(engine.production, by=engine.cast.ops)
    with pytest.raises(NotAllowed, match="already"):
        drills.request(engine.production, by=engine.cast.ops)
    with pytest.raises(NotAllowed, match="Only production"):
        drills.request(engine.dev, by=engine.cast.ops)
    Candidate.objects.filter(pk=live.pk).update(manifest=MANIFEST)
    with pytest.raises(NotAllowed, match=r"no \[restore_drill\]"):
        drills.request(engine.production, by=engine.cast.ops)


def test_the_step_says_where_the_backup_is(engine: Shop, live: Candidate):
    step = Step.objects.filter(deployment__environment=engine.production, key="backup").latest("pk")
    assert step.detail == f"copied to {engine.data(engine.production) / 'backup'}"
    assert drills.last_backup(engine.production)[1] == step.detail


def test_a_change_that_says_it_migrates_is_backed_up_before_whatever_its_files_are(engine: Shop):
    zero, one = engine.candidate("zero"), engine.candidate("one")
    engine.deploy(engine.production, zero)
    engine.deploy(engine.production, one)
    assert Step.objects.filter(key="backup").latest("pk").status == "skipped"
    for flag, is_backed_up in (("none", False), ("expand", True)):
        made = engine.candidate(flag)
        takes_in(engine, made, flag)
        engine.deploy(engine.production, made)
        step = Step.objects.filter(key="backup").latest("pk")
        assert (step.status == "done") is is_backed_up, step.detail
    engine.deploy(engine.production, made)
    assert Step.objects.filter(key="backup").latest("pk").status == "skipped", "the same once more migrates nothing"


def test_what_lifecycle_toml_calls_a_migration_is_backed_up_before(engine: Shop):
    own = MANIFEST.replace("uninterruptible = false", 'uninterruptible = false\nfiles = ["ddl/*.txt"]')
    engine.deploy(engine.production, engine.candidate("zero", **{"lifecycle.toml": own}))
    for name, is_backed_up in (("shop__migrations__0001_first.py", False), ("ddl__0001.txt", True)):
        engine.deploy(engine.production, engine.candidate(name, **{name: ""}))
        step = Step.objects.filter(key="backup").latest("pk")
        assert (step.status == "done") is is_backed_up, step.detail


def takes_in(engine: Shop, candidate: Candidate, migrations: str) -> None:
    """The candidate has a change that says this of its migrations, and touches no file that looks like one."""
    now, product = timezone.now(), engine.cast.product
    facts = {"number": product.next_number("change"), "title": "Keep a wishlist", "branch": f"idea/{migrations}"}
    change = Change.objects.create(
        product=product, developer=engine.cast.dev, migrations=migrations, created_at=now, waiting_since=now, **facts
    )
    revision = Revision.objects.create(change=change, number=1, fork="a" * 40, tip="b" * 40, seen_at=now)
    CandidateChange.objects.create(candidate=candidate, change=change, revision=revision)


def test_without_a_backup_nothing_is_migrated_on_production(engine: Shop):
    engine.deploy(engine.production, engine.candidate("one"))
    (engine.data(engine.production) / "fail-backup").touch()
    ended = engine.deploy(engine.production, engine.candidate("two", **{"shop__migrations__0002_more.py": "# expand"}))
    assert ended.status == Deployment.Status.FAILED, log_of(ended)
    assert engine.runs(engine.production) == "one"
    assert not [line for line in engine.steps_run(engine.production) if line.startswith("migrate two")]


def test_the_page_shows_the_drills_and_has_the_button_for_devops(engine: Shop, live: Candidate, sign_in):
    page = "/environments/production/backups/"
    assert "No backup of Production was ever restored" in sign_in(engine.cast.dev).get(page).content.decode()
    assert sign_in(engine.cast.dev).post(f"{page}drill/").status_code == 403
    ops = sign_in(engine.cast.ops)
    assert "Restore it now" in ops.get(page).content.decode()
    assert ops.post(f"{page}drill/").status_code == 302
    assert "is being restored now" in ops.get(page).content.decode()
    assert ops.post(f"{page}drill/").status_code == 409
    engine.settle()
    shown = ops.get(page).content.decode()
    assert "A backup of Production was restored" in shown and "3 rows" in shown and "copied to" in shown


def test_the_api_tells_and_tries(engine: Shop, live: Candidate, sign_in):
    ops, url = sign_in(engine.cast.ops), "/api/v1/products/shop/environments/production/drills/"
    assert ops.post(url).status_code == 201
    engine.settle()
    (found,) = json.loads(ops.get(url).content)
    assert (found["status"], found["note"]) == ("succeeded", "3 rows")
    assert Environment.objects.filter(kind="production").count() == 1
