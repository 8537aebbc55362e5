"""The worked examples below docs/examples, run by the command driver against programs that record their calls."""

import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
import yaml

from deployments.drivers import DriverError, Release, Target
from deployments.drivers.command import CommandDriver
from deployments.keeper_state import FencedOut
from environments.manifest import Manifest, parse
from lifecycle import process
from tests.deployments.output import Log
from tests.deployments.recorder import Recorder
from tests.deployments.shop import ROOT

NEVER = threading.Event()
EXAMPLES = ROOT / "docs" / "examples"
IMAGE = "registry.example.org/northwind/shop@sha256:" + "ab" * 32
DATABASE = "postgresql://shop@db/shop"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path / "recorder")
    recorder.program("docker", "kubectl", "helm", "ansible-playbook")
    monkeypatch.setenv("PATH", recorder.path)
    return recorder


class Example:
    """One folder of docs/examples as a built artefact, and the driver for it."""

    def __init__(self, name: str, tmp_path: Path, **settings) -> None:
        self.folder = tmp_path / "artefact"
        shutil.copytree(EXAMPLES / name, self.folder)
        self.manifest: Manifest = parse((self.folder / "lifecycle.toml").read_text())
        variables = {"DATABASE_URL": DATABASE}
        where = (tmp_path / "app", tmp_path / "data")
        given = {"health": ["true"], **settings}
        self.target = Target("production", *where, self.manifest, 8000, variables, given, checkout=self.folder)
        self.driver = CommandDriver(self.target)

    def release(self, label: str = "24.11+3f2a91bc") -> Release:
        return Release(label, self.folder, "3f2a91bc" + "0" * 32)

    def run(self, section: str, log: Log) -> process.Finished:
        """As the engine runs a step's command."""
        release = self.release()
        argv = self.manifest.command(section, self.target.context(release))
        self.target.data.mkdir(exist_ok=True)
        env = self.target.environ(release)
        limits = {"total_seconds": 20, "inactivity_seconds": 20}
        return process.run(argv, cwd=self.folder, env=env, on_output=log, stop=NEVER, **limits)


@pytest.fixture
def compose(tmp_path, programs):
    programs.say("image inspect", IMAGE + "\n")
    programs.say(" up ", keeps=True)
    programs.say("exec -T web printenv RELEASE", tells=True)
    example = Example("compose", tmp_path)
    (example.folder / "image").write_text(IMAGE + "\n")
    return example


@pytest.fixture
def kubernetes(tmp_path, programs):
    programs.say("jsonpath={.metadata.annotations.lifecycle-fence}", "3")
    programs.say("patch deployment/shop", keeps=True)
    programs.say("get pods", tells=True)
    example = Example("kubernetes", tmp_path)
    (example.folder / "image").write_text(IMAGE)
    return example


@pytest.mark.parametrize("name", ["compose", "kubernetes"])
def test_an_image_is_built_once_and_named_by_its_digest(name, tmp_path, programs, log):
    programs.say("image inspect", IMAGE + "\n")
    example = Example(name, tmp_path)
    assert example.run("build", log).ok, log.text
    assert (example.folder / "image").read_text() == IMAGE + "\n"
    assert programs.lines[:2] == [
        "docker build --tag registry.example.org/northwind/shop:24.11-3f2a91bc .",
        "docker push registry.example.org/northwind/shop:24.11-3f2a91bc",
    ]


@pytest.mark.parametrize("name", ["compose", "kubernetes"])
def test_a_push_that_fails_leaves_no_artefact(name, tmp_path, programs, log):
    programs.say("docker push", "denied\n", code=1)
    example = Example(name, tmp_path)
    assert example.run("build", log).exit_code == 1 and "denied" in log.text
    assert not (example.folder / "image").exists()


def test_compose_switches_and_tells_what_runs(compose, programs, log):
    release = compose.release()
    compose.driver.hold(4)
    compose.driver.switch(release, fence=4, log=log, stop=NEVER)
    assert compose.driver.health(release, deadline_seconds=30, log=log, stop=NEVER), log.text
    up = next(call for call in programs.calls if "up" in call["argv"])
    assert up["argv"][:4] == ["compose", "--project-name", "shop-production", "up"] and "--wait" in up["argv"]
    facts = {"RELEASE": release.label, "FENCE": "4", "IMAGE": IMAGE, "DATABASE_URL": DATABASE}
    assert facts.items() <= up["env"].items()
    assert not compose.driver.health(compose.release("24.12"), deadline_seconds=0.1, log=log, stop=NEVER)


def test_compose_migrates_in_the_new_image(compose, programs, log):
    assert compose.run("migrate", log).ok, log.text
    assert programs.lines[0].endswith("run --rm --no-deps web python manage.py migrate --noinput")
    assert programs.calls[0]["env"]["IMAGE"] == IMAGE


def test_compose_refuses_an_older_fence_by_itself(compose, programs, log):
    """Also when another machine's worker asks, whose own record knows nothing of it."""
    compose.driver.switch(compose.release(), fence=4, log=log, stop=NEVER)
    with pytest.raises(FencedOut):
        compose.driver.switch(compose.release("24.10"), fence=3, log=log, stop=NEVER)
    (compose.target.folder / "fence").unlink()
    with pytest.raises(DriverError, match="exit code 9"):
        compose.driver.switch(compose.release("24.10"), fence=3, log=log, stop=NEVER)
    assert "fence 3 is older than 4" in log.text
    assert sum("up" in call["argv"] for call in programs.calls) == 1


