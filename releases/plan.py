"""Release plans: choosing ideas, publishing, rescheduling, freezing."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from environments.git import branch_name_is_valid
from ideas.models import Idea, Stop
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move
from releases import changes, progress
from releases.freezing import freeze, reasons_not_to_freeze, unfreeze
from releases.models import Change, Release

__all__ = [
    "add_idea",
    "create",
    "drop",
    "drop_change",
    "freeze",
    "page_of",
    "publish",
    "reasons_not_to_freeze",
    "require_open",
    "reschedule",
    "set_must",
    "suggest_version",
    "unfreeze",
]

RESERVED = ("new", "next", "hotfix")  # addresses below /releases/
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,19}")
S = Release.Status


def suggest_version(product: Product) -> str:
    """The version after the newest planned one: 24.11 → 24.12, also after 24.11.1; 1.0 for the first release."""
    planned = product.releases.filter(kind=Release.Kind.PLANNED).order_by("-id")
    newest = planned.values_list("version", flat=True).first()
    if newest is None:
        return "1.0"
    found = re.fullmatch(r"(.*?)(\d+)", newest)
    return f"{found[1]}{int(found[2]) + 1}" if found else f"{newest}.1"


@transaction.atomic
def create(
    *,
    product: Product,
    version: str,
    goal: str = "",
    target_date: date,
    ideas: Iterable[Idea],
    by: User,
    at: datetime | None = None,
) -> Release:
    """A draft with one change per idea, each with a branch name to use.

    Raises ValidationError for a version that is taken or not like 24.12, for a past date and without ideas.
    """
    chosen = list(ideas)
    check_plan(product, version=version, target_date=target_date, ideas=chosen, at=at)
    release = Release.objects.create(
        product=product,
        version=version,
        goal=goal,
        target_date=target_date,
        author=by,
        owner=by,
        created_at=at or timezone.now(),
    )
    events.record("release.created", release, by=by, at=at)
    for idea in chosen:
        add_idea(release, idea, by=by, at=at)
    return release


def check_plan(
    product: Product, *, version: str, target_date: date, ideas: list[Idea], at: datetime | None = None
) -> None:
    """Raise ValidationError, naming each field that is wrong."""
    errors = {}
    if not VERSION.fullmatch(version) or version in RESERVED:
        errors["version"] = _("Letters, digits, points and hyphens only, like 24.12.")
    elif not branch_name_is_valid(version):
        errors["version"] = _("Git takes no tag of this name: write it like 24.12.")
    elif product.releases.filter(version=version).exists():
        errors["version"] = _("There is a release %(version)s already.") % {"version": version}
    if target_date < timezone.localdate(at or timezone.now()):
        errors["target_date"] = _("This day is past.")
    if not ideas:
        errors["ideas"] = _("Choose at least one idea.")
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def add_idea(release: Release, idea: Idea, *, by: User, must: bool = True, at: datetime | None = None) -> Change:
    """Plan one more idea. NotAllowed once the release is frozen, or when the idea is being built already."""
    require_open(release)
    if under_way(idea).filter(release__status__in=[S.DRAFT, S.PLANNED, S.FROZEN]).exists():
        raise NotAllowed(_("“%(idea)s” is planned already.") % {"idea": idea})
    change = waiting_change(idea) or new_change(release, idea, by=by, at=at)
    change.release, change.must = release, must
    change.save(update_fields=["release", "must"])
    events.record("change.planned", change, by=by, at=at, release=release.pk, idea=idea.pk)
    if release.status == S.PLANNED:
        progress.advance([change], Stop.PLANNED, by=by, fact=release, at=at)
    return change


def under_way(idea: Idea) -> QuerySet[Change]:
    return idea.changes.exclude(status__in=[Change.Status.DROPPED, Change.Status.LIVE])


def waiting_change(idea: Idea) -> Change | None:
    """A change of this idea that left an earlier plan, or came back from production, and can go on in this one."""
    return under_way(idea).order_by("pk").first()


def new_change(release: Release, idea: Idea, *, by: User, at: datetime | None = None) -> Change:
    now = at or timezone.now()
    change = Change.objects.create(
        product=release.product,
        number=release.product.next_number("change"),
        title=idea.title,
        release=release,
        branch=branch_name(idea),
        estimate=idea.points,
        created_at=now,
        waiting_since=now,
    )
    change.ideas.add(idea)
    return change


def branch_name(idea: Idea) -> str:
    """The branch name to use for an idea that is still free, e.g. "idea/42-keep-a-wishlist"."""
    words = slugify(idea.title)[:40].rstrip("-")
    name = f"idea/{idea.number}-{words}" if words else f"idea/{idea.number}"
    taken = Change.objects.filter(product=idea.product_id, branch__startswith=name).count()
    return f"{name}-{taken + 1}" if taken else name


@transaction.atomic
def publish(release: Release, *, by: User, at: datetime | None = None) -> None:
    """Show the plan to everybody; its ideas reach Planned and the team is told."""
    if not release.changes.exists():
        raise NotAllowed(_("There is nothing in this plan yet."))
    now = at or timezone.now()
    move(release, S.PLANNED, by=by, at=at, published_at=now)
    progress.advance(release.changes.all(), Stop.PLANNED, by=by, fact=release, at=at)
    tell(
        people_who_may("see_team_pages", release.product),
        "release.published",
        url=page_of(release),
        key=f"release:{release.pk}:published",
        product=release.product,
        version=release.version,
    )


@transaction.atomic
def reschedule(release: Release, *, target_date: date, reason: str, by: User, at: datetime | None = None) -> None:
    """Move the target date; the first date stays visible, struck out, with the reason. Not after it is live."""
    if release.status not in (S.DRAFT, S.PLANNED, S.FROZEN):
        raise NotAllowed(_("Release %(release)s has ended.") % {"release": release})
    if release.status != S.DRAFT and not reason.strip():
        raise ValidationError({"reason": _("Say why: whoever waits for it reads this.")})
    before, release.target_date = release.target_date, target_date
    if release.status != S.DRAFT and release.first_target_date is None:
        release.first_target_date = before
    release.save(update_fields=["target_date", "first_target_date"])
    dates = {"before": before.isoformat(), "after": target_date.isoformat()}
    events.record("release.rescheduled", release, by=by, at=at, note=reason, **dates)


@transaction.atomic
def set_must(change: Change, *, must: bool, by: User, at: datetime | None = None) -> None:
    """Whether the release waits for this change, or leaves without it."""
    require_open(change.release)
    if Change.objects.filter(pk=change.pk).exclude(must=must).update(must=must):
        change.must = must
        events.record("change.must" if must else "change.if_ready", change, by=by, at=at)


@transaction.atomic
def drop_change(change: Change, *, by: By, reason: str = "", at: datetime | None = None) -> None:
    """Take a change out of its plan: not begun it is dropped, begun it waits for another plan."""
    require_open(change.release)
    changes.leave_plan(change, by=by, reason=reason, at=at)


@transaction.atomic
def drop(release: Release, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Give the plan up; its changes wait for another one. A frozen one is opened again first (NotAllowed)."""
    require_open(release)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: whoever waits for it reads this.")})
    move(release, S.DROPPED, by=by, at=at, note=reason, ended_at=at or timezone.now())
    for change in release.changes.all():
        changes.leave_plan(change, by=by, reason=reason, at=at)


def require_open(release: Release | None) -> None:
    """NotAllowed unless the release can still be planned."""
    if release is None or release.status not in (S.DRAFT, S.PLANNED):
        raise NotAllowed(_("This plan cannot be changed any more."))


def page_of(release: Release) -> str:
    return reverse("releases:detail", args=[release.version])
