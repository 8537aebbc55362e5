"""What the team says about a change; customers never read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle import events
from lifecycle.models import Comment, User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from releases.models import Change

KIND = Change._meta.model_name


@transaction.atomic
def comment(change: Change, *, text: str, by: User, at: datetime | None = None) -> Comment:
    """A word to the team: its developer, whoever commented before and its testers are told. Not without words."""
    if not text.strip():
        raise ValidationError({"text": _("Write something first.")})
    made = Comment.objects.create(
        product=change.product,
        subject_kind=KIND,
        subject_id=change.pk,
        author=by,
        text=text.strip(),
        created_at=at or timezone.now(),
    )
    events.record("change.commented", change, by=by, at=at, comment=made.pk)
    tell_the_others(change, made)
    return made


def tell_the_others(change: Change, made: Comment) -> None:
    """Only people of the team, whatever they were when they spoke; never whoever wrote it."""
    said = set(of(change).values_list("author", flat=True)) | set(change.verdicts.values_list("by", flat=True))
    concerned = (said | {change.developer_id}) - {made.author_id}
    tell(
        [person for person in people_who_may("see_team_pages", change.product) if person.pk in concerned],
        "change.comment",
        url=f"/changes/{change.number}/#comments",
        key=f"comment:{made.pk}",
        product=change.product,
        who=str(made.author),
        change=change.key,
        title=change.title,
    )


def of(change: Change) -> QuerySet[Comment]:
    """All that was said, the oldest first."""
    rows = Comment.objects.filter(subject_kind=KIND, subject_id=change.pk)
    return rows.select_related("author").order_by("id")


@dataclass(frozen=True)
class Thread:
    """The last words about a change, the oldest first, and how many were said before them."""

    latest: list[Comment]
    earlier: int


def threads(changes: Iterable[Change], *, shown: int) -> dict[int, Thread]:
    """The last `shown` comments by change; one statement, and changes without any are missing."""
    each = {"partition_by": [F("subject_id")]}
    rows = Comment.objects.filter(subject_kind=KIND, subject_id__in=[change.pk for change in changes])
    rows = rows.annotate(
        place=Window(RowNumber(), order_by=F("id").desc(), **each), said=Window(Count("id"), **each)
    ).filter(place__lte=shown)
    found: dict[int, list[Any]] = {}
    for row in rows.select_related("author").order_by("id"):
        found.setdefault(row.subject_id, []).append(row)
    return {pk: Thread(latest, latest[0].said - len(latest)) for pk, latest in found.items()}
