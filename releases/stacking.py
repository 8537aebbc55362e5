"""A change built on another one: its commits contain the other's, so the other one goes first.

`Change.requires` is the change below, `Revision.stands_on` the newest commit of it in the branch: what is above that is
the change's own step. Without `stands_on` the branch is tangled (it holds several others' commits that are not in one
line) and is refused until it is rebased. Nothing goes where the change below is not.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from environments.git import Commit, Git
from lifecycle.events import By
from lifecycle.notifications import tell
from lifecycle.transitions import move
from releases.models import Change, Release, Revision

S = Change.Status
ENDED = (S.DROPPED, S.LIVE)
OFFERED = (S.READY, S.STAGING, S.APPROVED)
CARRIES = (*OFFERED, S.LIVE)
"""What a change below must be so that the one above may be offered."""


def note(git: Git, change: Change, commits: list[Commit], *, by: By) -> None:
    """Say what the pushed `commits` of `change` stand on, and which other branches stand on them. Runs git."""
    place(git, change, [commit.sha for commit in commits])
    for other in standing_on(git, change):
        place(git, other, [commit.sha for commit in git.log(other.revision.fork, other.revision.tip)])
        settle(other, by=by)


def place(git: Git, change: Change, shas: list[str]) -> None:
    """Find the change below among those whose commits are in `shas` (newest first); None is below a free one."""
    shared = shared_with(git, change, shas)
    below, stands_on = nearest(git, shared, shas)
    change.requires, change.revision.stands_on = below, stands_on
    Change.objects.filter(pk=change.pk).update(requires=below)
    Revision.objects.filter(pk=change.revision.pk).update(stands_on=stands_on)


def shared_with(git: Git, change: Change, shas: list[str]) -> dict[Change, str]:
    """The other changes with commits in `shas` → the newest one that is their own."""
    shared: dict[Change, str] = {}
    for revision, sha in [*whole_pushes(change, shas), *common_parts(git, change, shas)]:
        is_own = not (revision.stands_on and git.is_ancestor(sha, revision.stands_on))
        known = shared.get(revision.change)
        if is_own and (known is None or shas.index(sha) < shas.index(known)):
            shared[revision.change] = sha
    return shared


def whole_pushes(change: Change, shas: list[str]) -> Iterator[tuple[Revision, str]]:
    """What others pushed, at any time, that ends in one of these commits. What is live counts: it is below too."""
    pushed = Revision.objects.filter(tip__in=shas, change__product=change.product_id).exclude(change=change)
    for revision in pushed.exclude(change__status=S.DROPPED).select_related("change").order_by("pk"):
        yield revision, revision.tip


def common_parts(git: Git, change: Change, shas: list[str]) -> Iterator[tuple[Revision, str]]:
    """Where other open branches leave this one, unless they hold all of it: then they stand on it."""
    tip = change.revision.tip
    for other in others(change):
        sha = git.merge_base(other.revision.tip, tip)
        if sha in shas and sha != tip:
            yield other.revision, sha


def nearest(git: Git, shared: dict[Change, str], shas: list[str]) -> tuple[Change | None, str]:
    """The change to stand on and its commit; no commit when the others are not in one line below it."""
    if not shared:
        return None, ""
    below = min(shared, key=lambda other: (shas.index(shared[other]), other.pk))
    in_line = all(git.is_ancestor(sha, shared[below]) for sha in shared.values())
    return below, shared[below] if in_line else ""


def standing_on(git: Git, change: Change) -> list[Change]:
    """Other open changes whose commits include the newest one of `change`, which was pushed after them."""
    tip = change.revision.tip
    return [other for other in others(change) if other.revision.tip != tip and carries(git, other.revision, tip)]


def others(change: Change) -> QuerySet[Change]:
    rows = Change.objects.filter(product=change.product_id).exclude(pk=change.pk).exclude(status__in=ENDED)
    return rows.exclude(revision=None).select_related("revision", "revision__change", "release", "developer")


def carries(git: Git, revision: Revision, sha: str) -> bool:
    return git.is_ancestor(sha, revision.tip) and not git.is_ancestor(sha, revision.fork)


def fork_of(git: Git, change: Change, main: str, tip: str) -> str | None:
    """Where the branch left main; None for unrelated histories.

    When main holds commits of this change already (it shipped once, or the change below it did), the fork stays where
    it was: what was undone since must come again.
    """
    fork, last = git.merge_base(main, tip), change.revision
    if fork is None or last is None or fork == last.fork:
        return fork
    is_own = fork == tip or (git.is_ancestor(fork, last.tip) and git.is_ancestor(last.fork, fork))
    return last.fork if is_own else fork


def is_tangled(change: Change) -> bool:
    """Whether it holds others' commits in a way that cannot be stacked."""
    return bool(change.requires_id and change.revision and not change.revision.stands_on)


