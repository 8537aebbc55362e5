"""Candidates: asking for one, composing it with git in a worker, and its digest."""

import hashlib
import json
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import Composition, CompositionConflict, Git, GitError, Step
from environments.git import compose as compose_commits
from environments.manifest import FILE_NAME, ManifestError, parse
from environments.models import Repository
from lifecycle import events, jobs
from lifecycle.events import By, Machine
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed, move
from releases import conflicts
from releases.models import Candidate, CandidateChange, Change, Release

P = Candidate.Purpose
WORKER = Machine("compose")
FURTHEST = ("development", "ready", "staging", "approved")
TAKES = {P.DEV: FURTHEST, P.STAGING: FURTHEST[1:], P.RELEASE: FURTHEST[3:]}


class Broken(Exception):
    """The candidate cannot be composed; the text is for people."""


@transaction.atomic
def request(
    product: Product, purpose: str, *, by: By, release: Release | None = None, at: datetime | None = None
) -> Candidate:
    """A candidate to be composed by a worker (Work kind "compose"). Outside releases one nobody began is enough."""
    repository = repository_of(product)
    waiting = not_begun(product, purpose) if release is None else None
    if waiting:
        return waiting
    candidate = Candidate.objects.create(
        product=product,
        repository=repository,
        release=release,
        purpose=purpose,
        base=live(product),
        label=label_for(purpose, release),
        created_at=at or timezone.now(),
    )
    events.record("candidate.requested", candidate, by=by, at=at, purpose=purpose)
    jobs.enqueue("compose", candidate, product=product)
    return candidate


def repository_of(product: Product) -> Repository:
    repository = Repository.objects.filter(product=product).first()
    if repository is None:
        raise NotAllowed(_("Connect a repository first."))
    return repository


def not_begun(product: Product, purpose: str) -> Candidate | None:
    """A composition that is still in the queue: it will see whatever happens until a worker takes it."""
    queued = Work.objects.filter(kind="compose", status=Work.Status.QUEUED, product=product).values("subject_id")
    return Candidate.objects.filter(pk__in=queued, purpose=purpose, status=Candidate.Status.COMPOSING).first()


def label_for(purpose: str, release: Release | None) -> str:
    return release.version if release else str(purpose)


def live(product: Product) -> Candidate | None:
    """The candidate that production should run: that of the newest live or proven release, else what was adopted."""
    release = (
        Release.objects.filter(product=product, status__in=[Release.Status.LIVE, Release.Status.DONE])
        .exclude(candidate=None)
        .select_related("candidate")
        .order_by("-live_at")
        .first()
    )
    if release:
        return release.candidate
    return product.candidates.filter(purpose=P.ADOPTED).order_by("-id").first()


def on_staging(product: Product) -> Candidate | None:
    """The candidate that came to staging last."""
    return product.candidates.exclude(staged_at=None).select_related("release").order_by("-staged_at").first()


@transaction.atomic
def adopt(product: Product, *, sha: str, by: By, at: datetime | None = None) -> Candidate:
    """Record what runs today as candidate 0, without a deployment. Runs git; NotAllowed for an unknown commit."""
    repository = repository_of(product)
    git = repositories.git(repository)
    try:
        full = git.resolve(sha)
        tree, manifest = git.tree_of(full), manifest_of(git, full)
    except (GitError, Broken) as error:
        raise NotAllowed(str(error)) from error
    candidate = Candidate(
        product=product,
        repository=repository,
        purpose=P.ADOPTED,
        label=full[:8],
        sha=full,
        tree=tree,
        manifest=manifest,
        created_at=at or timezone.now(),
    )
    candidate.digest = digest_of(candidate, [])
    candidate.status = Candidate.Status.READY
    candidate.save()
    git.point(ref_of(candidate), full, None)
    events.record("candidate.adopted", candidate, by=by, at=at)
    return candidate


def changes_for(candidate: Candidate) -> list[Change]:
    """The changes a composition takes, the furthest first: of two that conflict, the other one moves."""
    takes = Change.objects.filter(product=candidate.product_id, status__in=TAKES[P(candidate.purpose)])
    if candidate.purpose == P.RELEASE:
        takes = takes.filter(release=candidate.release_id)
    takes = takes.exclude(revision=None).select_related("revision", "developer", "product")
    return sorted(takes, key=lambda change: (-FURTHEST.index(change.status), change.pk))


