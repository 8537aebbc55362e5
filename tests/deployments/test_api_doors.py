"""Doors of the API to what a click does on a page: Promote, unfreeze, waive."""

import pytest
from django.test import Client

from environments import holds
from lifecycle.models import Event, Work
from releases.models import Candidate, Change, Release
from tests.cast import Cast
from tests.deployments.paper import Paper

BASE = "/api/v1/products/shop"


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def post(client: Client, path: str, **data: object):
    return client.post(f"{BASE}/{path}", data, content_type="application/json")


def test_what_is_ready_is_promoted_to_staging(paper: Paper, sign_in):
    Release.objects.update(status="planned")
    nothing = post(sign_in(paper.cast.dev), "promote/")
    assert (nothing.status_code, "No change is ready" in nothing.json()["detail"]) == (409, True)
    Change.objects.update(status=Change.Status.READY)
    assert post(sign_in(paper.cast.petra), "promote/").status_code == 403
    made = post(sign_in(paper.cast.dev), "promote/")
    assert (made.status_code, made.json()["purpose"], made.json()["status"]) == (202, "staging", "composing")
    assert Work.objects.get(kind="compose").subject_id == made.json()["id"]


def test_promote_says_who_is_testing(paper: Paper, sign_in):
    Release.objects.update(status="planned")
    Change.objects.update(status=Change.Status.READY)
    holds.hold(paper.environments["staging"], by=paper.cast.tess, minutes=30)
    refused = post(sign_in(paper.cast.dev), "promote/")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Tess is testing on Staging.")
    assert not Candidate.objects.filter(purpose="staging").exists()


def test_a_frozen_plan_is_opened_again(paper: Paper, sign_in):
    assert post(sign_in(paper.cast.dev), "releases/24.11/unfreeze/").status_code == 403
    opened = post(sign_in(paper.cast.petra), "releases/24.11/unfreeze/", reason="One more change.")
    assert (opened.status_code, opened.json()["status"], opened.json()["digest"]) == (200, "planned", None)
    assert Event.objects.filter(note__text="One more change.").exists()
    assert post(sign_in(paper.cast.petra), "releases/24.11/unfreeze/", reason="Once more").status_code == 409


def test_devops_accept_a_way_back_that_cannot_be_proved(paper: Paper, sign_in):
    ops = sign_in(paper.cast.ops)
    provable = post(ops, "releases/24.11/waiver/", reason="We restore the backup.")
    assert (provable.status_code, "can be rehearsed" in provable.json()["detail"]) == (409, True)
    Change.objects.update(migrations="contract")
    assert post(sign_in(paper.cast.max), "releases/24.11/waiver/", reason="So be it.").status_code == 403
    assert "reason" in post(ops, "releases/24.11/waiver/").json()["errors"]
    other = post(ops, "releases/24.11/waiver/", reason="So be it.", gates=["backup_declared"])
    assert other.status_code == 409
    said = post(ops, "releases/24.11/waiver/", reason="We restore the backup.", gates=["rollback_rehearsed"])
    assert said.status_code == 201, said.content
    assert {gate["key"]: gate["is_open"] for gate in said.json()}["rollback_rehearsed"]
