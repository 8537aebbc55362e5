"""Opening a frozen plan again: never under a deployment that is on its way to production."""

import pytest
from django.core.exceptions import ValidationError

from deployments import approvals, claims, unfreezing
from deployments.models import Deployment
from lifecycle.transitions import NotAllowed
from releases.models import Release
from tests.deployments.paper import Paper

pytestmark = pytest.mark.django_db
PAGE = "/releases/24.11/unfreeze/"


@pytest.fixture
def approved(cast) -> Paper:
    """Approved, so its deployment to production waits for a worker."""
    paper = Paper(cast)
    approvals.approve(paper.release, by=cast.max)
    return paper


def test_what_waits_for_production_is_cancelled(approved: Paper, cast, sign_in):
    assert sign_in(cast.petra).post(PAGE, {"reason": "One more"}).status_code == 302
    assert Deployment.objects.get().status == Deployment.Status.CANCELLED
    approved.release.refresh_from_db()
    assert (approved.release.status, approved.release.candidate) == (Release.Status.PLANNED, None)


def test_while_it_goes_to_production_the_plan_stays_closed(approved: Paper, cast):
    assert claims.claim(approved.production) is not None
    with pytest.raises(NotAllowed, match="on its way to production"):
        unfreezing.unfreeze(approved.release, by=cast.petra, reason="One more")
    approved.release.refresh_from_db()
    assert approved.release.status == Release.Status.FROZEN


def test_pressed_twice_it_is_refused_the_second_time(approved: Paper, cast, sign_in):
    petra = sign_in(cast.petra)
    assert [petra.post(PAGE, {"reason": "One more"}).status_code for _press in range(2)] == [302, 409]


@pytest.mark.parametrize("who", ["dev", "tess", "max", "cleo"])
def test_only_who_may_freeze_opens_it_again(approved: Paper, cast, sign_in, who: str):
    assert sign_in(getattr(cast, who)).post(PAGE).status_code == 403


def test_a_frozen_plan_is_not_given_up_under_its_deployment(approved: Paper, cast, sign_in):
    answer = sign_in(cast.petra).post("/releases/24.11/drop/", {"reason": "Not this year"})
    assert answer.status_code == 409
    assert Deployment.objects.get().status == Deployment.Status.QUEUED


def test_the_page_names_what_is_lost_and_asks_why(approved: Paper, cast, sign_in):
    petra = sign_in(cast.petra)
    page = petra.get(PAGE).content.decode()
    assert "The approval of Max counts only for exactly the same." in page
    assert "What waits for production is cancelled." in page
    assert petra.post(PAGE, {"reason": " "}).status_code == 422
    assert Deployment.objects.get().status != Deployment.Status.CANCELLED


def test_without_a_reason_nothing_is_opened(approved: Paper, cast):
    with pytest.raises(ValidationError, match="Say why"):
        unfreezing.unfreeze(approved.release, by=cast.petra, reason="")
    approved.release.refresh_from_db()
    assert approved.release.is_frozen
