"""The journey's one writer: an idea reaches a stop because of a fact, and can be taken back from it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from ideas import telling
from ideas.models import Idea, Stop
from ideas.queries import next_rank
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Event

REACHED = "idea.reached"
SILENT = frozenset({Stop.IDEA, Stop.FEEDBACK})  # the survey itself tells people that they are asked


@transaction.atomic
def reach(
    idea: Idea,
    stop: int,
    *,
    by: By,
    note: str = "",
    fact: Model | None = None,
    taken_back: bool = False,
    at: datetime | None = None,
) -> None:
    """Put the idea (its primary, if it was merged) at `stop` because of `fact`, and tell its followers.

    Does nothing if it is there or further already. With `taken_back` it returns to `stop` or stays there, which
    followers are told with `note` as the reason; it never moves forward that way.
    """
    locked = Idea.objects.select_for_update(of=("self",), no_key=True).select_related("product")
    primary = locked.get(pk=idea.canonical_id or idea.pk)
    if (primary.stop < stop) if taken_back else (primary.stop >= stop):
        return
    event = put(primary, stop, by=by, note=note, fact=fact, taken_back=taken_back, at=at)
    idea.stop, idea.stop_note = primary.stop, primary.stop_note
    if taken_back:
        telling.tell_followers(
            primary, "idea.taken_back", by=by, key=f"event:{event.pk}", reason=events.said_lazy(note)
        )
    elif stop not in SILENT:
        telling.tell_followers(primary, "idea.moved", by=by, key=f"event:{event.pk}", stop=Stop(stop).label)


@transaction.atomic
def go_round_again(idea: Idea, *, by: By, note: str, fact: Model, at: datetime | None = None) -> None:
    """A live idea was taken up once more: its journey starts over at Review, while what is live stays live."""
    primary = Idea.objects.select_for_update(no_key=True).get(pk=idea.canonical_id or idea.pk)
    put(primary, Stop.REVIEW, by=by, note=note, fact=fact, again=True, at=at)
    idea.stop, idea.stop_note = primary.stop, primary.stop_note


def put(primary: Idea, stop: int, *, by: By, note: str, fact: Model | None, at: datetime | None, **how: bool) -> Event:
    """Write the projection and its event; the caller holds the row's lock."""
    now = at or timezone.now()
    primary.stop, primary.stop_note, primary.moved_at = int(stop), note[:200], now
    fields = {"stop": primary.stop, "stop_note": primary.stop_note, "moved_at": now}
    if stop >= Stop.PLANNED:
        fields["queue_rank"] = None
    elif how.get("taken_back") and primary.status == Idea.Status.ACCEPTED:
        fields["queue_rank"] = next_rank()
    Idea.objects.filter(pk=primary.pk).update(**fields)
    because = {"fact_kind": events.kind_of(fact), "fact_id": fact.pk} if fact else {}
    taken_back = how.pop("taken_back", False)
    return events.record(
        REACHED, primary, by=by, at=now, note=note, stop=int(stop), taken_back=taken_back, **because, **how
    )
