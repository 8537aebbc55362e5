"""What a plan consists of: its changes, the ideas they serve, who builds them, and what the tester should try."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ideas.models import Idea, Stop
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.transitions import NotAllowed
from releases import changes, progress
from releases.models import Change, Release
from releases.replanning import hold, replanned

S = Release.Status
ENDED = (Change.Status.DROPPED, Change.Status.LIVE)
TEXTS = ("steps", "summary")
FIELDS = ("estimate", "due_date", *TEXTS, "developer")


def require_open(release: Release | None) -> None:
    """NotAllowed unless the release can still be planned."""
    if release is None or release.status not in (S.DRAFT, S.PLANNED):
        raise NotAllowed(_("This plan cannot be changed any more."))


@transaction.atomic
def add_idea(release: Release, idea: Idea, *, by: User, must: bool = True, at: datetime | None = None) -> Change:
    """Plan one more idea. NotAllowed once the release is frozen, or when the idea is being built already."""
    require_open(release)
    if under_way(idea).filter(release__status__in=[S.DRAFT, S.PLANNED, S.FROZEN]).exists():
        raise NotAllowed(_("“%(idea)s” is planned already.") % {"idea": idea})
    change = waiting_change(idea) or new_change(release, idea, by=by, at=at)
    change.release, change.must = release, must
    change.save(update_fields=["release", "must"])
    came_in(change, by=by, at=at, idea=idea.pk)
    return change


@transaction.atomic
def add_maintenance(
    release: Release, *, title: str, must: bool = False, by: User, at: datetime | None = None
) -> Change:
    """Plan a change that serves no idea: customers hear nothing of it. ValidationError without a title."""
    require_open(release)
    title = " ".join(title.split())
    if not title:
        raise ValidationError({"title": _("Say what is done.")})
    change = make(release, title[:200], stem=f"maintenance/{slugify(title)[:40].strip('-') or 'work'}", at=at)
    change.must = must
    change.save(update_fields=["must"])
    came_in(change, by=by, at=at)
    return change


def came_in(change: Change, *, by: User, at: datetime | None, **data: Any) -> None:
    """Record that the change is in its release, and tell whoever waits for it if the plan is public."""
    release = change.release
    events.record("change.planned", change, by=by, at=at, release=release.pk, **data)
    if release.status == S.PLANNED:
        progress.advance([change], Stop.PLANNED, by=by, fact=release, at=at)
        replanned(release, "changes", changes=[change.pk], by=by, at=at)


def under_way(idea: Idea) -> QuerySet[Change]:
    return idea.changes.exclude(status__in=ENDED)


def waiting_change(idea: Idea) -> Change | None:
    """A change of this idea that left an earlier plan, or came back from production, and can go on in this one."""
    return under_way(idea).order_by("pk").first()


def new_change(release: Release, idea: Idea, *, by: User, at: datetime | None = None) -> Change:
    change = make(release, idea.title, branch=branch_name(idea), estimate=idea.points, at=at)
    change.ideas.add(idea)
    return change


def make(
    release: Release, title: str, *, branch: str = "", stem: str = "", at: datetime | None, **fields: Any
) -> Change:
    now = at or timezone.now()
    return Change.objects.create(
        product=release.product,
        number=release.product.next_number("change"),
        title=title,
        release=release,
        branch=branch or free_name(release.product_id, stem),
        created_at=now,
        waiting_since=now,
        **fields,
    )


def branch_name(idea: Idea) -> str:
    """The branch name to use for an idea that is still free, e.g. "idea/42-keep-a-wishlist"."""
    words = slugify(idea.title)[:40].rstrip("-")
    return free_name(idea.product_id, f"idea/{idea.number}-{words}" if words else f"idea/{idea.number}")


def free_name(product: int, stem: str) -> str:
    """`stem`, or with the first number that nobody has: stem-2, stem-3."""
    alike = Change.objects.filter(product=product, branch__startswith=stem)
    taken = set(alike.values_list("branch", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 2))
    return stem if stem not in taken else next(name for name in numbered if name not in taken)


@transaction.atomic
def edit_change(change: Change, *, by: User, reason: str = "", at: datetime | None = None, **said: Any) -> None:
    """Say anew what `said` names of FIELDS; the rest stays. What its texts say is not in the digest.

    While the release is frozen, steps and summary need a reason (ValidationError): somebody may have tried the old
    ones. NotAllowed once the change or its release has ended.
    """
    if unknown := set(said) - set(FIELDS):
        raise TypeError(f"not a field of a planned change: {', '.join(sorted(unknown))}")
    hold(change.release_id)
    locked = Change.objects.select_for_update(of=("self",), no_key=True).select_related("release", "developer")
    now = locked.get(pk=change.pk)
    if now.status in ENDED or (now.release is not None and now.release.is_out):
        raise NotAllowed(_("%(change)s has ended.") % {"change": change.key})
    changed = [name for name in FIELDS if name in said and getattr(now, name) != said[name]]
    if changes.is_frozen(now) and set(changed) & set(TEXTS) and not reason.strip():
        raise ValidationError({"reason": _("Say why: somebody may have tried it as it was.")})
    write(change, {name: said[name] for name in changed}, by=by, reason=reason, at=at)
    if changed and now.release is not None:
        replanned(now.release, *changed, changes=[change.pk], by=by, at=at)


def write(change: Change, said: dict[str, Any], *, by: User, reason: str, at: datetime | None) -> None:
    if "developer" in said:
        changes.assign(change, developer=said["developer"], by=by, at=at)
    facts = {name: value for name, value in said.items() if name != "developer"}
    for name, value in facts.items():
        setattr(change, name, value)
    if facts:
        change.save(update_fields=[*facts])
        events.record("change.edited", change, by=by, at=at, note=reason, fields=list(facts))


@transaction.atomic
def set_must(change: Change, *, must: bool, by: User, at: datetime | None = None) -> None:
    """Whether the release waits for this change, or leaves without it."""
    hold(change.release_id)
    require_open(change.release)
    if Change.objects.filter(pk=change.pk).exclude(must=must).update(must=must):
        change.must = must
        events.record("change.must" if must else "change.if_ready", change, by=by, at=at)
        replanned(change.release, "must", changes=[change.pk], by=by, at=at)


@transaction.atomic
def drop_change(change: Change, *, by: By, reason: str = "", at: datetime | None = None) -> None:
    """Take a change out of its plan: not begun it is dropped, begun it waits for another plan."""
    release = change.release
    require_open(release)
    hold(release.pk)
    changes.leave_plan(change, by=by, reason=reason, at=at)
    replanned(release, "changes", changes=[change.pk], by=by, at=at)
