"""Two changes that want the same lines: recorded on both, told to the one who moves."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from environments.git import CompositionConflict
from lifecycle.events import Machine
from lifecycle.notifications import tell
from releases import external_checks, stacking
from releases.models import Candidate, Change

WORKER = Machine("compose")


@transaction.atomic
def note(
    candidate: Candidate, changes: list[Change], found: list[CompositionConflict], *, at: datetime | None = None
) -> None:
    """Put the conflicts on the candidate (unsaved) and on its changes, whose offers end, and tell the developers.

    Only dev's composition, which takes everything, may say that a conflict is solved: then a change whose developer
    said "ready" with the commit is offered. A change that was left out
    because the one below it was has no conflict of its own.
    """
    by_key = {conflict.key: conflict for conflict in found}
    candidate.conflicts = [as_row(conflict) for conflict in found]
    for change in changes:
        conflict = by_key.get(change.key)
        if conflict is None and candidate.purpose != Candidate.Purpose.DEV:
            continue
        if conflict is not None and not conflict.files:
            continue
        rows = Change.objects.filter(pk=change.pk, revision=change.revision)
        if conflict is None:
            if rows.filter(conflict__isnull=False).update(conflict=None):
                external_checks.ask_again(change.revision)
        elif rows.update(conflict=as_row(conflict) | {"candidate": candidate.pk}):
            tell_developer(change, conflict)
            stacking.withdraw(change, sentence(conflict), by=WORKER, at=at)


def as_row(conflict: CompositionConflict) -> dict[str, object]:
    """What `Candidate.conflicts` and `Change.conflict` hold: keys and files; `with` is None for the base."""
    return {"key": conflict.key, "with": conflict.other_key, "files": list(conflict.files)}


def sentence(conflict: CompositionConflict) -> str:
    """Names both sides and the files."""
    if not conflict.files:
        return _("%(one)s is built on %(other)s, which is not in.") % {
            "one": conflict.key,
            "other": conflict.other_key,
        }
    return _("%(one)s and %(other)s change the same lines in %(files)s.") % {
        "one": conflict.key,
        "other": conflict.other_key or _("what is live"),
        "files": ", ".join(conflict.files),
    }


def tell_developer(change: Change, conflict: CompositionConflict) -> None:
    """Once per revision and opponent."""
    if change.developer is None:
        return
    tell(
        [change.developer],
        "change.conflict",
        url=reverse("releases:my_changes"),
        key=f"conflict:{change.revision_id}:{conflict.other_key}",
        product=change.product,
        title=change.title,
        other=conflict.other_key or _("what is live"),
        files=", ".join(conflict.files),
    )
