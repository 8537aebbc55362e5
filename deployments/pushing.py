"""Telling the upstream: the environments' branches and the version tags, as work of its own that is tried again.

Never forced. An upstream that is away never keeps a deployment, nor a rollback.
"""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import Git, GitError, PushRejected
from environments.models import Environment, Repository
from lifecycle import jobs
from lifecycle.jobs import Lease
from lifecycle.models import Work
from releases import candidates
from releases.models import Candidate

AGAIN_SECONDS = 60
REFUSED = "refused by the upstream: "


def push_later(environment: Environment) -> None:
    """Let a worker push the branch and, after production, the tags."""
    jobs.enqueue("push_upstream", environment, product=environment.product)


def _again(work: Work) -> None:
    """Try once more in a while, unless the upstream refused for good: then the next snapshot tries again."""
    if not work.error.startswith(REFUSED):
        environment = Environment.objects.select_related("product").get(pk=work.subject_id)
        due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        jobs.enqueue("push_upstream", environment, product=environment.product, due_at=due_at)


@jobs.handler("push_upstream", queue="git", ended=_again)
def push(lease: Lease) -> None:
    """Push the environment's branch as it is now, and the tags that the upstream does not have.

    An upstream that refuses the branch gets the tags nevertheless.
    """
    environment = Environment.objects.get(pk=lease.row.subject_id)
    repository = Repository.objects.select_related("product").get(product=environment.product_id)
    git = repositories.speaking(repository)
    if environment.branch not in git.refs("refs/heads/"):  # a lost mirror took a snapshot along that was never pushed
        return
    try:
        refusal = push_branch(repository, git, environment)
        if environment.kind == Environment.Kind.PRODUCTION:
            push_tags(repository, git)
    except GitError as error:
        raise jobs.Failed(f"{error}\n{error.output}".strip()) from error
    if refusal:
        raise jobs.Failed(f"{REFUSED}{refusal}")


def push_branch(repository: Repository, git: Git, environment: Environment) -> str:
    """What the upstream said when it refused, or nothing."""
    ref = f"refs/heads/{environment.branch}"
    try:
        git.push(repository.upstream, [f"{ref}:{ref}"])
    except PushRejected as error:
        return error.output or str(error)
    return ""


def push_tags(repository: Repository, git: Git) -> None:
    """Bring the upstream the version tags it misses. One that means another commit there stays, and is said."""
    ours = git.refs("refs/tags/")
    if not ours:
        return
    theirs = git.upstream_tags(repository.upstream)
    different = sorted(name for name, sha in ours.items() if theirs.get(name, sha) != sha)
    refused = [name for name in ours if name not in theirs and not push_tag(repository, git, name)]
    sentences = [
        _("Upstream, the tag %(tag)s means another commit; it stays as it is.") % {"tag": t} for t in different
    ]
    sentences += [_("The upstream does not take the tag %(tag)s.") % {"tag": tag} for tag in sorted(refused)]
    Repository.objects.filter(pk=repository.pk).update(tag_note=" ".join(sentences))


def push_tag(repository: Repository, git: Git, name: str) -> bool:
    """One by one, so that a tag which is refused keeps no other back."""
    try:
        git.push(repository.upstream, [f"refs/tags/{name}:refs/tags/{name}"])
    except PushRejected:
        return False
    return True


def _push_candidate_again(work: Work) -> None:
    """Try once more in a while as long as somebody waits for it, unless the upstream refused for good."""
    candidate = Candidate.objects.select_related("product", "release").get(pk=work.subject_id)
    is_wanted = candidate.release is not None and candidate.release.candidate_id == candidate.pk
    if is_wanted and not work.error.startswith(REFUSED):
        due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        jobs.enqueue("push_candidate", candidate, product=candidate.product, due_at=due_at)


@jobs.handler("push_candidate", queue="git", ended=_push_candidate_again)
def push_candidate(lease: Lease) -> None:
    """Show a candidate to an external CI or a pull request, as a branch of its own that never moves."""
    candidate = Candidate.objects.select_related("repository").get(pk=lease.row.subject_id)
    name = f"refs/heads/{candidates.branch_of(candidate)}"
    try:
        repository = candidate.repository
        repositories.speaking(repository).push(repository.upstream, [f"{candidate.sha}:{name}"])
    except PushRejected as error:
        raise jobs.Failed(f"{REFUSED}{error.output}") from error
    except GitError as error:
        raise jobs.Failed(f"{error}\n{error.output}".strip()) from error
