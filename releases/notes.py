"""Release notes: drafted from the plan's rows, edited by people, published and withdrawn by facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, QuerySet, Sum
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ideas.models import Idea
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.roles import Actor
from lifecycle.transitions import NotAllowed, move
from releases.models import Change, NoteLine, Notes, Release

S = Notes.Status
TITLE_LENGTH, TEXT_LENGTH, EXCERPT = 200, 2000, 160


@dataclass(frozen=True)
class Line:
    """What the notes say of one change: somebody's words, else the plan's. `ideas` are those everybody may see."""

    change: Change
    position: int
    title: str
    text: str
    ideas: list[Idea]
    is_hidden: bool
    is_edited: bool

    @property
    def is_shown(self) -> bool:
        """Whether everybody reads it: nobody left it out, somebody outside asked for it, production has it."""
        return not self.is_hidden and bool(self.ideas) and self.change.status == Change.Status.LIVE

    @property
    def votes(self) -> int:
        return sum(idea.votes for idea in self.ideas)


@dataclass(frozen=True)
class Words:
    """What somebody wants a line to say."""

    number: int
    position: int
    title: str
    text: str
    is_hidden: bool


@transaction.atomic
def draft(release: Release, *, at: datetime | None = None) -> Notes | None:
    """Notes with a line per change that serves an idea; what was written before stays. None for an undo.

    Called again after the plan was opened it adds what came; what left says nothing any more (see `lines_of`).
    """
    if release.is_undo:
        return None
    notes, _created = Notes.objects.get_or_create(release=release, defaults={"drafted_at": at or timezone.now()})
    known = set(notes.lines.values_list("change", flat=True))
    served = release.changes.filter(ideas__isnull=False).exclude(status=Change.Status.DROPPED).exclude(pk__in=known)
    wanted = served.annotate(wanted=Sum("ideas__votes")).order_by("-wanted", "number")
    first = len(known) + 1
    NoteLine.objects.bulk_create(
        NoteLine(notes=notes, change=change, position=place) for place, change in enumerate(wanted, start=first)
    )
    return notes


@transaction.atomic
def publish(release: Release, *, by: By, at: datetime | None = None) -> None:
    """Show the notes to everybody: the release's watch has closed well."""
    notes = draft(release, at=at)
    if notes is not None and not notes.is_published:
        move(notes, S.PUBLISHED, by=by, at=at, published_at=at or timezone.now())


@transaction.atomic
def withdraw(release: Release, *, by: By, at: datetime | None = None) -> None:
    """Take published notes back: production no longer has what they tell of."""
    notes = Notes.objects.filter(release=release, status=S.PUBLISHED).select_related("release").first()
    if notes is not None:
        move(notes, S.WITHDRAWN, by=by, at=at)


@transaction.atomic
def edit(notes: Notes, *, intro: str, words: Iterable[Words], by: User, at: datetime | None = None) -> None:
    """Keep what somebody wrote; words that are the plan's own, or none, follow the plan.

    ValidationError names a number twice, or one that is not among the lines.
    """
    given = list(words)
    lines = {line.change.number: line for line in lines_of(notes)}
    numbers = [one.number for one in given]
    if len(set(numbers)) != len(numbers) or not set(numbers) <= set(lines):
        raise ValidationError({"lines": _("These are not the changes of the release, each once.")})
    for one in given:
        NoteLine.objects.filter(notes=notes, change=lines[one.number].change).update(
            position=one.position,
            title=own(one.title, drafted_title(lines[one.number])),
            text=own(one.text, drafted_text(lines[one.number])),
            is_hidden=one.is_hidden,
        )
    notes.intro, notes.edited_by, notes.edited_at = intro, by, at or timezone.now()
    notes.save(update_fields=["intro", "edited_by", "edited_at"])
    events.record("notes.edited", notes, by=by, at=at)


def own(words: str, drafted: str) -> str:
    """The words unless they are the plan's; browsers send line ends in their own way."""
    written = "\n".join(words.splitlines()).strip()
    return "" if written == "\n".join(drafted.splitlines()).strip() else written


def get(release: Release) -> Notes:
    """The notes of a release; NotAllowed while there are none."""
    notes = (
        Notes.objects.filter(release=release)
        .select_related("release__product", "release__candidate", "edited_by")
        .first()
    )
    if notes is None:
        raise NotAllowed(_("The notes are drafted when the release is frozen."))
    return notes


def published(product: Product) -> QuerySet[Notes]:
    """What everybody may read, the newest release first."""
    rows = Notes.objects.filter(release__product=product, status=S.PUBLISHED)
    return rows.select_related("release__product").order_by("-release")


def lines_of(notes: Notes) -> list[Line]:
    return lines_of_all([notes])[notes.pk]


def lines_of_all(found: list[Notes]) -> dict[int, list[Line]]:
    """Per notes its lines in order, three statements for all: those of changes that are (still) in their release."""
    lines: dict[int, list[Line]] = {notes.pk: [] for notes in found}
    if not found:
        return lines
    everybody = Actor(None, found[0].release.product)
    seen = Idea.objects.visible_to(everybody).order_by("-votes", "number")
    releases = {notes.pk: notes.release_id for notes in found}
    rows = NoteLine.objects.filter(notes__in=list(lines)).select_related("change")
    for row in rows.prefetch_related(Prefetch("change__ideas", seen, to_attr="seen")):
        if row.change.release_id == releases[row.notes_id] and row.change.status != Change.Status.DROPPED:
            lines[row.notes_id].append(line(row))
    return lines


def line(row: NoteLine) -> Line:
    return Line(
        change=row.change,
        position=row.position,
        title=row.title or title_of(row.change, row.change.seen),
        text=row.text or text_of(row.change, row.change.seen),
        ideas=row.change.seen,
        is_hidden=row.is_hidden,
        is_edited=bool(row.title or row.text),
    )


def title_of(change: Change, ideas: list[Idea]) -> str:
    """The plan's words: the titles of the ideas that everybody sees, else the change's own."""
    return Truncator("; ".join(idea.title for idea in ideas) or change.title).chars(TITLE_LENGTH)


def text_of(change: Change, ideas: list[Idea]) -> str:
    """What the plan tells customers, else how whoever asked for it put it; of several nobody's."""
    asked = Truncator(ideas[0].body).chars(EXCERPT) if len(ideas) == 1 else ""
    return change.summary or asked


def drafted_title(found: Line) -> str:
    return title_of(found.change, found.ideas)


def drafted_text(found: Line) -> str:
    return text_of(found.change, found.ideas)
