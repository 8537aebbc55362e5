"""The engine on a large repository, beside the bare git and command work in the same run."""

import time
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from deployments import running, services, snapshots
from deployments.models import Deployment, Step
from environments import repositories
from environments.models import Branch, Environment
from lifecycle.models import Work
from releases import candidates, composing
from releases.models import Candidate, Change, Revision
from tests.bench import big_shop, waiting
from tests.bench.big_shop import BareWork
from tests.bench.paper_release import frozen_release
from tests.bench.visiting import Visitor
from tests.bench.waiting import report
from tests.cast import Cast
from tests.deployments.shop import free_port
from tests.machinery import Machinery, eventually

APPROVALS, PROMOTIONS, ROLLBACKS = 20, 9, 7
READING_SECONDS = 1.0  # a manager reads the sheet before they click
S = Deployment.Status


class Engine:
    """The large shop on three environments, with the real machinery behind it."""

    def __init__(self, cast: Cast, upstream: Path, ports: dict[str, int]) -> None:
        self.cast, self.product, self.ports = cast, cast.product, ports
        for position, kind in enumerate(Environment.Kind.values):
            Environment.objects.create(
                product=cast.product,
                slug=kind,
                name=kind.title(),
                kind=kind,
                position=position,
                driver_settings={"port": ports[kind]},
                url=f"http://127.0.0.1:{ports[kind]}",
            )
        self.repository = repositories.connect(cast.product, f"file://{upstream}", by=cast.ops)
        main = eventually(lambda: Branch.objects.filter(name="main").first(), "the first poll", seconds=60)
        self.adopted = candidates.adopt(cast.product, sha=main.sha, by=cast.ops)
        for environment in Environment.objects.all():
            self.wait_for(services.request(environment, self.adopted, by=cast.ops))

    def is_idle(self) -> bool:
        """Whether no worker has anything to do."""
        works = Work.objects.exclude(status__in=[Work.Status.SUCCEEDED, Work.Status.FAILED])
        return not works.exists() and not Deployment.objects.filter(finished_at=None).exists()

    def place(self, kind: str) -> Environment:
        return Environment.objects.get(kind=kind)

    def wait_for(self, deployment: Deployment) -> Deployment:
        done = eventually(lambda: final(deployment.pk), f"deployment {deployment.pk}", seconds=60)
        assert done.status == S.SUCCEEDED, done.error
        return done

    def change(self, number: int) -> Change:
        """The change on branch idea/<number>, tested and marked ready."""
        branch = Branch.objects.get(name=f"idea/{number}")
        now = timezone.now()
        change = Change.objects.create(
            product=self.product,
            number=number,
            title=f"Idea {number}",
            branch=branch.name,
            developer=self.cast.dev,
            migrations="none",
            status=Change.Status.READY,
            created_at=now,
            waiting_since=now,
        )
        change.revision = Revision.objects.create(
            change=change, number=1, fork=self.adopted.sha, tip=branch.sha, seen_at=now
        )
        change.save(update_fields=["revision"])
        return change


def final(pk: int) -> Deployment | None:
    return Deployment.objects.filter(pk=pk).exclude(finished_at=None).first()


@pytest.fixture
def engine(cast: Cast, machinery: Machinery, shops: dict[str, int], tmp_path: Path, settings) -> Engine:  # noqa: ANN001
    settings.SHOP_PORTS = shops
    return Engine(cast, big_shop.make(tmp_path / "big.git"), shops)


@pytest.fixture
def bare(engine: Engine, tmp_path: Path) -> Iterator[BareWork]:
    work = BareWork(Path(engine.repository.mirror), tmp_path / "bare", free_port())
    work.migrate(work.check_out(engine.adopted.sha, "first"))
    yield work
    work.stop()


