"""What runs today, recorded as candidate 0 without a deployment: a person says which commit, a worker looks at it."""

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments.models import Deployment
from environments.models import Repository
from lifecycle import events, jobs
from lifecycle.events import By, Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed, move
from releases import candidates
from releases.models import Candidate

ADOPTED = Candidate.Purpose.ADOPTED
COMMIT = re.compile(r"[0-9a-f]{7,40}")
WORKER = Machine("adopt")


@transaction.atomic
def ask(product: Product, *, ref: str, by: By, at: datetime | None = None) -> Candidate:
    """Have a worker record a branch's newest commit, or a commit, as what runs today. Asked twice, it is done once.

    ValidationError for what is neither a branch nor a commit; NotAllowed before the repository was read, while another
    commit is being looked at, and as soon as anything stands on what was recorded.
    """
    repository = _locked(product)
    sha = commit_named(repository, ref.strip())
    newest = latest(product)
    if newest is not None and newest.status != Candidate.Status.FAILED and _is_same(newest, sha):
        return newest
    if newest is not None and newest.status == Candidate.Status.COMPOSING:
        raise NotAllowed(_("A worker is looking at %(commit)s already.") % {"commit": newest})
    require_nothing_stands_on_it(product)
    candidate = Candidate.objects.create(
        product=product, repository=repository, purpose=ADOPTED, label=sha, created_at=at or timezone.now()
    )
    events.record("candidate.adoption_asked", candidate, by=by, at=at)
    jobs.enqueue("adopt", candidate, product=product)
    return candidate


def _locked(product: Product) -> Repository:
    """The repository, so that two who ask at once do so one after the other."""
    repository = Repository.objects.select_for_update(no_key=True).filter(product=product).first()
    if repository is None:
        raise NotAllowed(_("Connect a repository first."))
    if repository.fetched_at is None:
        raise NotAllowed(_("The repository has not been read yet."))
    return repository


def commit_named(repository: Repository, ref: str) -> str:
    """The newest commit of the branch of this name, else the name of a commit as it was typed. Runs no git."""
    branch = repository.branches.filter(name=ref).first() if "\0" not in ref else None
    if branch is not None:
        return branch.sha
    if COMMIT.fullmatch(ref.lower()):
        return ref.lower()
    raise ValidationError(
        {"ref": _("There is no such branch; a commit is named by 7 to 40 of its hexadecimal digits.")}
    )


def _is_same(candidate: Candidate, sha: str) -> bool:
    known = candidate.sha or candidate.label
    return known.startswith(sha) or sha.startswith(known)


def latest(product: Product) -> Candidate | None:
    """What was asked for or recorded last as what runs today."""
    return product.candidates.filter(purpose=ADOPTED).order_by("-pk").first()


def may_be_said(product: Product) -> bool:
    """Whether nothing stands on what is recorded as running today, so that it can still be said or corrected.

    What was asked for before anything was recorded has no base, and could not be composed.
    """
    built = product.candidates.exclude(purpose=ADOPTED).exclude(base=None)
    return not built.exists() and not Deployment.objects.filter(product=product).exists()


def require_nothing_stands_on_it(product: Product) -> None:
    if not may_be_said(product):
        raise NotAllowed(_("What runs today is known: something was built or deployed here already."))


def broke_off(work: Work) -> None:
    """It is never left being looked at for ever."""
    candidate = Candidate.objects.get(pk=work.subject_id)
    if candidate.status == Candidate.Status.COMPOSING:
        move(candidate, Candidate.Status.FAILED, by=WORKER, error=work.error)


@jobs.handler("adopt", queue="git", ended=broke_off)
def carry_out(lease: Lease) -> None:
    """Look the commit up and record it. A second run finds it recorded."""
    candidate = Candidate.objects.select_related("product", "repository").get(pk=lease.row.subject_id)
    if candidate.status != Candidate.Status.COMPOSING:
        return
    try:
        require_nothing_stands_on_it(candidate.product)
        candidates.record_adopted(candidate, by=WORKER)
    except NotAllowed as error:
        raise Failed(str(error)) from error
