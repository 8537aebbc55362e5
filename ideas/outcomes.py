"""Point 2: what the decisions of a closed review do, and who is told of them."""

from collections.abc import Callable
from datetime import datetime
from statistics import median_high
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ideas import agenda, journey, sizes, telling
from ideas.models import AgendaItem, Decision, Idea, ReviewSession, Stop
from ideas.queries import next_rank
from ideas.waking import begin_of
from lifecycle.dates import day
from lifecycle.transitions import move

# Acceptance means new work, except that a hotfix is shipped already and what was returned is planned already.
ROUNDS = frozenset(AgendaItem.Reason) - {AgendaItem.Reason.HOTFIX, AgendaItem.Reason.RETURNED}
SCALES = ("urgency", "importance")
TOLD = {
    Decision.Outcome.QUEUE: gettext_lazy("the team takes it up"),
    Decision.Outcome.LATER: gettext_lazy("not now"),
    Decision.Outcome.DECLINE: gettext_lazy("it will not be done"),
    Decision.Outcome.ASK: gettext_lazy("the team needs to know more"),
}


def carry_out(session: ReviewSession, *, at: datetime) -> None:
    """Let every standing decision take effect, in their order, and tell the idea's followers once with the reason."""
    decisions = Decision.objects.filter(item__session=session, undone_at=None).order_by("at", "id")
    for decision in decisions.select_related("item__idea__product", "item__session", "by"):
        item = decision.item
        item.idea = (
            Idea.objects.select_for_update(of=("self",), no_key=True).select_related("product").get(pk=item.idea_id)
        )
        keep_opinions(item)
        EFFECTS[Decision.Outcome(decision.outcome)](decision, item.idea, at)
        tell(decision, item.idea)


def keep_opinions(item: AgendaItem) -> None:
    """The board's opinion becomes the idea's: the median of urgency and importance, the lead's complexity if known."""
    ballots = item.current
    if not ballots:
        return
    values: dict[str, Any] = {scale: median_high([getattr(one, scale) for one in ballots]) for scale in SCALES}
    complexity = sizes.lead_complexity(item)
    if complexity is not None:
        values["complexity"] = complexity
    Idea.objects.filter(pk=item.idea_id).update(**values)


def queue(decision: Decision, idea: Idea, at: datetime) -> None:
    """Join the end of the queue; a live idea starts another round."""
    if decision.item.reason not in ROUNDS:
        return
    if idea.status == Idea.Status.TRIAGED:
        move(idea, Idea.Status.ACCEPTED, by=decision.by, note=decision.reason, at=at)
    if idea.stop >= Stop.PRODUCTION:
        journey.go_round_again(idea, by=decision.by, note=decision.reason, fact=decision, at=at)
    Idea.objects.filter(pk=idea.pk).update(points=decision.points, queue_rank=next_rank())


def later(decision: Decision, idea: Idea, at: datetime) -> None:
    """Sleep until the condition is met (`waking`); without one, be on the next agenda."""
    item = decision.item
    if not decision.has_condition:
        agenda.put_on_agenda(
            idea, by=decision.by, reason=item.reason, words=item.words, carried_from=item.session, at=at
        )
    elif idea.status == Idea.Status.TRIAGED:
        until = begin_of(decision.until, idea.product) if decision.until else None
        move(idea, Idea.Status.SNOOZED, by=decision.by, note=decision.reason, at=at, snoozed_until=until)


def decline(decision: Decision, idea: Idea, at: datetime) -> None:
    if idea.status == Idea.Status.TRIAGED:
        move(idea, Idea.Status.DECLINED, by=decision.by, note=decision.reason, at=at, queue_rank=None)


def ask(decision: Decision, idea: Idea, at: datetime) -> None:
    """Wait for the author, whose next comment puts it on the agenda again."""
    if idea.status == Idea.Status.TRIAGED:
        move(idea, Idea.Status.ASKED, by=decision.by, note=decision.reason, at=at)


EFFECTS: dict[Decision.Outcome, Callable[[Decision, Idea, datetime], None]] = {
    Decision.Outcome.QUEUE: queue,
    Decision.Outcome.LATER: later,
    Decision.Outcome.DECLINE: decline,
    Decision.Outcome.ASK: ask,
}


def tell(decision: Decision, idea: Idea) -> None:
    """Tell everybody who follows the idea, once for each decision."""
    outcome = Decision.Outcome(decision.outcome)
    key = key_of(decision)
    telling.tell_followers(
        idea,
        "idea.decided",
        by=decision.by,
        key=key,
        outcome=TOLD[outcome],
        reason=decision.reason,
        when=lazy(condition, str)(decision),
    )


def key_of(decision: Decision) -> str:
    """The notifications of a decision are found by this."""
    return f"decision:{decision.pk}"


def condition(decision: Decision) -> str:
    """When it comes back, in brackets; nothing without a condition."""
    words = {"day": decision.until and day(decision.until), "votes": decision.votes_needed}
    if decision.until and decision.votes_needed:
        return _(" (again on %(day)s or with %(votes)s votes)") % words
    if decision.until:
        return _(" (again on %(day)s)") % words
    return _(" (again with %(votes)s votes)") % words if decision.votes_needed else ""
