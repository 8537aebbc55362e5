"""The environment's branch: one commit per verified deployment, and pushing it upstream as work of its own."""

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone

from deployments import running
from deployments.models import Deployment
from environments import repositories
from environments.git import LIFECYCLE, UPSTREAM_HEADS, Git, GitError, PushRejected, RefMoved, Signature
from environments.models import Environment, Repository
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
    head = git.refs("refs/heads/").get(environment.branch)
    if head and _is_of(git, head, deployment):
        return head
    parent = _parent(git, environment, head)
    trailers = {"Candidate": str(deployment.candidate_id), "Deployment": str(deployment.pk)}
    message = f"{deployment.get_kind_display()}: {running.release_id(deployment.candidate)}"
    who = deployment.requested_by
    author = Signature(str(who), who.email) if who else LIFECYCLE
    at = deployment.requested_at
    sha = git.commit(deployment.candidate.tree, [parent] if parent else [], message, trailers, author, at)
    git.point(ref_of(environment), sha, head)
    _tag(git, deployment)
    return sha


def _tag(git: Git, deployment: Deployment) -> None:
    """What ships is tagged with its version; a tag never moves, also when the release comes a second time."""
    on_production = deployment.environment.kind == Environment.Kind.PRODUCTION
    if on_production and deployment.release and deployment.release.candidate_id == deployment.candidate_id:
        with suppress(RefMoved):
            git.tag(deployment.release.version, deployment.candidate.sha)


def _is_of(git: Git, head: str, deployment: Deployment) -> bool:
    """Whether a worker that died recorded this deployment already."""
    return git.log(None, head, limit=1)[0].trailer("Deployment") == str(deployment.pk)


def _parent(git: Git, environment: Environment, head: str | None) -> str | None:
    """The branch's head; what others committed to it upstream stays, and the snapshot goes on top."""
    foreign = git.refs(UPSTREAM_HEADS).get(environment.branch)
    if foreign is None or foreign == head:
        return head
    return head if head and git.is_ancestor(foreign, head) else foreign


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
    Deployment.objects.filter(pk=deployment.pk).update(snapshot=snapshot)
    push_later(environment)


def push_later(environment: Environment) -> None:
    """Let a worker push the branch; an upstream that is away never keeps a deployment."""
    jobs.enqueue("push_upstream", environment, product=environment.product)


def _again(work: Work) -> None:
    """Try once more in a while, unless the upstream refused for good."""
    if not work.error.startswith("refused"):
        environment = Environment.objects.select_related("product").get(pk=work.subject_id)
        due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        jobs.enqueue("push_upstream", environment, product=environment.product, due_at=due_at)


@jobs.handler("push_upstream", queue="git", ended=_again)
def push(lease: Lease) -> None:
    """Push the environment's branch as it is now, never forced."""
    environment = Environment.objects.get(pk=lease.row.subject_id)
    repository = Repository.objects.get(product=environment.product_id)
    ref = ref_of(environment)
    try:
        repositories.git(repository).push(repository.upstream, [f"{ref}:{ref}"])
    except PushRejected as error:
        raise jobs.Failed(f"refused by the upstream: {error.output}") from error
    except GitError as error:
        raise jobs.Failed(str(error)) from error
