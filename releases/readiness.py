"""Ready for staging, said where the developer works: a trailer `Ready: yes`, or a pull request that leaves draft.

It is a wish kept on the revision: the change is offered as soon as nothing is missing (`changes.reasons_not_ready`), by
whatever makes that true last, the tests, an external CI or the change below. A newer push is a newer revision without
the wish, and the button "not ready" takes it back.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from environments.git import Commit
from lifecycle import jobs
from lifecycle.events import By, Machine
from lifecycle.jobs import Lease
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed
from releases import changes
from releases.models import Change, Revision

DEVELOPER = Machine("trailer")
YES = ("yes", "true", "1")
S = Change.Status


def says_so(commits: list[Commit]) -> bool:
    """Whether the newest commit carries `Ready: yes`."""
    return bool(commits) and (commits[0].trailer("Ready") or "").lower() in YES


@transaction.atomic
def say(product: Product, *, sha: str, ready: bool, by: By, at: datetime | None = None) -> list[Change]:
    """The developer says of the newest commit of a change that it is ready, or (a draft again) that it is not.

    Answers with the changes it is about. Twice is once. NotAllowed for a commit that no open change ends in (yet).
    """
    rows = Change.objects.select_for_update(of=("self",), no_key=True).select_related("revision", "product")
    found = list(rows.filter(product=product, revision__tip=sha).exclude(status__in=[S.DROPPED, S.LIVE]).order_by("pk"))
    if not found:
        raise NotAllowed(_("No open change ends in the commit %(sha)s (yet).") % {"sha": sha[:12]})
    for change in found:
        Revision.objects.filter(pk=change.revision.pk).update(says_ready=ready)
        change.revision.says_ready = ready
        if ready:
            offer(change, by=by, at=at)
        elif change.status == S.READY:
            changes.unmark_ready(change, by=by, at=at)
    return found


def offer(change: Change, *, by: By, at: datetime | None = None) -> None:
    """Mark it ready if that was said and nothing is missing."""
    wished = change.revision is not None and change.revision.says_ready and change.status == S.DEVELOPMENT
    if wished and not changes.reasons_not_ready(change):
        changes.mark_ready(change, by=by, at=at)


@jobs.handler("offer")
def look(lease: Lease) -> None:
    """Something that kept a change back has changed (Work kind "offer", subject: the change)."""
    offer(Change.objects.select_related("revision", "product").get(pk=lease.row.subject_id), by=DEVELOPER)
