"""Deployments over the API: the same rules, answered as JSON."""

import pytest
from django.test import Client

from deployments import services
from deployments.models import Deployment
from lifecycle import logs
from releases.models import Release
from tests.cast import Cast
from tests.deployments.paper import Paper

BASE = "/api/v1/products/shop"


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def post(client: Client, path: str, **data: object):
    return client.post(f"{BASE}/{path}", data, content_type="application/json")


def test_devops_ask_for_a_deployment_and_read_it(paper: Paper, sign_in):
    client = sign_in(paper.cast.ops)
    made = post(client, "deployments/", environment="dev", candidate_id=paper.adopted.pk, reason="Fresh start.")
    assert made.status_code == 201, made.content
    body = client.get(f"{BASE}/deployments/{made.json()['id']}/").json()
    assert (body["environment"], body["status"], body["queue_position"]) == ("dev", "queued", 1)
    assert body["candidate"] == "24.10+aaaaaaaa"
    assert body["requested_by"] == "Ops"


def test_a_wrong_role_a_wrong_state_and_a_wrong_field_are_told_apart(paper: Paper, sign_in):
    wish = {"environment": "production", "candidate_id": paper.release.candidate_id}
    assert post(sign_in(paper.cast.tess), "deployments/", **wish).status_code == 403
    refused = post(sign_in(paper.cast.ops), "deployments/", **wish)
    assert refused.status_code == 409
    assert "Approved by management" in refused.json()["detail"]
    wrong = post(sign_in(paper.cast.ops), "deployments/", environment="dev", candidate_id="none")
    assert wrong.status_code == 422
    assert "candidate_id" in wrong.json()["errors"]
    unknown = post(sign_in(paper.cast.ops), "deployments/", environment="moon", candidate_id=paper.adopted.pk)
    assert unknown.status_code == 404
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("path", ["running/", "deployments/", "deployments/1/", "deployments/1/log/"])
def test_customers_and_visitors_see_nothing_of_it(paper: Paper, sign_in, path: str):
    assert sign_in(paper.cast.cleo).get(f"{BASE}/{path}").status_code == 403
    assert sign_in(None).get(f"{BASE}/{path}").status_code in (401, 403)


def test_the_list_is_paged_by_id(paper: Paper, sign_in):
    Release.objects.update(status="planned")
    for environment in paper.environments.values():
        services.request(environment, paper.adopted, by=paper.cast.ops)
    client = sign_in(paper.cast.ops)
    rows = client.get(f"{BASE}/deployments/").json()
    assert [row["environment"] for row in rows["results"]] == ["production", "staging", "dev"]
    assert rows["next"] is None
    older = client.get(f"{BASE}/deployments/?before={rows['results'][0]['id']}").json()
    assert len(older["results"]) == 2
    assert len(client.get(f"{BASE}/deployments/?environment=dev").json()["results"]) == 1


def test_the_log_goes_on_after_a_number_and_is_204_when_idle(paper: Paper, sign_in):
    deployment = services.request(paper.environments["dev"], paper.adopted, by=paper.cast.ops)
    client = sign_in(paper.cast.tess)
    first = client.get(f"{BASE}/deployments/{deployment.pk}/log/").json()
    assert first[0]["text"].startswith("Ops asked for a deployment")
    assert client.get(f"{BASE}/deployments/{deployment.pk}/log/?after=1").status_code == 204
    logs.Writer(deployment.log_key).info("more")
    assert [line["text"] for line in client.get(f"{BASE}/deployments/{deployment.pk}/log/?after=1").json()] == ["more"]


def test_aborting_and_rolling_back_have_their_own_verbs(paper: Paper, sign_in):
    deployment = services.request(paper.environments["dev"], paper.adopted, by=paper.cast.ops)
    assert post(sign_in(paper.cast.dev), f"deployments/{deployment.pk}/abort/").status_code == 403
    stopped = post(sign_in(paper.cast.lena), f"deployments/{deployment.pk}/abort/", reason="Not today.")
    assert stopped.json()["status"] == "cancelled"
    assert post(sign_in(paper.cast.dev), "environments/dev/roll-back/", reason="Faulty.").status_code == 403
    assert post(sign_in(paper.cast.max), "environments/dev/roll-back/", reason="Faulty.").status_code == 409
    assert post(sign_in(paper.cast.max), "environments/dev/roll-back/").status_code == 422


def test_a_manager_approves_and_it_ships(paper: Paper, sign_in):
    before = sign_in(paper.cast.ops).get(f"{BASE}/releases/24.11/gates/").json()
    assert [gate["key"] for gate in before if not gate["is_open"]] == ["approvals"]
    assert post(sign_in(paper.cast.ops), "releases/24.11/ship/").status_code == 409
    assert post(sign_in(paper.cast.lena), "releases/24.11/approve/").status_code == 403
    said = post(sign_in(paper.cast.max), "releases/24.11/approve/", words="Go.")
    assert said.status_code == 201, said.content
    assert all(gate["is_open"] for gate in said.json())
    assert Deployment.objects.get().release == paper.release


def test_what_runs_where_is_one_answer(paper: Paper, sign_in):
    waiting = services.request(paper.environments["dev"], paper.adopted, by=paper.cast.ops)
    places = sign_in(paper.cast.tess).get(f"{BASE}/running/").json()
    assert [place["environment"] for place in places] == ["dev", "staging", "production"]
    assert places[0]["waiting"][0]["id"] == waiting.pk
    assert places[1]["current"] is None
