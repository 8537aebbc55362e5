"""Candidates: asking for one, which one is live or on staging, adopting what runs, and the digest."""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import Git, GitError
from environments.manifest import FILE_NAME, ManifestError, parse
from environments.models import Repository
from lifecycle import events, jobs
from lifecycle.events import By
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed, move
from releases.models import Candidate, CandidateChange, Release

P = Candidate.Purpose
BRANCHES = "lifecycle/"
"""What the names of candidates' branches upstream begin with: nobody else's do."""


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
    out = Release.objects.filter(product=product, status__in=[Release.Status.LIVE, Release.Status.DONE])
    newest = Subquery(out.exclude(candidate=None).order_by("-live_at").values("candidate")[:1])
    adopted = Q(product=product, purpose=P.ADOPTED, status=Candidate.Status.READY)
    rows = Candidate.objects.filter(Q(pk=newest) | adopted)
    rank = Case(When(pk=newest, then=Value(1)), default=Value(0))
    return rows.annotate(rank=rank).order_by("-rank", "-id").first()


def on_staging(product: Product) -> Candidate | None:
    """The candidate that came to staging last."""
    return product.candidates.exclude(staged_at=None).select_related("release").order_by("-staged_at").first()


@transaction.atomic
def adopt(product: Product, *, sha: str, by: By, at: datetime | None = None) -> Candidate:
    """Record what runs today as candidate 0, without a deployment. Runs git; NotAllowed for an unknown commit."""
    repository = repository_of(product)
    candidate = Candidate.objects.create(
        product=product, repository=repository, purpose=P.ADOPTED, label=sha[:40], created_at=at or timezone.now()
    )
    record_adopted(candidate, by=by, at=at)
    return candidate


@transaction.atomic
def record_adopted(candidate: Candidate, *, by: By, at: datetime | None = None) -> None:
    """Say that the commit its label names is what runs today. Runs git; NotAllowed with what is wrong with it."""
    git = repositories.git(candidate.repository)
    try:
        full = git.resolve(candidate.label)
        git.require_modest(full)
        candidate.sha, candidate.label = full, full[:8]
        candidate.tree, candidate.manifest = git.tree_of(full), manifest_of(git, full)
        git.keep(ref_of(candidate), full)
    except (GitError, Broken) as error:
        raise NotAllowed(str(error)) from error
    facts = {name: getattr(candidate, name) for name in ("sha", "label", "tree", "manifest")}
    move(candidate, Candidate.Status.READY, by=by, at=at, silent=True, digest=digest_of(candidate, []), **facts)
    events.record("candidate.adopted", candidate, by=by, at=at)


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

    Composing the same once more gives the same digest, so that what was said about it still holds; unless what was
    built and tested under it cannot be had any more.
    """
    facts = facts_of(candidate, rows)
    while Candidate.objects.filter(digest=(digest := _hash_of(facts)), artefact_is_gone=True).exists():
        facts["again"] = facts.get("again", 0) + 1
    return digest


ROW_FACTS: dict[str, Callable[[CandidateChange], Any]] = {
    "change": lambda row: row.change_id,
    "revision": lambda row: row.revision_id,
    "action": lambda row: row.action,
    "migrations": lambda row: row.change.migrations,
}
"""What of each change decides what will run, in the order in which it is hashed."""


def facts_of(candidate: Candidate, rows: Iterable[CandidateChange]) -> dict[str, Any]:
    """Everything that decides what will run, as it is now: what the digest is the hash of."""
    return {
        "base": candidate.base_id,
        "tree": candidate.tree,
        "changes": [[fact(row) for fact in ROW_FACTS.values()] for row in rows],
        "manifest": hashlib.sha256(candidate.manifest.encode()).hexdigest(),
    }


def changed_facts(candidate: Candidate, rows: Iterable[CandidateChange]) -> list[str]:
    """The names of the facts that are others by now than those its digest was made of; none for what was adopted."""
    if candidate.facts is None:
        return []
    now = facts_of(candidate, rows)
    return [name for name in now if candidate.facts.get(name) != now[name]]


def _hash_of(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def branch_of(candidate: Candidate) -> str:
    """The upstream's branch that shows it to an external CI or a pull request, e.g. "lifecycle/24.11-57"."""
    return f"{BRANCHES}{candidate.label}-{candidate.pk}"
