"""Taking back upstream what was pushed there for a while: the branch of a candidate, once it has served.

A worker deletes it only where it still is what was pushed. A forge that is away is asked again an hour later; one that
refuses is believed: the branch is left there, and the repository's page says so.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import advancing, collecting
from environments import repositories
from environments.git import GitError, PushRejected, RefMoved
from environments.models import Branch, Environment, Repository
from lifecycle import jobs
from lifecycle.jobs import Lease
from lifecycle.models import Work
from releases import candidates, external_checks
from releases.models import Candidate, Check, Release

ON_ITS_WAY = (Work.Status.QUEUED, Work.Status.CLAIMED, Work.Status.LOST)
REASON = re.compile(r"^!\t.*\((.+)\)$", re.MULTILINE)  # "! :refs/heads/… [remote rejected] (deletion prohibited)"
AWAITED = (Check.Status.QUEUED, Check.Status.RUNNING)


def tick(*, at: datetime | None = None) -> int:
    """Ask for the branches that have served; how many."""
    found = list(served(at or timezone.now()))
    for candidate in found:
        jobs.enqueue("drop_branch", candidate, product=candidate.product)
    return len(found)


def served(at: datetime) -> Iterator[Candidate]:
    """Whose branch was last seen upstream where it was pushed, is needed by nobody, and may go as far as is known."""
    for branch in Branch.objects.filter(name__startswith=candidates.BRANCHES, trouble=""):
        candidate = candidate_of(branch)
        if candidate is not None and not is_needed(candidate, at=at):
            yield candidate


def candidate_of(branch: Branch) -> Candidate | None:
    """The candidate that the branch shows; None for one that somebody else made or moved."""
    number = branch.name.rpartition("-")[2]
    pk = int(number) if number.isdecimal() and len(number) < 19 else 0
    rows = Candidate.objects.filter(pk=pk, repository=branch.repository_id, sha=branch.sha)
    candidate = rows.select_related("product", "repository", "release").first()
    return candidate if candidate and candidates.branch_of(candidate) == branch.name else None


def is_needed(candidate: Candidate, *, at: datetime) -> bool:
    """Whether it is being pushed, or an external CI, a pull request or a pipeline has still to fetch it."""
    pushes = Work.objects.filter(kind="push_candidate", subject_id=candidate.pk, status__in=ON_ITS_WAY)
    return (
        pushes.exists()
        or _is_awaited(candidate, at=at)
        or _needs_pull_request(candidate)
        or _is_for_a_pipeline(candidate)
    )


def _is_awaited(candidate: Candidate, *, at: datetime) -> bool:
    """A frozen release waits until its checks are green, anything else until they have ended or it has expired."""
    if candidate.release is not None:
        return _is_frozen(candidate) and bool(external_checks.reasons(candidate))
    is_young = candidate.created_at > at - timedelta(days=collecting.COMPOSITION_DAYS)
    return is_young and candidate.checks.filter(kind=Check.Kind.EXTERNAL, status__in=AWAITED).exists()


def _is_frozen(candidate: Candidate) -> bool:
    """Whether its release still goes on with it."""
    release = candidate.release
    is_its = release is not None and release.candidate_id == candidate.pk
    return is_its and release.status == Release.Status.FROZEN


def _needs_pull_request(candidate: Candidate) -> bool:
    """Whether main waits for somebody to merge it; see advancing.by_hand."""
    repository = Repository.objects.get(pk=candidate.repository_id)
    return bool(repository.main_note) and advancing.proven(candidate.product) == candidate


def _is_for_a_pipeline(candidate: Candidate) -> bool:
    """A pipeline checks its commit out, which no other branch of the upstream holds."""
    places = Environment.objects.in_use().filter(product=candidate.product_id, driver="pipeline")
    return places.exists() and (_is_frozen(candidate) or candidate.pk in collecting.needed(candidate.product))


@jobs.handler("drop_branch", queue="git")
def drop(lease: Lease) -> None:
    """Delete it upstream, unless somebody needs it by now. Harmless to repeat."""
    rows = Candidate.objects.select_related("product", "repository", "release")
    candidate = rows.get(pk=lease.row.subject_id)
    if is_needed(candidate, at=timezone.now()):
        return
    name, repository = candidates.branch_of(candidate), candidate.repository
    try:
        git = repositories.speaking(repository)
        git.delete_upstream(repository.upstream, f"refs/heads/{name}", expected=candidate.sha)
    except RefMoved as moved:
        lease.log.warn(f"{moved}: somebody else's by now, so it stays.")
    except PushRejected as refused:
        _believe(repository, name, candidate.sha, refused.output)
        raise jobs.Failed(f"refused by the upstream: {refused.output}") from refused
    except GitError as error:
        raise jobs.Failed(f"{error}\n{error.output}".strip()) from error
    if is_needed(rows.get(pk=candidate.pk), at=timezone.now()):  # asked for while it was being deleted
        jobs.enqueue("push_candidate", candidate, product=candidate.product)


def _believe(repository: Repository, name: str, sha: str, why: str) -> None:
    """Say it on the branch, which is left alone from now on; git's own words are in the work's error."""
    in_short = REASON.search(why)
    why = in_short[1] if in_short else why[:300]
    said = _("Nobody needs this branch any more, but the upstream does not let it be deleted: %(why)s") % {"why": why}
    repository.branches.filter(name=name, sha=sha).update(trouble=said, retry_at=None)
