"""Point 2: the order of the development queue."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ideas.models import Idea
from lifecycle import events
from lifecycle.models import Event, User
from lifecycle.transitions import NotAllowed

RENUMBER = """
UPDATE ideas_idea SET queue_rank = place.rank
FROM unnest(%s::bigint[]) WITH ORDINALITY AS place(id, rank) WHERE ideas_idea.id = place.id
"""


@transaction.atomic
def move_in_queue(idea: Idea, *, by: User, up: bool, reason: str = "", at: datetime | None = None) -> None:
    """Swap the idea with its neighbour above or below; at the end of the queue it stays. NotAllowed if not queued."""
    queue = list(Idea.objects.filter(product=idea.product_id).queue().select_for_update().values_list("pk", flat=True))
    if idea.pk not in queue:
        raise NotAllowed(_("Idea %(number)s is not in the queue.") % {"number": idea.number})
    here = queue.index(idea.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(queue):
        return
    queue[here], queue[there] = queue[there], queue[here]
    with connection.cursor() as cursor:
        cursor.execute(RENUMBER, [queue])
    events.record("idea.moved_in_queue", idea, by=by, at=at, note=reason.strip(), up=up, place=there + 1)
    idea.refresh_from_db(fields=["queue_rank"])


def moves_by_hand(ideas: list[Idea]) -> dict[int, str]:
    """Who moved an idea last, and why, by the idea's key; those where the board's order stands are missing."""
    events = Event.objects.filter(subject_kind="idea", verb="idea.moved_in_queue", subject_id__in=[i.pk for i in ideas])
    return {event.subject_id: move_in_words(event) for event in events.select_related("actor", "note").order_by("id")}


def move_in_words(event: Event) -> str:
    words = _("Moved up by %(who)s") if event.data["up"] else _("Moved down by %(who)s")
    reason = event.note.text if hasattr(event, "note") else ""
    return ": ".join(part for part in (words % {"who": event.actor}, reason) if part)
