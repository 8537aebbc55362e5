"""When customers are told a release comes: one answer for every page, card and API that shows them a date."""

from datetime import date

from django.utils import timezone

from lifecycle import dates
from releases import rules
from releases.models import PlanRules, Release

S = Release.Status
Dates = PlanRules.Dates


def customer_date(release: Release) -> date | None:
    """The day it went live, else its target as far as the product says so (PlanRules.dates_shown); None for no date."""
    if release.live_at is not None:
        return timezone.localdate(release.live_at, dates.zone(release.product.time_zone))
    return release.target_date if is_shown(release) else None


def first_date(release: Release) -> date | None:
    """The day that customers were told before it slipped; None when it did not, or they never were."""
    slipped = release.first_target_date and release.first_target_date != release.target_date
    return release.first_target_date if slipped and is_shown(release) else None


def is_shown(release: Release) -> bool:
    """Whether customers may know for when it is planned."""
    if release.published_at is None or release.status in (S.DRAFT, S.DROPPED):
        return False
    shown = rules.of(release.product).dates_shown
    return shown == Dates.PUBLISHED or (shown == Dates.FROZEN and release.frozen_at is not None)


def words(release: Release) -> str:
    """The date for customers in words, e.g. "Friday, 27 November"; "" when there is none to tell."""
    on = customer_date(release)
    return dates.weekday(on) if on else ""
