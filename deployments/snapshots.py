"""The environment's branch: one commit per verified deployment (pushing.py brings it upstream)."""

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone

from deployments import running
from deployments.models import Deployment, Step
from deployments.pushing import push_later
from environments import drift, repositories
from environments.git import LIFECYCLE, UPSTREAM_HEADS, Git, GitError, RefMoved, Signature
from environments.models import Environment
from lifecycle import jobs
from lifecycle.jobs import Lease
from lifecycle.models import Work

AGAIN_SECONDS = 60


def ref_of(environment: Environment) -> str:
    return f"refs/heads/{environment.branch}"


def record(deployment: Deployment) -> str:
    """Append the candidate's tree to the environment's branch; the commit. Idempotent. Raises GitError, RefMoved.

    One parent, never a merge: `git log env/production` is the history of deployments, a rollback one more snapshot.
    """
    git = repositories.git(deployment.candidate.repository)
    environment = deployment.environment
    ours, upstream = ref_of(environment), f"{UPSTREAM_HEADS}{environment.branch}"
    stand = git.at(ours, upstream)
    head = stand.get(ours)
    if head and _is_of(git, head, deployment):
        _tag(git, deployment)  # whoever died after the branch moved had not come to it
        return head
    parent = _parent(git, head, stand.get(upstream))
    trailers = {"Candidate": str(deployment.candidate_id), "Deployment": str(deployment.pk)}
    message = f"{deployment.get_kind_display()}: {running.release_id(deployment.candidate)}"
    who = deployment.requested_by
    author = Signature(str(who), who.email) if who else LIFECYCLE
    at = deployment.requested_at
    sha = git.commit(deployment.candidate.tree, [parent] if parent else [], message, trailers, author, at)
    git.point(ours, sha, head)
    drift.set_foreign(environment, "")
    _tag(git, deployment)
    return sha


def came_back(last: Deployment, *, instead_of: Deployment) -> None:
    """Append what runs again where a snapshot of what was given up may be on the branch. Raises GitError, RefMoved."""
    begun = instead_of.steps.filter(key="snapshot").exclude(status=Step.Status.PENDING)
    if begun.exists():
        _keep(last, record(last))


def _keep(deployment: Deployment, snapshot: str) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(snapshot=snapshot)
    push_later(deployment.environment)


def _tag(git: Git, deployment: Deployment) -> None:
    """What ships is tagged with its version; a tag never moves, also when the release comes a second time."""
    on_production = deployment.environment.kind == Environment.Kind.PRODUCTION
    if on_production and deployment.release and deployment.release.candidate_id == deployment.candidate_id:
        with suppress(RefMoved):
            git.tag(deployment.release.version, deployment.candidate.sha)


def _is_of(git: Git, head: str, deployment: Deployment) -> bool:
    """Whether a worker that died recorded this deployment already."""
    if (
        Deployment.objects.filter(environment=deployment.environment_id, snapshot=head)
        .exclude(pk=deployment.pk)
        .exists()
    ):
        return False
    return git.log(None, head, limit=1)[0].trailer("Deployment") == str(deployment.pk)


def _parent(git: Git, head: str | None, theirs: str | None) -> str | None:
    """What the next snapshot stands on: our log, or what others committed upstream with our newer ones on top."""
    if head is None:
        return theirs
    if theirs in (None, head) or git.is_ancestor(theirs, head):
        return head
    return theirs if git.is_ancestor(head, theirs) else _on_top(git, theirs, head)


def _on_top(git: Git, theirs: str, head: str) -> str:
    """Our snapshots that the upstream never got, once more, on top of commits that it got from others."""
    ours = git.log(git.merge_base(theirs, head), head, first_parent=True)
    parent = theirs
    for one in reversed([commit for commit in ours if commit.trailer("Deployment")]):
        trailers = {key: values[-1] for key, values in one.trailers.items()}
        author = Signature(one.author, one.email)
        parent = git.commit(git.tree_of(one.sha), [parent], one.subject, trailers, author, one.at)
    return parent


def record_later(deployment: Deployment) -> None:
    """What runs was verified and its snapshot failed (a full disk, a damaged mirror): a worker makes up for it."""
    due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
    jobs.enqueue("snapshot", deployment, product=deployment.product, due_at=due_at)


def _record_again(work: Work) -> None:
    record_later(Deployment.objects.select_related("product").get(pk=work.subject_id))


@jobs.handler("snapshot", queue="git", ended=_record_again)
def make_up(lease: Lease) -> None:
    """Record what still runs; while something else is on its way it waits, and what has been replaced is left out."""
    deployment = Deployment.objects.get(pk=lease.row.subject_id)
    environment = deployment.environment
    if running.current(environment) != deployment:
        return
    if running.active(environment):
        raise jobs.Failed(f"{environment} is being deployed to.")
    try:
        snapshot = record(deployment)
    except GitError as error:
        raise jobs.Failed(str(error)) from error
    _keep(deployment, snapshot)
