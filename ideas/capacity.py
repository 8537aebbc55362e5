"""How much fits into a review: the capacity bar."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from ideas.models import AgendaItem, Decision, Idea
from ideas.triage import POINTS

BAR = 40  # the widest block the style sheet knows


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
