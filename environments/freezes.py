"""Freezes: windows in which nothing new goes to production. A rollback always may."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.models import Freeze
from lifecycle import events
from lifecycle.models import Product, User


@transaction.atomic
def freeze(product: Product, *, reason: str, starts_at: datetime, ends_at: datetime, by: User) -> Freeze:
    """Let nothing new go to production in a window; the same window for the same reason is one.

    ValidationError if it ends before it starts.
    """
    _require_order(starts_at, ends_at)
    made, created = Freeze.objects.get_or_create(
        product=product, reason=reason, starts_at=starts_at, ends_at=ends_at, defaults={"created_by": by}
    )
    if created:
        events.record("freeze.set", made, by=by, note=reason)
    return made


@transaction.atomic
def change(freeze: Freeze, *, reason: str, starts_at: datetime, ends_at: datetime, by: User) -> None:
    """Extend, shorten, move or explain a window anew. ValidationError if it ends too early or there is one like it."""
    _require_order(starts_at, ends_at)
    freeze.reason, freeze.starts_at, freeze.ends_at = reason, starts_at, ends_at
    try:
        with transaction.atomic():
            freeze.save(update_fields=["reason", "starts_at", "ends_at"])
    except IntegrityError:
        raise ValidationError(_("There is a freeze like this already.")) from None
    events.record("freeze.changed", freeze, by=by, note=reason)


def _require_order(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise ValidationError({"ends_at": _("It must end after it starts.")})


@transaction.atomic
def lift_freeze(freeze: Freeze, *, by: User, at: datetime | None = None) -> None:
    """Remove a window; the event stays."""
    events.record("freeze.lifted", freeze, by=by, at=at, note=freeze.reason, product=freeze.product)
    freeze.delete()


def coming(product: Product, *, at: datetime | None = None) -> QuerySet[Freeze]:
    """Windows in force or to come."""
    rows = product.freezes.filter(ends_at__gt=at or timezone.now())
    return rows.select_related("created_by").order_by("starts_at")


def frozen_by(product: Product, *, at: datetime | None = None) -> Freeze | None:
    """The window that is in force now, the one that ends last if there are several."""
    return in_force(product, at=at).order_by("-ends_at", "pk").first()


def in_force(product: Product, *, at: datetime | None = None) -> QuerySet[Freeze]:
    """The windows that are in force now."""
    return coming(product, at=at).filter(starts_at__lte=at or timezone.now())
