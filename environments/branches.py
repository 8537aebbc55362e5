"""The upstream's branches as rows: what moved, and what git could not take."""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from environments.git import Commit, Git, branch_name_is_valid
from environments.models import Branch, Repository
from lifecycle.models import Product

OURS = ("env/", "lifecycle/")  # what Lifecycle pushes itself
NAME_CHARACTERS = 200
NEWS_PER_POLL = 500
TRIES = 5
FIRST_WAIT_SECONDS = 2


def note(repository: Repository, git: Git, heads: dict[str, str], *, at: datetime) -> list[Branch]:
    """Make the Branch rows say what `heads` says; those that are new, moved or due for another try, main first.

    At most NEWS_PER_POLL at once: the next poll, two seconds later, takes the following ones. One that moved stays due
    until `out_of_trouble` says that it was taken in, whoever dies in between.
    """
    named = {shown(name): sha for name, sha in heads.items()}
    known = {branch.name: branch for branch in repository.branches.all()}
    gone = [branch.pk for name, branch in known.items() if name not in named]
    if gone:
        repository.branches.filter(pk__in=gone).delete()
    news = [name for name, sha in named.items() if name not in known or known[name].sha != sha]
    news = sorted(news, key=lambda name: name != repository.main_branch)[:NEWS_PER_POLL]
    commits = git.commits([named[name] for name in news])
    moved = [remember(repository, name, commits[named[name]], at=at) for name in news if named[name] in commits]
    return [branch for branch in moved if not branch.trouble] + waiting(repository, moved, at=at)


def require_usable(product: Product, name: str) -> None:
    """ValidationError unless a change may be built on a branch of this name."""
    if not branch_name_is_valid(name):
        raise ValidationError({"branch": _("This is not a name git takes.")})
    if name.startswith(OURS) or Repository.objects.filter(product=product, main_branch=name).exists():
        raise ValidationError({"branch": _("No change is built on %(branch)s: choose another one.") % {"branch": name}})


def pushed_by_us() -> Q:
    """The branches that Lifecycle itself keeps upstream."""
    return reduce(or_, (Q(name__startswith=prefix) for prefix in OURS))


def shown(name: str) -> str:
    """The name, or the beginning of one that is too long to be kept."""
    return name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"


def remember(repository: Repository, name: str, tip: Commit, *, at: datetime) -> Branch:
    """The row for a branch that is new or moved; a name that cannot be used says so and is left alone."""
    usable = branch_name_is_valid(name)
    facts = {
        "sha": tip.sha,
        "subject": tip.subject[:200],
        "author": tip.author[:200],
        "moved_at": at,
        "trouble": "" if usable else _("A branch of this name cannot be used: rename it."),
        "tries": 0,
        "retry_at": at if usable else None,
    }
    branch, _created = Branch.objects.update_or_create(repository=repository, name=name, defaults=facts)
    return branch


def waiting(repository: Repository, but: list[Branch], *, at: datetime) -> list[Branch]:
    """Branches that did not move now but are due for another try, or were never taken in."""
    due = repository.branches.filter(retry_at__lte=at).exclude(pk__in=[branch.pk for branch in but])
    return list(due.order_by("retry_at")[:NEWS_PER_POLL])


def in_trouble(branch: Branch, reason: str, *, at: datetime) -> bool:
    """Keep why it could not be taken in and when to try again: at the next poll, then ever later, five times in all.

    After that only when the branch moves. True when the reason is news.
    """
    is_news = branch.trouble != reason
    tries = branch.tries + 1
    wait = timedelta(seconds=FIRST_WAIT_SECONDS * (2 ** (tries - 1) - 1))
    retry_at = at + wait if tries < TRIES else None
    rows = Branch.objects.filter(pk=branch.pk, sha=branch.sha)
    rows.update(trouble=reason, tries=tries, retry_at=retry_at)
    branch.trouble, branch.tries, branch.retry_at = reason, tries, retry_at
    return is_news


def belong_to_nobody(branch: Branch, commits: int) -> None:
    """So many commits on it are in no change; 0 when it is somebody's."""
    if branch.nobodys != commits:
        Branch.objects.filter(pk=branch.pk).update(nobodys=commits)
        branch.nobodys = commits


def out_of_trouble(branch: Branch) -> None:
    """What is on it now was taken in (or is nobody's)."""
    rows = Branch.objects.filter(pk=branch.pk, sha=branch.sha).filter(~Q(trouble="") | Q(retry_at__isnull=False))
    rows.update(trouble="", tries=0, retry_at=None)
