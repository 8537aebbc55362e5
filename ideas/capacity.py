"""How much fits into a review: the capacity bar with its cut line."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from ideas.lines import amount
from ideas.models import AgendaItem, Decision, Idea, Rhythm
from ideas.triage import POINTS

BAR = 40  # the widest block the style sheet knows


class Block(NamedTuple):
    """An idea on the bar, and what it takes."""

    number: int
    points: int


class Piece(NamedTuple):
    """A block as it is drawn, or its part on one side of the cut line; `label` stands on the first part only."""

    kind: str
    width: int
    number: int | str
    label: int | str


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
        return share(self.left, self.whole) if self.left else 0

    @property
    def whole(self) -> int:
        return max(self.points, self.with_it)

    @property
    def within(self) -> list[Piece]:
        """What stands before the cut line."""
        return [piece for piece, is_past in self.pieces if not is_past]

    @property
    def past(self) -> list[Piece]:
        """What stands behind it."""
        return [piece for piece, is_past in self.pieces if is_past]

    @property
    def pieces(self) -> list[tuple[Piece, bool]]:
        """All blocks in order, one that the cut line goes through in two."""
        drawn: list[tuple[Piece, bool]] = []
        total = 0
        for block in [*self.blocks, *([self.would] if self.would else [])]:
            kind = "would" if block is self.would else "given"
            inside = min(block.points, max(0, self.points - total))
            total += block.points
            for part, is_past in ((inside, False), (block.points - inside, True)):
                if part:
                    label = (block.number, block.points) if part == inside or not inside else ("", "")
                    drawn.append((Piece(kind, share(part, self.whole), *label), is_past))
        return drawn

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
    given = [Block(item.idea.number, item.decision.points or 0) for item in items if is_taken(item)]
    would = Block(deciding.idea.number, size or size_of(deciding.idea)) if deciding else None
    return Capacity(points, given, would, unit)


def is_taken(item: AgendaItem) -> bool:
    return item.decision is not None and item.decision.outcome == Decision.Outcome.QUEUE


def share(points: int, whole: int) -> int:
    """The width of a block: its own points where the bar is wide enough for all, else in proportion."""
    return points if whole <= BAR else max(1, points * BAR // whole)


def size_of(idea: Idea) -> int:
    """Its points, or what its complexity suggests."""
    return idea.points or POINTS[idea.complexity or 3]
