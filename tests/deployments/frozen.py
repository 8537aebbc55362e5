"""A release in front of production: frozen, tested, shown; only what a test takes away is missing."""

from django.utils import timezone

from environments.models import Environment
from releases.models import (
    Candidate,
    CandidateChange,
    Change,
    Check,
    Release,
    Revision,
    SignOff,
    Verdict,
)
from tests.cast import Cast
from tests.deployments.paper import rehearsed
from tests.deployments.watched import candidate, deployment, environment, release


def frozen(cast: Cast) -> Release:
    """24.11 with one change by Dev on top of 24.10, which production runs; management's word is missing."""
    staging = environment(cast.product, Environment.Kind.STAGING)
    production = environment(cast.product)
    first = candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED)
    deployment(production, first)
    made = release(cast, "24.11", Release.Status.FROZEN)
    Release.objects.filter(pk=made.pk).update(frozen_at=timezone.now())
    Candidate.objects.filter(pk=made.candidate.pk).update(base=first)
    made.candidate.refresh_from_db()
    add_change(cast, made)
    open_gates(cast, made)
    rehearsed(made, made.candidate, first, staging, "succeeded")
    return made


def add_change(cast: Cast, made: Release) -> Change:
    now = timezone.now()
    change = Change.objects.create(
        product=cast.product,
        number=1,
        title="Keep a wishlist",
        branch="idea/1",
        release=made,
        developer=cast.dev,
        migrations="none",
        status=Change.Status.APPROVED,
        created_at=now,
        waiting_since=now,
    )
    change.revision = Revision.objects.create(change=change, number=1, fork="a" * 40, tip="b" * 40, seen_at=now)
    change.save(update_fields=["revision"])
    CandidateChange.objects.create(candidate=made.candidate, change=change, revision=change.revision)
    return change


def open_gates(cast: Cast, made: Release) -> None:
    now = timezone.now()
    facts = {"candidate": made.candidate, "digest": made.candidate.digest, "at": now}
    change = Change.objects.get()
    Verdict.objects.create(change=change, revision=change.revision, outcome="approved", by=cast.tess, **facts)
    Check.objects.create(
        product=cast.product,
        candidate=made.candidate,
        sha=made.candidate.sha,
        status=Check.Status.PASSED,
        requested_at=now,
        finished_at=now,
    )
    for audience, by in (("managers", cast.max), ("customers", cast.petra)):
        SignOff.objects.create(release=made, audience=audience, outcome="yes", by=by, **facts)


def production() -> Environment:
    return Environment.objects.get(kind=Environment.Kind.PRODUCTION)
