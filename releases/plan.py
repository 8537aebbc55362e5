"""Release plans: choosing ideas, publishing, giving up; what else a plan can do is named here and written beside it."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.git import branch_name_is_valid
from ideas import places
from ideas.models import Idea, Stop
from lifecycle import events
from lifecycle.models import Product, User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move
from releases import changes, offers, progress
from releases.freezing import freeze, reasons_not_to_freeze, unfreeze
from releases.models import Release
from releases.plan_changes import (
    add_idea,
    add_maintenance,
    branch_name,
    drop_change,
    edit_change,
    require_open,
    set_must,
)
from releases.replanning import edit, reschedule, today
from releases.serving import link_ideas

__all__ = [
    "add_idea",
    "add_maintenance",
    "branch_name",
    "create",
    "create_from_top",
    "drop",
    "drop_change",
    "edit",
    "edit_change",
    "freeze",
    "link_ideas",
    "page_of",
    "publish",
    "reasons_not_to_freeze",
    "require_open",
    "reschedule",
    "set_must",
    "suggest_version",
    "unfreeze",
]

RESERVED = ("new", "next", "hotfix", "from-top", "rules", "calendar")  # addresses below /releases/
USUAL_DAYS = 14
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
    if target_date < today(product, at):
        errors["target_date"] = _("This day is past.")
    if not ideas:
        errors["ideas"] = _("Choose at least one idea.")
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def create_from_top(
    product: Product, ideas: Iterable[Idea] | None = None, *, by: User, at: datetime | None = None
) -> Release:
    """A draft of these ideas, else of all that stand above the queue's capacity line; what a plan has stays there.

    Pressed twice it leads to the draft that was made. NotAllowed when nothing is left to plan and no draft has it.
    """
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    asked = above_the_line(product, at=at) if ideas is None else list(ideas)
    taken = offers.planned(product).filter(ideas__isnull=False).values("ideas")
    queued = Idea.objects.filter(product=product, pk__in=[idea.pk for idea in asked]).queue()
    chosen = list(queued.exclude(pk__in=taken))
    if not chosen:
        return draft_with(product, asked)
    day = today(product, at) + timedelta(days=USUAL_DAYS)
    version = suggest_version(product)
    return create(product=product, version=version, target_date=day, ideas=chosen, by=by, at=at)


def above_the_line(product: Product, *, at: datetime | None = None) -> list[Idea]:
    """The first ideas of the queue, as many as fit into the product's capacity; those of drafts count."""
    return [place.idea for place in places.queue_of(product, at=at or timezone.now()).fitting]


def draft_with(product: Product, ideas: list[Idea]) -> Release:
    """The newest draft that plans one of them; NotAllowed without one."""
    drafts = product.releases.filter(status=S.DRAFT, changes__ideas__in=ideas)
    found = drafts.order_by("-id").first()
    if found is None:
        raise NotAllowed(_("Nothing that could be planned stands above the line."))
    return found


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
def drop(release: Release, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Give the plan up; its changes wait for another one. A frozen one is opened again first (NotAllowed)."""
    require_open(release)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: whoever waits for it reads this.")})
    move(release, S.DROPPED, by=by, at=at, note=reason, ended_at=at or timezone.now())
    for change in release.changes.all():
        changes.leave_plan(change, by=by, reason=reason, at=at)


def page_of(release: Release) -> str:
    return reverse("releases:detail", args=[release.version])
