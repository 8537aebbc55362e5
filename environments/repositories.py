"""A product's repository: connecting it and seeing which upstream branches moved.

Only workers and commands call `connect` and `poll`: they run git. Pages read the Branch rows.
"""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.git import UPSTREAM_HEADS, Git, GitError
from environments.git.names import checked_upstream
from environments.models import Branch, Repository
from lifecycle import events
from lifecycle.events import By, Machine
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed


def mirror_path(product: Product) -> Path:
    """Where the product's bare mirror lives."""
    return Path(settings.VAR) / "mirrors" / f"{product.slug}.git"


def git(repository: Repository) -> Git:
    """The wrapper around the repository's mirror; the mirror exists after the first successful `poll`."""
    return Git(Path(repository.mirror))


@transaction.atomic
def name_upstream(
    product: Product, upstream: str, *, by: By, main_branch: str = "main", at: datetime | None = None
) -> Repository:
    """Write down which repository the product has; the next poll fetches it. Runs no git.

    Raises ValidationError for an address git must not be given, NotAllowed once another address is in use.
    """
    try:
        checked_upstream(upstream)
    except GitError as error:
        raise ValidationError({"upstream": str(error)}) from error
    found = Repository.objects.select_for_update().filter(product=product).first()
    if found is None:
        found = Repository(product=product, mirror=str(mirror_path(product)))
    elif found.upstream != upstream and found.fetched_at is not None:
        raise NotAllowed(_("The repository %(address)s is in use already.") % {"address": found.upstream})
    found.upstream, found.main_branch, found.fetch_error = upstream, main_branch, ""
    found.save()
    events.record("repository.connected", found, by=by, at=at)
    return found


def connect(
    product: Product, upstream: str, *, by: By, main_branch: str = "main", at: datetime | None = None
) -> Repository:
    """Name the repository and fetch it at once; what went wrong is in `fetch_error`."""
    repository = name_upstream(product, upstream, by=by, main_branch=main_branch, at=at)
    poll(repository, at=at)
    return repository


def poll(repository: Repository, *, at: datetime | None = None) -> list[Branch]:
    """Fetch the upstream and return the branches that are new or moved, oldest news first.

    A fetch that finds nothing new costs the same one question as `ls-remote`. A failure is kept in `fetch_error`
    and never raised, so that one broken repository does not stop the others.
    """
    now = at or timezone.now()
    try:
        heads = fetch(repository)
        moved = note_heads(repository, heads, at=now)
    except GitError as error:
        note_failure(repository, str(error))
        return []
    if repository.fetch_error:
        events.record("repository.reachable", repository, by=Machine("poll"), at=now)
    Repository.objects.filter(pk=repository.pk).update(fetched_at=now, fetch_error="")
    repository.fetched_at, repository.fetch_error = now, ""
    return moved


def fetch(repository: Repository) -> dict[str, str]:
    """Bring the mirror up to date (making it the first time); branch name → object id."""
    mirror = git(repository)
    if (mirror.path / "HEAD").exists():
        mirror.fetch(repository.upstream)
    else:
        mirror = Git.create_mirror(mirror.path, repository.upstream)
    return mirror.refs(UPSTREAM_HEADS)


def note_heads(repository: Repository, heads: dict[str, str], *, at: datetime) -> list[Branch]:
    """Make the Branch rows say what `heads` says; the rows that are new or moved."""
    known = {branch.name: branch for branch in repository.branches.all()}
    gone = [branch.pk for name, branch in known.items() if name not in heads]
    if gone:
        repository.branches.filter(pk__in=gone).delete()
    news = [name for name, sha in heads.items() if name not in known or known[name].sha != sha]
    return [note_head(repository, name, heads[name], at=at) for name in news]


def note_head(repository: Repository, name: str, sha: str, *, at: datetime) -> Branch:
    commit = git(repository).log(None, sha, limit=1)[0]
    facts = {"sha": sha, "subject": commit.subject[:200], "author": commit.author[:200], "moved_at": at}
    branch, _created = Branch.objects.update_or_create(repository=repository, name=name, defaults=facts)
    return branch


def forget(branch: Branch) -> None:
    """Let the next poll see the branch as moved once more: what was on it could not be taken in."""
    Branch.objects.filter(pk=branch.pk).update(sha="")


def note_failure(repository: Repository, error: str) -> None:
    """Keep the reason on the row; an event only when it is news, because the poll comes every two seconds."""
    if repository.fetch_error != error:
        Repository.objects.filter(pk=repository.pk).update(fetch_error=error)
        events.record("repository.unreachable", repository, by=Machine("poll"), note=error)
        repository.fetch_error = error
