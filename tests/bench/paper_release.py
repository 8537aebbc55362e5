"""A frozen release whose candidate is real, so that it can be shipped; what people say about it is written down."""

from django.utils import timezone

from deployments import running
from deployments.models import Rehearsal
from releases import composing
from releases.models import Candidate, Change, Check, ChecklistAnswer, Release, SignOff, Verdict
from tests.cast import Cast


def frozen_release(cast: Cast, change: Change, version: str) -> Release:
    """Frozen with `change` on top of what is live, tested, shown and rehearsed; only management's word is missing."""
    now = timezone.now()
    release = Release.objects.create(
        product=cast.product,
        version=version,
        status=Release.Status.FROZEN,
        target_date=now.date(),
        author=cast.petra,
        created_at=now,
        frozen_at=now,
    )
    Change.objects.filter(pk=change.pk).update(release=release, status=Change.Status.APPROVED)
    release.candidate = composed(release)
    release.save(update_fields=["candidate"])
    say_yes(cast, release, change)
    return release


def composed(release: Release) -> Candidate:
    candidate = Candidate.objects.create(
        product=release.product,
        repository=release.product.repository,
        release=release,
        purpose=Candidate.Purpose.RELEASE,
        label=release.version,
        created_at=timezone.now(),
    )
    composing.compose(candidate)
    candidate.refresh_from_db()
    assert candidate.status == Candidate.Status.READY, candidate.error
    return candidate


def say_yes(cast: Cast, release: Release, change: Change) -> None:
    now, candidate = timezone.now(), release.candidate
    said = {"candidate": candidate, "digest": candidate.digest, "at": now}
    Verdict.objects.create(change=change, revision=change.revision, outcome="approved", by=cast.tess, **said)
    Check.objects.create(
        product=cast.product,
        candidate=candidate,
        sha=candidate.sha,
        status=Check.Status.PASSED,
        requested_at=now,
        finished_at=now,
    )
    for point in release.checklist.all():
        ChecklistAnswer.objects.create(item=point, ok=True, by=cast.tess, **said)
    for audience, by in (("managers", cast.max), ("customers", cast.petra)):
        SignOff.objects.create(release=release, audience=audience, outcome="yes", by=by, **said)
    Rehearsal.objects.create(
        product=cast.product,
        release=release,
        candidate=candidate,
        target=candidate.base,
        environment=running.place(cast.product, "staging"),
        digest=candidate.digest,
        status=Rehearsal.Status.SUCCEEDED,
        back_seconds=0.7,
        forward_seconds=0.9,
        requested_at=now,
        finished_at=now,
    )
