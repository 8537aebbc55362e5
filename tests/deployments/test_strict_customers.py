"""A strict product whose only product owner planned the release: somebody else speaks for the customers."""

import pytest
from django.utils import timezone

from deployments import gates
from lifecycle.models import Role
from lifecycle.transitions import NotAllowed
from releases import signoffs
from releases.models import Candidate, Demo, Release, SignOff
from tests.cast import Cast
from tests.deployments.strict_paper import StrictPaper, member

CUSTOMERS = SignOff.Audience.CUSTOMERS


@pytest.fixture
def release(cast: Cast) -> Release:
    """Petra, the only product owner, planned 24.11; the customers have not been asked."""
    paper = StrictPaper(cast)
    SignOff.objects.filter(audience=CUSTOMERS).delete()
    Candidate.objects.filter(pk=paper.release.candidate_id).update(staged_at=timezone.now())
    return Release.objects.get(pk=paper.release.pk)


def evidence(release: Release) -> str:
    missing = {gate.key: gate.evidence for gate in gates.missing(Release.objects.get(pk=release.pk))}
    return missing.get("customers_demo", "")


def test_gate_and_refusal_say_who_can(cast: Cast, release: Release) -> None:
    way = "whoever hosts the customers' session says it. Free to: Lena, Max, Mia."
    assert way in evidence(release)
    with pytest.raises(NotAllowed) as refusal:
        signoffs.sign_off(release, audience=CUSTOMERS, outcome="yes", by=cast.petra)
    assert way in str(refusal.value)


def test_the_host_says_it_then(cast: Cast, release: Release) -> None:
    Demo.objects.create(
        release=release, audience=CUSTOMERS, host=cast.max, starts_at=timezone.now(), created_at=timezone.now()
    )
    signoffs.sign_off(release, audience=CUSTOMERS, outcome="yes", by=cast.max)
    assert evidence(release) == ""


def test_a_second_product_owner_is_enough_and_nothing_more_is_said(cast: Cast, release: Release) -> None:
    pia = member(cast.product, "pia", Role.PRODUCT_OWNER)
    assert evidence(release) == "Not shown yet."
    signoffs.sign_off(release, audience=CUSTOMERS, outcome="yes", by=pia)
    assert evidence(release) == ""
