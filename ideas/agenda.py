"""Point 2: the next review and what is on its agenda."""

import zoneinfo
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from ideas import journey
from ideas.models import AgendaItem, Idea, ReviewSession, Stop
from lifecycle.events import By
from lifecycle.models import Product

REVIEW_WEEKDAY, REVIEW_HOUR = 1, 10  # Tuesday, ten o'clock in the product's zone


def current_session(product: Product) -> ReviewSession | None:
    """The open review, else the next planned one."""
    sessions = ReviewSession.objects.filter(product=product).exclude(status=ReviewSession.Status.CLOSED)
    return sessions.order_by("status", "starts_at").first()  # "open" sorts before "planned"


def next_session(product: Product, *, at: datetime | None = None) -> ReviewSession:
    """The next planned review, made for the next free Tuesday after `at` if there is none."""
    planned = ReviewSession.objects.filter(product=product, status=ReviewSession.Status.PLANNED)
    found = planned.order_by("starts_at").first()
    if found:
        return found
    starts_at = next_start(product, at or timezone.now())
    taken = set(ReviewSession.objects.filter(product=product).values_list("week", flat=True))
    while week_of(product, starts_at) in taken:
        starts_at += timedelta(weeks=1)
    return ReviewSession.objects.get_or_create(
        product=product,
        week=week_of(product, starts_at),
        defaults={"starts_at": starts_at, "capacity": product.review_capacity},
    )[0]


def next_start(product: Product, at: datetime) -> datetime:
    """The first review day and hour after `at`, in the product's zone."""
    local = at.astimezone(zoneinfo.ZoneInfo(product.time_zone))
    day = local.replace(hour=REVIEW_HOUR, minute=0, second=0, microsecond=0)
    day += timedelta(days=(REVIEW_WEEKDAY - day.weekday()) % 7)
    return day if day > local else day + timedelta(weeks=1)


def week_of(product: Product, at: datetime) -> str:
    """The ISO week, e.g. "2026-W48"."""
    year, week, _weekday = at.astimezone(zoneinfo.ZoneInfo(product.time_zone)).isocalendar()
    return f"{year}-W{week:02}"


@transaction.atomic
def put_on_agenda(
    idea: Idea,
    *,
    by: By,
    reason: str = AgendaItem.Reason.FEEDBACK,
    words: str = "",
    at: datetime | None = None,
) -> AgendaItem:
    """Put the idea (its primary) on the next review's agenda; it reaches Review by that.

    An idea that waits on an agenda already stays there once, and `words` are added to its words.
    """
    now = at or timezone.now()
    primary = Idea.objects.select_for_update().select_related("product").get(pk=idea.canonical_id or idea.pk)
    item = waiting_item(primary)
    if item is None:
        session = next_session(primary.product, at=now)
        item = AgendaItem(session=session, idea=primary, reason=reason, position=last_position(session), added_at=now)
    item.words = "\n".join(part for part in (item.words, words.strip()) if part)
    item.save()
    journey.reach(primary, Stop.REVIEW, by=by, fact=item, at=now)
    idea.stop, idea.stop_note = primary.stop, primary.stop_note
    return item


def waiting_item(primary: Idea) -> AgendaItem | None:
    """Where the idea waits for a decision, if it does."""
    items = AgendaItem.objects.filter(idea=primary).exclude(status=AgendaItem.Status.DECIDED)
    return items.select_related("session").order_by("id").last()


def last_position(session: ReviewSession) -> int:
    return (session.items.aggregate(last=Max("position"))["last"] or 0) + 1
