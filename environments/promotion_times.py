"""Promotion at set times: weekdays and a time of day in the product's zone, when that is next, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from environments.models import Environment
from lifecycle.dates import zone

SCHEDULED = Environment.Promotion.SCHEDULED
AGAIN_SECONDS = 60
DAYS_AHEAD = 8
"""A week, and the day itself once more: its time may have passed."""


def require_complete(days: Sequence[int], time_of_day: time | None) -> None:
    """ValidationError, naming the fields, unless there is a day and a time."""
    wrong = {}
    if not days:
        wrong["promotion_days"] = _("Choose at least one day.")
    elif not all(1 <= day <= 7 for day in days):
        wrong["promotion_days"] = _("Give days as numbers from 1 (Monday) to 7 (Sunday).")
    if time_of_day is None:
        wrong["promotion_time"] = _("Choose a time of day, such as 09:00.")
    if wrong:
        raise ValidationError(wrong)


def next_slot(days: Collection[int], time_of_day: time, zone_name: str, *, after: datetime) -> datetime:
    """The first of the set times after that moment, in UTC.

    A time that a night leaves out comes as much later as the clocks jump; one that comes twice counts the first time
    (PEP 495, fold=0).
    """
    local = zone(zone_name)
    today = after.astimezone(local).date()
    for ahead in range(DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        moment = datetime.combine(day, time_of_day, tzinfo=local).astimezone(UTC)
        if day.isoweekday() in days and moment > after:
            return moment
    raise AssertionError("a week has each of its days")


def plan(environment: Environment, *, after: datetime, also: Sequence[str] = ()) -> None:
    """Write down when it is next (never, unless that is its rule), for which zone, and the fields `also` names."""
    zone_name, found = environment.product.time_zone, None
    if environment.is_scheduled and environment.promotion_time is not None:
        found = next_slot(environment.promotion_days, environment.promotion_time, zone_name, after=after)
    environment.next_promotion_at, environment.promotion_zone = found, zone_name
    environment.save(update_fields=["next_promotion_at", "promotion_zone", *also])


def ended(environment: Environment, note: str, *, asks_again: bool, at: datetime) -> None:
    """Keep what came of a set time: "" or the reason; what ends by itself is asked about again before the next one."""
    environment.last_promotion_at, environment.last_promotion_note = at, note
    environment.promotion_again_at = at + timedelta(seconds=AGAIN_SECONDS) if asks_again else None
    environment.save(update_fields=["last_promotion_at", "last_promotion_note", "promotion_again_at"])


def due(at: datetime) -> QuerySet[Environment]:
    """Those in use whose time has come, or that are to be asked again."""
    has_come = Q(next_promotion_at__lte=at) | Q(promotion_again_at__lte=at)
    return Environment.objects.ready().filter(has_come, promotion=SCHEDULED)


def moved_to_another_zone() -> QuerySet[Environment]:
    """Those whose next time was computed for a zone that their product has left."""
    return Environment.objects.in_use().filter(promotion=SCHEDULED).exclude(promotion_zone=F("product__time_zone"))
