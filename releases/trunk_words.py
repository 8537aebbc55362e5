"""What a person says about a commit on main that belongs to no change: it ships as maintenance, or it stays out."""

from datetime import datetime

from django.db import transaction

from environments.models import TrunkCommit
from lifecycle import jobs
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.transitions import move
from releases import trunk

S = TrunkCommit.Status


def waiting(product: Product) -> list[TrunkCommit]:
    """The commits of main that somebody must decide about, and those that were left out; oldest first."""
    rows = TrunkCommit.objects.filter(repository__product=product)
    return list(rows.exclude(status=S.TAKEN))


@transaction.atomic
def ship(commit: TrunkCommit, *, by: By, at: datetime | None = None) -> None:
    """Make a silent change of it: no ideas, tested and approved like any other. A worker takes the commit in.

    NotAllowed when it is part of a change already.
    """
    change = trunk.maintenance(commit.repository, commit.subject or commit.sha[:8], by=by)
    move(commit, S.TAKEN, by=by, at=at, change_id=change.pk, note="")
    jobs.enqueue("trunk_word", commit, product=commit.repository.product)


@transaction.atomic
def leave_out(commit: TrunkCommit, *, by: By, at: datetime | None = None) -> None:
    """It never ships, unless somebody thinks better of it. NotAllowed when it is part of a change."""
    move(commit, S.LEFT_OUT, by=by, at=at)
