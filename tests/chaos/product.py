"""A small product with many candidates and as many environments as wanted, for deployments that take a second."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from deployments import running, services, targets
from deployments.models import Deployment, Step
from environments import repositories
from environments.models import Environment
from lifecycle.models import LogLine, Product
from releases import candidates
from releases.models import Candidate
from tests.cast import Cast, assemble
from tests.chaos.stack import Stack, eventually
from tests.deployments.shop import SERVER, free_port
from tests.environments.repositories import Upstream

TARGET = Path(__file__).with_name("target.py")
PROBED = """
[start]
command = ["{python}", "server.py"]
[health]
path = "/health"
timeout_seconds = 10
[probe]
path = "/health"
field = "release"
"""
MANIFEST = f"""
[backup]
command = ["{{python}}", "-I", "-S", "target.py", "backup"]
[migrate]
command = ["{{python}}", "-I", "-S", "target.py", "migrate"]
timeout_seconds = 600
inactivity_seconds = 600
uninterruptible = false
{PROBED}"""
NONE: Mapping[str, str] = {}
COMMAND = {
    "deploy": ["{python}", "-I", "-S", "target.py", "switch"],
    "probe": ["{python}", "-I", "-S", str(TARGET), "probe"],
}


@dataclass(frozen=True)
class Effect:
    """One line of a target's ledger: `phase` is begin, end or refused. `at` is this machine's monotonic clock."""

    at: float
    pid: int
    phase: str
    what: str
    release: str
    fence: int
    colour: str = ""


class ChaosProduct:
    """What the campaign deploys. Candidates are numbered from 0; a higher number is newer."""

    def __init__(
        self,
        stack: Stack,
        *,
        slug: str = "chaos",
        cast: Cast | None = None,
        manifest: str = MANIFEST,
        server: str = SERVER,
    ) -> None:
        """`cast`: the people of another product, which is the default one then."""
        self.stack = stack
        self.product = Product.objects.create(name="Northwind shop", slug=slug, is_default=cast is None)
        self.cast: Cast = replace(cast, product=self.product) if cast else assemble(self.product)
        self.upstream = Upstream(stack.folder / f"upstream-{slug}")
        for name, text in {"lifecycle.toml": manifest, "target.py": TARGET.read_text(), "server.py": server}.items():
            self.upstream.write(name, text)
        self.upstream.commit("The product.")
        self.repository = repositories.connect(self.product, f"file://{self.upstream.path}", by=self.cast.ops)
        assert not self.repository.fetch_error
        self._candidates: list[Candidate] = []
        self.environment("dev")  # what pushes are composed for by themselves

    def retire_dev(self) -> None:
        """Pushes are not deployed by themselves any more."""
        Environment.objects.filter(product=self.product, slug="dev").update(status=Environment.Status.GONE)

    def candidate(self, number: int) -> Candidate:
        """The candidate of this number; it and those before it are made when they are first asked for."""
        if number >= len(self._candidates):
            self._make(max(number + 1, len(self._candidates) + 10))
        return self._candidates[number]

    def _make(self, count: int) -> None:
        """On a branch of their own, so that no push is composed meanwhile."""
        self.upstream.git("checkout", "-q", "-B", "candidates")
        shas = []
        for number in range(len(self._candidates), count):
            self.upstream.write("migrations/number.py", str(number))
            shas.append(self.upstream.commit(f"Candidate {number}."))
        repositories.poll(self.repository)
        for sha in shas:
            made = candidates.adopt(self.product, sha=sha, by=self.cast.ops)
            Candidate.objects.filter(pk=made.pk).update(label=f"r{len(self._candidates)}")
            made.refresh_from_db()
            self._candidates.append(made)

    def environment(self, slug: str, *, driver: str = "fake", kind: str = "dev", **more: Any) -> Environment:
        """A place of its own; `driver` is fake, command or process, `more` goes to its settings.

        A product has one production: the one before is retired.
        """
        if kind == Environment.Kind.PRODUCTION:
            before = Environment.objects.filter(product=self.product, kind=kind)
            before.update(status=Environment.Status.GONE)
        port = free_port() if driver == "process" else 0
        own: dict[str, Any] = {"command": COMMAND, "process": {"port": port}}.get(driver, {})
        return Environment.objects.create(
            product=self.product,
            slug=slug,
            name=slug.title(),
            kind=kind,
            position=Environment.objects.filter(product=self.product).count(),
            url=f"http://127.0.0.1:{port or 1}",
            driver=driver,
            driver_settings=own | more,
        )

    def ask(self, environment: Environment, number: int, *, traps: Mapping[str, str] = NONE, **more: Any) -> Deployment:
        """Write the wish for this candidate down, through the service; `traps` (point → action) wait for its worker."""
        candidate = self.candidate(number)
        with transaction.atomic():
            asked = services.request(environment, candidate, by=self.cast.ops, **more)
            self._set(asked, traps)
        return asked

    def ask_back(self, environment: Environment, *, traps: Mapping[str, str] = NONE) -> Deployment:
        """The same for a rollback to what was verified before."""
        with transaction.atomic():
            asked = services.roll_back(environment, by=self.cast.ops, reason="Checkout fails.")
            self._set(asked, traps)
        return asked

    def _set(self, asked: Deployment, traps: Mapping[str, str]) -> None:
        for point, action in traps.items():
            self.stack.traps.set(asked.log_key, point, action)

    def deploy(self, environment: Environment, number: int, *, seconds: float = 60) -> Deployment:
        """Ask, and wait until a worker has ended it."""
        return ended(self.ask(environment, number), seconds=seconds)

    def deploy_many(self, environment: Environment, count: int, *, first: int = 0) -> list[Deployment]:
        """`count` deployments of ever newer candidates, one after the other; each must succeed."""
        done = [self.deploy(environment, number) for number in range(first, first + count)]
        assert {row.status for row in done} == {Deployment.Status.SUCCEEDED}, [log_of(row) for row in done]
        return done

    def data(self, environment: Environment) -> Path:
        folder = Path(settings.VAR) / "apps" / targets.app_name(environment) / "data"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def slow(self, environment: Environment, what: str, seconds: float) -> None:
        """From now on `what` (build, migrate, switch …) takes so long there, builds anywhere; 0 = no longer."""
        folder = self._builds if what == "build" else self.data(environment)
        file = folder / f"slow-{what}"
        if seconds:
            file.write_text(str(seconds))
        else:
            file.unlink(missing_ok=True)

    def effects(self, environment: Environment) -> list[Effect]:
        """What really happened at the target, oldest first."""
        return self._read(self.data(environment) / "ledger")

    def builds(self) -> list[Effect]:
        """The same of the [build] commands."""
        return self._read(self._builds / "ledger")

    @property
    def _builds(self) -> Path:
        folder = Path(settings.VAR) / "build-data"
        folder.mkdir(exist_ok=True)
        return folder

    def _read(self, file: Path) -> list[Effect]:
        return [Effect(*json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    def runs(self, environment: Environment) -> str | None:
        """The release id that the target itself names."""
        return targets.driver_for(environment, self.candidate(0)).probe()

    def release(self, number: int) -> str:
        return running.release_id(self.candidate(number))


def ended(deployment: Deployment, *, seconds: float = 60) -> Deployment:
    """Wait for the end; AssertionError with the log after `seconds`."""
    try:
        eventually(lambda: _is_final(deployment), f"the end of deployment {deployment.pk}", seconds=seconds, pause=0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}: {deployment.status}\n{log_of(deployment)}") from None
    return deployment


def _is_final(deployment: Deployment) -> bool:
    deployment.refresh_from_db()
    return deployment.is_final


def steps_of(deployment: Deployment) -> dict[str, tuple[str, int]]:
    """The steps that really ran: key → (status, attempts)."""
    rows = Step.objects.filter(deployment=deployment).order_by("position")
    return {row.key: (row.status, row.attempt) for row in rows}


def log_of(deployment: Deployment) -> str:
    lines = LogLine.objects.filter(log=deployment.log_key).order_by("seq")
    return "\n".join(f"{line.at:%M:%S.%f} {line.stream} {line.text}" for line in lines)


def now() -> float:
    """The clock of ledgers and journal."""
    return time.monotonic()
