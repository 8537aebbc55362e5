"""After a mirror was fetched anew: the refs that only mirrors hold are made again from what the rows say.

Changes are found by their commits; compositions are composed once more, which gives the same commit ids.
"""

from contextlib import suppress

from django.db.models import QuerySet

from environments import repositories
from environments.git import Git, GitError, RefMoved, Step, compose
from environments.models import Repository
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.jobs import Failed, Lease
from releases import candidates, contents
from releases.models import Candidate, CandidateChange, Release, Revision


@jobs.handler("restore_refs", queue="git")
def restore(lease: Lease) -> None:
    """Bring back what can be brought back; the log names what cannot. Harmless to repeat."""
    repository = Repository.objects.select_related("product").get(pk=lease.row.subject_id)
    git = repositories.speaking(repository)
    try:
        fetch_versions(repository, git)
        missing = [*restore_changes(repository, git), *restore_candidates(repository, git)]
        restore_tags(repository, git)
    except GitError as error:
        raise Failed(str(error)) from error
    for name in missing:
        lease.log.warn(f"cannot be brought back: {name}")
    if candidates.live(repository.product):
        candidates.request(repository.product, Candidate.Purpose.DEV, by=Machine("restore"))


def restore_changes(repository: Repository, git: Git) -> list[str]:
    """One ref per revision whose commit is there; the others' names."""
    kept = git.refs("refs/lifecycle/changes/")
    missing = []
    for revision in Revision.objects.filter(change__product=repository.product_id).select_related("change"):
        name = f"{revision.change_id}/{revision.number}"
        if name in kept:
            continue
        if git.has(revision.tip):
            git.point(f"refs/lifecycle/changes/{name}", revision.tip, None)
        else:
            missing.append(f"{revision.change.key} revision {revision.number}")
    return missing


def restore_candidates(repository: Repository, git: Git) -> list[str]:
    """Oldest first, because each stands on an older one; the names of those that cannot be made again."""
    ready = Candidate.objects.filter(repository=repository, status=Candidate.Status.READY).exclude(sha="")
    kept = git.refs("refs/lifecycle/candidates/")
    lost = [one for one in ready.select_related("base").order_by("pk") if str(one.pk) not in kept]
    return [str(one) for one in lost if not restore_candidate(git, one)]


def restore_candidate(git: Git, candidate: Candidate) -> bool:
    """Whether its commit is in the mirror (again), with its ref."""
    if not git.has(candidate.sha) and not compose_again(git, candidate):
        return False
    git.point(candidates.ref_of(candidate), candidate.sha, None)
    return True


def compose_again(git: Git, candidate: Candidate) -> bool:
    """Whether the same composition gives the same commit: only that counts."""
    if candidate.base is None:
        return False
    held = contents.contents(candidate.base)
    steps = [step_of(row, held) for row in candidate.rows.select_related("change", "revision")]
    try:
        return compose(git, candidate.base.sha, steps, at=candidate.created_at).head == candidate.sha
    except GitError:
        return False


def step_of(row: CandidateChange, held: dict[int, contents.Held]) -> Step:
    """What git did for this row when the candidate was composed."""
    is_undo, older = row.action == CandidateChange.Action.UNDO, held.get(row.change_id)
    fork, tip = row.fork or row.revision.fork, row.revision.tip
    replaces = (older.fork, older.tip) if older and not is_undo else None
    return Step(row.change.key, fork, tip, row.change.title, undo=is_undo, replaces=replaces)


def fetch_versions(repository: Repository, git: Git) -> None:
    """The tags that were brought upstream hold what shipped, also when nothing else does any more."""
    theirs = git.upstream_tags(repository.upstream)
    ours = {release.version: release.candidate.sha for release in shipped(repository) if release.candidate}
    here = git.refs("refs/tags/")
    wanted = [tag for tag, sha in ours.items() if theirs.get(tag) == sha and tag not in here]
    git.fetch_tags(repository.upstream, wanted)


def restore_tags(repository: Repository, git: Git) -> None:
    """The versions that went to production. A tag never moves: one that is there stays."""
    for release in shipped(repository):
        if release.candidate and git.has(release.candidate.sha):
            with suppress(RefMoved):
                git.tag(release.version, release.candidate.sha)


def shipped(repository: Repository) -> QuerySet[Release]:
    out = Release.objects.filter(product=repository.product_id, live_at__isnull=False).exclude(candidate=None)
    return out.select_related("candidate")
