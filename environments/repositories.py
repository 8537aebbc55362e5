"""A product's repository: connecting it and seeing which upstream branches moved.

Only workers and commands call `connect` and `poll`: they run git. Pages read the Branch rows.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import branches, drift, mirrors, secrets, upstream_keys
from environments.git import Access, AccessDenied, Git, GitError, HostKeyUnknown, branch_name_is_valid
from environments.git.names import checked_upstream
from environments.models import Branch, Repository
from lifecycle import events, jobs
from lifecycle.events import By, Machine
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed

SENT_AWAY = (AccessDenied, HostKeyUnknown)
SENT_AWAY_SECONDS = 60
DAMAGE = re.compile(r"not a git repository|bad (?:object|tree)|corrupt|unable to read|missing|packfile|valid object")
CREDENTIAL_CHARACTERS = 20_000


def mirror_path(product: Product) -> Path:
    """Where the product's bare mirror lives."""
    return Path(settings.VAR) / "mirrors" / f"{product.slug}.git"


def git(repository: Repository) -> Git:
    """The wrapper around the repository's mirror; the mirror exists after the first successful `poll`."""
    return Git(Path(repository.mirror))


def speaking(repository: Repository) -> Git:
    """The same, able to sign in upstream. For workers: it opens the credential."""
    return replace(git(repository), access=access_of(repository))


def access_of(repository: Repository) -> Access:
    """The confirmed servers and the credential: a private key speaks ssh, anything else is a password or token."""
    secret = secrets.open_sealed(repository.credential) if repository.credential else ""
    is_key = "PRIVATE KEY-----" in secret
    return Access(
        known_hosts=upstream_keys.known_hosts(repository),
        key=secret if is_key else "",
        login=repository.login,
        password="" if is_key else secret,
        ca_file=settings.GIT_CA_FILE,
    )


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
    if not branch_name_is_valid(main_branch):
        raise ValidationError({"main_branch": _("This is not a name git takes.")})
    found = Repository.objects.select_for_update(no_key=True).filter(product=product).first()
    if found is None:
        found = Repository(product=product, mirror=str(mirror_path(product)))
    elif found.upstream != upstream and found.fetched_at is not None:
        raise NotAllowed(_("The repository %(address)s is in use already.") % {"address": found.upstream})
    found.upstream, found.main_branch, found.fetch_error, found.retry_at = upstream, main_branch, "", None
    found.save()
    events.record("repository.connected", found, by=by, at=at)
    return found


@transaction.atomic
def set_credential(
    repository: Repository, *, login: str, secret: str, by: By, public_key: str = "", at: datetime | None = None
) -> None:
    """Seal what git signs in with: a private ssh key, or a password or token with its user name. "" forgets it.

    `public_key`: the other half, of a key that was made here.
    """
    if len(secret) > CREDENTIAL_CHARACTERS or "\0" in secret:
        raise ValidationError({"secret": _("This is neither a key nor a token.")})
    sealed = secrets.seal(secret) if secret else ""
    facts = {"login": login, "credential": sealed, "public_key": public_key, "retry_at": None}
    Repository.objects.filter(pk=repository.pk).update(**facts)
    for name, value in facts.items():
        setattr(repository, name, value)
    events.record("repository.credential_set", repository, by=by, at=at, forgotten=not secret)


@transaction.atomic
def set_mode(repository: Repository, *, mode: str, by: By, at: datetime | None = None) -> None:
    """How the team works: a branch per change, or pull requests merged to main. Holds from the next push on."""
    if mode not in Repository.Mode.values:
        raise ValidationError({"mode": _("Choose one of the two.")})
    found = Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    if found.mode != mode:
        found.mode, found.trunk_from, found.trunk_sha, found.main_note = mode, "", "", ""
        found.save(update_fields=["mode", "trunk_from", "trunk_sha", "main_note"])
        events.record("repository.mode_set", found, by=by, at=at, mode=mode)
    repository.refresh_from_db()


def connect(
    product: Product, upstream: str, *, by: By, main_branch: str = "main", at: datetime | None = None
) -> Repository:
    """Name the repository and fetch it at once; what went wrong is in `fetch_error`."""
    repository = name_upstream(product, upstream, by=by, main_branch=main_branch, at=at)
    poll(repository, at=at)
    return repository


def poll(repository: Repository, *, at: datetime | None = None) -> list[Branch]:
    """Fetch the upstream and return the branches that are new, moved or due for another try, main first.

    A fetch that finds nothing new costs the same one question as `ls-remote`. A failure is kept in `fetch_error`
    and never raised, so that one broken repository does not stop the others.
    """
    now = at or timezone.now()
    try:
        mirror = speaking(repository)
        heads = mirrors.fetch(repository, mirror, at=now)
        moved = branches.note(repository, mirror, heads, at=now)
        drift.note(repository, mirror, moved, at=now)
    except (GitError, OSError, NotAllowed) as error:
        note_failure(repository, error, at=now)
        return []
    if repository.fetch_error:
        events.record("repository.reachable", repository, by=Machine("poll"), at=now)
    Repository.objects.filter(pk=repository.pk).update(fetched_at=now, fetch_error="", retry_at=None)
    repository.fetched_at, repository.fetch_error = now, ""
    return moved


def note_failure(repository: Repository, error: Exception, *, at: datetime) -> None:
    """Keep the reason on the row; an event only when it is news, because the poll comes every two seconds.

    A server that sent us away is asked once a minute only. If the reason is a broken mirror, a new one is made.
    """
    is_news = repository.fetch_error != str(error)
    retry_at = at + timedelta(seconds=SENT_AWAY_SECONDS) if isinstance(error, SENT_AWAY) else None
    Repository.objects.filter(pk=repository.pk).update(fetch_error=str(error), retry_at=retry_at)
    if is_news:
        events.record("repository.unreachable", repository, by=Machine("poll"), note=str(error), at=at)
        if DAMAGE.search(str(error)):
            mirrors.put_aside_if_broken(repository, git(repository), at=at)
    if isinstance(error, HostKeyUnknown):
        jobs.enqueue("upstream_key", repository, product=repository.product)
    repository.fetch_error, repository.retry_at = str(error), retry_at
