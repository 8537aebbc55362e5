"""Point 1: the team decides what becomes of a new idea."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import agenda, intake, telling
from ideas.models import AgendaItem, Area, Idea
from ideas.queries import next_rank
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed, move

POINTS = {1: 1, 2: 2, 3: 3, 4: 5, 5: 8}


@transaction.atomic
def triage(
    idea: Idea,
    *,
    by: User,
    kind: str,
    area: Area | None,
    urgency: int,
    importance: int,
    complexity: int,
    at: datetime | None = None,
) -> AgendaItem:
    """Accept a new idea for the review: kind, area and the three scales (1 to 5) are kept, and it joins the agenda."""
    require_primary(idea)
    scales = checked_scales(urgency=urgency, importance=importance, complexity=complexity)
    if area is not None and area.product_id != idea.product_id:
        raise ValidationError({"area": _("This area belongs to another product.")})
    if kind not in Idea.Kind.values:
        raise ValidationError({"kind": _("Choose a kind.")})
    move(idea, Idea.Status.TRIAGED, by=by, at=at, kind=kind, area=area, snoozed_until=None, **scales)
    return agenda.put_on_agenda(idea, by=by, reason=AgendaItem.Reason.TRIAGED, at=at)


@transaction.atomic
def queue_bug(idea: Idea, *, by: User, at: datetime | None = None) -> None:
    """A bug that needs no review goes straight to the end of the queue, off the agenda; other kinds are NotAllowed."""
    require_primary(idea)
    if idea.kind != Idea.Kind.BUG:
        raise NotAllowed(_("Only a bug may go straight to the queue; everything else is reviewed first."))
    points = idea.points or POINTS[idea.complexity or 2]
    agenda.take_off(idea)
    move(idea, Idea.Status.ACCEPTED, by=by, at=at, queue_rank=next_rank(), points=points, snoozed_until=None)
    idea.refresh_from_db(fields=["queue_rank"])


@transaction.atomic
def decline(idea: Idea, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Say no, with the reason that everybody who follows the idea will read."""
    require_primary(idea)
    words = required(reason, "reason", _("Say why: the people who asked will read it."))
    agenda.take_off(idea)
    move(idea, Idea.Status.DECLINED, by=by, note=words, at=at, queue_rank=None, snoozed_until=None)
    telling.tell_followers(idea, "idea.declined", by=by, key=f"idea.declined:{idea.pk}:{stamp(at)}", reason=words)


@transaction.atomic
def snooze(idea: Idea, *, by: User, until: datetime, at: datetime | None = None) -> None:
    """Hide the idea from triage until a later moment; then it waits there again by itself."""
    require_primary(idea)
    if until <= (at or timezone.now()):
        raise ValidationError({"until": _("Choose a day that is still to come.")})
    agenda.take_off(idea)
    move(idea, Idea.Status.SNOOZED, by=by, at=at, snoozed_until=until)


@transaction.atomic
def answer(idea: Idea, *, by: User, text: str, at: datetime | None = None) -> None:
    """Answer and close: the text is a public comment, and the people who asked are told."""
    require_primary(idea)
    words = required(text, "text", _("Write the answer first."))
    move(idea, Idea.Status.ANSWERED, by=by, at=at, snoozed_until=None)
    intake.comment(idea, by=by, text=words, at=at)
    telling.tell_followers(idea, "idea.answered", by=by, key=f"idea.answered:{idea.pk}:{stamp(at)}")


def reopen(idea: Idea, *, by: User, at: datetime | None = None) -> None:
    """A declined, answered or snoozed idea waits for triage again."""
    require_primary(idea)
    move(idea, Idea.Status.NEW, by=by, at=at, snoozed_until=None)


def area_named(product: Product, name: str) -> Area:
    """The product's area of this name, made if there is none; upper and lower case do not matter."""
    name = required(name, "new_area", _("Name the area."))[:60]
    return Area.objects.filter(product=product, name__iexact=name).first() or Area.objects.create(
        product=product, name=name
    )


def require_primary(idea: Idea) -> None:
    """Raise NotAllowed if the idea was merged: what happens, happens to the primary."""
    if idea.is_merged:
        raise NotAllowed(
            _("Idea %(number)s was merged into %(into)s; decide there.")
            % {"number": idea.number, "into": idea.canonical.number}
        )


def checked_scales(**scales: int) -> dict[str, int]:
    """The scales, if each is from 1 to 5; ValidationError names those that are not."""
    wrong = {name: _("Choose a value from 1 to 5.") for name, value in scales.items() if value not in range(1, 6)}
    if wrong:
        raise ValidationError(wrong)
    return scales


def required(text: str, field: str, message: str) -> str:
    """The text without blanks around it; ValidationError at `field` if nothing is left."""
    if not text.strip():
        raise ValidationError({field: message})
    return text.strip()


def stamp(at: datetime | None) -> int:
    """A number that tells two decisions about one idea apart."""
    return int((at or timezone.now()).timestamp())
