"""Releases that do not wait for a plan: a hotfix, or an undo of what is live."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle import events
from lifecycle.models import Product, User
from lifecycle.transitions import move
from releases.models import Release

S = Release.Status
LENGTH = Release._meta.get_field("version").max_length


def create(product: Product, *, kind: str, reason: str, by: User, at: datetime | None = None) -> Release:
    """A published release of today with the next number below the live version: 24.11 → 24.11.1 → 24.11.2."""
    now = at or timezone.now()
    release = Release.objects.create(
        product=product,
        kind=kind,
        version=next_version(product),
        goal=reason.strip()[:200],
        reason=reason.strip(),
        target_date=timezone.localdate(now),
        author=by,
        owner=by,
        created_at=now,
    )
    events.record("release.created", release, by=by, at=at, note=reason, kind=kind)
    move(release, S.PLANNED, by=by, at=at, published_at=now if kind == Release.Kind.HOTFIX else None)
    return release


def next_version(product: Product) -> str:
    """The first free patch number of the newest planned release that is live; of 0 before there is one."""
    out = product.releases.filter(kind=Release.Kind.PLANNED, status__in=[S.LIVE, S.DONE]).order_by("-live_at")
    root = out.values_list("version", flat=True).first() or "0"
    root = root[: LENGTH - 5].rstrip(".")  # git takes no tag with two points in a row
    taken = set(product.releases.filter(version__startswith=root).values_list("version", flat=True))
    numbers = (f"{root}.{number}" for number in range(1, len(taken) + 2))
    return next(version for version in numbers if version not in taken)


def require_reason(reason: str) -> None:
    """ValidationError without one: testers, managers and whoever asked for it read it."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: testers, managers and whoever waits for it read this.")})
