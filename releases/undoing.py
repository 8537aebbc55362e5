"""Undoing a change that is live, also releases later: a release of its own that takes exactly this change out.

What is in the way is worked out beforehand by a worker and stored (UndoPreview), because nobody should find out
after the button. Data and schema stay: migrations are never reversed.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import Conflict, Git, GitError, Step
from environments.git import compose as compose_commits
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.jobs import Lease
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed, move
from releases import candidates, composing, freezing, urgent
from releases.changes import ONE_WAY
from releases.contents import Held, brought_lately, contents
from releases.models import Candidate, Change, Release, UndoPreview

WORKER = Machine("undo_preview")
Clash = dict[str, object]


def propose(
    product: Product, *, changes: Iterable[Change], by: User, reason: str, at: datetime | None = None
) -> Release:
    """A frozen release that takes `changes` out of what is live; it passes tests, a tester and a manager.

    Raises ValidationError without a reason or changes, NotAllowed naming what is in the way (`reasons_not_to_undo`).
    """
    urgent.require_reason(reason)
    chosen = sorted(changes, key=lambda change: change.number)
    if not chosen:
        raise ValidationError({"changes": _("Choose what is to be undone.")})
    found = preview(product, chosen, at=at)
    why = reasons_not_to_undo(product, chosen, found)
    if why:
        raise NotAllowed(" ".join(why))
    with transaction.atomic():
        release = urgent.create(product, kind=Release.Kind.UNDO, reason=reason, by=by, at=at)
        release.undoes.set(chosen)
        freezing.freeze(release, by=by, at=at)
    return release


def reasons_not_to_undo(product: Product, chosen: list[Change], found: UndoPreview | None) -> list[str]:
    """Sentences, empty when these changes can be taken out together and alone."""
    held = contents(candidates.live(product))
    gone = [change.key for change in chosen if change.pk not in held]
    if gone:
        return [_("Not live: %(changes)s.") % {"changes": ", ".join(gone)}]
    reasons = [
        _("%(change)s changed the database so that the code without it cannot run on it.") % {"change": change.key}
        for change in chosen
        if change.migrations in ONE_WAY
    ]
    if found is None or found.status == UndoPreview.Status.QUEUED:
        return [*reasons, _("What depends on it is being worked out: try again in a moment.")]
    if found.status == UndoPreview.Status.FAILED:
        return [*reasons, found.error]
    return [*reasons, *(sentence(clash) for clash in found.conflicts)]


def sentence(clash: Clash) -> str:
    """Who keeps whom from being undone."""
    facts = {"one": clash["key"], "other": clash["with"], "files": ", ".join(clash["files"])}
    if not clash["files"]:
        return _("%(other)s is built on %(one)s: undo it too.") % facts
    if clash["with"] is None:
        return _("%(one)s cannot be undone alone: its lines were changed since in %(files)s.") % facts
    return _("%(one)s cannot be undone alone: %(other)s changed the same lines in %(files)s.") % facts


@transaction.atomic
def preview(product: Product, changes: Iterable[Change], *, at: datetime | None = None) -> UndoPreview | None:
    """The stored preview of undoing these changes together, asked of a worker if nobody has yet; None: nothing live."""
    base = candidates.live(product)
    if base is None:
        return None
    keys = " ".join(change.key for change in sorted(changes, key=lambda change: change.number))
    found, created = UndoPreview.objects.get_or_create(
        candidate=base, keys=keys, defaults={"product": product, "created_at": at or timezone.now()}
    )
    if found.status == UndoPreview.Status.FAILED:
        move(found, UndoPreview.Status.QUEUED, by=WORKER, silent=True, error="")
        created = True
    if created:
        jobs.enqueue("undo_preview", found, product=product)
    return found


def ahead(product: Product) -> None:
    """Let a worker ask for what will be wanted: production has another base."""
    jobs.enqueue("undo_previews", product, product=product)


@jobs.handler("undo_previews", queue="git")
def ask_ahead(lease: Lease) -> None:
    """Ask for the preview of each change that came with the last releases (UNDO_AHEAD_RELEASES) and is live still.

    Harmless to repeat: what is there already, or could not be worked out, is left alone.
    """
    product = Product.objects.get(pk=lease.row.subject_id)
    base = candidates.live(product)
    if base is None:
        return
    known = set(base.undo_previews.values_list("keys", flat=True))
    for change in reversed(brought_lately(base, settings.UNDO_AHEAD_RELEASES)):
        lease.check()
        if change.key not in known:
            preview(product, [change])


@jobs.handler("undo_preview", queue="git")
def fill(lease: Lease) -> None:
    """Work out one preview; harmless when it is there already."""
    found = UndoPreview.objects.select_related("candidate__repository", "product").get(pk=lease.row.subject_id)
    if found.status == UndoPreview.Status.QUEUED:
        work_out(found)


def work_out(found: UndoPreview) -> None:
    """Try it with git and store what came out, or git's words."""
    base, held = found.candidate, contents(found.candidate)
    keys = found.keys.split(" ")
    git = repositories.git(base.repository)
    try:
        moves = composing.undoing({pk for pk, one in held.items() if one.change.key in keys}, held)
        result = compose_commits(git, base.sha, [one.step for one in moves], at=found.created_at)
        files = [file.path for file in git.diff(base.tree, result.tree)]
        clashes = [*built_on(keys, held), *in_the_way(git, base, moves, result.conflicts, keys, held)]
    except (GitError, candidates.Broken) as error:
        move(found, UndoPreview.Status.FAILED, by=WORKER, silent=True, error=str(error))
        return
    move(found, UndoPreview.Status.READY, by=WORKER, silent=True, files=files, conflicts=clashes)


def built_on(keys: list[str], held: dict[int, Held]) -> list[Clash]:
    """What is live and stands on one of the changes without being undone with it."""
    others = [one.change for one in held.values() if one.change.key not in keys]
    return [
        {"key": held[change.requires_id].change.key, "with": change.key, "files": []}
        for change in others
        if change.requires_id in held and held[change.requires_id].change.key in keys
    ]


def in_the_way(
    git: Git,
    base: Candidate,
    moves: list[composing.Move],
    found: list,
    keys: list[str],
    held: dict[int, Held],
) -> list[Clash]:
    """For each conflict the later changes that touch the files and without which it could be undone."""
    steps = {one.change.key: one.step for one in moves}
    clashes: list[Clash] = []
    for conflict in found:
        guilty = later(conflict.key, conflict.files, keys, held)
        proved = [key for key in guilty if is_freed_by(git, base, steps[conflict.key], by_key(held, key))]
        clashes += [
            {"key": conflict.key, "with": other, "files": list(conflict.files)} for other in proved or guilty or [None]
        ]
    return clashes


def later(key: str, files: list[str], keys: list[str], held: dict[int, Held]) -> list[str]:
    """The changes taken in after `key` that touch one of `files`, the newest first."""
    order = [one.change.key for one in held.values()]
    after = [one for one in held.values() if order.index(one.change.key) > order.index(key)]
    touching = [one.change.key for one in after if set(one.revision.files) & set(files)]
    return [other for other in reversed(touching) if other not in keys]


def by_key(held: dict[int, Held], key: str) -> Held:
    return next(one for one in held.values() if one.change.key == key)


def is_freed_by(git: Git, base: Candidate, step: Step, other: Held) -> bool:
    """Whether the step can be taken once `other` is out."""
    try:
        without = git.apply(base.sha, other.tip, other.fork)
        git.apply(without, step.tip, step.fork)
    except Conflict:
        return False
    return True
