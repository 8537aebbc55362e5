"""The whole engine over ssh: confirmed keys, three servers, one release on all of them or the one before."""

import pytest
from django.core.exceptions import ValidationError

from deployments import drivers, host_keys, running
from deployments.models import Deployment
from environments import variables
from environments.models import Environment, HostKey
from lifecycle.models import Event, Work
from lifecycle.transitions import NotAllowed
from tests.deployments.engine import MANIFEST, Shop, log_of
from tests.deployments.shop import SERVER
from tests.deployments.ssh_hosts import RESTART, Hosts, three_hosts

S = Deployment.Status


@pytest.fixture
def hosts(tmp_path, engine: Shop):
    with three_hosts(tmp_path / "hosts") as hosts:
        place = engine.production
        place.driver, place.driver_settings = "ssh", hosts.settings
        place.save(update_fields=["driver", "driver_settings"])
        key = hosts.web[0].private_key
        variables.set_variable(place, name="SSH_KEY", value=key, is_secret=True, by=engine.cast.ops)
        engine.upstream.write("restart.py", RESTART)
        engine.upstream.write("lifecycle.toml", MANIFEST.replace("timeout_seconds = 4", "timeout_seconds = 10"))
        yield hosts


def look(engine: Shop) -> None:
    host_keys.look_later(engine.production, by=engine.cast.ops)
    engine.settle()


def confirm_all(engine: Shop) -> None:
    look(engine)
    for server in host_keys.of(engine.production):
        host_keys.confirm(server.shown, by=engine.cast.ops)


def test_nothing_is_sent_to_a_server_whose_key_nobody_confirmed(engine: Shop, hosts: Hosts):
    refused = engine.deploy(engine.production, engine.candidate("one"))
    assert refused.status == S.FAILED and "nobody has confirmed" in refused.error
    look(engine)
    servers = host_keys.of(engine.production)
    assert [server.is_unknown for server in servers] == [True] * 3
    assert {server.shown.fingerprint for server in servers} <= {key.fingerprint for key in HostKey.objects.all()}
    assert engine.deploy(engine.production, engine.candidate("two")).status == S.FAILED, "seen is not trusted"
    assert hosts.linked() == [""] * 3


def test_a_release_goes_to_all_servers_and_back(engine: Shop, hosts: Hosts):
    before = engine.production.config_version
    confirm_all(engine)
    assert engine.production.config_version == before + 3
    one = engine.deploy(engine.production, engine.candidate("one"))
    assert one.status == S.SUCCEEDED, log_of(one)
    assert one.steps.get(key="verify").status == "done"
    two = engine.deploy(engine.production, engine.candidate("two"))
    assert two.status == S.SUCCEEDED, log_of(two)
    label = running.release_id(two.candidate)
    assert hosts.labels() == [label] * 3
    migrated = (hosts.folder(0) / "data" / "steps").read_text().split()
    assert migrated.count("migrate") == 2 and not (hosts.folder(1) / "data" / "steps").exists()
    assert "PRIVATE KEY" not in log_of(two)
    back = engine.roll_back(engine.production)
    assert back.status == S.SUCCEEDED, log_of(back)
    assert hosts.labels() == [running.release_id(one.candidate)] * 3


def test_one_server_that_is_not_well_brings_all_of_them_back(engine: Shop, hosts: Hosts):
    confirm_all(engine)
    one = engine.deploy(engine.production, engine.candidate("one"))
    broken = SERVER.replace('"200"', f'"500" if os.environ["PORT"] == "{hosts.ports[2]}" else "200"')
    bad = engine.deploy(engine.production, engine.candidate("bad", **{"server.py": broken}))
    assert bad.status == S.FAILED and "is not healthy" in bad.error, log_of(bad)
    assert hosts.labels() == [running.release_id(one.candidate)] * 3
    assert engine.production.state == Environment.State.OK


def test_a_server_that_is_away_fails_before_anything_changes(engine: Shop, hosts: Hosts):
    confirm_all(engine)
    one = engine.deploy(engine.production, engine.candidate("one"))
    hosts.web[1].stop()
    two = engine.deploy(engine.production, engine.candidate("two"))
    assert two.status == S.FAILED and "cannot be reached" in two.error
    assert two.steps.get(key="switch").status == "pending"
    assert hosts.labels() == [running.release_id(one.candidate)] * 3
    assert engine.production.state == Environment.State.OK


