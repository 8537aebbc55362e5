"""How much fits into a review: the capacity bar with its cut line."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from ideas.lines import amount
from ideas.models import AgendaItem, Decision, Idea, Rhythm
from ideas.triage import POINTS

BAR = 40  # the widest block the style sheet knows


class Block(NamedTuple):
    """An accepted idea on the bar; `width` is its share of a bar of at most BAR."""

    number: int
    points: int
    width: int


@dataclass(frozen=True)
class Capacity:
    """What a review has given away, and what it `would` have with the idea that is being decided; in points or days."""

    points: int
    blocks: list[Block]
    would: Block | None
    unit: str = Rhythm.Unit.POINTS

    @property
    def given(self) -> int:
        return sum(block.points for block in self.blocks)

    @property
    def with_it(self) -> int:
        return self.given + (self.would.points if self.would else 0)

    @property
    def left(self) -> int:
        return max(0, self.points - self.with_it)

    @property
    def free_width(self) -> int:
        return share(self.left, max(self.points, self.with_it)) if self.left else 0

    @property
    def over(self) -> int:
        """By how much the idea that is being decided goes past the cut line."""
        return max(0, self.with_it - self.points)

    @property
    def over_words(self) -> str:
        return amount(self.over, self.unit)

    @property
    def cut(self) -> str:
        return amount(self.points, self.unit)

    @property
    def headline(self) -> str:
        words = {"given": self.with_it, "amount": self.cut}
        if self.would:
            return _("With this idea %(given)s of %(amount)s are given") % words
        return _("%(given)s of %(amount)s are given") % words


def capacity(
    points: int, items: list[AgendaItem], deciding: AgendaItem | None, size: int = 0, unit: str = Rhythm.Unit.POINTS
) -> Capacity:
    """The bar of a review; `items` have their decisions loaded, the one in hand would take `size`."""
    given = [(item.idea.number, item.decision.points or 0) for item in items if is_taken(item)]
    would = (deciding.idea.number, size or size_of(deciding.idea)) if deciding else None
    whole = max(points, sum(points for _number, points in [*given, *([would] if would else [])]))
    blocks = [Block(number, points, share(points, whole)) for number, points in given]
    return Capacity(points, blocks, Block(*would, share(would[1], whole)) if would else None, unit)


def is_taken(item: AgendaItem) -> bool:
    return item.decision is not None and item.decision.outcome == Decision.Outcome.QUEUE


def share(points: int, whole: int) -> int:
    """The width of a block: its own points where the bar is wide enough for all, else in proportion."""
    return points if whole <= BAR else max(1, points * BAR // whole)


def size_of(idea: Idea) -> int:
    """Its points, or what its complexity suggests."""
    return idea.points or POINTS[idea.complexity or 3]
