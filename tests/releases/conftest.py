"""A product with a real upstream repository and one idea that was accepted."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from environments import branches, repositories
from environments.models import Environment
from ideas.models import Idea
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.models import Product, Work
from releases import candidates, changes, composing, facts, intake, plan, verdicts
from releases.models import Candidate, Change, Check, Release, Revision
from tests.cast import Cast
from tests.deployments.paper import Paper
from tests.environments.repositories import Upstream

MANIFEST = """
[test]
command = ["{python}", "-c", "import shop"]
timeout_seconds = 30
"""


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    """main holds a shop that imports, and says how to test it."""
    made = Upstream(tmp_path / "upstream")
    made.write("shop.py", "".join(f"line_{n} = {n}\n" for n in range(1, 61)))
    made.write("lifecycle.toml", MANIFEST)
    made.commit("shop: Say how it is tested.")
    return made


@pytest.fixture
def workshop(cast: Cast, upstream: Upstream, settings, tmp_path: Path) -> Upstream:
    """The product is connected to the upstream, its main is adopted, and it has the three environments."""
    settings.VAR = tmp_path / "var"
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    assert not repository.fetch_error
    candidates.adopt(cast.product, sha=upstream.git("rev-parse", "main"), by=cast.ops)
    for position, kind in enumerate(Environment.Kind.values):
        Environment.objects.create(
            product=cast.product, slug=kind, name=kind.title(), kind=kind, position=position, url="http://127.0.0.1:1"
        )
    return upstream


@pytest.fixture
def idea_of(cast: Cast) -> Callable[..., Idea]:
    """`idea_of("Keep a wishlist")` is an accepted idea of Cleo's, next in the queue."""

    def make(title: str, product: Product = cast.product) -> Idea:
        now = timezone.now()
        number = product.next_number("idea")
        return Idea.objects.create(
            product=product,
            number=number,
            title=title,
            body="It would save me time.",
            author=cast.cleo,
            status=Idea.Status.ACCEPTED,
            stop=2,
            queue_rank=number,
            created_at=now,
            moved_at=now,
        )

    return make


@pytest.fixture
def work() -> Callable[[str], int]:
    """`work("check")` does all queued work of a kind in this process, as a worker would; how many were done."""

    def run(kind: str) -> int:
        keys = list(Work.objects.filter(kind=kind, status=Work.Status.QUEUED).values_list("key", flat=True))
        for key in keys:
            jobs.execute(key)
        return len(keys)

    return run


@pytest.fixture
def build(cast: Cast, workshop: Upstream, work) -> Callable[..., Change]:
    """`build(change, line=5)` pushes a commit to the change's branch, takes it in and runs its tests."""

    def push(change: Change, *, line: int = 5, text: str | None = None) -> Change:
        workshop.change(change.branch, "main", line, text or f"line_{line} = {line} * {change.number}")
        repository = cast.product.repository
        for branch in repositories.poll(repository):
            intake.take(branch)
            branches.out_of_trouble(branch)
        work("check")
        change.refresh_from_db()
        return change

    return push


@pytest.fixture
def compose() -> Callable[[Candidate], Candidate]:
    """`compose(candidate)` does what the worker does with it."""

    def run(candidate: Candidate) -> Candidate:
        composing.compose(candidate)
        candidate.refresh_from_db()
        return candidate

    return run


@pytest.fixture
def on_staging(cast: Cast, compose) -> Callable[[], Candidate]:
    """`on_staging()` composes what is ready and says that staging runs it."""

    def run() -> Candidate:
        candidate = compose(candidates.request(cast.product, Candidate.Purpose.STAGING, by=cast.lena))
        facts.mark_on_staging(candidate, by=cast.ops)
        return candidate

    return run


@pytest.fixture
def plan_of(cast: Cast, idea_of) -> Callable[..., Release]:
    """`plan_of("Keep a wishlist", "Wrap gifts")` is the published plan 24.11 with a change per idea."""

    def make(*titles: str) -> Release:
        release = plan.create(
            product=cast.product,
            version="24.11",
            goal="Presents in time",
            target_date=timezone.localdate() + timedelta(days=4),
            ideas=[idea_of(title) for title in titles],
            by=cast.petra,
        )
        plan.publish(release, by=cast.petra)
        return release

    return make


@pytest.fixture
def tested(cast: Cast, workshop, plan_of, build, on_staging) -> Callable[..., Release]:
    """`tested("Keep a wishlist")` is a plan whose changes were built, marked ready, staged and approved by Tess."""

    def make(*titles: str) -> Release:
        release = plan_of(*titles)
        for line, change in enumerate(release.changes.order_by("pk"), start=1):
            changes.assign(change, developer=cast.dev, by=cast.lena)
            changes.mark_ready(build(change, line=line * 10), by=cast.dev)
        candidate = on_staging()
        for change in release.changes.all():
            verdicts.approve(change, candidate=candidate, by=cast.tess)
        return release

    return make


@pytest.fixture
def frozen(cast: Cast, tested, compose) -> Callable[..., Release]:
    """`frozen("Keep a wishlist")` is a release whose candidate is composed, on staging and approved."""

    def make(*titles: str) -> Release:
        release = tested(*titles)
        candidate = compose(plan.freeze(release, by=cast.petra))
        verdicts.carry_over(candidate)
        facts.mark_on_staging(candidate, by=cast.ops)
        release.refresh_from_db()
        return release

    return make


@pytest.fixture
def live(frozen):
    """`live("Keep a wishlist")` is a release that production runs while its watch is open."""

    def make(*titles: str) -> Release:
        release = frozen(*titles)
        facts.mark_live(release, deployment=release, by=Machine("worker"))
        return release

    return make


@pytest.fixture
def proven(live):
    def make(*titles: str) -> Release:
        release = live(*titles)
        facts.mark_proven(release, by=Machine("worker"))
        return release

    return make


@pytest.fixture
def storage(settings, tmp_path: Path) -> Path:
    """Files lie in a folder of their own."""
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": place}
    return tmp_path / "media"


@pytest.fixture
def staged(cast, workshop, plan_of, build, on_staging):
    """A change of Dev's on staging, and the build it is in."""
    change = plan_of("Keep a wishlist").changes.get()
    changes.assign(change, developer=cast.dev, by=cast.lena)
    changes.mark_ready(build(change), by=cast.dev)
    candidate = on_staging()
    change.refresh_from_db()
    return change, candidate


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


@pytest.fixture
def change_of(cast: Cast, paper: Paper):
    """`change_of(3, developer=cast.dev)` is a change in development with one push whose tests passed."""

    def make(number: int, *, developer=None, files=("shop.py",), **values) -> Change:
        values = {"status": Change.Status.DEVELOPMENT, "created_at": paper.now, "waiting_since": paper.now} | values
        change = Change.objects.create(
            product=cast.product,
            number=number,
            title=f"Change {number}",
            developer=developer or cast.dev,
            branch=f"idea/{number}",
            **values,
        )
        revision = Revision.objects.create(
            change=change, number=1, fork="0" * 40, tip=f"{number:040x}", files=list(files), seen_at=paper.now
        )
        Change.objects.filter(pk=change.pk).update(revision=revision)
        check_of(revision, status=Check.Status.PASSED, summary="412 passed")
        change.refresh_from_db()
        return change

    def check_of(revision: Revision, **values) -> Check:
        return Check.objects.create(
            product=cast.product, revision=revision, sha=revision.tip, requested_at=paper.now, **values
        )

    return make
