"""Behind ssh the commands of an environment itself run where its data is: on the first server."""

import pytest

from deployments import creating, declared, drills, host_keys, stopping, test_data
from deployments.models import BackupDrill, Deployment
from environments import variables
from environments.models import Environment
from lifecycle.models import LogLine, Work
from tests.deployments.at_work import running
from tests.deployments.engine import MANIFEST, Shop, log_of
from tests.deployments.shop import eventually
from tests.deployments.ssh_hosts import RESTART, Hosts, three_hosts

DECLARED = """
[create]
command = ["{python}", "own.py", "create"]
[destroy]
command = ["{python}", "own.py", "destroy"]
[test_data]
restore = ["{python}", "own.py", "restore"]
name = "hundred-orders"
[restore_drill]
command = ["{python}", "own.py", "drill"]
retries = 1
"""
OWN = """
import os, pathlib, sys, time
word, data = sys.argv[1], pathlib.Path(os.environ["DATA_DIR"])
live = pathlib.Path(os.environ.get("LIVE_DATA_DIR", data))
with open(live / "own", "a") as own:
    print(word, os.environ.get("TEST_DATA", "-"), data.name, file=own)
print("backup:", os.environ.get("BACKUP", "not told"))
print("with", os.environ.get("PAYMENT_KEY", "no key"), flush=True)
(data / "scratch").write_text("restored")
if (live / "slow").exists():
    (live / "own-pid").write_text(str(os.getpid()))
    time.sleep(60)
if (live / "fail-once").exists():
    (live / "fail-once").unlink()
    sys.exit(1)
sys.exit(int((live / "fail").exists()))
"""


@pytest.fixture
def hosts(tmp_path, engine: Shop):
    """Staging and production are two servers, each with folders of its own there; a release runs on both."""
    with three_hosts(tmp_path / "hosts", count=2) as hosts:
        files = {"restart.py": RESTART, "own.py": OWN}
        files["lifecycle.toml"] = MANIFEST.replace("timeout_seconds = 4", "timeout_seconds = 10") + DECLARED
        for name, text in files.items():
            engine.upstream.write(name, text)
        move_to(engine, hosts, engine.production)
        yield hosts


def move_to(engine: Shop, hosts: Hosts, place: Environment) -> None:
    place.driver, place.driver_settings = "ssh", hosts.settings
    place.save(update_fields=["driver", "driver_settings"])
    key = hosts.web[0].private_key
    for name, secret in (("SSH_KEY", key), ("PAYMENT_KEY", "sk-very-secret")):
        variables.set_variable(place, name=name, value=secret, is_secret=True, by=engine.cast.ops)
    host_keys.look_later(place, by=engine.cast.ops)
    engine.settle()
    for server in host_keys.of(place):
        host_keys.confirm(server.shown, by=engine.cast.ops)
    place.refresh_from_db()


def as_staging(engine: Shop) -> Environment:
    """The servers are staging's; production is on this machine."""
    place = engine.production
    Environment.objects.filter(slug="staging").update(kind="dev")
    Environment.objects.filter(pk=place.pk).update(kind="staging", slug="servers")
    place.refresh_from_db()
    return place


def own(hosts: Hosts, n: int = 0) -> list[str]:
    file = hosts.folder(n) / "data" / "own"
    return file.read_text().splitlines() if file.exists() else []


def said(log_key: str) -> str:
    return "\n".join(LogLine.objects.filter(log=log_key).order_by("seq").values_list("text", flat=True))


def deploy(engine: Shop, place: Environment) -> None:
    done = engine.deploy(place, engine.candidate("one"))
    assert done.status == Deployment.Status.SUCCEEDED, log_of(done)
    place.refresh_from_db()


def test_test_data_is_restored_on_the_first_server_and_nowhere_else(engine: Shop, hosts: Hosts):
    place = as_staging(engine)
    deploy(engine, place)
    test_data.request(place, by=engine.cast.ops)
    engine.settle()
    place.refresh_from_db()
    assert (place.test_data_note, place.test_data_at is not None) == ("", True)
    assert (own(hosts), own(hosts, 1)) == (["restore hundred-orders data"], [])
    text = said(declared.newest(place, test_data.RESTORE).log_key)
    assert "with ••••••" in text and "sk-very-secret" not in text and f"{hosts.web[0].port}: $ python3 own.py" in text


def test_a_command_that_fails_there_says_on_which_server(engine: Shop, hosts: Hosts):
    place = as_staging(engine)
    deploy(engine, place)
    (hosts.folder(0) / "data" / "fail").touch()
    test_data.request(place, by=engine.cast.ops)
    engine.settle()
    place.refresh_from_db()
    assert f":{hosts.web[0].port}: test_data ended with exit code 1" in place.test_data_note