@pytest.mark.django_db(transaction=True)
def test_from_the_approval_to_the_log_and_a_prepared_release(
    engine: Engine,
    machinery: Machinery,
    bare: BareWork,
    sign_in: Callable[..., Client],
    capsys,  # noqa: ANN001
) -> None:
    address = machinery.start_web()
    eventually(lambda: waiting.is_up(address), "the web server")
    manager, first_line, switches, whole = Visitor(address, sign_in(engine.cast.max)), [], [], []
    for number in range(1, APPROVALS + 1):
        release = frozen_release(engine.cast, engine.change(number), f"30.{number}")
        staged = services.request(engine.place("staging"), release.candidate, by=engine.cast.ops, release=release)
        engine.wait_for(staged)
        manager.get(f"/releases/{release.version}/approve/")
        time.sleep(READING_SECONDS)
        clicked = time.monotonic()
        assert manager.post(f"/releases/{release.version}/approve/", {"outcome": "yes", "words": ""}) == 302
        deployment = Deployment.objects.get(release=release, environment__kind="production")
        waiting.until(lambda pk=deployment.pk: waiting.worker_has_written(manager, pk))
        first_line.append(time.monotonic() - clicked)
        deployment = engine.wait_for(deployment)
        whole.append(seconds_of(deployment))
        switches.append(seconds_in(deployment, "prepare", "switch", "health"))
        assert not deployment.steps.filter(key="prepare", detail__startswith="built").exists()
    start = sorted(bare.start_seconds(bare.check_out(engine.adopted.sha, f"start{n}")) for n in range(5))[2]
    with capsys.disabled():
        print()
        print(report("approve → first log line at its URL", first_line, p50_limit=0.15, p95_limit=0.5))
        print(report("shipping: prepare, switch, health", switches, p50_limit=start + 1))
        print(report("shipping: the whole deployment", whole))
        print(f"{'the application itself starts in':<38} {start:.2f} s")
    assert waiting.p50(first_line) <= 0.15 and waiting.p95(first_line) <= 0.5
    assert waiting.p50(switches) <= start + 1


@pytest.mark.django_db(transaction=True)
def test_a_promotion_beside_the_bare_work(engine: Engine, bare: BareWork, capsys) -> None:  # noqa: ANN001
    ours, by_hand, tips = [], [], []
    eventually(engine.is_idle, "what the first deployments left to do")
    for number in range(1, PROMOTIONS + 1):
        change = engine.change(number)
        began = time.monotonic()
        candidate = services.promote(engine.product, by=engine.cast.lena)
        arrived = Deployment.objects.filter(candidate=candidate, status=S.SUCCEEDED)
        waiting.until(arrived.exists, every=0.01)  # asking more often would cost what is measured
        ours.append(time.monotonic() - began)
        began = time.monotonic()
        tips.append(change.revision.tip)
        onto = reduce(bare.merge, tips, engine.adopted.sha)
        checkout = bare.check_out(onto, f"promoted{number}")
        bare.migrate(checkout)
        bare.start(checkout)
        bare.snapshot("staging", onto)
        by_hand.append(time.monotonic() - began)
    ratio = waiting.p50(ours) / waiting.p50(by_hand)
    with capsys.disabled():
        print()
        print(report("promotion to staging", ours))
        print(report("the same by hand", by_hand))
        print(f"{'ratio':<38} {ratio:.2f}   ≤ 1.3")
        print("  of the last one: " + ", ".join(where_it_went(arrived.get())))
    assert ratio <= 1.3


@pytest.mark.django_db(transaction=True)
def test_a_rollback_beside_the_start_of_the_application(
    engine: Engine,
    bare: BareWork,
    sign_in: Callable[..., Client],
    capsys,  # noqa: ANN001
) -> None:
    production, ops = engine.place("production"), sign_in(engine.cast.ops)
    newer = twin(engine.adopted)
    waits, starts = [], []
    for number in range(ROLLBACKS):
        engine.wait_for(services.request(production, newer, by=engine.cast.ops))
        clicked = time.monotonic()
        ops.post("/environments/production/roll-back/", {"reason": "Measured"})
        old = running.release_id(engine.adopted)
        waiting.until(lambda old=old: waiting.answers(engine.ports["production"]) == old)
        waits.append(time.monotonic() - clicked)
        engine.wait_for(Deployment.objects.latest("id"))
        starts.append(bare.start_seconds(bare.check_out(engine.adopted.sha, f"back{number}")))
    allowed = 1 + waiting.p50(starts)
    with capsys.disabled():
        print()
        print(report("rollback: click → old one answers", waits, p50_limit=allowed))
        print(report("the application's own start", starts))
    assert waiting.p50(waits) <= allowed


