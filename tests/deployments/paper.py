"""A release on paper: rows only, for rules that need neither git nor processes."""

from typing import Any

from django.utils import timezone

from deployments.models import Rehearsal
from environments.models import Environment, Repository
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

MANIFEST = '[start]\ncommand = ["python"]\n'
BACKED_UP = MANIFEST + '[backup]\ncommand = ["backup"]\n'


class Paper:
    """Release 24.11 with one change by Dev, planned by Petra; every gate is open except the approvals."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.now = cast, timezone.now()
        self.repository = Repository.objects.create(product=cast.product, upstream="file:///nowhere", mirror="nowhere")
        self.environments = {
            kind: Environment.objects.create(
                product=cast.product, slug=kind, name=kind.title(), kind=kind, position=position
            )
            for position, kind in enumerate(Environment.Kind.values)
        }
        self.adopted = self.candidate("adopted", "a" * 64, label="24.10")
        self.change = self._change()
        self.release = Release.objects.create(
            product=cast.product,
            version="24.11",
            status=Release.Status.FROZEN,
            target_date=self.now.date(),
            author=cast.petra,
            created_at=self.now,
            frozen_at=self.now,
        )
        self.freeze("b" * 64)

    @property
    def production(self) -> Environment:
        return self.environments["production"]

    def candidate(self, purpose: str, digest: str, **facts: Any) -> Candidate:
        return Candidate.objects.create(
            product=self.cast.product,
            repository=self.repository,
            purpose=purpose,
            status=Candidate.Status.READY,
            sha=digest[:40],
            tree=digest[:40],
            digest=digest,
            manifest=BACKED_UP,
            created_at=self.now,
            **facts,
        )

    def _change(self) -> Change:
        change = Change.objects.create(
            product=self.cast.product,
            number=1,
            title="Keep a wishlist",
            developer=self.cast.dev,
            status=Change.Status.APPROVED,
            created_at=self.now,
            waiting_since=self.now,
        )
        change.revision = Revision.objects.create(
            change=change, number=1, fork="c" * 40, tip="d" * 40, seen_at=self.now
        )
        change.save()
        return change

    def freeze(self, digest: str) -> Candidate:
        """A candidate of the release with its check, its verdict and both sign-offs."""
        facts = {"release": self.release, "label": "24.11", "base": self.adopted}
        candidate = self.candidate("release", digest, **facts)
        CandidateChange.objects.create(candidate=candidate, change=self.change, revision=self.change.revision)
        self.release.candidate = candidate
        self.release.save()
        self.check(candidate)
        self.rehearse(candidate)
        said = {"candidate": candidate, "digest": digest, "at": self.now}
        Verdict.objects.create(
            change=self.change, revision=self.change.revision, outcome="approved", by=self.cast.tess, **said
        )
        for audience, who in (("managers", self.cast.max), ("customers", self.cast.petra)):
            SignOff.objects.create(release=self.release, audience=audience, outcome="yes", by=who, **said)
        return candidate

    def check(self, candidate: Candidate, status: str = "passed", **facts: Any) -> Check:
        return Check.objects.create(
            product=self.cast.product,
            candidate=candidate,
            sha=candidate.sha,
            status=status,
            requested_at=self.now,
            finished_at=self.now,
            **facts,
        )

    def rehearse(self, candidate: Candidate, status: str = "succeeded", **facts: Any) -> Rehearsal:
        """Staging went back to what production runs and forward again."""
        return rehearsed(self.release, candidate, self.adopted, self.environments["staging"], status, **facts)


def rehearsed(
    release: Release, candidate: Candidate, target: Candidate, staging: Environment, status: str, **facts: Any
) -> Rehearsal:
    now = timezone.now()
    return Rehearsal.objects.create(
        product=release.product,
        release=release,
        candidate=candidate,
        target=target,
        environment=staging,
        digest=candidate.digest,
        status=status,
        requested_at=now,
        **{"back_seconds": 0.7, "forward_seconds": 1.1, "finished_at": now, **facts},
    )
