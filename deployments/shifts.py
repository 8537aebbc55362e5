"""Watch shifts: who is on duty, taking a shift and giving it back."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments.models import WatchShift
from lifecycle import dates, events
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed

LONGEST = timedelta(days=7)


@transaction.atomic
def take(
    product: Product,
    *,
    starts_at: datetime,
    ends_at: datetime,
    note: str = "",
    by: User,
    at: datetime | None = None,
) -> WatchShift:
    """Be on duty from `starts_at` to `ends_at`.

    ValidationError for an end before the beginning or in the past, for more than a week, and while somebody else is
    on duty, naming who.
    """
    require_possible(starts_at, ends_at, at=at or timezone.now())
    facts = {"product": product, "user": by, "starts_at": starts_at, "ends_at": ends_at, "note": note}
    try:
        with transaction.atomic():
            shift = WatchShift.objects.create(**facts)
    except IntegrityError:
        raise ValidationError({"starts_at": taken(during(product, starts_at, ends_at).first())}) from None
    times = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    events.record("watchshift.taken", shift, by=by, at=at, **times)
    return shift


def require_possible(starts_at: datetime, ends_at: datetime, *, at: datetime) -> None:
    if ends_at <= starts_at:
        raise ValidationError({"ends_at": _("It must be later than the time at which it begins.")})
    if ends_at <= at:
        raise ValidationError({"ends_at": _("This time has passed.")})
    if ends_at - starts_at > LONGEST:
        raise ValidationError({"ends_at": _("A shift is a week at the longest: nobody is awake for more.")})


def taken(other: WatchShift | None) -> str:
    if other is None:
        return _("Somebody else has just changed this. Reload the page and look again.")
    facts = {"who": other.user, "starts": moment(other.starts_at), "ends": moment(other.ends_at)}
    return _("%(who)s is on duty from %(starts)s to %(ends)s.") % facts


@transaction.atomic
def give_back(shift: WatchShift, *, by: User, at: datetime | None = None) -> None:
    """Not be on duty after all; NotAllowed for the shift of somebody else and for one that has ended.

    One that has begun ends now: who was on duty stays on record.
    """
    now = at or timezone.now()
    if shift.user_id != by.pk:
        raise NotAllowed(_("This is the shift of %(who)s.") % {"who": shift.user})
    if shift.ends_at <= now:
        raise NotAllowed(_("This shift has ended."))
    events.record("watchshift.given_back", shift, by=by, at=at)
    if shift.starts_at >= now:
        shift.delete()
        return
    shift.ends_at = now
    shift.save(update_fields=["ends_at"])


def during(product: Product, starts_at: datetime, ends_at: datetime) -> QuerySet[WatchShift]:
    """The shifts that touch this time, in order."""
    rows = WatchShift.objects.filter(product=product, starts_at__lt=ends_at, ends_at__gt=starts_at)
    return rows.select_related("user").order_by("starts_at")


def on_duty(product: Product, *, at: datetime | None = None) -> WatchShift | None:
    """Whose shift it is; None when nobody has taken it, or whoever did is not active any more."""
    now = at or timezone.now()
    rows = WatchShift.objects.filter(product=product, starts_at__lte=now, ends_at__gt=now, user__is_active=True)
    return rows.select_related("user").first()


def coming(product: Product, *, at: datetime | None = None) -> QuerySet[WatchShift]:
    """The shifts that have not ended, in order."""
    rows = WatchShift.objects.filter(product=product, ends_at__gt=at or timezone.now())
    return rows.select_related("user").order_by("starts_at")


def covered_until(rows: Iterable[WatchShift], starts_at: datetime) -> datetime:
    """Until when somebody is on duty without a gap, by these shifts in order; `starts_at` if nobody is."""
    until = starts_at
    for shift in rows:
        if shift.starts_at > until:
            break
        until = shift.ends_at
    return until


def moment(at: datetime) -> str:
    """ "27 November, 20:00" in the reader's zone."""
    return f"{dates.day(at)}, {dates.clock(at)}"
