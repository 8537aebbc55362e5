"""A change and its plan over the API: who builds it, on which branch, its migrations, and the steps of its release."""

import pytest

from lifecycle.models import Work
from releases import changes
from releases.models import Change, Release

BASE = "/api/v1/products/shop"


@pytest.fixture
def change(plan_of) -> Change:
    return plan_of("Keep a wishlist").changes.get()


@pytest.fixture
def put(sign_in):
    def send(who, path, **data):
        answer = sign_in(who).put(f"{BASE}/changes/1/{path}/", data, content_type="application/json")
        return answer.status_code, answer.json()

    return send


def test_a_developer_is_named_by_address_and_taken_off_again(cast, change, put):
    assert put(cast.tess, "developer", developer=cast.dev.email)[0] == 403
    status, body = put(cast.lena, "developer", developer=cast.dev.email.upper())
    assert (status, body["developer"]) == (200, "Dev")
    for nobody in (cast.tess.email, "who@example.org"):
        status, body = put(cast.lena, "developer", developer=nobody)
        assert (status, "is not a developer here" in str(body["errors"])) == (422, True)
    assert put(cast.lena, "developer", developer=None)[1]["developer"] is None
    assert put(cast.lena, "developer")[0] == 422


def test_a_branch_is_linked_and_looked_at(cast, change, put):
    status, body = put(cast.dev, "branch", branch="topic/wishlist")
    assert (status, body["branch"]) == (200, "topic/wishlist")
    assert Work.objects.filter(kind="push", subject_id=change.pk).exists()
    assert put(cast.dev, "branch", branch="no..way")[0] == 422
    assert put(cast.petra, "branch", branch="other")[0] == 200
    assert put(cast.tess, "branch", branch="other")[0] == 403


def test_migrations_are_flagged_and_a_frozen_word_stays(cast, change, put):
    assert put(cast.dev, "migrations", migrations="contract")[1]["migrations"] == "contract"
    assert put(cast.dev, "migrations", migrations="")[1]["migrations"] == ""
    assert put(cast.dev, "migrations", migrations="maybe")[0] == 422
    assert put(cast.petra, "migrations", migrations="none")[0] == 403
    put(cast.dev, "migrations", migrations="contract")
    Release.objects.update(status="frozen")
    assert put(cast.dev, "migrations", migrations="none")[0] == 409
    change.refresh_from_db()
    assert change.migrations == "contract"


def test_an_offer_for_staging_is_taken_back(cast, sign_in, workshop, change, build):
    build(change)
    changes.mark_ready(change, by=cast.dev)
    assert sign_in(cast.tess).delete(f"{BASE}/changes/1/ready/").status_code == 403
    assert sign_in(cast.dev).delete(f"{BASE}/changes/1/ready/").json()["status"] == "development"
    assert sign_in(cast.dev).delete(f"{BASE}/changes/1/ready/").status_code == 409


def test_a_plan_is_published_for_everybody(cast, sign_in, change):
    Release.objects.update(status="draft", published_at=None)
    assert sign_in(cast.dev).post(f"{BASE}/releases/24.11/publish/").status_code == 403
    answer = sign_in(cast.petra).post(f"{BASE}/releases/24.11/publish/")
    assert (answer.status_code, answer.json()["status"]) == (200, "planned")
    assert sign_in(cast.cleo).get(f"{BASE}/releases/24.11/").status_code == 200


def test_a_release_is_frozen_or_the_answer_says_what_is_missing(cast, sign_in, workshop, change):
    address = f"{BASE}/releases/24.11/freeze/"
    early = sign_in(cast.petra).post(address, content_type="application/json")
    assert (early.status_code, "C-1" in early.json()["detail"]) == (409, True)
    Change.objects.update(status=Change.Status.APPROVED)
    assert sign_in(cast.dev).post(address, content_type="application/json").status_code == 403
    answer = sign_in(cast.petra).generic("POST", address)  # without a body
    assert (answer.status_code, answer.json()["status"]) == (202, "frozen"), answer.content
    assert Work.objects.filter(kind="compose").exists()
