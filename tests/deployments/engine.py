"""A small real product to deploy: a repository, a mirror, three environments and a keeper that serves them."""

from pathlib import Path

from django.utils import timezone

from deployments import rollout, services
from deployments.models import Deployment
from environments import repositories
from environments.models import Environment
from releases import candidates
from releases.models import Candidate
from tests.cast import Cast
from tests.deployments.shop import SERVER, Kept, answer, free_port
from tests.environments.repositories import Upstream

MANIFEST = """
[test]
command = ["{python}", "-c", "import server_settings"]
timeout_seconds = 30
[backup]
command = ["{python}", "step.py", "backup"]
[migrate]
command = ["{python}", "step.py", "migrate"]
timeout_seconds = 30
[start]
command = ["{python}", "server.py"]
[health]
path = "/health"
timeout_seconds = 4
[probe]
path = "/health"
field = "release"
"""

STEP = """
import os, pathlib, sys, time
step, data = sys.argv[1], pathlib.Path(os.environ["DATA_DIR"])
with open(data / "steps", "a") as steps:
    print(step, os.environ["RELEASE"], file=steps, flush=True)
print(step, "of", os.environ["RELEASE"], "with", os.environ.get("PAYMENT_KEY", "no key"), flush=True)
seconds = data / f"slow-{step}"
if seconds.exists():
    time.sleep(float(seconds.read_text()))
sys.exit(int((data / f"fail-{step}").exists()))
"""


class Shop:
    """What the tests speak with; `deploy` asks and carries out in this process, as a worker would."""

    def __init__(self, cast: Cast, upstream: Upstream, var: Path) -> None:
        self.cast, self.upstream, self.var = cast, upstream, var
        self.kept = Kept(var)
        self.repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
        assert not self.repository.fetch_error
        for position, kind in enumerate(Environment.Kind.values):
            self._environment(kind, position)

    def _environment(self, kind: str, position: int) -> None:
        port = free_port()
        Environment.objects.create(
            product=self.cast.product,
            slug=kind,
            name=kind.title(),
            kind=kind,
            position=position,
            url=f"http://127.0.0.1:{port}",
            driver_settings={"port": port},
        )

    def environment(self, kind: str) -> Environment:
        return self.cast.product.environments.get(kind=kind)

    @property
    def production(self) -> Environment:
        return self.environment("production")

    @property
    def dev(self) -> Environment:
        return self.environment("dev")

    def data(self, environment: Environment) -> Path:
        folder = self.var / "apps" / environment.slug / "data"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def steps_run(self, environment: Environment) -> list[str]:
        """Each command that a deployment ran there: "migrate one+1a2b3c4d"."""
        file = self.data(environment) / "steps"
        return file.read_text().splitlines() if file.exists() else []

    def candidate(self, label: str, **files: str) -> Candidate:
        """A candidate that needs no gates, whose tree has `files` too (double underscores stand for a slash)."""
        self.upstream.write(f"{label}.txt", label)
        for name, text in files.items():
            self.upstream.write(name.replace("__", "/"), text)
        sha = self.upstream.commit(f"{label}: Change something.")
        repositories.poll(self.repository)
        made = candidates.adopt(self.cast.product, sha=sha, by=self.cast.ops)
        Candidate.objects.filter(pk=made.pk).update(label=label)
        made.refresh_from_db()
        return made

    def broken(self, label: str) -> Candidate:
        """A candidate that starts and answers 500."""
        return self.candidate(label, server_settings="", **{"server.py": SERVER.replace('"200"', '"500"')})

    def deploy(self, environment: Environment, candidate: Candidate, **more: object) -> Deployment:
        deployment = services.request(environment, candidate, by=self.cast.ops, **more)
        return self.carry_out(deployment)

    def roll_back(self, environment: Environment) -> Deployment:
        return self.carry_out(services.roll_back(environment, by=self.cast.ops, reason="Checkout fails."))

    def carry_out(self, deployment: Deployment) -> Deployment:
        rollout.execute(deployment.pk)
        deployment.refresh_from_db()
        return deployment

    def runs(self, environment: Environment) -> str:
        """The label of what answers there; "" if nothing does."""
        environment.refresh_from_db()
        return str(answer(environment.driver_settings["port"]).get("release", "")).split("+")[0]


def make_upstream(folder: Path) -> Upstream:
    """main holds a shop of thirty lines and says how to run it."""
    upstream = Upstream(folder)
    upstream.write("server.py", SERVER)
    upstream.write("server_settings.py", "")
    upstream.write("step.py", STEP)
    upstream.write("lifecycle.toml", MANIFEST)
    upstream.commit("shop: Say how it is run.")
    return upstream


def log_of(deployment: Deployment) -> str:
    from lifecycle.models import LogLine

    return "\n".join(LogLine.objects.filter(log=deployment.log_key).order_by("seq").values_list("text", flat=True))


def expire(deployment: Deployment) -> None:
    """The lease ran out a moment ago."""
    past = timezone.now() - timezone.timedelta(seconds=1)
    Deployment.objects.filter(pk=deployment.pk, lease_until__isnull=False).update(lease_until=past)
