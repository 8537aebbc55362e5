"""Putting a candidate together with git, in a worker: which changes, in which order, by which steps."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import Composition, CompositionConflict, Git, GitError, Step
from environments.git import compose as compose_commits
from lifecycle.events import Machine
from lifecycle.transitions import move
from releases import conflicts, migration_flags, pins, stacking
from releases.candidates import Broken, digest_of, facts_of, live, manifest_of, ref_of
from releases.contents import Held, contents
from releases.models import Candidate, CandidateChange, Change, Revision

P = Candidate.Purpose
A = CandidateChange.Action
WORKER = Machine("compose")
TAKES = {P.DEV: pins.FURTHEST, P.STAGING: pins.OFFERED, P.RELEASE: pins.OFFERED}


@dataclass(frozen=True)
class Move:
    """One change taken in or out: what git does (`step`) and what the candidate's row says."""

    change: Change
    revision: Revision
    step: Step

    def row(self, candidate: Candidate, position: int) -> CandidateChange:
        return CandidateChange(
            candidate=candidate,
            change=self.change,
            revision=self.revision,
            fork=self.step.fork,
            action=A.UNDO if self.step.undo else A.APPLY,
            position=position,
        )


def compose(candidate: Candidate, *, at: datetime | None = None) -> None:
    """Compose the tree and end the candidate as READY, or as FAILED with the reason. Runs git; for workers.

    Conflicts are recorded on the candidate and the changes. dev and staging leave the later change out; a release
    fails, naming both changes and the files. Nothing happens unless the candidate is COMPOSING.
    """
    if candidate.status != Candidate.Status.COMPOSING:
        return
    git = repositories.git(candidate.repository)
    try:
        base = require_base(candidate)
        moves, left_out = moves_for(candidate, base)
        result = compose_commits(git, base.sha, [one.step for one in moves], at=at or candidate.created_at)
        result.conflicts += left_out
        note_conflicts(candidate, moves, result.conflicts, at=at)
        require_clean(candidate, result.conflicts)
        require_whole(candidate, moves)
        finish(candidate, base, moves, result, git)
    except (GitError, Broken) as error:
        move(candidate, Candidate.Status.FAILED, by=WORKER, at=at, error=str(error), conflicts=candidate.conflicts)


def note_conflicts(
    candidate: Candidate, moves: list[Move], found: list[CompositionConflict], *, at: datetime | None
) -> None:
    """Put them on the candidate and its changes. A trial says nothing about its changes, and nobody hears of it."""
    if candidate.purpose == P.TRIAL:
        candidate.conflicts = [conflicts.as_row(conflict) for conflict in found]
    else:
        conflicts.note(candidate, [one.change for one in moves], found, at=at)


def require_base(candidate: Candidate) -> Candidate:
    """What the candidate stands on now: production may have moved since it was asked for. A trial stays on its base."""
    base = candidate.base if candidate.purpose == P.TRIAL else live(candidate.product)
    if base is None:
        raise Broken(_("Say first what runs today: adopt a commit."))
    return base


def moves_for(candidate: Candidate, base: Candidate) -> tuple[list[Move], list[CompositionConflict]]:
    """What is to be done on top of the base, and who cannot even be tried."""
    held = contents(base)
    if candidate.release is not None and candidate.release.is_undo:
        return undoing(set(candidate.release.undoes.values_list("pk", flat=True)), held), []
    changes = [change for change in changes_for(candidate) if not is_held(change, held)]
    tangled = [change for change in changes if stacking.is_tangled(change) and change.requires_id not in held]
    left_out = [CompositionConflict(change.key, change.requires.key, []) for change in tangled]
    return [taking_in(change, held) for change in changes if change not in tangled], left_out


