"""How far apart a board is on an idea: what decides the order in which opened ideas are talked about."""

from collections import Counter
from typing import NamedTuple

from ideas.models import AgendaItem, Ballot

FAR_APART = 3
SCALES = ("urgency", "importance", "complexity")


class Apart(NamedTuple):
    """The widest range on any scale, and how many do not vote as most do."""

    range: int
    split: int


def apart(ballots: list[Ballot]) -> Apart:
    """How far apart these ballots are; nobody is from themselves."""
    widest = 0
    for scale in SCALES:
        values = [value for ballot in ballots if (value := getattr(ballot, scale)) is not None]
        widest = max(widest, max(values) - min(values)) if values else widest
    choices = Counter(ballot.choice for ballot in ballots)
    return Apart(widest, len(ballots) - max(choices.values(), default=0))


def rank(item: AgendaItem) -> tuple[int, int, int, int]:
    """Sorts opened items: the widest range first, then the most split, then as on the agenda."""
    far = apart(item.current)
    return -far.range, -far.split, item.position, item.pk


def is_unanimous(ballots: list[Ballot]) -> bool:
    """Whether all vote the same and are close on every scale: nothing is left to talk about."""
    far = apart(ballots)
    return bool(ballots) and far.split == 0 and far.range < FAR_APART
