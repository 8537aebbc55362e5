"""Room for a way back: what hangs on other environments never takes the last slots of the deployers."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from deployments import claims, ringing, services
from deployments.models import Deployment
from environments import holds
from environments.models import Environment
from lifecycle.embedded.services import DEPLOY_SLOTS
from tests.cast import Cast
from tests.deployments.paper import Paper

S, Kind = Deployment.Status, Deployment.Kind


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def place(paper: Paper, slug: str) -> Environment:
    facts = {"name": slug.title(), "kind": "dev", "position": 10}
    return Environment.objects.create(product=paper.cast.product, slug=slug, **facts)


def hanging(paper: Paper, *slugs: str) -> None:
    """A deployment to each of these environments that a worker holds."""
    for slug in slugs:
        asked = services.request(place(paper, slug), paper.adopted, by=paper.cast.ops)
        assert claims.claim(asked.environment) is not None


def rolled_back(paper: Paper) -> Deployment:
    """A rollback of production that has just been asked for."""
    newer = paper.candidate("adopted", "e" * 64, label="24.12")
    for candidate in (paper.adopted, newer):
        services.request(paper.production, candidate, by=paper.cast.ops)
        lease = claims.claim(paper.production)
        assert lease is not None
        for status in (S.RUNNING, S.VERIFYING, S.SUCCEEDED):
            Deployment.objects.filter(pk=lease.row.pk).update(status=status, verified_at=timezone.now())
        Deployment.objects.filter(pk=lease.row.pk).update(lease_until=None)
    return services.roll_back(paper.production, by=paper.cast.ops, reason="It is slow.")


def test_what_hangs_elsewhere_leaves_room_for_a_rollback_and_for_the_ticks(paper: Paper):
    back = rolled_back(paper)
    hanging(paper, *(f"dev{n}" for n in range(DEPLOY_SLOTS - 2)))
    one_more = services.request(place(paper, "one-more"), paper.adopted, by=paper.cast.ops)
    assert claims.claim(one_more.environment) is None
    lease = claims.claim(paper.production)
    assert lease is not None and lease.row.pk == back.pk
    assert Deployment.objects.filter(status__in=Deployment.HELD).count() == settings.DEPLOY_SLOTS - 1


def test_it_begins_as_soon_as_there_is_room(paper: Paper):
    hanging(paper, *(f"dev{n}" for n in range(DEPLOY_SLOTS - 2)))
    waits = services.request(place(paper, "one-more"), paper.adopted, by=paper.cast.ops)
    assert ringing.ring_due() == [waits.pk]
    Deployment.objects.filter(environment__slug="dev0").update(status=S.FAILED, lease_until=None)
    assert claims.claim(waits.environment) is not None


def test_one_that_lost_its_worker_needs_no_room(paper: Paper):
    hanging(paper, *(f"dev{n}" for n in range(DEPLOY_SLOTS - 2)))
    lost = Deployment.objects.filter(environment__slug="dev0")
    lost.update(status=S.LOST, lease_until=None)
    hanging(paper, "another")
    assert claims.claim(lost.get().environment) is not None


def test_who_tests_on_staging_keeps_what_was_asked_for_before_until_they_let_go(paper: Paper):
    staging = paper.environments["staging"]
    later = timezone.now() + timedelta(hours=1)
    candidate = paper.release.candidate
    asked = services.request(staging, candidate, by=paper.cast.ops, release=paper.release, due_at=later)
    Deployment.objects.update(due_at=timezone.now())
    holds.hold(staging, by=paper.cast.tess, minutes=30)
    assert claims.claim(staging) is None
    asked.refresh_from_db()
    assert (asked.status, asked.error) == (S.QUEUED, "Tess is testing on Staging.")
    holds.let_go(staging, by=paper.cast.tess)
    assert claims.claim(staging) is not None


def test_who_holds_staging_may_have_something_new_there(paper: Paper):
    staging = paper.environments["staging"]
    services.request(staging, paper.release.candidate, by=paper.cast.ops, release=paper.release)
    holds.hold(staging, by=paper.cast.ops, minutes=30)
    assert claims.claim(staging) is not None
