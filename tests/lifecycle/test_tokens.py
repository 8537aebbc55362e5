"""API tokens and the API's refusals, as problem details."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from lifecycle import tokens
from lifecycle.models import Token, User
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
IDEAS = "/api/v1/products/shop/ideas/"


def api(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


def write(client: Client, body: object, path: str = IDEAS) -> object:
    return client.post(path, body, content_type="application/json")


def assert_problem(answer: object, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    return body


def test_the_account_page_shows_a_new_token_once_and_keeps_only_its_digest(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.dev)
    page = client.post("/account/tokens/", {"name": "CI", "scope": "write", "days": 30})
    text = page.context["new_token"]
    assert text in page.content.decode()
    assert text not in client.get("/account/").content.decode()
    assert Token.objects.get().digest == tokens.digest(text)


def test_a_token_without_a_purpose_is_refused_with_its_field(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).post("/account/tokens/", {"name": "", "scope": "admin", "days": 0})
    assert page.status_code == 422
    assert set(page.context["token_form"].errors) == {"name", "scope", "days"}
    assert not Token.objects.exists()


def test_a_token_writes_as_its_person(cast: Cast) -> None:
    answer = write(api(tokens.issue(cast.cleo, name="x", scope="write")), {"title": "A wish from a script"})
    assert answer.status_code == 201, answer.content


def test_a_read_token_only_reads(cast: Cast) -> None:
    client = api(tokens.issue(cast.cleo, name="x"))
    assert client.get(IDEAS).status_code == 200
    assert_problem(write(client, {"title": "No"}), 403)


def test_an_unknown_or_expired_token_is_401(cast: Cast) -> None:
    answer = api("lc_nothing").get(IDEAS)
    assert_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")
    old = tokens.issue(cast.cleo, name="x", days=1, at=timezone.now() - timedelta(days=2))
    assert_problem(api(old).get(IDEAS), 401)


def test_deactivating_a_person_ends_their_tokens_at_once(cast: Cast) -> None:
    client = api(tokens.issue(cast.cleo, name="x"))
    assert client.get(IDEAS).status_code == 200
    User.objects.filter(pk=cast.cleo.pk).update(is_active=False)
    assert_problem(client.get(IDEAS), 401)


def test_ending_a_token_ends_it_at_once(cast: Cast, sign_in: SignIn) -> None:
    text = tokens.issue(cast.cleo, name="x")
    sign_in(cast.cleo).post(f"/account/tokens/{Token.objects.get().pk}/revoke/")
    assert_problem(api(text).get(IDEAS), 401)


def test_nobody_ends_the_token_of_another(cast: Cast, sign_in: SignIn) -> None:
    tokens.issue(cast.cleo, name="x")
    assert sign_in(cast.carl).post(f"/account/tokens/{Token.objects.get().pk}/revoke/").status_code == 404
    assert Token.objects.exists()


def test_use_is_noted_once_a_minute(cast: Cast, django_assert_num_queries: object) -> None:
    client = api(tokens.issue(cast.cleo, name="x"))
    client.get(IDEAS)
    first = Token.objects.get().last_used_at
    client.get(IDEAS)
    assert first is not None
    assert Token.objects.get().last_used_at == first


def test_a_visitor_reads_but_must_sign_in_to_write(cast: Cast, client: Client) -> None:
    assert client.get(IDEAS).status_code == 200
    assert_problem(write(client, {"title": "x"}), 401)


def test_the_wrong_role_is_403_and_named(cast: Cast) -> None:
    body = assert_problem(api(tokens.issue(cast.cleo, name="x")).get("/api/v1/products/shop/deployments/"), 403)
    assert "DevOps" in body["detail"]


def test_an_unknown_product_path_or_method_is_said(cast: Cast) -> None:
    client = api(tokens.issue(cast.cleo, name="x", scope="write"))
    assert_problem(client.get("/api/v1/products/nothing/ideas/"), 404)
    assert_problem(client.get("/api/v1/products/shop/nothing/"), 404)
    assert_problem(client.delete(IDEAS), 405)


def test_wrong_fields_are_422_and_named(cast: Cast) -> None:
    body = assert_problem(write(api(tokens.issue(cast.cleo, name="x", scope="write")), {"title": ""}), 422)
    assert "title" in body["errors"]


def test_what_is_no_json_is_400(cast: Cast) -> None:
    assert_problem(write(api(tokens.issue(cast.cleo, name="x", scope="write")), "{"), 400)


def test_a_session_needs_the_pages_token_to_write(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.cleo, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get(IDEAS).status_code == 200
    assert_problem(write(client, {"title": "x"}), 403)


def test_the_schema_describes_the_routes(cast: Cast, client: Client) -> None:
    answer = client.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    paths = answer.json()["paths"]
    assert any(path.endswith("/ideas/") for path in paths)
    assert any("deployments" in path for path in paths)
