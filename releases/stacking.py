"""A change whose commits contain another change's: it would carry the other one along, past its tester.

`Change.requires` names the other one; `changes.reasons_not_ready` refuses until it is live or the branch stands alone.
"""

from django.db.models import QuerySet

from environments.git import Commit, Git
from releases.models import Change, Revision

ENDED = (Change.Status.DROPPED, Change.Status.LIVE)


def note(git: Git, change: Change, commits: list[Commit]) -> None:
    """Write down whom the pushed `commits` of `change` contain, and which other branches contain them. Runs git."""
    change.requires = contained_in(change, commits)
    Change.objects.filter(pk=change.pk).update(requires=change.requires)
    Change.objects.filter(pk__in=[other.pk for other in standing_on(git, change)]).update(requires=change)


def contained_in(change: Change, commits: list[Commit]) -> Change | None:
    """The unfinished change that pushed one of these commits, at any time."""
    shas = [commit.sha for commit in commits]
    pushed = Revision.objects.filter(tip__in=shas, change__product=change.product_id)
    theirs = pushed.exclude(change=change).exclude(change__status__in=ENDED).select_related("change")
    found = theirs.order_by("change_id").first()
    return found.change if found else None


def standing_on(git: Git, change: Change) -> list[Change]:
    """Other unfinished changes whose commits include the newest one of `change`, which was pushed after them."""
    tip = change.revision.tip
    return [other for other in others(change) if other.revision.tip != tip and carries(git, other.revision, tip)]


def others(change: Change) -> QuerySet[Change]:
    rows = Change.objects.filter(product=change.product_id).exclude(pk=change.pk).exclude(status__in=ENDED)
    return rows.exclude(revision=None).select_related("revision")


def carries(git: Git, revision: Revision, sha: str) -> bool:
    return git.is_ancestor(sha, revision.tip) and not git.is_ancestor(sha, revision.fork)