def test_a_drill_restores_there_into_a_folder_that_is_thrown_away(engine: Shop, hosts: Hosts, monkeypatch):
    deploy(engine, engine.production)
    monkeypatch.setattr(drills, "last_backup", lambda place: (None, "a copy"))
    drill = drills.request(engine.production, by=engine.cast.ops)
    engine.settle()
    drill.refresh_from_db()
    assert drill.status == BackupDrill.Status.SUCCEEDED, drill.note
    [line] = own(hosts)
    assert line.startswith("drill - drill-")
    assert not list(hosts.folder(0).glob("drill-*")) and not (hosts.folder(0) / "data" / "scratch").exists()
    assert "sk-very-secret" not in said(drill.log_key) and "backup: a copy" in said(drill.log_key)

    (hosts.folder(0) / "data" / "fail-once").touch()
    drill = drills.request(engine.production, by=engine.cast.ops)
    engine.settle()
    drill.refresh_from_db()
    assert drill.status == BackupDrill.Status.SUCCEEDED, drill.note
    assert said(drill.log_key).count("It is tried again.") == 1
    assert len(set(own(hosts))) == 3, "each try has a folder of its own"

    (hosts.folder(0) / "data" / "fail").touch()
    drill = drills.request(engine.production, by=engine.cast.ops)
    engine.settle()
    drill.refresh_from_db()
    assert drill.status == BackupDrill.Status.FAILED and "restore_drill ended with exit code 1" in drill.note


def test_the_emergency_stop_ends_it_on_the_server(engine: Shop, hosts: Hosts):
    place = as_staging(engine)
    deploy(engine, place)
    data = hosts.folder(0) / "data"
    (data / "slow").touch()
    test_data.request(place, by=engine.cast.ops)
    work = declared.newest(place, test_data.RESTORE)
    with running(work.key):
        assert eventually(lambda: (data / "own-pid").exists() and (data / "own-pid").read_text())
        stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail.")
    work.refresh_from_db()
    assert work.status == Work.Status.LOST
    pid = int((data / "own-pid").read_text())
    assert eventually(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_rollback_ends_it_and_says_so(engine: Shop, hosts: Hosts):
    place = as_staging(engine)
    deploy(engine, place)
    two = engine.deploy(place, engine.candidate("two"))
    assert two.status == Deployment.Status.SUCCEEDED, log_of(two)
    data = hosts.folder(0) / "data"
    (data / "slow").touch()
    test_data.request(place, by=engine.cast.ops)
    with running(declared.newest(place, test_data.RESTORE).key):
        assert eventually(lambda: (data / "own-pid").exists() and (data / "own-pid").read_text())
        (data / "slow").unlink()
        back = engine.roll_back(place)
    assert back.status == Deployment.Status.SUCCEEDED, log_of(back)
    place.refresh_from_db()
    assert place.test_data_note == "A deployment began on the servers meanwhile: try it again."


def test_a_new_environment_is_made_and_taken_down_on_its_own_server(engine: Shop, hosts: Hosts, tmp_path):
    deploy(engine, engine.production)
    Environment.objects.filter(slug="production").update(kind="staging", slug="servers")
    source = Environment.objects.get(slug="servers")
    facts = {"slug": "qa", "name": "QA", "kind": "staging", "with_secrets": True, "by": engine.cast.ops}
    made = creating.create(source, **facts)
    folder = tmp_path / "hosts" / "qa"
    server = {"host": f"127.0.0.1:{hosts.web[1].port}", "folder": str(folder)}
    Environment.objects.filter(pk=made.pk).update(driver_settings={**hosts.settings, "hosts": [server]})
    engine.settle()
    made.refresh_from_db()
    assert made.status == Environment.Status.BROKEN and "nobody has confirmed" in made.status_note
    move_keys(engine, made)
    creating.retry(made, by=engine.cast.ops)
    engine.settle()
    made.refresh_from_db()
    assert made.status == Environment.Status.READY, made.status_note
    assert (folder / "data" / "own").read_text() == "create - data\n"
    creating.destroy(made, typed="qa", by=engine.cast.ops)
    engine.settle()
    made.refresh_from_db()
    assert made.status == Environment.Status.GONE
    assert (folder / "data" / "own").read_text().splitlines()[-1] == "destroy - data"


def move_keys(engine: Shop, place: Environment) -> None:
    host_keys.look_later(place, by=engine.cast.ops)
    engine.settle()
    for server in host_keys.of(place):
        host_keys.confirm(server.shown, by=engine.cast.ops)
    place.refresh_from_db()
