"""A deployment that is broken at one of its steps, and the question what the environment is afterwards."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone

from deployments import artefacts, keeper_state, running
from deployments.drivers import http
from deployments.models import Deployment
from environments import repositories
from environments.models import Environment
from environments.variables import set_variable
from lifecycle import jobs, process
from lifecycle.models import Work
from releases.models import Candidate
from tests.cast import Cast
from tests.deployments import faulty_product
from tests.deployments.engine import Shop, log_of, make_upstream
from tests.deployments.shop import eventually
from tests.deployments.small_disk import SmallDisk

S = Deployment.Status
DISKS = ("artefacts", "apps", "mirrors")
GIT = """#!/bin/sh
if [ -e '{fault}' ]; then
    read -r command kind < '{fault}'
    case " $* " in *" $command "*) case $kind in
        error) exit 128 ;;
        timeout) exec sleep 60 ;;
        kill) kill -9 $$ ;;
    esac ;; esac
fi
exec '{git}' "$@"
"""


@dataclass(frozen=True)
class Fault:
    """What goes wrong at a step of a driver. `where` does it: a command, git, a disk, the application, the keeper."""

    driver: str
    step: str
    where: str
    kind: str

    @property
    def is_survived(self) -> bool:
        """Whether the new release may run all the same: there was room left, or it is put right afterwards."""
        return self.step == "snapshot" or self.kind in ("fill", "lost") or self.where in ("apps", "keeper", "look")

    def __str__(self) -> str:
        return f"{self.driver}-{self.step}-{self.where}-{self.kind}".replace(" ", "-")


@dataclass(frozen=True)
class Says:
    """What an environment says of itself: its release, the code it was made of, the setting it was started with."""

    release: str
    code: str
    config: str

    @classmethod
    def of(cls, text: str) -> "Says":
        """Out of the answer of server.py."""
        return cls(**json.loads(text))


class FaultyShop(Shop):
    """A shop on small disks whose production can be broken on purpose."""

    def __init__(self, cast: Cast, var: Path, driver: str) -> None:
        self.driver = driver
        self.disks = {name: SmallDisk(var / name) for name in DISKS}
        super().__init__(cast, make_upstream(var.parent / "upstream"), var)
        chosen = self._settings()[driver]
        Environment.objects.filter(pk=self.production.pk).update(driver=driver, driver_settings=chosen)

    def _settings(self) -> dict[str, dict[str, object]]:
        """A probe runs beside the releases, so its script is not one of theirs."""
        for name, text in faulty_product.FILES.items():
            (self.var / name).write_text(text)
        probe = ["{python}", str(self.var / "step.py"), "probe"]
        return {
            "process": {"port": self.production.driver_settings["port"]},
            "command": {"health": ["{python}", "step.py", "health"], "probe": probe},
            "fake": {},
        }

    def wrap_git(self) -> Path:
        """A folder to put first on PATH: its git obeys `git-fault`."""
        folder = self.var / "bin"
        folder.mkdir()
        text = GIT.format(fault=self.var / "git-fault", git=shutil.which("git"))
        (folder / "git").write_text(text)
        (folder / "git").chmod(0o755)
        return folder

    def candidate(self, label: str, **files: str) -> Candidate:
        """One that brings a migration, so that production is backed up first."""
        own = {**faulty_product.FILES, "lifecycle.toml": faulty_product.MANIFESTS[self.driver], "code": label}
        return super().candidate(label, **(own | {f"shop__migrations__{label}.py": "x = 1\n"} | files))

    def ship(self, candidate: Candidate) -> Deployment:
        """Deploy to production with a setting of its own, so that nothing of two releases can be mixed unseen."""
        set_variable(self.production, name="SHOP", value=candidate.label, is_secret=False, by=self.cast.ops)
        return self.deploy(self.production, candidate)

    def arm(self, fault: Fault, label: str) -> None:
        """From now on it goes wrong, for the release `label` where a release is concerned."""
        if fault.where.startswith("git "):
            (self.var / "git-fault").write_text(f"{fault.where.removeprefix('git ')} {fault.kind}\n")
        elif fault.where in self.disks:
            self.disks[fault.where].fill()
        elif fault.where == "driver":
            settings = {"fail": fault.kind, "release": label}
            Environment.objects.filter(pk=self.production.pk).update(driver_settings=settings)
        else:
            folder = self.fault_folder(fault.where)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"fault-{fault.where}").write_text(f"{label} {fault.kind}")

    def fault_folder(self, where: str) -> Path:
        """Where whoever suffers it looks. A build knows nothing of the environments."""
        return self.var / "build-data" if where == "build" else self.data(self.production)

    def repair(self) -> None:
        """Nothing goes wrong any more, and what waits for that is done."""
        (self.var / "git-fault").unlink(missing_ok=True)
        Environment.objects.filter(pk=self.production.pk, driver="fake").update(driver_settings={})
        for disk in self.disks.values():
            disk.free()
        for file in self.var.rglob("fault-*"):
            file.unlink()
        for work in Work.objects.filter(status=Work.Status.QUEUED, kind="snapshot"):
            Work.objects.filter(pk=work.pk).update(due_at=timezone.now())
            jobs.execute(work.key)

    def end(self) -> None:
        """The keeper first: what it runs has its data on the disks."""
        self.kept.end()
        for disk in self.disks.values():
            disk.remove()

    def says(self) -> Says | None:
        """What production says of itself; None while nobody answers."""
        folder = self.var / "apps" / "production"
        if self.driver == "process":
            answer = http.get(self.production.driver_settings["port"], "/probe")
            return Says.of(answer.text) if answer.ok else None
        if self.driver == "command":
            site = folder / "data" / "site" / "current"
            release, config = (site / "says").read_text().split(" ")
            return Says(release, (site / "code").read_text(), config)
        current = keeper_state.read_current(folder)
        return Says(current.release, *2 * [current.release.partition("+")[0]]) if current else None

    def require_whole(self, deployment: Deployment) -> Candidate:
        """AssertionError unless production is one release in every respect; the candidate it runs."""
        story = f"{deployment.status}: {deployment.error}\n{log_of(deployment)}"
        now = running.current(self.production)
        assert deployment.is_final and deployment.lease_until is None, story
        assert self.production.state == Environment.State.OK and now is not None, story
        label = now.candidate.label
        wanted = Says(running.release_id(now.candidate), label, label)
        assert eventually(lambda: self.says() == wanted), f"{self.says()} instead of {wanted}\n{story}"
        self._require_wish(wanted.release, story)
        self._require_nothing_left(deployment, story)
        return now.candidate

    def _require_wish(self, release: str, story: str) -> None:
        """The keeper's files name it too."""
        folder = self.var / "apps" / "production"
        if self.driver == "process":
            wish, status = keeper_state.read_current(folder), keeper_state.read_status(folder)
            assert wish and status and wish.release == status.release == release, story

    def _require_nothing_left(self, deployment: Deployment, story: str) -> None:
        """No half-built artefact, no process, nobody who holds the environment."""
        for folder in (self.var / "artefacts").glob("*/"):
            artefacts.verify(folder, folder.name)
        assert running.active(self.production) is None, story
        for step in deployment.steps.exclude(pid=None):
            assert not process.is_alive(step.pid, int(step.pid_started)), f"{step} still runs\n{story}"

    def require_snapshot(self) -> None:
        """AssertionError unless the environment's branch ends with what production runs."""
        now = running.current(self.production)
        assert now is not None
        git = repositories.git(self.repository)
        head = git.refs("refs/heads/")[self.production.branch]
        assert git.log(None, head, limit=1)[0].trailer("Deployment") == str(now.pk)
        assert git.tree_of(head) == now.candidate.tree
