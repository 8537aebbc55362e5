"""Plans over the API: each verb does what the screen does, and is refused to whoever may not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from releases import rules
from releases.models import Change, Release

BASE = "/api/v1/products/shop/releases"


@pytest.fixture
def send(sign_in):
    """`send(who, "patch", "24.11/plan/", goal="Sooner")` → the status and the body."""

    def call(who, verb, path, **data):
        answer = getattr(sign_in(who), verb)(f"{BASE}/{path}", data, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else None

    return call


def later(days: int = 9) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_one_call_makes_a_draft_and_a_second_one_answers_with_it(cast, send, idea_of):
    idea = idea_of("Keep a wishlist")
    made = [send(cast.petra, "post", "from-top/", **how) for how in ({}, {"ideas": [idea.number]})]
    assert [(status, body["version"]) for status, body in made] == [(201, "1.0")] * 2
    assert Release.objects.count() == 1
    assert send(cast.petra, "post", "from-top/", ideas=[77])[0] == 422
    assert send(cast.dev, "post", "from-top/")[0] == 403


def test_what_a_plan_wants_is_read_and_changed(cast, send, plan_of):
    plan_of("Keep a wishlist")
    status, body = send(cast.petra, "patch", "24.11/plan/", owner=cast.lena.email.upper(), goal="Sooner")
    assert (status, body["owner"], body["goal"], body["plan_version"]) == (200, cast.lena.email, "Sooner", 2)
    assert (body["standing"], body["is_enough"]) == ("0 of 1, 1 must-have missing", False)
    assert send(cast.petra, "patch", "24.11/plan/", enough="count")[0] == 422
    assert send(cast.petra, "patch", "24.11/plan/", owner=cast.cleo.email)[0] == 422
    assert send(cast.dev, "patch", "24.11/plan/", goal="Later")[0] == 403
    assert send(cast.cleo, "get", "24.11/plan/")[0] == 403
    assert Release.objects.get().goal == "Sooner"


def test_the_date_moves_forward_only_and_with_a_reason(cast, send, plan_of):
    plan_of("Keep a wishlist")
    assert send(cast.petra, "put", "24.11/target-date/", target_date=later(-1), reason="Oh")[0] == 422
    assert send(cast.petra, "put", "24.11/target-date/", target_date=later())[0] == 422
    status, body = send(cast.petra, "put", "24.11/target-date/", target_date=later(), reason="The bank")
    assert (status, body["target_date"]) == (200, later())


def test_a_change_is_planned_in_detail(cast, send, plan_of):
    plan_of("Keep a wishlist")
    said = {"developer": cast.dev.email, "estimate": 3, "due_date": later(), "steps": "Press the heart", "summary": "x"}
    assert send(cast.dev, "patch", "24.11/changes/1/", **said) == (200, said)
    assert send(cast.dev, "get", "24.11/changes/1/")[1] == said
    assert send(cast.dev, "patch", "24.11/changes/1/", developer=cast.tess.email)[0] == 422
    assert send(cast.tess, "patch", "24.11/changes/1/", estimate=9)[0] == 403
    assert send(cast.petra, "put", "24.11/changes/1/must/", must=False)[1]["must"] is False
    assert send(cast.petra, "patch", "24.11/changes/9/", estimate=9)[0] == 404


def test_ideas_and_maintenance_come_in_and_a_change_leaves(cast, send, plan_of, idea_of):
    plan_of("Keep a wishlist")
    wrap = idea_of("Wrap gifts")
    assert send(cast.petra, "post", "24.11/ideas/", ideas=[wrap.number])[0] == 201
    assert send(cast.petra, "post", "24.11/ideas/", ideas=[wrap.number])[0] == 409
    assert send(cast.petra, "post", "24.11/maintenance/", title="Renew it")[1]["branch"] == "maintenance/renew-it"
    status, body = send(cast.petra, "put", "24.11/changes/3/ideas/", ideas=[wrap.number])
    assert (status, body["ideas"]) == (200, [wrap.number])
    assert send(cast.petra, "delete", "24.11/changes/3/", reason="Later")[0] == 204
    assert Change.objects.get(number=3).release is None
    assert send(cast.petra, "delete", "24.11/plan/", reason="Not this year")[0] == 204
    assert Release.objects.get().status == Release.Status.DROPPED


def test_what_customers_see_is_a_rule_of_the_product(cast, send, plan_of):
    release = plan_of("Keep a wishlist")
    assert send(cast.cleo, "get", "24.11/")[1]["target_date"] == release.target_date.isoformat()
    assert send(cast.petra, "patch", "rules/", dates_shown="never")[1]["dates_shown"] == "never"
    assert send(cast.dev, "patch", "rules/", dates_shown="published")[0] == 403
    assert rules.of(type(cast.product).objects.get()).dates_shown == "never"
    assert send(cast.cleo, "get", "24.11/")[1]["target_date"] is None
    assert send(cast.cleo, "get", "")[1][0]["target_date"] is None
    assert send(cast.dev, "get", "24.11/")[1]["target_date"] == release.target_date.isoformat()
