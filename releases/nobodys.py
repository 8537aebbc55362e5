"""Branches mode: what was pushed and belongs to no change, on a branch of its own or straight to main.

Nothing of it ships unless somebody says "ship as maintenance". For main's commits see trunk_words.py.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from environments import branches, repositories
from environments.git import Commit, Git
from environments.models import Branch, Repository, TrunkCommit
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, intake, trunk
from releases.models import Candidate, Change, Revision

RECOUNTED, STEPS = 100, 500


def take_in(branch: Branch) -> int:
    """How many revisions came of a branch that moved; of main none, but what Lifecycle did not put there is noted."""
    if branch.name != branch.repository.main_branch:
        return intake.take_in(branch)
    git = repositories.git(branch.repository)
    note_main(git, branch)
    for other in branch.repository.branches.filter(nobodys__gt=0).order_by("-moved_at")[:RECOUNTED]:
        branches.belong_to_nobody(other, intake.own_commits(git, branch, other))
    return 0


@transaction.atomic
def note_main(git: Git, main: Branch) -> None:
    """A row for each step of main that is not live, STEPS at most; what is live, or gone from main, waits no longer."""
    repository, live = main.repository, candidates.live(main.repository.product)
    base = git.merge_base(live.sha, main.sha) if live else None
    steps = git.log(base, main.sha, limit=STEPS, first_parent=True)[::-1] if base else []
    rows = repository.trunk_commits
    if len(steps) < STEPS:
        undecided = rows.exclude(status=TrunkCommit.Status.TAKEN)
        undecided.exclude(sha__in=[step.sha for step in steps]).delete()
    known = set(rows.values_list("sha", flat=True))
    for step in steps:
        if step.parents and step.sha not in known and not is_ours(git, repository.product, step):
            trunk.remember(repository, step, None, "")


def is_ours(git: Git, product: Product, step: Commit) -> bool:
    """Whether it is a candidate, however it was brought to main, or the merge of what is a change already."""
    if step.trailer("Lifecycle-Change"):
        return True
    brought = [step.sha, *step.parents[1:]]
    made = Candidate.objects.filter(product=product)
    if made.filter(sha__in=brought).exists() or made.filter(tree=git.tree_of(step.sha)).exclude(tree="").exists():
        return True
    return Revision.objects.filter(change__product=product, tip__in=brought).exists()


def waiting(product: Product) -> list[Branch]:
    """The branches somebody must decide about, and those that were left out; none in trunk mode."""
    found = Branch.objects.filter(repository__product=product, repository__mode=Repository.Mode.BRANCHES)
    return list(found.filter(nobodys__gt=0).order_by("is_left_out", "-moved_at", "name"))


@transaction.atomic
def ship(branch: Branch, *, by: By, at: datetime | None = None) -> Change:
    """A change without ideas that is built on it, tested and approved like any other; a worker takes in what is there.

    NotAllowed where nothing on it is nobody's.
    """
    locked = require_nobodys(branch)
    change = trunk.maintenance(locked.repository, locked.subject or locked.name, by=by)
    changes.link_branch(change, branch=locked.name, by=by, at=at)
    Branch.objects.filter(pk=branch.pk).update(nobodys=0, is_left_out=False)
    return change


@transaction.atomic
def leave_out(branch: Branch, *, by: By, at: datetime | None = None) -> None:
    """It never ships, also not what is pushed to it later, unless somebody thinks better of it."""
    locked = require_nobodys(branch)
    Branch.objects.filter(pk=branch.pk).update(is_left_out=True)
    events.record("repository.left_out", locked.repository, by=by, at=at, note=locked.name)


def require_nobodys(branch: Branch) -> Branch:
    """The branch as it is now, its row locked."""
    rows = Branch.objects.select_for_update(of=("self",), no_key=True).select_related("repository__product")
    locked = rows.get(pk=branch.pk)
    if not locked.nobodys or locked.repository.mode != Repository.Mode.BRANCHES:
        raise NotAllowed(_("Nothing on %(branch)s waits for a word.") % {"branch": locked})
    return locked
