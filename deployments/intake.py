"""What workers do by themselves: notice pushes, compose candidates, send compositions where they belong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from deployments import building, comparisons, promotion, running, services
from deployments.bars import Barred
from deployments.models import Deployment
from environments import branches, repositories
from environments.git import GitError
from environments.models import Branch, Environment, Repository
from lifecycle import events, halts, jobs, logs
from lifecycle.events import By, Machine
from lifecycle.jobs import Lease
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed, move
from releases import candidates, checklists, checks, composing, expansion, nobodys, trunk, verdicts
from releases.models import Candidate, CandidateChange, Release

INTAKE = Machine("intake")
POLL_LOCK = 0x504C
P = Candidate.Purpose


def poll_upstream() -> int:
    """Look at every repository once; how many revisions were recorded. A second poll at the same time does nothing."""
    with _alone() as mine:
        if not mine:
            return 0
        due = Repository.objects.filter(Q(retry_at=None) | Q(retry_at__lte=timezone.now()))
        return sum(_poll(repository) for repository in due.select_related("product").order_by("id"))


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this is the only poll now; the lock goes with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [POLL_LOCK])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [POLL_LOCK])


def _poll(repository: Repository) -> int:
    """Record what was pushed; after a push dev is composed anew.

    The branches stay due until all of it is written down, so that the next poll goes on where this one died.
    """
    started = timezone.now()
    moved = repositories.poll(repository)
    is_trunk = repository.mode == Repository.Mode.TRUNK
    due, take_in = (trunk.due(repository, moved), trunk.take_in) if is_trunk else (moved, nobodys.take_in)
    counts = {branch: _take(branch, take_in) for branch in due}
    taken = sum(count or 0 for count in counts.values())
    done = [branch for branch in {*moved, *due} if counts.get(branch, 0) is not None]
    is_late = any(branch.moved_at < started for branch in done)  # an earlier poll may have left it half done
    if (taken or is_late) and candidates.live(repository.product):
        candidates.request(repository.product, P.DEV, by=INTAKE)
    for branch in done:
        branches.out_of_trouble(branch)
    return taken


def _take(branch: Branch, take_in: Callable[[Branch], int]) -> int | None:
    """How many revisions came of it; None when it cannot be taken in: said on the branch and tried again ever later."""
    try:
        return take_in(branch)
    except jobs.DATABASE_GONE:
        raise
    except (GitError, NotAllowed, ValidationError) as error:
        reason = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    except Exception as error:  # one branch never keeps the others waiting
        logs.logger.exception("branch %s", branch)
        reason = f"{type(error).__name__}: {error}"
    if branches.in_trouble(branch, reason, at=timezone.now()):
        logs.logger.warning("branch %s: %s", branch, reason)
    return None


def _broke_off(work: Work) -> None:
    """A candidate is never left composing for ever."""
    candidate = Candidate.objects.select_related("product").get(pk=work.subject_id)
    promotion.came_to_nothing(candidate, work.error)
    if candidate.status == Candidate.Status.COMPOSING:
        move(candidate, Candidate.Status.FAILED, by=INTAKE, error=work.error)


@jobs.handler("compose", queue="git", ended=_broke_off, stands_still=True)
def compose(lease: Lease) -> None:
    """Compose the candidate and send it on. A second run finds it composed and only sends it on."""
    candidate = Candidate.objects.select_related("product", "repository", "release").get(pk=lease.row.subject_id)
    composing.compose(candidate)
    candidate.refresh_from_db()
    if candidate.status == Candidate.Status.FAILED:
        raise jobs.Failed(candidate.error)
    lease.check()
    building.ahead(candidate)
    try:
        NEXT[P(candidate.purpose)](candidate)
    except NotAllowed as reason:
        halts.heed(lease)  # a stop that was pulled in between: it is sent on when that is lifted
        lease.log.warn(str(reason))
        promotion.came_to_nothing(candidate, str(reason), ends_by_itself=isinstance(reason, Barred))
    if candidate.purpose == P.RELEASE:
        comparisons.later(candidate.product)


def _to_dev(candidate: Candidate) -> None:
    _deploy(candidate, Environment.Kind.DEV)


def _to_staging(candidate: Candidate) -> None:
    """Unless a release was frozen meanwhile: then staging is not free. A yes holds where nothing overlaps."""
    services.require_nothing_frozen(candidate.product)
    verdicts.weigh(candidate)
    _deploy(candidate, Environment.Kind.STAGING)


def _is_reserved(product: Product) -> bool:
    """Whether a frozen release has staging, or will have it again."""
    return Release.objects.filter(product=product, status=Release.Status.FROZEN).exists()


def _release_to_staging(candidate: Candidate) -> None:
    """Keep the verdicts that still hold, test everything together, and show it on staging."""
    release = candidate.release
    if release is None or release.candidate_id != candidate.pk or release.status != Release.Status.FROZEN:
        return
    if release.is_parked:
        return
    verdicts.carry_over(candidate)
    checklists.carry_over(candidate)
    if not candidate.checks.exists():
        checks.request(candidate=candidate)
        expansion.request(candidate)
    _deploy(candidate, Environment.Kind.STAGING, release=release)


def bring_frozen() -> None:
    """What could not go to staging when it was composed, because somebody tested there or it was locked, goes now."""
    frozen = Release.objects.filter(status=Release.Status.FROZEN, parked_at=None)
    for release in frozen.filter(candidate__status=Candidate.Status.READY).select_related("candidate", "product"):
        staging = running.place(release.product, Environment.Kind.STAGING)
        was_asked = Deployment.objects.filter(environment=staging, candidate=release.candidate_id).exists()
        if staging is None or was_asked or not release.candidate.checks.exists():
            continue
        with suppress(NotAllowed):
            services.request(staging, release.candidate, by=requester(release.candidate), release=release)


def bring_promoted() -> None:
    """What was promoted and met a lock, a tester or the emergency stop when it was composed goes to staging now.

    Where a push, a return or a release has overtaken it, what is ready is composed anew.
    """
    newest = Candidate.objects.filter(purpose=P.STAGING).order_by("product_id", "-pk").distinct("product_id")
    for candidate in newest.select_related("product"):
        staging = running.place(candidate.product, Environment.Kind.STAGING)
        if staging is None or kept_waiting(staging) != candidate:
            continue
        with suppress(NotAllowed):
            if _is_as_composed(candidate):
                services.request(staging, candidate, by=requester(candidate))
            else:
                services.require_promotable(staging, by=requester(candidate))
                candidates.request(candidate.product, P.STAGING, by=requester(candidate))


def kept_waiting(staging: Environment) -> Candidate | None:
    """What was promoted last, if it was never sent to any staging and nothing newer has come there since."""
    composed = Candidate.objects.filter(product=staging.product_id, purpose=P.STAGING).select_related("product")
    newest = composed.order_by("-pk").first()
    if newest is None or newest.status != Candidate.Status.READY or _is_reserved(staging.product):
        return None
    now = running.current(staging)
    is_over = now is not None and now.candidate_id > newest.pk
    was_asked = Deployment.objects.filter(environment__kind=Environment.Kind.STAGING, candidate=newest).exists()
    return None if is_over or was_asked else newest


def _is_as_composed(candidate: Candidate) -> bool:
    """Whether it stands on what is live, and its changes may still be tried as they were taken."""
    live = candidates.live(candidate.product)
    rows = candidate.rows.filter(action=CandidateChange.Action.APPLY)
    as_taken = rows.filter(change__status__in=composing.TAKES[P.STAGING], revision=F("change__revision"))
    return candidate.base_id == (live.pk if live else None) and as_taken.count() == rows.count()


def _deploy(candidate: Candidate, kind: str, *, release: Release | None = None) -> Deployment | None:
    """Ask for a deployment by the machine, unless the very same thing runs there."""
    environment = running.place(candidate.product, kind)
    if environment is None:
        return None
    last = running.current(environment)
    if last and last.digest == candidate.digest and release is None and kind == Environment.Kind.DEV:
        return None
    return services.request(environment, candidate, by=requester(candidate), release=release)


def requester(candidate: Candidate) -> By:
    """Who asked for the composition asked for its deployment."""
    asked = events.about(candidate).filter(verb="candidate.requested").first()
    if asked is None:
        return INTAKE
    return asked.actor or Machine(asked.machine)


NEXT = {
    P.DEV: _to_dev,
    P.STAGING: _to_staging,
    P.RELEASE: _release_to_staging,
}
