"""Which steps were tried: ticks are kept with the build, and hold for a later one that has the same of the change."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lifecycle.models import User
from releases.models import Candidate, CandidateChange, Change, Try

BUILDS_BACK = 10


def hash_of(step: str) -> str:
    """A step is known by its words."""
    return hashlib.sha256(step.encode()).hexdigest()


@transaction.atomic
def keep(
    change: Change, digest: str, *, steps: Iterable[str], shown: Iterable[str], by: User, at: datetime | None = None
) -> None:
    """Of the steps this person was `shown` on the build, these are ticked and the others are not (any more)."""
    ticked = {hash_of(step) for step in steps}
    mine = Try.objects.filter(change=change, digest=digest, by=by)
    mine.filter(step_hash__in={hash_of(step) for step in shown} - ticked).delete()
    now = at or timezone.now()
    rows = [Try(change=change, digest=digest, step_hash=step, by=by, at=now) for step in sorted(ticked)]
    Try.objects.bulk_create(rows, ignore_conflicts=True)


def tried(change: Change, candidate: Candidate, by: User | None) -> set[str]:
    """The hashes of the steps that this person tried on this build, or on one in which all of the change was equal."""
    if by is None:
        return set()
    digests = [candidate.digest, *(one.digest for one in alike(change, candidate))]
    rows = Try.objects.filter(change=change, digest__in=digests, by=by)
    return set(rows.values_list("step_hash", flat=True))


def alike(change: Change, candidate: Candidate) -> list[Candidate]:
    """The builds before this one that hold the very same of the change, the newest first."""
    found: list[Candidate] = []
    step: Candidate | None = candidate
    while step is not None and len(found) < BUILDS_BACK:
        row = CandidateChange.objects.filter(candidate=step, change=change).select_related("unchanged_since").first()
        step = row.unchanged_since if row else None
        if step is None or step in found:
            break
        found.append(step)
    return found


def last_tried(change: Change, by: User, *, but: str) -> Try | None:
    """The newest tick of this person on the change, on whatever build but the one with this digest."""
    rows = Try.objects.filter(change=change, by=by).exclude(digest=but)
    return rows.order_by("-at", "-pk").first()