def test_a_changed_key_is_shown_beside_the_confirmed_one(engine: Shop, hosts: Hosts):
    confirm_all(engine)
    engine.deploy(engine.production, engine.candidate("one"))
    hosts.web[1].stop()
    shown = hosts.web[1].change_host_key()
    hosts.web[1].start()
    refused = engine.deploy(engine.production, engine.candidate("two"))
    assert refused.status == S.FAILED and "has changed" in refused.error and shown in refused.error
    look(engine)
    changed = [server for server in host_keys.of(engine.production) if server.is_changed]
    assert [server.shown.fingerprint for server in changed] == [shown]
    assert Event.objects.filter(verb="environment.host_key_changed").count() == 1
    with pytest.raises(NotAllowed, match="another key since"):
        host_keys.confirm(changed[0].confirmed, by=engine.cast.ops)
    host_keys.confirm(changed[0].shown, by=engine.cast.ops)
    assert not [server for server in host_keys.of(engine.production) if server.is_changed]
    done = engine.deploy(engine.production, engine.candidate("three"))
    assert done.status == S.SUCCEEDED, log_of(done)


def test_a_server_that_shows_no_key_is_named(engine: Shop, hosts: Hosts):
    hosts.web[2].stop()
    look(engine)
    work = Work.objects.get(kind="host_key")
    assert work.status == Work.Status.FAILED and f"127.0.0.1:{hosts.web[2].port}" in work.error
    assert len(host_keys.of(engine.production)) == 2, "the others were written down"


def test_confirming_twice_counts_once(engine: Shop, hosts: Hosts):
    look(engine)
    key = host_keys.of(engine.production)[0].shown
    for _ in range(2):
        host_keys.confirm(key, by=engine.cast.ops)
    events = Event.objects.filter(verb="environment.host_key_confirmed")
    assert events.count() == 1 and events.get().data["fingerprint"] == key.fingerprint


@pytest.mark.parametrize(
    ("driver", "settings", "words"),
    [
        ("ssh", {}, ["hosts: is required.", "user: is required.", "folder: is required.", "restart: is required."]),
        ("ssh", {"hosts": "web1"}, ["hosts: must be a list"]),
        ("ssh", {"hosts": ["web1:99999"]}, ["hosts: 'web1:99999' is not a name"]),
        ("ssh", {"hosts": ["-oProxyCommand=x"]}, ["hosts: '-oProxyCommand=x' is not a name"]),
        ("ssh", {"hosts": [{"host": "web1", "folders": "/x"}]}, ["folders: is unknown; did you mean folder?"]),
        ("ssh", {"hosts": ["web1", "web1:22"]}, ["names a server twice"]),
        ("ssh", {"folder": "/srv/../etc"}, ["folder: must be an absolute path"]),
        ("ssh", {"restart": "systemctl restart shop"}, ["restart: must be a list of texts"]),
        ("ssh", {"restart": ["x", "{relaese}"]}, ["restart: unknown placeholder {relaese}"]),
        ("ssh", {"pasword": "x"}, ["pasword: is unknown; known are"]),
        ("process", {"port": "80"}, ["port: must be a port number"]),
        ("process", {"prot": 80}, ["prot: is unknown; did you mean port?"]),
        ("command", {"deploy": []}, ["deploy: must be a list of texts"]),
        ("command", ["x"], ["must be an object"]),
        ("pipeline", {}, ["kind: is required."]),
        ("pipeline", {"kind": "jenkins"}, ["kind: must be one of github, gitlab, http."]),
        ("pipeline", {"kind": ["github"]}, ["kind: must be one of"]),
        ("pipeline", {"kind": "github", "repository": "shop"}, ["workflow: is required.", "repository: must be"]),
        ("pipeline", {"kind": "http", "find": "file:///etc/passwd"}, ["find: must be an address"]),
        ("pipeline", {"kind": "http", "start": "https://me:secret@ci/"}, ["start: must be an address"]),
        ("pipeline", {"kind": "gitlab", "workflow": "x"}, ["workflow: is unknown"]),
    ],
)
def test_wrong_settings_are_refused_with_the_key(driver: str, settings: object, words: list[str]):
    with pytest.raises(ValidationError) as error:
        drivers.check_settings(driver, settings)
    said = "\n".join(error.value.message_dict["driver_settings"])
    assert all(word in said for word in words), said


def test_settings_that_are_right_pass():
    hosts = ["web1", "web2:2222", "[::1]:22", {"host": "web3", "port": 8001, "folder": "/srv/b"}]
    ssh = {"hosts": hosts, "user": "deploy", "folder": "/srv/shop", "restart": ["systemctl", "restart", "shop"]}
    drivers.check_settings("ssh", ssh | {"port": 8000, "health": ["true"], "probe": ["cat", "{data}/release"]})
    drivers.check_settings("pipeline", {"kind": "github", "repository": "northwind/shop", "workflow": "deploy.yml"})
    drivers.check_settings("command", {"deploy": ["kubectl", "apply", "-f", "{checkout}/k8s"]})
    with pytest.raises(ValidationError, match="no driver called"):
        drivers.check_settings("helm", {})
