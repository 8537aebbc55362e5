"""Recording and reading what happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext

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


def said(text: str) -> str:
    """What is on record, for a reader: a person's words as they are, a sentence of ours (written with `gettext_noop`,
    because nobody knows who will read it) in the language that is active.
    """
    return gettext(text) if text else ""


said_lazy = lazy(said, str)


def words_of(event: Event | None) -> str:
    """What was said about an event, for a reader; "" if nothing was, or it was erased."""
    return said(event.note.text) if event is not None and hasattr(event, "note") else ""
