"""Ideas that the board put off come back by themselves: on a day, with enough votes, or with an answer."""

import zoneinfo
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q

from ideas import agenda, telling
from ideas.models import AgendaItem, Decision, Idea, ReviewSession
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.transitions import move


def begin_of(day: date, product: Product) -> datetime:
    """The first moment of a day in the product's zone."""
    return datetime.combine(day, time.min, zoneinfo.ZoneInfo(product.time_zone))


def wake_due(*, at: datetime) -> int:
    """Put on the agenda what was put off and whose time has come; returns how many ideas."""
    return wake_decided(at) + wake_snoozed(at)


def wake_decided(at: datetime) -> int:
    """Ideas of which the board said "later", on that day or with that many votes."""
    put_off = Decision.objects.filter(
        outcome=Decision.Outcome.LATER,
        undone_at=None,
        woken_at=None,
        item__session__status=ReviewSession.Status.CLOSED,
        item__idea__canonical=None,
    )
    somewhere = (at + timedelta(days=1)).date()  # in the zones ahead of this one the day has begun
    due = put_off.filter(Q(until__lte=somewhere) | Q(votes_needed__lte=F("item__idea__votes")))
    return sum(wake(decision, at) for decision in due.select_related("item__idea__product").order_by("id"))


def wake(decision: Decision, at: datetime) -> bool:
    """Once per decision; a day begins in the product's own zone."""
    idea = decision.item.idea
    by_day = decision.until is not None and begin_of(decision.until, idea.product) <= at
    by_votes = decision.votes_needed is not None and decision.votes_needed <= idea.votes
    if not (by_day or by_votes):
        return False
    with transaction.atomic():
        if not Decision.objects.filter(pk=decision.pk, woken_at=None).update(woken_at=at):
            return False
        if idea.status in (Idea.Status.SNOOZED, Idea.Status.ACCEPTED):
            is_asleep = idea.status == Idea.Status.SNOOZED
            reason = AgendaItem.Reason.WOKEN if is_asleep else decision.item.reason
            back_to_the_board(idea, by=telling.CLOCK, reason=reason, words=decision.item.words, at=at)
    return True


def wake_snoozed(at: datetime) -> int:
    """Ideas that were triaged once and then snoozed; one that never was waits in triage, which shows it by itself."""
    due = Idea.objects.primary().filter(status=Idea.Status.SNOOZED, snoozed_until__lte=at, urgency__isnull=False)
    found = list(due.select_related("product").order_by("id"))
    for idea in found:
        back_to_the_board(idea, by=telling.CLOCK, reason=AgendaItem.Reason.WOKEN, at=at)
    return len(found)


@transaction.atomic
def back_to_the_board(idea: Idea, *, by: By, reason: str, words: str = "", at: datetime | None = None) -> AgendaItem:
    """A sleeping or asked idea waits for the review again."""
    if idea.status in (Idea.Status.SNOOZED, Idea.Status.ASKED):
        move(idea, Idea.Status.TRIAGED, by=by, at=at, snoozed_until=None)
    return agenda.put_on_agenda(idea, by=by, reason=reason, words=words, at=at)


def answered(idea: Idea, *, by: By, text: str, at: datetime | None = None) -> None:
    """What the author of any wording says about an asked idea brings it back, with these words."""
    if idea.status != Idea.Status.ASKED:
        return
    if Idea.objects.group_of(idea.pk).filter(author=by).exists():
        back_to_the_board(idea, by=by, reason=AgendaItem.Reason.ANSWERED, words=text, at=at)
