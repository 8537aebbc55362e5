"""The doors to changing what is frozen: nothing that waits for production survives, and nothing moves under it."""

import pytest

from deployments import approvals, claims, rescoping
from deployments.models import Deployment
from lifecycle.transitions import NotAllowed
from releases.models import Change, Release
from tests.deployments.paper import Paper

pytestmark = pytest.mark.django_db
PAGE = "/releases/24.11/scope/"
OUT = f"{PAGE}1/take-out/"


@pytest.fixture
def approved(cast) -> Paper:
    """Approved, so its deployment to production waits for a worker; a second change is in it, too."""
    paper = Paper(cast)
    paper.change.release = paper.release
    paper.change.save()
    Change.objects.create(
        product=cast.product,
        number=77,
        title="Wrap gifts",
        release=paper.release,
        revision=paper.change.revision,
        status="approved",
        created_at=paper.change.created_at,
        waiting_since=paper.change.created_at,
    )
    approvals.approve(paper.release, by=cast.max)
    return paper


def test_what_waits_for_production_is_cancelled_and_another_candidate_comes(approved: Paper, cast):
    old = approved.release.candidate_id
    candidate = rescoping.take_out(approved.release, approved.change, reason="The bank was late", by=cast.petra)
    assert Deployment.objects.get().status == Deployment.Status.CANCELLED
    assert approved.release.candidate_id == candidate.pk != old


def test_while_it_goes_to_production_nothing_is_changed(approved: Paper, cast):
    assert claims.claim(approved.production) is not None
    with pytest.raises(NotAllowed, match="on its way to production"):
        rescoping.take_out(approved.release, approved.change, reason="Later", by=cast.petra)
    approved.change.refresh_from_db()
    assert approved.change.release == approved.release


def test_the_page_asks_why_and_names_what_may_go(approved: Paper, cast, sign_in):
    petra, out = sign_in(cast.petra), f"{PAGE}{approved.change.number}/take-out/"
    page = petra.get(PAGE).content.decode()
    assert f"Take {approved.change.key} out" in page
    assert petra.post(out, {"reason": ""}).status_code == 422
    assert petra.post(out, {"reason": "The bank was late"})["Location"] == "/releases/24.11/"
    page = petra.get("/releases/24.11/").content.decode()
    assert f"Taken out: {approved.change.key}" in page
    assert "The bank was late" in page


def test_what_cannot_be_done_is_said_on_the_page(approved: Paper, cast, sign_in):
    answer = sign_in(cast.petra).post(f"{PAGE}{approved.change.number}/renew/", {"reason": "Fixed"})
    assert answer.status_code == 409
    assert "Nothing newer was pushed" in answer.content.decode()
    assert "Fixed" in answer.content.decode()


def test_a_tester_ejects_but_takes_nothing_in(approved: Paper, cast, sign_in):
    tess = sign_in(cast.tess)
    assert tess.post(f"{PAGE}{approved.change.number}/take-in/", {"reason": "Later"}).status_code == 403
    assert tess.get(PAGE).status_code == 403
    assert tess.post(f"{PAGE}{approved.change.number}/take-out/", {"reason": "It breaks"}).status_code == 302
    assert sign_in(cast.dev).post(f"{PAGE}77/take-out/", {"reason": "It breaks"}).status_code == 403


def test_the_api_does_the_same(approved: Paper, cast, sign_in):
    petra, url = sign_in(cast.petra), "/api/v1/products/shop/releases/24.11/scope/"

    def send(**said: object) -> int:
        return petra.post(url, said, content_type="application/json").status_code

    assert send(change=approved.change.number, how="take_out") == 422
    assert send(change=approved.change.number, how="renew", reason="Fixed") == 409
    assert send(change=approved.change.number, how="take_out", reason="The bank was late") == 202
    assert send(change=77, how="take_out", reason="And this") == 409
    assert Release.objects.get(version="24.11").changes.count() == 1
