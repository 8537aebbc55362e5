"""The development queue as it is shown: each place with its size, why it is there, and the cut line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import standing
from ideas.capacity import size_of
from ideas.models import Idea, Rhythm
from ideas.standing import Why
from lifecycle.models import Product

LONG_DAYS = 60
TOP = "top"
"""What stands for the place before all others in an address."""


class Place(NamedTuple):
    """One idea in the queue: `total` is the sum of sizes down to it, `fits` whether that is within the capacity.

    `up` and `down` are what it stands behind after one step (TOP or a number), "" at the end of the queue.
    """

    idea: Idea
    place: int
    size: int
    total: int
    fits: bool
    days: int
    whys: list[Why]
    up: str
    down: str

    @property
    def is_old(self) -> bool:
        return self.days > LONG_DAYS


@dataclass(frozen=True)
class Queue:
    """The development queue with its cut line; sizes are in points, or in days if `in_days`."""

    places: list[Place]
    capacity: int
    in_days: bool

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
    def cut(self) -> str:
        """What stands on the cut line."""
        return _("%(size)s, the next release ends here") % {"size": in_words(self.capacity, in_days=self.in_days)}

    @property
    def longest(self) -> Place | None:
        """Who has waited longest, once that is worth a word."""
        place = max(self.places, key=lambda one: one.days, default=None)
        return place if place and place.is_old else None


def queue_of(product: Product, *, at: datetime) -> Queue:
    """The product's queue, however long, in two statements: its rules, and the ideas with their reasons."""
    rhythm = Rhythm.of(product)
    rhythm.product = product
    ideas = list(standing.with_reasons(Idea.objects.filter(product=product).queue()))
    return queue(ideas, rhythm.capacity, in_days=rhythm.unit == Rhythm.Unit.DAYS, at=at)


def queue(ideas: Sequence[Idea], capacity: int, *, in_days: bool, at: datetime) -> Queue:
    """The places of the queue in order, from ideas with their `standing`."""
    places: list[Place] = []
    total = 0
    for here, idea in enumerate(ideas):
        size = size_of(idea)
        total += size
        fits = total <= capacity
        whys = standing.reasons(idea) + ([] if fits else [too_much(size, in_days=in_days)])
        days = (at - idea.created_at).days
        places.append(Place(idea, here + 1, size, total, fits, days, whys, *steps(ideas, here)))
    return Queue(places, capacity, in_days)


def steps(ideas: Sequence[Idea], here: int) -> tuple[str, str]:
    """What the idea stands behind after a step up, and after a step down."""
    up = "" if here == 0 else TOP if here == 1 else str(ideas[here - 2].number)
    down = str(ideas[here + 1].number) if here + 1 < len(ideas) else ""
    return up, down


def too_much(size: int, *, in_days: bool) -> Why:
    """ "5 points do not fit any more"."""
    if in_days:
        words = ngettext("%(n)s day does not fit any more", "%(n)s days do not fit any more", size)
    else:
        words = ngettext("%(n)s point does not fit any more", "%(n)s points do not fit any more", size)
    return Why("line", words % {"n": size})


def in_words(size: int, *, in_days: bool) -> str:
    if in_days:
        return ngettext("%(n)s day", "%(n)s days", size) % {"n": size}
    return ngettext("%(n)s point", "%(n)s points", size) % {"n": size}
