"""A hotfix: what is live plus these changes only, the short way; the next review hears of it."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ideas import services
from ideas.models import Idea, Stop
from lifecycle import events
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed
from releases import freezing, plan, progress, urgent
from releases.models import Change, Release

ENDED = (Change.Status.DROPPED, Change.Status.LIVE)
UNDECIDED = (Idea.Status.NEW, Idea.Status.TRIAGED, Idea.Status.SNOOZED)


@transaction.atomic
def propose(
    product: Product,
    *,
    changes: Iterable[Change] = (),
    bugs: Iterable[Idea] = (),
    by: User,
    reason: str,
    at: datetime | None = None,
) -> Release:
    """A hotfix of these changes, and of a new change for each bug, which needs no review first.

    It freezes at once when all of them are ready.

    Raises ValidationError without a reason or anything to fix, NotAllowed for a change of a frozen release or one that
    has ended, and for a second hotfix while one has staging. Otherwise the developers go on and somebody freezes it.
    """
    urgent.require_reason(reason)
    chosen, asked = list(changes), list(bugs)
    if not chosen and not asked:
        raise ValidationError({"changes": _("Choose what is to be fixed.")})
    release = urgent.create(product, kind=Release.Kind.HOTFIX, reason=reason, by=by, at=at)
    for change in chosen:
        take(release, change, by=by, at=at)
    for bug in asked:
        if bug.status in UNDECIDED:
            services.queue_bug(bug, by=by, at=at)
        plan.add_idea(release, bug, by=by, at=at)
    progress.advance(release.changes.all(), Stop.PLANNED, by=by, fact=release, at=at)
    if not freezing.reasons_not_to_freeze(release):
        freezing.freeze(release, by=by, at=at)
    return release


def take(release: Release, change: Change, *, by: User, at: datetime | None) -> None:
    """Out of its plan, if it had one, into the hotfix."""
    if change.status in ENDED:
        raise NotAllowed(_("%(change)s has ended.") % {"change": change.key})
    if change.release is not None and change.release.is_frozen:
        facts = {"change": change.key, "release": change.release}
        raise NotAllowed(_("%(change)s is in %(release)s, which is frozen: open that plan first.") % facts)
    before, change.release, change.must = change.release, release, True
    change.save(update_fields=["release", "must"])
    events.record("change.planned", change, by=by, at=at, release=release.pk, left=before.pk if before else None)


def changes_to_choose(product: Product) -> QuerySet[Change]:
    """What may become a hotfix: open, and not in a frozen release."""
    rows = Change.objects.filter(product=product).exclude(status__in=ENDED)
    rows = rows.filter(Q(release=None) | ~Q(release__status=Release.Status.FROZEN))
    return rows.select_related("release").order_by("-waiting_since", "pk")


def can_take(change: Change) -> bool:
    """Whether one change could become a hotfix: see `changes_to_choose`."""
    return change.status not in ENDED and not (change.release is not None and change.release.is_frozen)


def fixable(product: Product) -> QuerySet[Idea]:
    """Bugs that were not turned down and that nobody works on, also those that nobody has decided about yet."""
    bugs = Idea.objects.primary().filter(product=product, kind=Idea.Kind.BUG, stop__lt=Stop.PLANNED)
    bugs = bugs.filter(status__in=[*UNDECIDED, Idea.Status.ACCEPTED])
    return bugs.exclude(changes__in=Change.objects.exclude(status__in=ENDED)).order_by("queue_rank", "number")


def bugs_to_choose(product: Product) -> QuerySet[Idea]:
    """Bugs in the queue that nobody works on."""
    return fixable(product).filter(status=Idea.Status.ACCEPTED)