@pytest.mark.django_db(transaction=True)
def test_the_git_part_of_a_rollback(engine: Engine, bare: BareWork, capsys) -> None:  # noqa: ANN001
    """A snapshot is at least one commit and one moved ref."""
    last = running.current(engine.place("production"))
    ours, limit = [], []
    for _round in range(30):
        again = Deployment.objects.get(pk=last.pk)
        again.pk, again.kind = None, Deployment.Kind.ROLLBACK
        again.save(force_insert=True)
        began = time.monotonic()
        snapshot = snapshots.record(again)
        ours.append(time.monotonic() - began)
        Deployment.objects.filter(pk=again.pk).update(snapshot=snapshot)
        began = time.monotonic()
        bare.snapshot("production", last.candidate.sha)
        limit.append(time.monotonic() - began)
    ratio = waiting.p50(ours) / waiting.p50(limit)
    with capsys.disabled():
        print(f"\n{'snapshot beside three git commands':<38} {ratio:.2f}   ≤ 3")
    assert ratio <= 3


@pytest.mark.django_db(transaction=True)
def test_composing_fifty_changes(engine: Engine, capsys) -> None:  # noqa: ANN001
    for number in range(1, big_shop.BRANCHES + 1):
        engine.change(number)
    seconds = []
    for _round in range(3):
        candidate = Candidate.objects.create(
            product=engine.product,
            repository=engine.repository,
            purpose=Candidate.Purpose.DEV,
            label="dev",
            created_at=timezone.now(),
        )
        began = time.monotonic()
        composing.compose(candidate)
        seconds.append(time.monotonic() - began)
        candidate.refresh_from_db()
        assert candidate.status == Candidate.Status.READY, candidate.error
        assert candidate.rows.count() == big_shop.BRANCHES
    with capsys.disabled():
        print("\n" + report("composing fifty changes", seconds, p50_limit=2))
    assert waiting.p50(seconds) <= 2


def twin(candidate: Candidate) -> Candidate:
    """The same code under another digest: a newer candidate that needs no gates."""
    count = Candidate.objects.count()
    return Candidate.objects.create(
        product=candidate.product,
        repository=candidate.repository,
        purpose=Candidate.Purpose.ADOPTED,
        status=Candidate.Status.READY,
        base=candidate,
        label=f"twin{count}",
        sha=candidate.sha,
        tree=candidate.tree,
        digest=f"{count:08}" + candidate.digest[8:],
        manifest=candidate.manifest,
        created_at=timezone.now(),
    )


def seconds_of(deployment: Deployment) -> float:
    return float((deployment.finished_at - deployment.started_at).total_seconds())


def where_it_went(deployment: Deployment) -> list[str]:
    """Seconds until it was asked for, until a worker had it, in each step, and behind the last one."""
    asked, began = deployment.requested_at - deployment.candidate.created_at, deployment.started_at
    parts = [("composition", asked), ("claim", began - deployment.requested_at)]
    last = began
    for step in deployment.steps.exclude(started_at=None).exclude(finished_at=None):
        parts.append((step.key, step.finished_at - step.started_at))
        last = step.finished_at
    parts.append(("the end", deployment.finished_at - last))
    return [f"{name} {part.total_seconds():.2f}" for name, part in parts]


def seconds_in(deployment: Deployment, *keys: str) -> float:
    steps = Step.objects.filter(deployment=deployment, key__in=keys)
    return sum((step.finished_at - step.started_at).total_seconds() for step in steps if step.finished_at)