def test_a_container_that_does_not_become_healthy_is_a_no(compose, programs, log):
    programs.say(" up ", "container shop-production-web-1 is unhealthy\n", code=1)
    with pytest.raises(DriverError, match="exit code 1") as error:
        compose.driver.switch(compose.release(), fence=1, log=log, stop=NEVER)
    assert not error.value.retry and "is unhealthy" in log.text
    programs.say("exec -T web", code=1)
    assert compose.driver.probe() is None


def test_kubernetes_changes_image_release_and_fence_in_one_patch(kubernetes, programs, log):
    release = kubernetes.release()
    kubernetes.driver.switch(release, fence=4, log=log, stop=NEVER)
    patch = next(call for call in programs.calls if "patch" in call["argv"])
    operations = json.loads(next(part for part in patch["argv"] if part.startswith("--patch="))[len("--patch=") :])
    assert operations[0] == {"op": "test", "path": "/metadata/annotations/lifecycle-fence", "value": "3"}
    assert [one["value"] for one in operations[1:]] == ["4", release.label, IMAGE, release.label]
    assert "--namespace=shop-production" in patch["argv"]
    assert programs.lines[-1] == "kubectl --namespace=shop-production rollout status deployment/shop --timeout=240s"
    assert kubernetes.driver.health(release, deadline_seconds=30, log=log, stop=NEVER), log.text


def test_every_path_of_the_patch_is_in_the_deployment():
    document = next(yaml.safe_load_all((EXAMPLES / "kubernetes" / "shop.yaml").read_text()))
    script = (EXAMPLES / "kubernetes" / "deploy.sh").read_text()
    paths = [line.split('\\"path\\": \\"')[1].split('\\"')[0] for line in script.splitlines() if '{\\"op' in line]
    assert len(paths) == 5
    for path in paths:
        value = document
        for part in path.strip("/").split("/"):
            value = value[int(part)] if isinstance(value, list) else value[part]
        assert isinstance(value, str)
    assert document["spec"]["template"]["spec"]["containers"][0]["env"][0]["name"] == "RELEASE"


def test_kubernetes_refuses_an_older_fence_and_pods_that_disagree(kubernetes, programs, log):
    with pytest.raises(DriverError, match="exit code 9"):
        kubernetes.driver.switch(kubernetes.release(), fence=2, log=log, stop=NEVER)
    assert not any("patch" in line for line in programs.lines)
    programs.say("get pods", "24.10\n24.11\n24.11\n")
    assert kubernetes.driver.probe() is None
    programs.say("get pods", "24.11\n24.11\n")
    assert kubernetes.driver.probe() == "24.11"


def test_kubernetes_is_created_when_it_is_not_there(kubernetes, programs, log):
    programs.say("kubectl --namespace=shop-production get deployment/shop", code=1)
    programs.say("jsonpath={.metadata.annotations.lifecycle-fence}", "0")
    kubernetes.driver.switch(kubernetes.release(), fence=1, log=log, stop=NEVER)
    assert "kubectl --namespace=shop-production create --filename=shop.yaml" in programs.lines


def test_kubernetes_says_when_a_rollout_hangs_or_a_migration_fails(kubernetes, programs, log):
    programs.say("rollout status", "exceeded its progress deadline\n", code=1)
    with pytest.raises(DriverError, match="exit code 1"):
        kubernetes.driver.switch(kubernetes.release(), fence=4, log=log, stop=NEVER)
    assert kubernetes.run("migrate", log).ok, log.text
    made = next(yaml.safe_load(call["stdin"]) for call in programs.calls if "--filename=-" in call["argv"])
    assert made["metadata"]["name"] == "migrate-24-11-3f2a91bc"
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE
    programs.say("wait --for=condition=complete", code=1)
    assert kubernetes.run("migrate", log).exit_code == 1


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (
            ["helm", "upgrade", "--install", "--atomic", "shop", "./chart", "--set", "release={release}"],
            "helm upgrade --install --atomic shop ./chart --set release=24.11+3f2a91bc",
        ),
        (
            ["ansible-playbook", "-i", "inventory/{environment}", "deploy.yml", "-e", "from={checkout}"],
            "ansible-playbook -i inventory/production deploy.yml -e from=",
        ),
    ],
)
def test_any_other_command_comes_from_the_settings(tmp_path, programs, log, argv, line):
    example = Example("compose", tmp_path, deploy=argv, probe=["true"])
    example.driver.switch(example.release(), fence=7, log=log, stop=NEVER)
    assert programs.lines[0].startswith(line)
    assert programs.calls[0]["env"]["FENCE"] == "7" and programs.calls[0]["env"]["DIGEST"].startswith("3f2a91bc")


@pytest.mark.parametrize("script", sorted(EXAMPLES.rglob("*.sh")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_script_can_be_read_by_a_shell_and_stops_at_the_first_mistake(script):
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    assert "\nset -eu\n" in script.read_text() and script.stat().st_mode & 0o111


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_document_is_yaml(file):
    documents = list(yaml.safe_load_all(file.read_text()))
    assert documents and all(isinstance(document, dict) for document in documents)


def test_the_compose_file_pins_what_lifecycle_gives():
    web = yaml.safe_load((EXAMPLES / "compose" / "compose.yaml").read_text())["services"]["web"]
    assert web["image"].startswith("${IMAGE:?") and web["environment"]["RELEASE"].startswith("${RELEASE:?")
    assert web["healthcheck"]["test"][0] == "CMD"