def reasons(change: Change) -> list[str]:
    """Sentences, empty when nothing below keeps the change from being offered."""
    below = change.requires
    if below is None or (is_tangled(change) and below.status == S.LIVE):
        return []
    facts = {"other": below.key}
    if is_tangled(change):
        return [_("It contains the commits of %(other)s and of others: rebase it onto one of them.") % facts]
    if below.status == S.DROPPED:
        return [_("It is built on %(other)s, which was dropped: rebase it without those commits.") % facts]
    if below.status not in CARRIES:
        return [_("It is built on %(other)s, which is not ready yet: %(other)s goes first.") % facts]
    return []


def below_first(changes: Iterable[Change]) -> list[Change]:
    """The same changes in their order, but none before the one it is built on."""
    waiting = {change.pk: change for change in changes}
    ordered: list[Change] = []
    for change in list(waiting.values()):
        stack: list[Change] = []
        step: Change | None = change
        while step is not None and step.pk in waiting:
            stack.append(waiting.pop(step.pk))
            step = waiting.get(step.requires_id) if step.requires_id else None
        ordered += reversed(stack)
    return ordered


def lock(rows: QuerySet[Change]) -> None:
    """Hold these changes to the end of the transaction; always in the same order, so that nobody waits in a circle
    (docs/engine.md "Who waits for whom").
    """
    list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def lock_with_above(*changes: Change) -> None:
    """Hold changes and whatever they pull along."""
    lock(Change.objects.filter(pk__in=[one.pk for one in (*changes, *above(*changes))]))


def above(*changes: Change) -> list[Change]:
    """The open changes built on these, directly or not."""
    found: dict[int, Change] = {}
    known = frontier = [change.pk for change in changes]
    while frontier:
        rows = Change.objects.filter(requires__in=frontier).exclude(status__in=ENDED)
        rows = rows.select_related("requires", "revision", "release", "developer", "product")
        news = list(rows.exclude(pk__in=[*found, *known]))
        found |= {one.pk: one for one in news}
        frontier = [one.pk for one in news]
    return list(found.values())


def pull_back(change: Change, *, by: By, at: datetime | None = None) -> None:
    """What is built on a change that is no longer offered is not offered either; its developer hears why."""
    for other in above(change):
        settle(other, by=by, at=at)


def settle(change: Change, *, by: By, at: datetime | None = None) -> None:
    """Take the offer back when the change below is not ready; its developer hears why."""
    change.refresh_from_db()
    why = " ".join(reasons(change))
    now = at or timezone.now()
    if why and withdraw(change, why, by=by, at=now) and change.developer is not None:
        tell(
            [change.developer],
            "change.pulled_back",
            url=reverse("releases:change", args=[change.number]),
            key=f"change:{change.pk}:pulled:{now.isoformat()}",
            product=change.product,
            title=change.title,
            reason=lazy(lambda: " ".join(reasons(change)), str)(),
        )


@transaction.atomic
def withdraw(change: Change, why: str, *, by: By, at: datetime | None = None) -> bool:
    """Take the offer back, and that of what is built on it; what is frozen in a candidate stays in it.

    False when it was not offered, or is frozen.
    """
    lock_with_above(change)
    change.refresh_from_db()
    is_frozen = change.release is not None and change.release.status == Release.Status.FROZEN
    if is_frozen or change.status not in OFFERED:
        return False
    move(change, S.DEVELOPMENT, by=by, at=at, note=why, waiting_since=at or timezone.now())
    pull_back(change, by=by, at=at)
    return True
