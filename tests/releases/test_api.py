"""The API of releases and changes: the same services, problems as JSON."""

from datetime import timedelta

import pytest
from django.utils import timezone

from releases import external_checks
from releases.models import Change, Release

BASE = "/api/v1/products/shop"


def test_releases_are_listed_for_everybody_and_changes_for_the_team(cast, sign_in, plan_of):
    plan_of("Keep a wishlist")
    customer = sign_in(cast.cleo)
    assert [row["version"] for row in customer.get(f"{BASE}/releases/").json()] == ["24.11"]
    assert "changes" not in customer.get(f"{BASE}/releases/24.11/").json()
    assert customer.get(f"{BASE}/changes/").status_code == 403
    team = sign_in(cast.dev)
    assert team.get(f"{BASE}/releases/24.11/").json()["changes"][0]["key"] == "C-1"
    assert team.get(f"{BASE}/changes/?release=24.11").json()[0]["ideas"] == [1]
    assert team.get(f"{BASE}/changes/?release=9").json() == []


def test_a_release_is_planned(cast, sign_in, idea_of):
    idea = idea_of("Keep a wishlist")
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    sent = {"version": "24.11", "target_date": day, "ideas": [idea.number]}
    answer = sign_in(cast.petra).post(f"{BASE}/releases/", sent, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert Release.objects.get().changes.get().ideas.get() == idea


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"version": "24/11", "target_date": "2099-01-01", "ideas": [1]}, "version"),
        ({"version": "24.11", "target_date": "2020-01-01", "ideas": [1]}, "target_date"),
        ({"version": "24.11", "target_date": "2099-01-01", "ideas": [7]}, "ideas"),
        ({"version": "24.11", "target_date": "2099-01-01"}, "ideas"),
    ],
)
def test_a_wrong_plan_names_its_fields(cast, sign_in, idea_of, sent, field):
    idea_of("Keep a wishlist")
    answer = sign_in(cast.petra).post(f"{BASE}/releases/", sent, content_type="application/json")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    assert not Release.objects.exists()


def test_a_tester_may_not_plan(cast, sign_in):
    answer = sign_in(cast.tess).post(f"{BASE}/releases/", {}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["title"] == "Not for your role"


def test_a_change_is_marked_ready(cast, sign_in, workshop, plan_of, build):
    change = plan_of("Keep a wishlist").changes.get()
    dev = sign_in(cast.dev)
    early = dev.post(f"{BASE}/changes/1/ready/")
    assert (early.status_code, "Push to" in early.json()["detail"]) == (409, True)
    build(change)
    assert dev.post(f"{BASE}/changes/1/ready/").json()["status"] == "ready"
    assert Change.objects.get().status == Change.Status.READY


def test_another_systems_word_stands_on_the_change(cast, sign_in, plan_of):
    plan_of("Keep a wishlist")
    answer = sign_in(cast.dev).post(
        f"{BASE}/changes/1/report/", {"text": "Lint: 0 findings"}, content_type="application/json"
    )
    assert answer.status_code == 201
    assert "Lint: 0 findings" in sign_in(cast.lena).get("/changes/1/").content.decode()


def test_a_check_tells_how_it_went(cast, sign_in, workshop, plan_of, build):
    check = build(plan_of("Keep a wishlist").changes.get()).revision.checks.get()
    assert sign_in(cast.dev).get(f"{BASE}/checks/{check.pk}/").json()["status"] == "passed"
    assert sign_in(cast.dev).get(f"{BASE}/checks/0/").status_code == 404


def test_a_check_is_run_again_and_its_log_is_read(cast, sign_in, workshop, plan_of, build, work):
    check = build(plan_of("Keep a wishlist").changes.get()).revision.checks.get()
    dev, one = sign_in(cast.dev), f"{BASE}/checks/{check.pk}/"
    lines = dev.get(f"{one}log/").json()
    assert any("Passed in" in line["text"] for line in lines)
    assert dev.get(f"{one}log/?after={lines[-1]['seq']}").status_code == 204
    assert sign_in(cast.tess).post(f"{one}again/").status_code == 403
    made = dev.post(f"{one}again/")
    assert (made.status_code, made.json()["status"]) == (201, "queued") and made.json()["id"] != check.pk
    refused = dev.post(f"{one}again/")
    assert (refused.status_code, refused.json()["detail"]) == (409, "It is running already.")
    assert dev.post(f"/checks/{check.pk}/again/").status_code == 409
    assert work("check") == 1
    assert dev.get(f"{BASE}/checks/{made.json()['id']}/").json()["status"] == "passed"
    assert dev.post(f"{one}again/").status_code == 201


def test_what_another_system_runs_is_not_run_again_here(cast, sign_in, workshop, plan_of, build):
    revision = build(plan_of("Keep a wishlist").changes.get()).revision
    said = {"sha": revision.tip, "name": "build", "status": "failed"}
    [check] = external_checks.report(cast.product, by=cast.ops, **said)
    dev = sign_in(cast.dev)
    refused = dev.post(f"{BASE}/checks/{check.pk}/again/")
    assert (refused.status_code, "Another system runs it" in refused.json()["detail"]) == (409, True)
    assert dev.post(f"/checks/{check.pk}/again/").status_code == 409
    assert "Run them again" not in dev.get(f"/checks/{check.pk}/").content.decode()


def test_environments_never_show_values(cast, sign_in, workshop):
    from environments import variables
    from environments.models import Environment

    variables.set_variable(
        Environment.objects.get(slug="staging"), name="PAYMENT_KEY", value="s3cret", is_secret=True, by=cast.ops
    )
    answer = sign_in(cast.dev).get(f"{BASE}/environments/staging/")
    assert answer.json()["variables"] == ["PAYMENT_KEY"]
    assert b"s3cret" not in answer.content
    assert sign_in(cast.cleo).get(f"{BASE}/environments/").status_code == 403


def test_an_unknown_change_is_404(cast, sign_in):
    assert sign_in(cast.dev).get(f"{BASE}/changes/99/").status_code == 404
