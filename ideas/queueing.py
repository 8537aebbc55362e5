"""Point 2: the order of the development queue."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from ideas.models import Idea
from ideas.triage import required
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.transitions import NotAllowed

MOVED = "idea.moved_in_queue"
RENUMBER = """
UPDATE ideas_idea SET queue_rank = place.rank
FROM unnest(%s::bigint[]) WITH ORDINALITY AS place(id, rank) WHERE ideas_idea.id = place.id
"""


@transaction.atomic
def place(idea: Idea, *, after: int | None, by: By, reason: str, at: datetime | None = None) -> int:
    """Put the idea behind the queued one of number `after` (None: on top) and return its place, from 1.

    Harmless to repeat: where it stands already it stays, and nothing is written. The reason is shown beside the idea.
    NotAllowed if it is not queued; ValidationError without a reason or for an `after` that is not in the queue.
    """
    words = required(reason, "reason", _("Say why: it stands beside the idea."))
    numbers = hold(idea)
    here = position(idea, numbers)
    others = [number for number in numbers if number != idea.number]
    if after is not None and after not in others:
        raise ValidationError({"after": _("Idea %(number)s is not in the queue.") % {"number": after}})
    there = 0 if after is None else others.index(after) + 1
    if there != here:
        others.insert(there, idea.number)
        renumber(idea, [numbers[number] for number in others])
        moved = {"up": there < here, "by_places": abs(there - here), "place": there + 1}
        events.record(MOVED, idea, by=by, at=at, note=words, **moved)
    return there + 1


@transaction.atomic
def move_in_queue(idea: Idea, *, by: User, up: bool, reason: str = "", at: datetime | None = None) -> None:
    """Swap the idea with its neighbour above or below; at the end of the queue it stays. Refuses what `place` does."""
    numbers = hold(idea)
    here = position(idea, numbers)
    there = here - 1 if up else here + 1
    if 0 <= there < len(numbers):
        place(idea, after=behind(list(numbers), here, there), by=by, reason=reason, at=at)


def behind(numbers: list[int], here: int, there: int) -> int | None:
    """The number that stands before the place `there`, once the idea at `here` has left the queue."""
    others = numbers[:here] + numbers[here + 1 :]
    return others[there - 1] if there else None


def hold(idea: Idea) -> dict[int, int]:
    """The queue of the idea's product, number → key in its order, held to the end of the transaction.

    Held by key first and read afterwards: whoever waited for another move sees the order which that one left.
    """
    queue = Idea.objects.filter(product=idea.product_id).queue()
    list(queue.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return dict(queue.values_list("number", "pk"))


def position(idea: Idea, numbers: dict[int, int]) -> int:
    """Where it stands, from 0; NotAllowed if it does not."""
    if idea.number not in numbers:
        raise NotAllowed(_("Idea %(number)s is not in the queue.") % {"number": idea.number})
    return list(numbers).index(idea.number)


def renumber(idea: Idea, keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RENUMBER, [keys])
    idea.refresh_from_db(fields=["queue_rank"])