def changes_for(candidate: Candidate) -> list[Change]:
    """The changes a composition takes, in their order; a frozen release takes them as they were when it was frozen.

    A trial takes its rows, whatever became of the changes, also none at all.
    """
    if candidate.purpose == P.TRIAL:
        rows = candidate.rows.select_related("change__product", "change__requires", "change__developer", "revision")
        return [pins.at_revision(row.change, row.revision) for row in rows]
    takes = Change.objects.filter(product=candidate.product_id, status__in=TAKES[P(candidate.purpose)])
    takes = takes.exclude(revision=None).select_related("revision", "developer", "product", "requires")
    if candidate.purpose != P.RELEASE:
        return pins.in_order(takes)
    return pins.pinned(candidate, takes.filter(release=candidate.release_id))


def is_held(change: Change, held: dict[int, Held]) -> bool:
    """Whether the base has exactly this revision: there is nothing to take in."""
    return change.pk in held and held[change.pk].tip == change.revision.tip


def taking_in(change: Change, held: dict[int, Held]) -> Move:
    """The change's own step: from what it stands on, replacing what the base holds of an older revision."""
    revision, older = change.revision, held.get(change.pk)
    waits = bool(revision.stands_on and change.requires_id and change.requires_id not in held)
    step = Step(
        change.key,
        revision.stands_on or revision.fork,
        revision.tip,
        change.title,
        needs=change.requires.key if waits else "",
        replaces=(older.fork, older.tip) if older else None,
    )
    return Move(change, revision, step)


def undoing(pks: set[int], held: dict[int, Held]) -> list[Move]:
    """The steps back, the change that was taken in last first. Broken when the base does not hold one of them."""
    if missing := pks - set(held):
        keys = Change.objects.filter(pk__in=missing).order_by("number")
        raise Broken(_("Not live any more: %(changes)s.") % {"changes": ", ".join(change.key for change in keys)})
    back = [one for one in reversed(held.values()) if one.change.pk in pks]
    return [
        Move(one.change, one.revision, Step(one.change.key, one.fork, one.tip, one.change.title, undo=True))
        for one in back
    ]


def require_clean(candidate: Candidate, found: list[CompositionConflict]) -> None:
    """A release, and a trial, takes all of its changes or does not come to be."""
    if candidate.purpose in (P.RELEASE, P.TRIAL) and found:
        raise Broken(" ".join(conflicts.sentence(conflict) for conflict in found))


def require_whole(candidate: Candidate, moves: list[Move]) -> None:
    """A change that was returned between the freeze and here must not be left out in silence.

    Nor may a migration come in of which nobody said what it does.
    """
    if candidate.purpose != P.RELEASE or candidate.release.is_undo:
        return
    taken = [one.change for one in moves]
    planned = candidate.release.changes.exclude(status=Change.Status.DROPPED).order_by("number")
    missing = [change.key for change in planned if change not in taken]
    if missing or not moves:
        raise Broken(_("Not approved by a tester: %(changes)s.") % {"changes": ", ".join(missing)})
    if unsaid := migration_flags.reasons(taken):
        raise Broken(" ".join(unsaid))


@transaction.atomic
def finish(candidate: Candidate, base: Candidate, moves: list[Move], result: Composition, git: Git) -> None:
    """Store what came out, keep it from git's gc by its ref, and say READY."""
    candidate.base, candidate.sha, candidate.tree = base, result.head, result.tree
    candidate.manifest = manifest_of(git, result.head)
    taken = [one for one in moves if one.change.key in result.applied]
    rows = [one.row(candidate, position) for position, one in enumerate(taken)]
    CandidateChange.objects.filter(candidate=candidate).delete()
    CandidateChange.objects.bulk_create(rows)
    git.keep(ref_of(candidate), result.head)
    candidate.facts = facts_of(candidate, rows)
    facts = {name: getattr(candidate, name) for name in ("base", "sha", "tree", "manifest", "conflicts", "facts")}
    move(candidate, Candidate.Status.READY, by=WORKER, digest=digest_of(candidate, rows), error="", **facts)
