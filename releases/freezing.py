"""Freezing a release: one candidate from then on, and staging kept for it until it ships.

A hotfix or an undo does not wait: the planned release that has staging is parked and comes back by itself, put
together again on what is live by then.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed, move
from releases import candidates, changes, checklists, enough, migration_flags, notes, overlaps, pins, stacking
from releases.models import Candidate, Change, Overlap, Release
from releases.replanning import hold_all

S, Kind = Release.Status, Release.Kind
OFFERED = (Change.Status.READY, Change.Status.STAGING, Change.Status.APPROVED)


@transaction.atomic
def freeze(release: Release, *, without: Collection[str] = (), by: By, at: datetime | None = None) -> Candidate:
    """Ask for the candidate of all approved changes; "if ready" ones that are not wait for the next plan.

    Raises NotAllowed naming whatever is in the way (see `reasons_not_to_freeze`), and the must-haves that would be left
    behind (a count or a day was enough) unless `without` names their keys. A push to one of them waits until it is
    decided whether it came before.
    """
    hold_with_frozen(release)
    stacking.lock(release.changes.all())
    reasons = reasons_not_to_freeze(release)
    if reasons:
        raise NotAllowed(" ".join(reasons))
    require_said(left_behind(release), without)
    try:
        with transaction.atomic():
            park_for(release, by=by, at=at)
            move(release, S.FROZEN, by=by, at=at, frozen_at=at or timezone.now())
    except IntegrityError:  # another one was frozen in the same moment
        raise NotAllowed(" ".join(staging_taken(release))) from None
    for change in release.changes.exclude(status__in=testable(release)):
        why = gettext_noop("Not ready when its release was frozen.")
        changes.leave_plan(change, by=by, reason=why, at=at)
    return ask(release, by=by, at=at)


def left_behind(release: Release) -> list[Change]:
    """The must-haves that are not approved: where a count or a day is enough, it may be frozen without them."""
    return enough.standing(release, changes_of(release)).missing if release.is_planned else []


def require_said(left: Iterable[Change], without: Collection[str]) -> None:
    """NotAllowed, naming them, unless whoever freezes has said of each that the release goes without it."""
    if unsaid := [change.key for change in left if change.key not in without]:
        text = _("Must-haves that are not approved would be left behind: %(changes)s. Say so, or wait for them.")
        raise NotAllowed(text % {"changes": ", ".join(unsaid)})


def testable(release: Release) -> tuple[str, ...]:
    """What a change must be to be frozen; a hotfix meets its tester on staging only after that."""
    return OFFERED if release.kind == Kind.HOTFIX else (Change.Status.APPROVED,)


def reasons_not_to_freeze(
    release: Release, changes: list[Change] | None = None, clashing: list[Overlap] | None = None
) -> list[str]:
    """Sentences, empty when it may be frozen: plan published, staging to have, enough approved, flags said.

    `changes` are those of the release with revision and `requires`, and `clashing` their clashes, where somebody has
    them already.
    """
    if release.status != S.PLANNED:
        return [_("Only a published plan can be frozen.")]
    if release.is_undo:
        return staging_taken(release)
    found = changes_of(release) if changes is None else sorted(changes, key=lambda one: one.number)
    taken = [change for change in found if change.status in testable(release)]
    short = [reason for reason in (not_enough(release, found),) if reason]
    wrong = [*migration_flags.reasons(taken), *without_the_one_below(taken), *overlaps.reasons(taken, clashing)]
    return [*staging_taken(release), *short, *wrong]


def changes_of(release: Release) -> list[Change]:
    return list(release.changes.select_related("revision", "requires").order_by("number"))


def not_enough(release: Release, found: list[Change]) -> str:
    """Why these changes are not enough; "" when they are. A hotfix takes all that it was made for."""
    if release.is_planned:
        return enough.reason(release, enough.standing(release, found))
    missing = [change.key for change in found if change.must and change.status not in testable(release)]
    if missing:
        facts = {"changes": ", ".join(missing)}
        return _("Not ready: %(changes)s. The tests must have passed and the developer must have said so.") % facts
    return "" if found else _("No change is approved yet.")


def without_the_one_below(taken: list[Change]) -> list[str]:
    """Stacked changes whose lower one is neither in the release nor live."""
    alone = [one for one in taken if one.requires and one.requires not in taken]
    return [
        _("%(one)s is built on %(other)s, which is not in this release.") % {"one": one.key, "other": one.requires.key}
        for one in alone
        if one.requires.status != Change.Status.LIVE
    ]


def staging_taken(release: Release) -> list[str]:
    """Who has staging and does not make way."""
    others = frozen(release.product).exclude(pk=release.pk)
    if not release.is_planned:
        others = others.filter(parked_at=None).exclude(kind=Kind.PLANNED)
    other = others.order_by("pk").first()
    return [_("Release %(release)s is frozen and has staging.") % {"release": other}] if other else []


def frozen(product: Product) -> QuerySet[Release]:
    """The frozen releases: one that has staging, and one it parked."""
    return Release.objects.filter(product=product, status=S.FROZEN)


def hold_with_frozen(release: Release) -> None:
    """Hold a release and those that have staging, or will have it again: it makes one step aside or brings it back."""
    hold_all(Release.objects.filter(Q(pk=release.pk) | Q(product=release.product_id, status=S.FROZEN)))


def park_for(release: Release, *, by: By, at: datetime | None = None) -> None:
    """Let the planned release that has staging step aside for one that cannot wait."""
    planned = frozen(release.product).filter(kind=Kind.PLANNED, parked_at=None)
    other = None if release.is_planned else planned.first()
    if other is not None:
        other.parked_at = at or timezone.now()
        other.save(update_fields=["parked_at"])
        events.record("release.parked", other, by=by, at=at, makes_way_for=release.pk)


@transaction.atomic
def bring_back(product: Product, *, by: By, at: datetime | None = None) -> None:
    """The release that made way has staging again, put together on what is live now."""
    parked = frozen(product).exclude(parked_at=None).select_related("candidate").first()
    if parked is not None:
        parked.parked_at = None
        parked.save(update_fields=["parked_at"])
        events.record("release.brought_back", parked, by=by, at=at)
        ask(parked, by=by, at=at)


@transaction.atomic
def recompose(release: Release, *, by: By, at: datetime | None = None) -> Candidate:
    """Put a frozen release together again on what is live now; a verdict holds where nothing overlaps.

    NotAllowed unless it is frozen and has staging. Asked twice, the composition under way is enough.
    """
    if not release.is_frozen:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    if release.is_parked:
        raise NotAllowed(_("%(release)s made way; it is put together again when it comes back.") % {"release": release})
    if release.candidate and release.candidate.status == Candidate.Status.COMPOSING:
        return release.candidate
    return ask(release, by=by, at=at)


def ask(release: Release, *, by: By, at: datetime | None, renewed: Iterable[int] = ()) -> Candidate:
    """The candidate to come, of the same revisions as the one before it (see pins.py) but for the `renewed` changes."""
    before = release.candidate
    release.candidate = candidates.request(release.product, Candidate.Purpose.RELEASE, by=by, release=release, at=at)
    if not release.is_undo:
        pins.pin(release.candidate, before, renewed=set(renewed))
    release.save(update_fields=["candidate"])
    checklists.seed(release)
    notes.draft(release, at=at)
    return release.candidate


@transaction.atomic
def unfreeze(release: Release, *, by: User, reason: str = "", at: datetime | None = None) -> None:
    """Open the plan again and give staging back; the candidate and what was said about it stay on record.

    A change to which something newer was pushed meanwhile is in development again: nobody has tested that.
    """
    hold_with_frozen(release)
    pushed_over = pins.pushed_over(release.candidate)
    stacking.lock_with_above(*pushed_over)
    move(release, S.PLANNED, by=by, at=at, note=reason, candidate=None, frozen_at=None, parked_at=None)
    for change in pushed_over:
        stacking.withdraw(change, changes.NEW_VERSION, by=by, at=at)
    if not release.is_planned:
        bring_back(release.product, by=by, at=at)
