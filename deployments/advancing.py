"""In branches mode `main` follows production: when a release is proven, main fast-forwards to its candidate."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import UPSTREAM_HEADS, Git, GitError, PushRejected
from environments.models import Repository
from lifecycle import events, jobs
from lifecycle.events import Machine
from lifecycle.jobs import Lease
from lifecycle.models import Product, Work
from releases import candidates
from releases.models import Candidate, Release

AGAIN_SECONDS = 3600
STEPS = 50


class ByHand(Exception):
    """Only a person can do it, by a pull request; the text says which."""


def later(product: Product) -> None:
    """Let a worker move main forward; nothing to do without a repository or in trunk mode."""
    repository = Repository.objects.filter(product=product, mode=Repository.Mode.BRANCHES).first()
    if repository is not None:
        jobs.enqueue("advance_main", repository, product=product)


def _again(work: Work) -> None:
    """An upstream that is away or refuses is asked again in an hour: by then the pull request may be merged."""
    repository = Repository.objects.select_related("product").get(pk=work.subject_id)
    due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
    jobs.enqueue("advance_main", repository, product=repository.product, due_at=due_at)


@jobs.handler("advance_main", queue="git", ended=_again)
def advance(lease: Lease) -> None:
    """Move main to what production runs, if that is proven. Repository.main_note says why it cannot be moved."""
    repository = Repository.objects.select_related("product").get(pk=lease.row.subject_id)
    candidate = proven(repository.product)
    if candidate is None or repository.mode != Repository.Mode.BRANCHES:
        return
    try:
        push_forward(repository, repositories.speaking(repository), candidate)
    except (ByHand, GitError) as reason:
        note = str(reason)
        Repository.objects.filter(pk=repository.pk).update(main_note=note)
        raise jobs.Failed(note) from reason
    Repository.objects.filter(pk=repository.pk).update(main_note="")


def proven(product: Product) -> Candidate | None:
    """What production should run, once its watch has closed well."""
    live = candidates.live(product)
    is_done = live is not None and Release.objects.filter(candidate=live, status=Release.Status.DONE).exists()
    return live if is_done else None


def push_forward(repository: Repository, git: Git, candidate: Candidate) -> None:
    """Fast-forward main. Nothing if it holds the same files already. Raises ByHand, GitError."""
    git.fetch(repository.upstream)
    main = git.refs(UPSTREAM_HEADS).get(repository.main_branch)
    if main and holds(git, main, candidate):
        return
    if main and not git.is_ancestor(main, candidate.sha):
        raise ByHand(by_hand(repository, candidate, _("%(main)s has commits that production does not have.")))
    try:
        git.push(repository.upstream, [f"{candidate.sha}:refs/heads/{repository.main_branch}"])
    except PushRejected as refused:
        raise ByHand(by_hand(repository, candidate, _("The upstream protects %(main)s."))) from refused
    events.record("repository.main_advanced", repository, by=Machine("advance"), sha=candidate.sha)


def holds(git: Git, main: str, candidate: Candidate) -> bool:
    """Whether main has the candidate, as its commit or, after a squashed pull request, as the same files."""
    if git.is_ancestor(candidate.sha, main):
        return True
    lately = git.log(git.merge_base(candidate.sha, main), main, limit=STEPS, first_parent=True)
    return any(git.tree_of(step.sha) == candidate.tree for step in lately)


def by_hand(repository: Repository, candidate: Candidate, reason: str) -> str:
    """The pull request to make. Its branch is the candidate's: env/production has no history in common with main."""
    jobs.enqueue("push_candidate", candidate, product=repository.product)
    facts = {"main": repository.main_branch, "branch": candidates.branch_of(candidate)}
    way_out = _("Make a pull request from %(branch)s to %(main)s, so that new branches start from what is live.")
    return f"{reason % facts} {way_out % facts}"
