"""Checks that an external CI runs and reports: which are awaited, what was said, what still keeps a commit back."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle import jobs
from lifecycle.events import By
from lifecycle.models import Product, Work
from lifecycle.notifications import tell
from lifecycle.transitions import NotAllowed, move
from releases import candidates, stacking
from releases.models import Candidate, Change, Check, Revision

S = Check.Status
EXTERNAL = Check.Kind.EXTERNAL
REPORTED = (S.QUEUED, S.RUNNING, S.PASSED, S.FAILED, S.ERRORED)
Subject = Revision | Candidate


@transaction.atomic
def expect(check: Check, names: tuple[str, ...]) -> None:
    """Await these checks for the commit of `check`; what was reported already counts. Harmless to repeat.

    A candidate is brought upstream, because no CI can build what it cannot fetch.
    """
    subject = check.revision or check.candidate
    type(subject).objects.select_for_update(no_key=True).get(pk=subject.pk)
    newest = newest_of(subject)
    for name in names:
        if name in newest:
            Check.objects.filter(pk=newest[name].pk).update(required=True)
        else:
            create(check.revision, check.candidate, name, required=True)
    if names and check.candidate is not None:
        jobs.enqueue("push_candidate", check.candidate, product=check.product)


def create(revision: Revision | None, candidate: Candidate | None, name: str, *, required: bool) -> Check:
    subject = revision or candidate
    product = revision.change.product if revision else candidate.product
    return Check.objects.create(
        product=product,
        revision=revision,
        candidate=candidate,
        kind=EXTERNAL,
        name=name,
        required=required,
        sha=subject.tip if revision else subject.sha,
        requested_at=timezone.now(),
    )


def newest_of(subject: Subject | None) -> dict[str, Check]:
    """Name → its newest check; each repetition is a row of its own."""
    return newest(subject.checks.filter(kind=EXTERNAL)) if subject else {}


def newest(checks: Iterable[Check]) -> dict[str, Check]:
    """The same, among these."""
    return {check.name: check for check in sorted(checks, key=lambda check: check.pk) if check.kind == EXTERNAL}


def reasons(subject: Subject | None) -> list[str]:
    """Sentences, empty when every required external check has passed."""
    return open_ones(subject.checks.all()) if subject else []


def open_ones(checks: Iterable[Check]) -> list[str]:
    """The same, among these."""
    return [sentence(check) for check in newest(checks).values() if check.required and check.status != S.PASSED]


def sentence(check: Check) -> str:
    facts = {"name": check.name, "summary": check.summary}
    if check.status in (S.QUEUED, S.RUNNING):
        waits = _("The external check %(name)s has not passed yet.") % facts
        return f"{waits} {where(check)}".strip()
    return (_("The external check %(name)s failed: %(summary)s") % facts).rstrip(": ")


def where(check: Check) -> str:
    """Where the CI finds a candidate, or why it cannot; nothing while it is on its way there the first time."""
    if check.candidate is None:
        return ""
    tried = Work.objects.filter(kind="push_candidate", subject_id=check.candidate_id).exclude(finished_at=None)
    last = tried.order_by("-id").first()
    facts = {"branch": candidates.branch_of(check.candidate), "why": last.error if last else ""}
    if last is None:
        return ""
    if last.status == Work.Status.SUCCEEDED:
        return _("It is upstream as the branch %(branch)s.") % facts
    return _("The branch %(branch)s could not be pushed upstream: %(why)s") % facts


@transaction.atomic
def report(
    product: Product,
    *,
    sha: str,
    name: str,
    status: str,
    by: By,
    url: str = "",
    summary: str = "",
    at: datetime | None = None,
) -> list[Check]:
    """What the CI says about a commit: one check per change or candidate that has it as its newest commit.

    The same word twice is one word; a new word after the end is a new row. Raises ValidationError for a status or an
    address it cannot be, NotAllowed for a commit that was not seen (yet).
    """
    require_sound(status, url)
    stacking.lock_with_above(*Change.objects.filter(product=product, revision__tip=sha))
    subjects = [
        *revisions(product, sha),
        *Candidate.objects.filter(product=product, sha=sha).order_by("pk").select_for_update(no_key=True),
    ]
    if not subjects:
        raise NotAllowed(_("No change or candidate ends in the commit %(sha)s (yet).") % {"sha": sha[:12]})
    now = at or timezone.now()
    facts = {"url": url, "summary": summary[:300]}
    return [note(subject, name, status, facts, by=by, at=now) for subject in subjects]


def require_sound(status: str, url: str) -> None:
    if status not in REPORTED:
        raise ValidationError({"status": _("One of: %(all)s.") % {"all": ", ".join(REPORTED)}})
    if url and not url.startswith(("https://", "http://")):
        raise ValidationError({"url": _("An address begins with https:// or http://.")})


def revisions(product: Product, sha: str) -> QuerySet[Revision]:
    rows = Revision.objects.filter(change__product=product, tip=sha).select_related("change__product")
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True)


def note(subject: Subject, name: str, status: str, facts: dict[str, str], *, by: By, at: datetime) -> Check:
    """Bring the newest check of this name to `status`, or begin another one when it has ended differently."""
    is_revision = isinstance(subject, Revision)
    last = newest_of(subject).get(name)
    if last is None or (last.is_over and last.status != status):
        required = last.required if last else False
        last = create(subject if is_revision else None, None if is_revision else subject, name, required=required)
    if last.status == status:
        Check.objects.filter(pk=last.pk).update(**facts)
        return last
    advance(last, status, facts, by=by, at=at)
    return last


def advance(check: Check, status: str, facts: dict[str, str], *, by: By, at: datetime) -> None:
    """Through RUNNING, because a CI may only speak when it is done; the developer hears of a red one."""
    if check.status == S.QUEUED and status != S.QUEUED:
        move(check, S.RUNNING, by=by, at=at, silent=True, started_at=at)
    if check.status != status:
        ended = {"finished_at": at} if status in (S.PASSED, S.FAILED, S.ERRORED) else {}
        move(check, status, by=by, at=at, **facts, **ended)
    else:
        Check.objects.filter(pk=check.pk).update(**facts)
    if status in (S.FAILED, S.ERRORED):
        tell_developer(check)
        take_back(check, sentence(check), by=by, at=at)
    if status == S.PASSED:
        ask_again(check.revision)


def take_back(check: Check, why: str, *, by: By, at: datetime) -> None:
    """A required check that is red is no reason to offer its change any longer, if it is the newest of its kind."""
    revision = check.revision
    if revision is None or not check.required or revision.change.revision_id != revision.pk:
        return
    if not revision.checks.filter(kind=check.kind, name=check.name, pk__gt=check.pk).exists():
        stacking.withdraw(revision.change, why, by=by, at=at)


def ask_again(revision: Revision | None) -> None:
    """What kept the change back is gone: if its developer said "ready" with the commit, a worker offers it."""
    if revision is not None and revision.says_ready:
        jobs.enqueue("offer", revision.change, product=revision.change.product)


def tell_developer(check: Check) -> None:
    change = check.revision.change if check.revision else None
    if change is not None and change.developer is not None:
        tell(
            [change.developer],
            "change.checks_failed",
            url=reverse("releases:change", args=[change.number]),
            key=f"check:{check.pk}",
            product=check.product,
            title=change.title,
        )
