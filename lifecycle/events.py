"""Recording and reading what happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from lifecycle.models import Event, EventNote, Product, User


@dataclass(frozen=True)
class Machine:
    """A worker that acts by itself, e.g. `Machine("watch")`."""

    name: str

    def __str__(self) -> str:
        return self.name


By = User | Machine


def kind_of(thing: Model) -> str:
    """The code by which events, comments and logs name a model: its lower-case class name."""
    return str(thing._meta.model_name)


def record(
    verb: str,
    subject: Model,
    *,
    by: By,
    product: Product | None = None,
    at: datetime | None = None,
    note: str = "",
    from_status: str = "",
    to_status: str = "",
    **data: Any,
) -> Event:
    """Append one event about `subject`; `note` goes to the erasable EventNote, `data` holds ids and codes only."""
    event = Event.objects.create(
        product_id=product.pk if product else getattr(subject, "product_id", None),
        actor=by if isinstance(by, User) else None,
        machine=by.name if isinstance(by, Machine) else "",
        verb=verb,
        subject_kind=kind_of(subject),
        subject_id=subject.pk,
        from_status=from_status,
        to_status=to_status,
        data=data,
        at=at or timezone.now(),
    )
    if note:
        EventNote.objects.create(event=event, text=note)
    return event


def about(subject: Model) -> QuerySet[Event]:
    """Everything that happened to `subject`, oldest first, with people and words loaded."""
    return (
        Event.objects.filter(subject_kind=kind_of(subject), subject_id=subject.pk)
        .select_related("actor", "note")
        .order_by("id")
    )