def compose(candidate: Candidate, *, at: datetime | None = None) -> None:
    """Compose the tree and end the candidate as READY, or as FAILED with the reason. Runs git; for workers.

    Conflicts are recorded on the candidate and the changes. dev and staging leave the later change out; a release
    fails, naming both changes and the files. Nothing happens unless the candidate is COMPOSING.
    """
    if candidate.status != Candidate.Status.COMPOSING:
        return
    changes = changes_for(candidate)
    try:
        base = require_base(candidate)
        result = compose_commits(
            repositories.git(candidate.repository), base.sha, steps_of(changes), at=at or candidate.created_at
        )
        conflicts.note(candidate, changes, result.conflicts, at=at)
        require_clean(candidate, result.conflicts)
        require_whole(candidate, changes)
        finish(candidate, base, changes, result)
    except (GitError, Broken) as error:
        move(candidate, Candidate.Status.FAILED, by=WORKER, at=at, error=str(error), conflicts=candidate.conflicts)


def require_base(candidate: Candidate) -> Candidate:
    """What the candidate stands on now: production may have moved since it was asked for."""
    base = live(candidate.product)
    if base is None:
        raise Broken(_("Say first what runs today: adopt a commit."))
    return base


def require_clean(candidate: Candidate, found: list[CompositionConflict]) -> None:
    """A release takes all of its changes or does not come to be."""
    if candidate.purpose == P.RELEASE and found:
        raise Broken(" ".join(conflicts.sentence(conflict) for conflict in found))


def require_whole(candidate: Candidate, changes: list[Change]) -> None:
    """A change that was returned between the freeze and here must not be left out in silence."""
    if candidate.purpose != P.RELEASE:
        return
    planned = candidate.release.changes.exclude(status=Change.Status.DROPPED).order_by("number")
    missing = [change.key for change in planned if change not in changes]
    if missing or not changes:
        raise Broken(_("Not approved by a tester: %(changes)s.") % {"changes": ", ".join(missing)})


def steps_of(changes: list[Change]) -> list[Step]:
    return [Step(change.key, change.revision.fork, change.revision.tip, change.title) for change in changes]


@transaction.atomic
def finish(candidate: Candidate, base: Candidate, changes: list[Change], result: Composition) -> None:
    """Store what came out, keep it from git's gc by its ref, and say READY."""
    git = repositories.git(candidate.repository)
    candidate.base, candidate.sha, candidate.tree = base, result.head, result.tree
    candidate.manifest = manifest_of(git, result.head)
    taken = [change for change in changes if change.key in result.applied]
    rows = [
        CandidateChange(candidate=candidate, change=change, revision=change.revision, position=position)
        for position, change in enumerate(taken)
    ]
    CandidateChange.objects.filter(candidate=candidate).delete()
    CandidateChange.objects.bulk_create(rows)
    git.point(ref_of(candidate), result.head, git.refs("refs/lifecycle/candidates/").get(str(candidate.pk)))
    facts = {name: getattr(candidate, name) for name in ("base", "sha", "tree", "manifest", "conflicts")}
    move(candidate, Candidate.Status.READY, by=WORKER, digest=digest_of(candidate, rows), error="", **facts)


def manifest_of(git: Git, sha: str) -> str:
    """`lifecycle.toml` of a commit, checked; Broken names the line that is wrong, GitError what git said."""
    text = (git.read_file(sha, FILE_NAME) or b"").decode("utf-8", "replace")
    try:
        parse(text)
    except ManifestError as error:
        raise Broken(str(error)) from error
    return text


def ref_of(candidate: Candidate) -> str:
    return f"refs/lifecycle/candidates/{candidate.pk}"


def digest_of(candidate: Candidate, rows: list[CandidateChange]) -> str:
    """SHA-256 over canonical JSON of everything that decides what will run: base, tree, changes, flags, manifest.

    Composing the same once more gives the same digest, so that what was said about it still holds.
    """
    facts = {
        "base": candidate.base_id,
        "tree": candidate.tree,
        "changes": [[row.change_id, row.revision_id, row.action, row.change.migrations] for row in rows],
        "manifest": hashlib.sha256(candidate.manifest.encode()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
