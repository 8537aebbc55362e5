"""What a review decided, and why: its minutes, and the list of earlier reviews."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import outcomes
from ideas.lines import CSS, amount
from ideas.models import AgendaItem, Attendance, Ballot, Decision, Idea, ReviewSession, Rhythm
from ideas.seats import SEATS
from ideas.spread import spread, votes_in_words
from lifecycle.dates import clock, weekday
from lifecycle.models import Notification, Role
from lifecycle.roles import Actor


class Minute(NamedTuple):
    """One decision in the minutes; `split` names a settled disagreement, `told` counts who heard of it."""

    idea: Idea
    state: str
    points: int
    unit: str
    reason: str
    condition: str
    ballots: list[Ballot]
    votes: str
    split: str
    rounds: int
    told: int


class Person(NamedTuple):
    """Somebody who was there, with their seats and from when to when."""

    row: Attendance
    roles: str
    time: str


@dataclass(frozen=True)
class Minutes:
    """What a review decided, and why."""

    review: ReviewSession
    rule: Rhythm
    decided: list[Minute]
    people: list[Person]
    carried: int
    told: int

    def of(self, state: str) -> list[Minute]:
        return [minute for minute in self.decided if minute.state == state]

    @property
    def accepted(self) -> list[Minute]:
        return self.of("accepted")

    @property
    def below(self) -> list[Minute]:
        return self.of("below")

    @property
    def declined(self) -> list[Minute]:
        return self.of("declined")

    @property
    def asked(self) -> list[Minute]:
        return self.of("asked")

    @property
    def groups(self) -> list[tuple[str, str, list[Minute]]]:
        """The decisions under the words that customers read."""
        told = outcomes.TOLD
        return [(state, capfirst(told[outcome]), self.of(state)) for outcome, state in CSS.items()]

    @property
    def points(self) -> int:
        return sum(minute.points for minute in self.accepted)

    @property
    def headline(self) -> str:
        count = len(self.accepted)
        if not count:
            return _("Nothing was accepted")
        ideas = ngettext("%(n)s idea accepted", "%(n)s ideas accepted", count) % {"n": count}
        used = _("%(n)s of %(all)s used") % {"n": self.points, "all": amount(self.review.capacity, self.rule.unit)}
        return f"{ideas}, {used}"

    @property
    def capacity_words(self) -> str:
        return amount(self.review.capacity, self.rule.unit)

    @property
    def day(self) -> str:
        return weekday(timezone.localtime(self.review.closed_at or self.review.starts_at))

    @property
    def duration(self) -> str:
        """How long it took: "20 ideas in 52 minutes"."""
        began, ended = self.review.opened_at, self.review.closed_at
        if not began or not ended:
            return ""
        minutes = max(1, round((ended - began).total_seconds() / 60))
        ideas = ngettext("%(n)s idea", "%(n)s ideas", len(self.decided)) % {"n": len(self.decided)}
        words = ngettext("%(ideas)s in %(n)s minute", "%(ideas)s in %(n)s minutes", minutes)
        return words % {"ideas": ideas, "n": minutes}


def minutes(review: ReviewSession) -> Minutes:
    """The minutes of a review, open or closed; nine statements."""
    rule = Rhythm.of(review.product)
    items = [item for item in items_of_minutes(review) if item.decision]
    items.sort(key=lambda item: (item.decision.at, item.pk))
    told, everybody = who_was_told([item.decision for item in items])
    decided = [minute(item, rule, told.get(outcomes.key_of(item.decision), 0)) for item in items]
    return Minutes(review, rule, decided, people(review), review.carried_over.count(), everybody)


def items_of_minutes(review: ReviewSession) -> Iterable[AgendaItem]:
    """Also of ideas that were merged into others since."""
    return review.items.select_related("idea").prefetch_related("decisions", "ballots__voter")


def who_was_told(decisions: list[Decision]) -> tuple[dict[str, int], int]:
    """How many people heard of each decision by its key, and how many in all; two statements."""
    rows = Notification.objects.filter(event="idea.decided", key__in=[outcomes.key_of(one) for one in decisions])
    counts = rows.values_list("key").annotate(n=Count("user", distinct=True)).order_by("key")
    return dict(counts), rows.aggregate(n=Count("user", distinct=True))["n"]


def people(review: ReviewSession) -> list[Person]:
    """Who was there, in the order of coming; two statements."""
    seats: dict[int, list[str]] = {}
    for seat in review.seats.order_by("id"):
        seats.setdefault(seat.user_id, []).append(str(Role(seat.role).label))
    rows = review.attendances.select_related("user").order_by("joined_at", "id")
    return [Person(row, ", ".join(seats.get(row.user_id, [])), from_to(row)) for row in rows]


def from_to(row: Attendance) -> str:
    return f"{clock(row.joined_at)} – {clock(row.left_at)}" if row.left_at else clock(row.joined_at)


def minute(item: AgendaItem, rule: Rhythm, told: int) -> Minute:
    ballots, decision = sorted(item.current, key=seat_of), item.decision
    apart = [one for one in spread(ballots) if one.state == "bad"]
    points = decision.points or 0
    return Minute(
        idea=item.idea,
        state=CSS[decision.outcome],
        points=points,
        unit=amount(points, rule.unit).partition(" ")[2],
        reason=decision.reason,
        condition=outcomes.condition(decision).strip(" ()"),
        ballots=ballots,
        votes=votes_in_words(ballots) if ballots else "",
        split=", ".join(f"{one.name}: {one.says}" for one in apart),
        rounds=item.round,
        told=told,
    )


def seat_of(ballot: Ballot) -> tuple[int, int]:
    """The order of the table."""
    return min((SEATS.index(role) for role in ballot.roles if role in SEATS), default=len(SEATS)), ballot.voter_id


def public(review: ReviewSession, actor: Actor) -> Minutes:
    """The minutes as customers read them: only ideas they may see, without ballots and names."""
    whole = minutes(review)
    seen = set(Idea.objects.visible_to(actor).filter(agenda_items__session=review).values_list("pk", flat=True))
    shown = [one._replace(ballots=[], votes="", split="") for one in whole.decided if one.idea.pk in seen]
    return Minutes(review, whole.rule, shown, [], 0, 0)


def past(reviews: Iterable[ReviewSession]) -> list[tuple[ReviewSession, str]]:
    """Closed reviews with their day."""
    return [(review, weekday(timezone.localtime(review.closed_at or review.starts_at))) for review in reviews]
