"""The tester's checklist of a frozen release: every change's steps, and the whole, gone through on one candidate."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.holds import holder
from environments.models import Environment
from environments.queries import of_kind
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed
from releases import candidates, steps, weighing
from releases.models import (
    Candidate,
    CandidateChange,
    Change,
    ChecklistAnswer,
    ChecklistItem,
    Release,
)

SHORT = 3
"""How many steps of a change a hotfix or an undo asks for: it does not wait for a plan."""
UNDO = CandidateChange.Action.UNDO


@transaction.atomic
def seed(release: Release) -> None:
    """Add the steps of changes that have none on the list yet, and one point about the whole. Harmless to repeat."""
    known = set(release.checklist.values_list("change", flat=True))
    place = release.checklist.aggregate(last=Max("position"))["last"] or 0
    for change in changes_of(release):
        for text in [] if change.pk in known else steps_for(release, change):
            place += 1
            ChecklistItem.objects.create(release=release, change=change, text=text[:300], position=place)
    if None not in known:
        ChecklistItem.objects.create(release=release, text=steps.ordinary()[:300], position=0)


def changes_of(release: Release) -> list[Change]:
    rows = release.undoes if release.is_undo else release.changes.exclude(status=Change.Status.DROPPED)
    return list(rows.prefetch_related("ideas").order_by("number"))


def steps_for(release: Release, change: Change) -> list[str]:
    """The change's steps without what is asked of the whole; fewer where it cannot wait."""
    found = [step for step in dict.fromkeys(steps.of(change, change.ideas.all())) if step != steps.ordinary()]
    return found if release.is_planned else found[:SHORT]


def points_of(release: Release, candidate: Candidate | None) -> list[ChecklistItem]:
    """The points that count for this candidate."""
    return items_of(release, candidate.rows.values_list("change", flat=True) if candidate else ())


def items_of(release: Release, changes: Iterable[int]) -> list[ChecklistItem]:
    """The points of the whole and of these changes."""
    inside = set(changes)
    rows = release.checklist.filter(is_left_out=False).select_related("change")
    return [item for item in rows if item.change_id is None or item.change_id in inside]


def answers_of(items: Iterable[ChecklistItem], digest: str) -> dict[int, ChecklistAnswer]:
    """Item id → its newest answer on this digest."""
    rows = ChecklistAnswer.objects.filter(item__in=[item.pk for item in items], digest=digest)
    return {answer.item_id: answer for answer in rows.select_related("by").order_by("pk")} if digest else {}


@transaction.atomic
def answer(
    item: ChecklistItem, *, candidate: Candidate, ok: bool, words: str = "", by: User, at: datetime | None = None
) -> ChecklistAnswer:
    """What a tester found on the frozen candidate. ValidationError for a no without words.

    NotAllowed unless staging runs this candidate and nobody else holds it. A no is told to who decides about it.
    """
    release = item.release
    if not ok and not words.strip():
        raise ValidationError({"words": _("Say what you saw: the developer reads these words.")})
    require_answerable(release, candidate, by=by, at=at)
    facts = {"ok": ok, "words": words.strip(), "by": by, "at": at or timezone.now()}
    made = ChecklistAnswer.objects.create(item=item, candidate=candidate, digest=candidate.digest, **facts)
    events.record("release.checklist_answered", release, by=by, at=at, item=item.pk, ok=ok, digest=candidate.digest)
    if not ok:
        tell_of_a_no(made)
    return made


def require_answerable(release: Release, candidate: Candidate, *, by: User, at: datetime | None) -> None:
    if not release.is_frozen or release.candidate_id != candidate.pk:
        raise NotAllowed(_("%(release)s was put together anew. Look at it again.") % {"release": release})
    now = candidates.on_staging(release.product)
    if now is None or now.digest != candidate.digest:
        raise NotAllowed(_("Staging does not run %(release)s now.") % {"release": release})
    staging = of_kind(release.product, Environment.Kind.STAGING)
    other = holder(staging, at=at) if staging else None
    if other is not None and other != by:
        raise NotAllowed(_("%(who)s holds staging.") % {"who": other})


