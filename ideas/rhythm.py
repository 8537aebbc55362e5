"""When the board meets: the next meeting by the product's rhythm, and changing it."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from ideas.models import ReviewSession, Rhythm
from lifecycle import events
from lifecycle.models import Product, User

FIRST_MONDAY = date(1970, 1, 5)


def next_start(product: Product, at: datetime, rhythm: Rhythm | None = None) -> datetime:
    """The first meeting after `at`: day and time on the wall of the product's zone, so summer time changes nothing."""
    rule = rhythm or Rhythm.of(product)
    zone = zoneinfo.ZoneInfo(product.time_zone)
    monday = monday_of(at.astimezone(zone).date())
    while True:
        starts_at = datetime.combine(monday + timedelta(days=rule.weekday), rule.time, zone).astimezone(UTC)
        if starts_at > at and is_review_week(monday, rule):
            return starts_at
        monday += timedelta(weeks=1)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def is_review_week(monday: date, rule: Rhythm) -> bool:
    """Whether the board meets in the week of `monday`; every second one is counted from the anchor's week."""
    anchor = monday_of(rule.anchor_date) if rule.anchor_date else FIRST_MONDAY
    return (monday - anchor).days // 7 % rule.every_weeks == 0


def week_of(product: Product, at: datetime) -> str:
    """The ISO week, e.g. "2026-W48"."""
    year, week, _weekday = at.astimezone(zoneinfo.ZoneInfo(product.time_zone)).isocalendar()
    return f"{year}-W{week:02}"


def free_start(product: Product, at: datetime, *, besides: ReviewSession | None = None) -> datetime:
    """The first meeting after `at` in a week that has no review yet (other than `besides`)."""
    rule = Rhythm.of(product)
    others = ReviewSession.objects.filter(product=product).exclude(pk=besides.pk if besides else None)
    taken = set(others.values_list("week", flat=True))
    starts_at = next_start(product, at, rule)
    while week_of(product, starts_at) in taken:
        starts_at = next_start(product, starts_at, rule)
    return starts_at


@transaction.atomic
def set_rhythm(product: Product, *, by: User, at: datetime | None = None, **values: Any) -> Rhythm:
    """Keep when the board meets and by which rules; a planned review moves to the new day.

    One whose agenda stands already keeps its own. Raises ValidationError for a value out of its bounds.
    """
    now = at or timezone.now()
    rule = Rhythm.of(product)
    for name, value in values.items():
        setattr(rule, name, value)
    rule.full_clean()
    rule.save()
    events.record("rhythm.set", rule, by=by, at=now)
    planned = ReviewSession.objects.filter(product=product, status=ReviewSession.Status.PLANNED)
    session = planned.order_by("starts_at").first()
    if session:
        session.starts_at = free_start(product, now, besides=session)
        session.week = week_of(product, session.starts_at)
        session.capacity = rule.capacity
        session.save(update_fields=["starts_at", "week", "capacity"])
        session.changed()
    return rule
