"""Who may do what: the one table, walked with the whole cast over the real routes."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.translation import override

from lifecycle.middleware import Access
from lifecycle.models import Membership, Product, Role, User
from lifecycle.roles import ANYBODY, DEMO, SIGNED_IN, VERBS, allow, who_may
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
NAMES = ("cleo", "carl", "dev", "lena", "petra", "tess", "max", "ops")
TEAM = {"dev", "lena", "petra", "tess", "max", "ops"}
PAGES = {
    "/inbox/": set(NAMES),
    "/notifications/": set(NAMES),
    "/account/": set(NAMES),
    "/find/": set(NAMES),
    "/system/": TEAM,
    "/environments/": TEAM,
    "/deployments/": TEAM,
    "/watch/": TEAM,
    "/audit/": {"max", "ops", "lena", "petra"},
    "/triage/": {"petra", "lena"},
    "/my-changes/": {"dev", "lena"},
    "/testing/": TEAM,
}


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_says_who_may(cast: Cast, verb: str) -> None:
    allowed = VERBS[verb]
    for name in NAMES:
        actor = cast.actor(getattr(cast, name))
        expected = allowed in (ANYBODY, DEMO, SIGNED_IN) or bool(allowed & actor.roles)
        assert actor.may(verb) is expected, name
    assert cast.actor(None).may(verb) is (allowed in (ANYBODY, DEMO))


@pytest.mark.parametrize("path", PAGES)
def test_each_page_opens_for_its_roles_only(cast: Cast, sign_in: SignIn, path: str) -> None:
    opened = {name for name in NAMES if sign_in(getattr(cast, name)).get(path).status_code == 200}
    refused = {name for name in NAMES if sign_in(getattr(cast, name)).get(path).status_code == 403}
    assert opened == PAGES[path]
    assert opened | refused == set(NAMES)


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_is_asked_to_sign_in_and_comes_back(cast: Cast, client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.url == f"/accounts/login/?next={path}"


def test_the_refusal_names_the_roles(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.cleo).get("/audit/").content.decode()
    assert "This needs one of these roles: Team lead, Product owner, Manager, DevOps." in page


def test_the_refusal_speaks_the_readers_language(cast: Cast) -> None:
    with override("ru"):
        assert "DevOps" in who_may("see_audit")


def test_an_administrator_may_do_everything(cast: Cast) -> None:
    cast.cleo.is_admin = True
    assert all(cast.actor(cast.cleo).may(verb) for verb in VERBS)


def test_somebody_who_is_no_member_is_a_customer(cast: Cast) -> None:
    stranger = User.objects.create_user("stranger@example.org")
    assert cast.actor(stranger).roles == {Role.CUSTOMER}


def test_a_view_without_a_verb_is_refused_to_everybody(cast: Cast) -> None:
    def forgotten(request: object) -> None: ...

    request = RequestFactory().get("/")
    request.actor = cast.actor(cast.ops)
    with pytest.raises(PermissionDenied):
        Access(lambda request: None).process_view(request, forgotten, (), {})


def test_a_request_without_an_actor_sees_only_what_anybody_may(cast: Cast) -> None:
    @allow("see_team_pages")
    def team_page(request: object) -> None: ...

    with pytest.raises(PermissionDenied):
        Access(lambda request: None).process_view(RequestFactory().get("/"), team_page, (), {})


def test_a_verb_the_table_does_not_know_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        allow("fly")


def test_a_visitors_form_leads_back_to_the_page_it_stood_on(cast: Cast, client: Client) -> None:
    page = "http://testserver/notifications/?a=1"
    answer = client.post("/account/tokens/", headers={"referer": page})
    assert answer.url == "/accounts/login/?next=/notifications/%3Fa%3D1"


def test_a_visitors_form_from_elsewhere_leads_to_the_start(cast: Cast, client: Client) -> None:
    answer = client.post("/account/tokens/", headers={"referer": "https://evil.example/x"})
    assert answer.url == "/accounts/login/?next=/"


def test_a_visitors_fragment_moves_the_whole_page_to_sign_in(cast: Cast, client: Client) -> None:
    headers = {"hx-request": "true", "referer": "http://testserver/ideas/"}
    answer = client.get("/find/?q=x", headers=headers)
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/accounts/login/?next=/ideas/"


def test_a_form_without_a_token_of_the_page_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.cleo, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/account/", {"name": "X"}).status_code == 403


@pytest.mark.parametrize(("name", "where"), [("petra", "/inbox/"), ("cleo", "/ideas/"), (None, "/ideas/")])
def test_everybody_starts_where_their_work_is(cast: Cast, sign_in: SignIn, name: str | None, where: str) -> None:
    assert sign_in(name and getattr(cast, name)).get("/").url == where


def test_nothing_runs_from_elsewhere(cast: Cast, client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


class TestProducts:
    def test_the_prefix_names_a_product_and_stays_in_links(self, cast: Cast, sign_in: SignIn) -> None:
        other = Product.objects.create(name="Other", slug="other")
        Membership.objects.create(user=cast.cleo, product=other, roles=[Role.DEVOPS])
        client = sign_in(cast.cleo)
        page = client.get("/p/other/system/")
        assert page.status_code == 200
        assert page.context["product"] == other
        assert 'href="/p/other/inbox/"' in page.content.decode()
        assert client.get("/system/").status_code == 403, "a role counts in its product only"
        assert reverse("inbox") == "/inbox/", "the prefix does not outlive its request"

    def test_an_unknown_product_is_not_found(self, cast: Cast, client: Client) -> None:
        assert client.get("/p/nothing/ideas/").status_code == 404

    def test_a_host_name_of_its_own_names_a_product(self, cast: Cast, sign_in: SignIn, settings: object) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        other = Product.objects.create(name="Other", slug="other", host="other.example")
        client = sign_in(cast.cleo)
        assert client.get("/account/", headers={"host": "other.example"}).context["product"] == other
        assert client.get("/account/", headers={"host": "elsewhere.example"}).context["product"] == cast.product

    def test_product_roles_and_news_cost_one_statement(
        self, cast: Cast, sign_in: SignIn, django_assert_num_queries: object
    ) -> None:
        client = sign_in(cast.cleo)
        with django_assert_num_queries(3):  # session, person, product with roles and news
            client.get("/find/")


class TestDemo:
    def test_one_click_signs_in_as_anybody_of_the_cast(self, cast: Cast, client: Client, settings: object) -> None:
        settings.DEMO = True
        assert client.get("/demo/").status_code == 200
        assert client.post("/demo/", {"person": "tess"}).url == "/testing/"
        assert client.get("/account/").context["user"] == cast.tess
        client.post("/demo/", {"person": "nobody"})
        assert client.get("/account/").status_code == 302

    def test_it_knows_nobody_else(self, cast: Cast, client: Client, settings: object) -> None:
        settings.DEMO = True
        User.objects.create_user("boss@northwind.test", is_admin=True)
        assert client.post("/demo/", {"person": "boss"}).status_code == 404
        assert client.post("/demo/").status_code == 404

    @pytest.mark.parametrize("path", ["/demo/", "/kit/", "/p/shop/demo/"])
    @pytest.mark.parametrize("method", ["get", "post", "put", "head"])
    def test_it_does_not_exist_outside_demo_mode(
        self, cast: Cast, client: Client, settings: object, path: str, method: str
    ) -> None:
        settings.DEMO = False
        assert getattr(client, method)(path, {"person": "ops"} if method == "post" else {}).status_code == 404
        assert "_auth_user_id" not in client.session
