"""The conflict matrix of a plan: a triangle of marks, change by change."""

from dataclasses import dataclass

from releases import overlaps
from releases.models import Change, Overlap

AT_LEAST, AT_MOST = 3, 30


@dataclass(frozen=True)
class Cell:
    """One pair: what clashes, or nothing; `is_stack` when one is built on the other."""

    title: str
    clashes: bool
    is_stack: bool = False


@dataclass(frozen=True)
class Line:
    """One change against those before it."""

    change: Change
    cells: list[Cell]


def table(changes: list[Change], known: list[Overlap]) -> list[Line]:
    """A line per built change; nothing for fewer than three (two are said in words), or when no clash is `known`."""
    built = sorted((change for change in changes if change.revision_id), key=lambda change: change.number)[:AT_MOST]
    found = {frozenset((row.one.change_id, row.other.change_id)): row for row in known}
    if len(built) < AT_LEAST or not found:
        return []
    return [Line(change, [cell(change, other, found) for other in built[:place]]) for place, change in enumerate(built)]


def cell(change: Change, other: Change, found: dict) -> Cell:
    row = found.get(frozenset((change.pk, other.pk)))
    is_stack = other.pk == change.requires_id or change.pk == other.requires_id
    return Cell(overlaps.sentence(row) if row else f"{other.key} × {change.key}", row is not None, is_stack)