def tell_of_a_no(made: ChecklistAnswer) -> None:
    release = made.item.release
    tell(
        people_who_may("freeze_release", release.product),
        "release.tests_failed",
        url=reverse("releases:combined", args=[release.version]),
        key=f"answer:{made.pk}",
        product=release.product,
        version=release.version,
        reason=f"{made.item}: {made.words}",
    )


@transaction.atomic
def add(
    release: Release, *, text: str, change: Change | None = None, by: By, at: datetime | None = None
) -> ChecklistItem:
    """One more point, of the whole or of a change that is in the release. ValidationError without words."""
    require_open(release)
    if change is not None and change not in changes_of(release):
        raise ValidationError(
            {"change": _("%(change)s is not in %(release)s.") % {"change": change.key, "release": release}}
        )
    place = (release.checklist.aggregate(last=Max("position"))["last"] or 0) + 1
    made = ChecklistItem.objects.create(release=release, change=change, text=checked(text), position=place)
    events.record("release.checklist_changed", release, by=by, at=at, item=made.pk)
    return made


@transaction.atomic
def reword(item: ChecklistItem, *, text: str, by: By, at: datetime | None = None) -> None:
    """Other words are another point: what was answered before says nothing of it."""
    require_open(item.release)
    said = checked(text)
    if said == item.text:
        return
    item.text = said
    item.save(update_fields=["text"])
    item.answers.all().delete()
    events.record("release.checklist_changed", item.release, by=by, at=at, item=item.pk)


@transaction.atomic
def leave_off(item: ChecklistItem, *, by: By, at: datetime | None = None) -> None:
    """Take a point off the list. NotAllowed for the last one: something has to be gone through."""
    require_open(item.release)
    others = points_of(item.release, item.release.candidate)
    if [one.pk for one in others] == [item.pk]:
        raise NotAllowed(_("It is the last point: write another one first."))
    item.is_left_out = True
    item.save(update_fields=["is_left_out"])
    events.record("release.checklist_changed", item.release, by=by, at=at, item=item.pk)


def require_open(release: Release) -> None:
    if release.is_out or release.status == Release.Status.DROPPED:
        raise NotAllowed(
            _("Release %(release)s is “%(status)s”.") % {"release": release, "status": release.get_status_display()}
        )


def checked(text: str) -> str:
    said = " ".join(text.split())[:300]
    if not said:
        raise ValidationError({"text": _("Say what to try.")})
    return said


@transaction.atomic
def carry_over(candidate: Candidate, *, at: datetime | None = None) -> int:
    """Copy the yeses that still hold to this candidate; how many. Runs git; for workers.

    As with verdicts: a point of a change holds while its revision is the same and no file of it differs, one of the
    whole while nothing differs, one about an undo never.
    """
    release = candidate.release
    items = points_of(release, candidate) if release else []
    given, count = answers_of(items, candidate.digest), 0
    rows = {row.change_id: row for row in candidate.rows.select_related("revision")}
    for item in items:
        earlier = None if item.pk in given else newest_answer(item)
        if earlier is not None and earlier.ok and holds(earlier.candidate, candidate, rows.get(item.change_id)):
            copy(earlier, candidate, at=at)
            count += 1
    return count


def newest_answer(item: ChecklistItem) -> ChecklistAnswer | None:
    return item.answers.select_related("candidate").order_by("-pk").first()


def holds(earlier: Candidate, candidate: Candidate, row: CandidateChange | None) -> bool:
    """Whether what was found on the earlier candidate is true of this one; `row` is the change it was about."""
    touched = weighing.differing(candidate, earlier)
    if row is None:
        return not touched
    same = earlier.rows.filter(change=row.change_id, revision=row.revision_id, action=row.action)
    return row.action != UNDO and same.exists() and not touched & set(row.revision.files)


def copy(earlier: ChecklistAnswer, candidate: Candidate, *, at: datetime | None) -> None:
    ChecklistAnswer.objects.create(
        item=earlier.item,
        candidate=candidate,
        digest=candidate.digest,
        ok=True,
        words=earlier.words,
        carried_from=earlier,
        by=earlier.by,
        at=at or timezone.now(),
    )
