"""What the API refuses, and how: problem details with the status that says why. And its description is sound."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from lifecycle import tokens
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper

BASE = "/api/v1/products/shop"
REFUSALS = [
    # who, method, path, body, status
    (None, "get", "/deployments/", None, 401),
    (None, "post", "/ideas/", {"title": "Gift wrap"}, 401),
    ("cleo", "get", "/deployments/", None, 403),
    ("cleo", "get", "/changes/", None, 403),
    ("cleo", "post", "/deployments/", {"environment": "production", "candidate_id": 1}, 403),
    ("dev", "post", "/releases/", {}, 403),
    ("dev", "post", "/releases/24.11/approve/", {}, 403),
    ("dev", "post", "/releases/24.11/ship/", {}, 403),
    ("tess", "post", "/environments/production/roll-back/", {}, 403),
    ("cleo", "get", "/ideas/999/", None, 404),
    ("cleo", "put", "/ideas/999/vote/", None, 404),
    ("dev", "get", "/changes/999/", None, 404),
    ("dev", "get", "/deployments/999/log/", None, 404),
    ("ops", "get", "/environments/moon/", None, 404),
    ("max", "post", "/releases/9.9/approve/", {}, 404),
    ("dev", "post", "/changes/1/ready/", {}, 409),
    ("max", "post", "/releases/24.11/ship/", {}, 409),
    ("ops", "post", "/environments/production/roll-back/", {"reason": "It fails"}, 409),
    ("cleo", "post", "/ideas/", {}, 422),
    ("cleo", "post", "/ideas/", {"title": ""}, 422),
    ("cleo", "post", "/ideas/", {"title": "x" * 201}, 422),
    ("cleo", "post", "/ideas/", {"title": "Gift wrap", "kind": "wish"}, 422),
    ("petra", "post", "/releases/", {"version": "24.12"}, 422),
    ("ops", "post", "/deployments/", {"environment": "production"}, 422),
    ("max", "post", "/releases/24.11/approve/", {"outcome": "maybe"}, 422),
    ("max", "post", "/releases/24.11/approve/", {"outcome": "no"}, 422),
    ("cleo", "delete", "/ideas/", None, 405),
]


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


@pytest.mark.parametrize(("who", "method", "path", "body", "status"), REFUSALS)
def test_a_refusal_is_problem_details_with_its_status(
    paper: Paper, cast: Cast, sign_in: SignIn, who: str | None, method: str, path: str, body: object, status: int
) -> None:
    client = sign_in(getattr(cast, who) if who else None)
    answer = getattr(client, method)(f"{BASE}{path}", data=body, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["title"]
    assert said["errors"] if status == 422 else said["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b'"text"', b"[1]", b"\xff"])
def test_what_is_no_json_object_is_refused(cast: Cast, sign_in: SignIn, body: bytes) -> None:
    answer = sign_in(cast.cleo).post(f"{BASE}/ideas/", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_deactivated_persons_token_and_session_end_at_once(cast: Cast, sign_in: SignIn) -> None:
    signed_in, bearer = sign_in(cast.dev), {"Authorization": f"Bearer {tokens.issue(cast.dev, name='ci')}"}
    assert Client(headers=bearer).get(f"{BASE}/changes/").status_code == 200
    cast.dev.is_active = False
    cast.dev.save()
    assert Client(headers=bearer).get(f"{BASE}/changes/").status_code == 401
    assert signed_in.get("/my-changes/").status_code == 302


def test_the_schema_is_generated_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    assert "scheme: bearer" in file.read_text()
