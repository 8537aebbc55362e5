"""Environments by API: the same use-cases as in the browser, and no value of a variable ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from environments import variables
from environments.models import Environment
from lifecycle.models import Work
from tests.deployments.paper import Paper

BASE = "/api/v1/products/shop"
STAGING = f"{BASE}/environments/staging"


class Api:
    """A client that speaks JSON."""

    def __init__(self, client):
        self.client = client

    def __call__(self, method, path, data=None):
        answer = getattr(self.client, method)(path, data, content_type="application/json")
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def paper(cast):
    return Paper(cast)


@pytest.fixture
def ops(paper, sign_in):
    return Api(sign_in(paper.cast.ops))


@pytest.fixture
def dev(paper, sign_in):
    return Api(sign_in(paper.cast.dev))


def test_a_variable_is_set_and_listed_and_its_value_never_read(paper, ops, dev):
    for value in ("first-key", "second-key"):
        status, body = ops("put", f"{STAGING}/variables/PAYMENT_KEY/", {"value": value, "is_secret": True})
        assert (status, body["name"]) == (200, "PAYMENT_KEY")
    assert ops("put", f"{STAGING}/variables/payment/", {"value": "x"})[0] == 422
    assert dev("put", f"{STAGING}/variables/PAYMENT_KEY/", {"value": "x"})[0] == 403
    rows = dev("get", f"{STAGING}/variables/PAYMENT_KEY/versions/")[1]
    assert [row["config_version"] for row in rows] == [3, 2]
    assert ops("post", f"{STAGING}/versions/{rows[1]['id']}/restore/")[0] == 204
    assert variables.opened(paper.environments["staging"]) == {"PAYMENT_KEY": "first-key"}
    everything = str([dev("get", f"{STAGING}/{path}") for path in ("", "variables/", "differences/")] + rows)
    assert "first-key" not in everything
    assert "second-key" not in everything
    assert ops("delete", f"{STAGING}/variables/PAYMENT_KEY/")[0] == 204


def test_name_rule_and_effects_are_changed(paper, ops):
    assert ops("patch", f"{STAGING}/", {"name": "Stage"})[1]["name"] == "Stage"
    assert ops("patch", f"{STAGING}/", {"promotion": "automatic"})[0] == 422
    assert ops("put", f"{STAGING}/effects/", {"sends_mail": True, "takes_payments": False})[0] == 422
    wish = {"sends_mail": True, "takes_payments": False, "reason": "The mail is tested"}
    assert ops("put", f"{STAGING}/effects/", wish)[1]["sends_mail"] is True


def test_locks_and_freezes_come_and_go(paper, ops, dev):
    status, lock = ops("post", f"{STAGING}/locks/", {"kind": "hard", "reason": "Load test", "hours": 4})
    assert (status, len(dev("get", f"{STAGING}/locks/")[1])) == (201, 1)
    assert ops("delete", f"{STAGING}/locks/{lock['id']}/")[0] == 204
    assert dev("get", f"{STAGING}/locks/")[1] == []
    window = {"reason": "Sale", "starts_at": "2099-12-20T10:00:00Z", "ends_at": "2099-12-21T10:00:00Z"}
    made = ops("post", f"{BASE}/freezes/", window)[1]
    assert ops("post", f"{BASE}/freezes/", window)[1]["id"] == made["id"]
    longer = ops("put", f"{BASE}/freezes/{made['id']}/", window | {"ends_at": "2099-12-28T10:00:00Z"})[1]
    assert longer["ends_at"].startswith("2099-12-28")
    assert ops("put", f"{BASE}/freezes/{made['id']}/", window | {"ends_at": "2099-01-01T10:00:00Z"})[0] == 422
    assert ops("delete", f"{BASE}/freezes/{made['id']}/")[0] == 204


def test_an_environment_is_cloned_and_destroyed(paper, ops, dev):
    wish = {"slug": "qa", "name": "Quality", "kind": "staging"}
    assert dev("post", f"{STAGING}/clones/", wish)[0] == 403
    assert ops("post", f"{STAGING}/clones/", wish | {"slug": "dev"})[0] == 422
    assert ops("post", f"{STAGING}/clones/", wish)[1]["status"] == "creating"
    assert ops("post", f"{BASE}/environments/qa/retry/")[0] == 409
    Environment.objects.filter(slug="qa").update(status="broken")
    assert ops("post", f"{BASE}/environments/qa/retry/")[1]["status"] == "creating"
    Environment.objects.filter(slug="qa").update(status="ready")
    assert ops("post", f"{BASE}/environments/qa/destroy/", {"typed": "no"})[0] == 422
    assert ops("post", f"{BASE}/environments/qa/destroy/", {"typed": "qa"})[0] == 202
    assert set(Work.objects.values_list("kind", flat=True)) == {"create_environment", "destroy_environment"}


def test_the_driver_test_data_and_promotion_answer_with_reasons(paper, ops):
    assert ops("put", f"{STAGING}/driver/", {"driver": "process", "driver_settings": {"port": 9300}})[0] == 200
    assert ops("put", f"{STAGING}/driver/", {"driver": "rocket", "driver_settings": {}})[0] == 422
    assert ops("post", f"{STAGING}/test-data/", {})[0] == 409
    assert ops("post", f"{BASE}/environments/production/promote/")[0] == 409


def test_a_freeze_is_passed_with_a_reason(paper, cast, sign_in):
    now = timezone.now()
    times = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
    max_ = Api(sign_in(cast.max))
    address = f"{BASE}/releases/24.11/override-freeze/"
    assert max_("post", address, {"reason": "Payments are doubled"})[0] == 409
    cast.product.freezes.create(reason="Christmas", **times)
    assert max_("post", address, {})[0] == 422
    assert max_("post", address, {"reason": "Payments are doubled"})[0] == 204


def test_a_tester_holds_staging_and_gives_it_back(paper, sign_in, dev):
    tess = Api(sign_in(paper.cast.tess))
    assert dev("post", f"{STAGING}/hold/", {})[0] == 403
    status, body = tess("post", f"{STAGING}/hold/", {"minutes": 30})
    assert (status, body["held_by"]) == (200, "Tess")
    assert tess("post", f"{STAGING}/hold/", {"minutes": 10_000})[0] == 422
    other = paper.cast.lena
    other.memberships.update(roles=["tester"])
    assert Api(sign_in(other))("post", f"{STAGING}/hold/", {})[0] == 409
    assert Api(sign_in(other))("delete", f"{STAGING}/hold/")[0] == 409
    assert tess("delete", f"{STAGING}/hold/")[1]["held_by"] is None


def test_environments_change_places(paper, ops, dev):
    assert dev("post", f"{STAGING}/move/", {"earlier": True})[0] == 403
    status, rows = ops("post", f"{STAGING}/move/", {"earlier": True})
    assert (status, [row["slug"] for row in rows]) == (200, ["staging", "dev", "production"])
    assert [row["slug"] for row in ops("post", f"{STAGING}/move/", {"earlier": False})[1]][1] == "staging"
    assert ops("post", f"{STAGING}/move/", {})[0] == 422
