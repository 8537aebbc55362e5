"""A change on its way: who builds it, its branch, its pushes, and "ready for staging"."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from environments import branches
from environments.models import Branch
from ideas.models import Stop
from lifecycle import events, jobs
from lifecycle.events import By, Machine
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move
from releases import checks, external_checks, overlaps, progress, stacking
from releases.models import Change, Check, Release, Revision

S = Change.Status
NEW_VERSION = gettext_noop("A new version is being built.")
ONE_WAY = (Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)


@transaction.atomic
def assign(change: Change, *, developer: User | None, by: By, at: datetime | None = None) -> None:
    """Say who builds the change (None: nobody yet); ValidationError for somebody who does not develop here."""
    if developer is not None and developer not in people_who_may("develop", change.product):
        raise ValidationError({"developer": _("%(who)s is not a developer here.") % {"who": developer}})
    Change.objects.filter(pk=change.pk).update(developer=developer)
    change.developer = developer
    events.record("change.assigned", change, by=by, at=at, developer=developer.pk if developer else None)
    if developer is not None and developer != by:
        tell(
            [developer],
            "change.assigned",
            url=page_of(change),
            key=f"change:{change.pk}:assigned:{developer.pk}",
            product=change.product,
            title=change.title,
        )


@transaction.atomic
def link_branch(change: Change, *, branch: str, by: By, at: datetime | None = None) -> None:
    """Name the branch this change is built on; a worker takes what is on it already.

    Raises ValidationError for a name git refuses, one of ours or main, or one that another open change has.
    """
    check_branch(change, branch)
    Change.objects.filter(pk=change.pk).update(branch=branch)
    change.branch = branch
    Branch.objects.filter(repository__product=change.product_id, name=branch).update(nobodys=0)
    events.record("change.branch_linked", change, by=by, at=at, branch=branch)
    jobs.enqueue("push", change, product=change.product)


def check_branch(change: Change, branch: str) -> None:
    branches.require_usable(change.product, branch)
    others = Change.objects.filter(product=change.product_id, branch=branch).exclude(pk=change.pk)
    other = others.exclude(status__in=[S.DROPPED, S.LIVE]).first()
    if other:
        raise ValidationError({"branch": _("%(change)s is built on this branch.") % {"change": other.key}})


@transaction.atomic
def set_migrations(change: Change, *, migrations: str, by: By, at: datetime | None = None) -> None:
    """Say what the change's migrations do to the release that runs today; "" means not said yet.

    NotAllowed for a milder word than contract or irreversible once it is frozen or live: gates and the way back from
    production stand on what was said.
    """
    if migrations not in Change.Migrations.values:
        raise ValidationError({"migrations": _("Choose one of the kinds.")})
    now = Change.objects.select_for_update(of=("self",), no_key=True).select_related("release").get(pk=change.pk)
    if migrations not in migrations_to_say(now):
        raise NotAllowed(_("%(change)s was frozen with what it says about its migrations.") % {"change": change.key})
    if Change.objects.filter(pk=change.pk).exclude(migrations=migrations).update(migrations=migrations):
        change.migrations = migrations
        events.record("change.migrations_set", change, by=by, at=at, migrations=migrations)


def migrations_to_say(change: Change) -> tuple[str, ...]:
    """What may be said about its migrations now: nothing milder once it is frozen or live."""
    if is_frozen(change) or change.status == S.LIVE:
        return (change.migrations, *ONE_WAY)
    return tuple(Change.Migrations.values)


@transaction.atomic
def record_push(
    change: Change,
    *,
    fork: str,
    tip: str,
    subject: str = "",
    author: str = "",
    commits: int = 0,
    files: Iterable[str] = (),
    migration_globs: Iterable[str] = (),
    log: Iterable[dict[str, str]] = (),
    ready: bool = False,
    by: By = Machine("poll"),  # noqa: B008  (a frozen value)
    at: datetime | None = None,
) -> Revision:
    """One more revision: its tests are queued and the change is (back) in development; the same push is no news.

    In a frozen release the status stays, because the candidate keeps the revision it was composed of. `ready`: the
    developer said so with the commit (releases/readiness.py).
    """
    stacking.lock_with_above(change)
    locked = Change.objects.select_related("revision", "release", "product").get(pk=change.pk)
    newest = locked.revision
    if newest and (newest.fork, newest.tip) == (fork, tip):
        return newest
    now = at or timezone.now()
    facts = {"fork": fork, "tip": tip, "commits": commits, "files": list(files), "log": list(log), "says_ready": ready}
    facts["migration_globs"] = list(migration_globs)
    number = (newest.number if newest else 0) + 1
    revision = Revision.objects.create(
        change=locked, number=number, subject=subject[:200], author=author[:200], seen_at=now, **facts
    )
    follow_up_push(locked, revision, by=by, at=now)
    change.refresh_from_db()
    return revision


def follow_up_push(change: Change, revision: Revision, *, by: By, at: datetime) -> None:
    """What a new revision means: nothing said about the one before holds, its tests and its clashes are worked out."""
    Change.objects.filter(pk=change.pk).update(revision=revision, return_reason="", conflict=None)
    change.revision, change.return_reason, change.conflict = revision, "", None
    events.record("change.pushed", change, by=by, at=at, revision=revision.pk, tip=revision.tip)
    if not is_frozen(change):
        back_to_development(change, by=by, at=at)
    checks.request(revision=revision, at=at)
    overlaps.request(change.product)


def is_frozen(change: Change) -> bool:
    """Whether the change is in a candidate that is being decided about."""
    return change.release is not None and change.release.status == Release.Status.FROZEN


def back_to_development(change: Change, *, by: By, at: datetime) -> None:
    """A push makes a change begin, or begin again: what was said about an older revision no longer counts."""
    if change.status != S.DEVELOPMENT:
        move(change, S.DEVELOPMENT, by=by, at=at, waiting_since=at)
        stacking.pull_back(change, by=by, at=at)
    progress.advance([change], Stop.DEVELOPMENT, by=by, fact=change, at=at)
    note = NEW_VERSION
    progress.take_back([change], Stop.DEVELOPMENT, by=by, fact=change, note=note, at=at)


def reasons_not_ready(change: Change) -> list[str]:
    """Sentences, empty when the change may go to staging: pushed, tests passed, what is below goes too, no conflict."""
    check = newest_check(change.revision)
    reasons = []
    if change.revision is None:
        reasons.append(_("Push to %(branch)s first.") % {"branch": change.branch or _("its branch")})
    elif change.return_reason:
        reasons.append(_("Push a commit first: it was returned."))
    elif check is None or check.status in (Check.Status.QUEUED, Check.Status.RUNNING):
        reasons.append(_("The tests are running."))
    elif check.status != Check.Status.PASSED:
        reasons.append(_("The tests failed: %(summary)s") % {"summary": check.summary})
    reasons += external_checks.reasons(change.revision)
    reasons += stacking.reasons(change)
    if change.conflict:
        other = change.conflict["with"] or _("what is live")
        reasons.append(_("It conflicts with %(other)s: rebase it first.") % {"other": other})
    return reasons


def newest_check(revision: Revision | None) -> Check | None:
    tests = [check for check in revision.checks.all() if check.kind == Check.Kind.TESTS] if revision else []
    return max(tests, key=lambda check: check.pk, default=None)


@transaction.atomic
def mark_ready(change: Change, *, by: By, at: datetime | None = None) -> None:
    """Offer the change for staging; NotAllowed names what is missing (see `reasons_not_ready`).

    One that is there already stays where it is: a frozen release that ships takes along what is approved.
    """
    reasons = reasons_not_ready(change)
    if change.status in (S.STAGING, S.APPROVED):
        reasons = [_("%(change)s is on staging already.") % {"change": change.key}]
    if reasons:
        raise NotAllowed(" ".join(reasons))
    guard = {"revision": change.revision, "conflict__isnull": True}
    move(change, S.READY, by=by, at=at, guard=guard, waiting_since=at or timezone.now())
    for above in Change.objects.filter(requires=change, status=S.DEVELOPMENT).select_related("revision"):
        external_checks.ask_again(above.revision)


@transaction.atomic
def unmark_ready(change: Change, *, by: By, at: datetime | None = None) -> None:
    """Take the offer back while the change is not on staging yet."""
    if change.status != S.READY:
        raise NotAllowed(_("%(change)s is not waiting for staging.") % {"change": change.key})
    move(change, S.DEVELOPMENT, by=by, at=at, waiting_since=at or timezone.now())
    Revision.objects.filter(pk=change.revision_id).update(says_ready=False)
    stacking.pull_back(change, by=by, at=at)


@transaction.atomic
def returned(change: Change, *, reason: str, by: By, at: datetime | None = None) -> None:
    """Back to development with the words of whoever saw it fail; its developer and its voters are told."""
    now = at or timezone.now()
    move(change, S.DEVELOPMENT, by=by, at=at, note=reason, return_reason=reason, waiting_since=now)
    stacking.pull_back(change, by=by, at=at)
    note = gettext_noop("It needs more work.")
    progress.take_back([change], Stop.DEVELOPMENT, by=by, fact=change, note=note, at=at)
    if change.developer is not None:
        tell(
            [change.developer],
            "change.returned",
            url=page_of(change),
            key=f"change:{change.pk}:returned:{now.isoformat()}",
            product=change.product,
            title=change.title,
            reason=reason,
        )


def leave_plan(change: Change, *, by: By, reason: str, at: datetime | None = None) -> None:
    """Unlink a change from its release; its ideas go back to the queue unless it is being built."""
    release, change.release = change.release, None
    change.save(update_fields=["release"])
    events.record("change.left_plan", change, by=by, at=at, note=reason, release=release.pk)
    if change.status == S.PLANNED:
        move(change, S.DROPPED, by=by, at=at)
        progress.take_back([change], Stop.REVIEW, by=by, fact=change, note=reason, at=at)


def page_of(change: Change) -> str:
    return reverse("releases:change", args=[change.number])


def testing_page() -> str:
    return reverse("releases:testing")
