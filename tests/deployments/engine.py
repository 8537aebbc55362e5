"""A small real product to deploy: a repository, a mirror, three environments and a keeper that serves them."""

import threading
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from deployments import intake, rehearsals, rollout, services
from deployments.models import Deployment
from environments import repositories
from environments.models import Environment
from ideas.models import Idea
from lifecycle import jobs
from lifecycle.models import LogLine
from releases import candidates, changes, plan, signoffs, verdicts
from releases.models import Candidate, Change, Release
from tests.cast import Cast
from tests.checklist import go_through
from tests.deployments.shop import SERVER, Kept, answer, free_port
from tests.environments.repositories import Upstream

MANIFEST = """
[test]
command = ["{python}", "-c", "import os"]
timeout_seconds = 30
[backup]
command = ["{python}", "step.py", "backup"]
[migrate]
command = ["{python}", "step.py", "migrate"]
timeout_seconds = 30
uninterruptible = false
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
        return self.cast.product.environments.get(slug=kind)

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
        return self.candidate(label, **{"server.py": SERVER.replace('"200"', '"500"')})

    def deploy(self, environment: Environment, candidate: Candidate, **more: object) -> Deployment:
        deployment = services.request(environment, candidate, by=self.cast.ops, **more)
        return self.carry_out(deployment)

    def roll_back(self, environment: Environment) -> Deployment:
        return self.carry_out(services.roll_back(environment, by=self.cast.ops, reason="Checkout fails."))

    def carry_out(self, deployment: Deployment) -> Deployment:
        rollout.execute(deployment.pk)
        deployment.refresh_from_db()
        return deployment

    def settle(self) -> None:
        """Do everything that waits, as the workers would, until nothing does."""
        for _round in range(30):
            rehearsals.tick()
            works = list(jobs.due())
            waiting = list(Deployment.objects.filter(status=Deployment.Status.QUEUED))
            for work in works:
                jobs.execute(work.key)
            for deployment in waiting:
                rollout.execute(deployment.pk)
            if not works and not waiting:
                return
        raise AssertionError("something waits for ever")

    def adopt(self) -> None:
        """What runs today: main, deployed everywhere."""
        sha = self.upstream.git("rev-parse", "main")
        adopted = candidates.adopt(self.cast.product, sha=sha, by=self.cast.ops)
        for environment in self.cast.product.environments.all():
            self.deploy(environment, adopted)

    def plan(self, *titles: str) -> Release:
        """A published plan with one change per title, built by Dev."""
        if candidates.live(self.cast.product) is None:
            self.adopt()
        ideas = [self.idea(title) for title in titles]
        day = timezone.localdate() + timedelta(days=4)
        release = plan.create(
            product=self.cast.product, version="24.11", target_date=day, ideas=ideas, by=self.cast.petra
        )
        plan.publish(release, by=self.cast.petra)
        for change in release.changes.all():
            changes.assign(change, developer=self.cast.dev, by=self.cast.lena)
        return release

    def idea(self, title: str) -> Idea:
        number = self.cast.product.next_number("idea")
        now = timezone.now()
        return Idea.objects.create(
            product=self.cast.product,
            number=number,
            title=title,
            body="It would save me time.",
            author=self.cast.cleo,
            status=Idea.Status.ACCEPTED,
            stop=2,
            queue_rank=number,
            created_at=now,
            moved_at=now,
        )

    def push(self, change: Change, line: int = 5) -> Change:
        """Dev pushes a commit to the change's branch; the workers do the rest."""
        self.upstream.change(change.branch, "main", line, f"line {line} of {change.key}")
        intake.poll_upstream()
        self.settle()
        change.refresh_from_db()
        return change

    def tested(self, *titles: str) -> Release:
        """A plan whose changes were built, marked ready, promoted and approved by Tess."""
        release = self.plan(*titles)
        for line, change in enumerate(release.changes.order_by("pk"), start=1):
            changes.mark_ready(self.push(change, line * 10), by=self.cast.dev)
        candidate = services.promote(self.cast.product, by=self.cast.lena)
        self.settle()
        candidate.refresh_from_db()
        for change in release.changes.all():
            verdicts.approve(change, candidate=candidate, by=self.cast.tess)
        return release

    def frozen(self, *titles: str) -> Release:
        """A release whose candidate was tested together and is on staging."""
        release = self.tested(*titles)
        plan.freeze(release, by=self.cast.petra)
        self.settle()
        release.refresh_from_db()
        go_through(release, self.cast.tess)
        return release

    def shown(self, *titles: str) -> Release:
        """A release that managers and customers said yes to."""
        release = self.frozen(*titles)
        for audience, who in (("managers", self.cast.max), ("customers", self.cast.petra)):
            signoffs.sign_off(release, audience=audience, outcome="yes", words="Good.", by=who)
        return release

    def runs(self, environment: Environment) -> str:
        """The label of what answers there; "" if nothing does."""
        environment.refresh_from_db()
        return str(answer(environment.driver_settings["port"]).get("release", "")).split("+")[0]


def make_upstream(folder: Path) -> Upstream:
    """main holds a shop of thirty lines and says how to run it."""
    upstream = Upstream(folder)
    upstream.write("server.py", SERVER)
    upstream.write("step.py", STEP)
    upstream.write("lifecycle.toml", MANIFEST)
    upstream.commit("shop: Say how it is run.")
    return upstream


def log_of(deployment: Deployment) -> str:
    return "\n".join(LogLine.objects.filter(log=deployment.log_key).order_by("seq").values_list("text", flat=True))


def in_background(deployment: Deployment) -> threading.Thread:
    """Carry it out in a thread with a connection of its own."""

    def work() -> None:
        try:
            rollout.execute(deployment.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def status_of(deployment: Deployment) -> str:
    deployment.refresh_from_db()
    return deployment.status
