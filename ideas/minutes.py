"""What a review decided, and why: its minutes, and the list of earlier reviews."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import seats
from ideas.models import AgendaItem, Ballot, Idea, ReviewSession
from ideas.session import CSS, spread
from lifecycle.dates import weekday


class Minute(NamedTuple):
    """One decision in the minutes; `yes` of three voted for it, `split` names a settled disagreement."""

    idea: Idea
    state: str
    points: int
    reason: str
    yes: int
    split: str


@dataclass(frozen=True)
class Minutes:
    """What a review decided, and why."""

    review: ReviewSession
    accepted: list[Minute]
    below: list[Minute]
    declined: list[Minute]
    waiting: int
    table: list[seats.Seat]

    @property
    def points(self) -> int:
        return sum(minute.points for minute in self.accepted)

    @property
    def headline(self) -> str:
        count = len(self.accepted)
        ideas = ngettext("%(n)s idea accepted", "%(n)s ideas accepted", count) % {"n": count}
        if not count:
            return _("Nothing was accepted")
        points = ngettext("%(n)s of %(all)s point used", "%(n)s of %(all)s points used", self.points)
        return f"{ideas}, {points % {'n': self.points, 'all': self.review.capacity}}"

    @property
    def day(self) -> str:
        return weekday(timezone.localtime(self.review.closed_at or self.review.starts_at))


def minutes(review: ReviewSession) -> Minutes:
    """The minutes of a review, open or closed; three statements."""
    items = list(
        review.items.select_related("idea", "decision")
        .prefetch_related("ballots__voter")
        .order_by("decision__at", "id")
    )
    decided = [minute(item) for item in items if hasattr(item, "decision")]
    people = seats.members(review.product)
    by_state = {state: [one for one in decided if one.state == state] for state in CSS.values()}
    return Minutes(
        review,
        accepted=by_state["accepted"],
        below=by_state["below"],
        declined=by_state["declined"],
        waiting=len(items) - len(decided),
        table=[seats.Seat(role, people[role], None) for role in seats.SEATS],
    )


def minute(item: AgendaItem) -> Minute:
    ballots = list(item.ballots.all())
    apart = [one for one in spread(ballots) if one.state == "bad"]
    split = ", ".join(f"{one.name}: {one.says}" for one in apart)
    yes = sum(ballot.choice == Ballot.Choice.YES for ballot in ballots)
    decision = item.decision
    return Minute(item.idea, CSS[decision.outcome], decision.points or 0, decision.reason, yes, split)


def past(reviews: Iterable[ReviewSession]) -> list[tuple[ReviewSession, str]]:
    """Closed reviews with their day."""
    return [(review, weekday(timezone.localtime(review.closed_at or review.starts_at))) for review in reviews]
