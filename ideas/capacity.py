"""How much fits: the capacity bar of a review, and the queue with its cut line."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import AgendaItem, Decision, Idea
from ideas.triage import POINTS

BAR = 40  # the widest block the style sheet knows
LONG_DAYS = 60


class Block(NamedTuple):
    """An accepted idea on the bar."""

    number: int
    points: int


@dataclass(frozen=True)
class Capacity:
    """The points a review has given away, those that `would` be with the idea that is being decided."""

    points: int
    blocks: list[Block]
    would: Block | None

    @property
    def given(self) -> int:
        return sum(block.points for block in self.blocks)

    @property
    def left(self) -> int:
        return max(0, self.points - self.given - (self.would.points if self.would else 0))

    @property
    def over(self) -> int:
        """By how many points the idea that is being decided goes past the cut line."""
        return max(0, self.given + (self.would.points if self.would else 0) - self.points)

    @property
    def headline(self) -> str:
        with_it = self.given + (self.would.points if self.would else 0)
        words = {"given": with_it, "points": self.points}
        if self.would:
            return _("With this idea %(given)s of %(points)s points are given") % words
        return _("%(given)s of %(points)s points are given") % words


def capacity(points: int, items: list[AgendaItem], deciding: AgendaItem | None) -> Capacity:
    """The bar of a review; `items` have their decisions loaded."""
    blocks = [
        Block(item.idea.number, item.decision.points or 0)
        for item in items
        if hasattr(item, "decision") and item.decision.outcome == Decision.Outcome.ACCEPT
    ]
    would = Block(deciding.idea.number, size_of(deciding.idea)) if deciding else None
    return Capacity(points, blocks, would)


def size_of(idea: Idea) -> int:
    """Its points, or what its complexity suggests."""
    return idea.points or POINTS[idea.complexity or 3]


class Place(NamedTuple):
    """One idea in the queue: `total` is the sum of points down to it, `fits` whether that is within the capacity."""

    idea: Idea
    place: int
    points: int
    total: int
    fits: bool
    days: int
    why: str
    is_moved: bool

    @property
    def is_old(self) -> bool:
        return self.days > LONG_DAYS


@dataclass(frozen=True)
class Queue:
    """The development queue with its cut line."""

    places: list[Place]
    points: int

    @property
    def fitting(self) -> list[Place]:
        return [place for place in self.places if place.fits]

    @property
    def last_fitting(self) -> int:
        """The place that the cut line follows; 0 if nothing fits, or everything."""
        return 0 if len(self.fitting) == len(self.places) else len(self.fitting)

    @property
    def headline(self) -> str:
        total, fitting = len(self.places), len(self.fitting)
        if not total:
            return _("Nothing is accepted yet")
        if fitting == total:
            return ngettext("The only idea fits", "All %(n)s ideas fit into the next release", total) % {"n": total}
        return _("%(fitting)s of %(n)s ideas fit into the next release") % {"fitting": fitting, "n": total}

    @property
    def longest(self) -> Place | None:
        """Who has waited longest, once that is worth a word."""
        place = max(self.places, key=lambda one: one.days, default=None)
        return place if place and place.is_old else None


def queue(ideas: list[Idea], points: int, moves: dict[int, str], *, at: datetime) -> Queue:
    """The places of the queue in order; `moves` are the reasons of moves by hand, by the idea's key."""
    places: list[Place] = []
    total = 0
    for number, idea in enumerate(ideas, start=1):
        size = size_of(idea)
        total += size
        days = (at - idea.created_at).days
        why = moves.get(idea.pk) or reason_of(idea)
        places.append(Place(idea, number, size, total, total <= points, days, why, idea.pk in moves))
    return Queue(places, points)


def reason_of(idea: Idea) -> str:
    """Why it stands here, in figures: votes and what triage thought of it."""
    votes = ngettext("%(n)s vote", "%(n)s votes", idea.votes) % {"n": idea.votes}
    if idea.kind == Idea.Kind.BUG:
        return _("A fault, %(votes)s") % {"votes": votes}
    if idea.urgency is None:
        return votes
    return _("Urgency %(urgency)s, importance %(importance)s, %(votes)s") % {
        "urgency": idea.urgency,
        "importance": idea.importance,
        "votes": votes,
    }
