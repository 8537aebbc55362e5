"""Signing in for real: a code by e-mail for everybody, a password for who wants one, and the end of both."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from lifecycle.models import User
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
PASSWORD = "a long way to production"
LOGIN, CODE, CONFIRM = "/accounts/login/", "/accounts/login/code/", "/accounts/login/code/confirm/"
SIGNUP, VERIFY = "/accounts/signup/", "/accounts/confirm-email/"
PAGES = ["login/", "login/code/", "signup/", "password/reset/", "inactive/"]
OWN_PAGES = ["logout/", "email/", "password/set/"]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """The limits of attempts count per address in the cache; each test starts anew."""
    cache.clear()


def code_in_mail() -> str:
    """The code alone on its line; the mail before it says what it is for."""
    return re.search(r"^ {4}(\S+)$", mail.outbox[-1].body, re.MULTILINE)[1]


def who(client: Client) -> str | None:
    """The e-mail the account page shows, or None when it asks to sign in."""
    page = client.get("/account/")
    return page.context["user"].email if page.status_code == 200 else None


def test_anyone_may_become_a_customer_with_a_code(cast: Cast) -> None:
    client = Client(headers={"accept-language": "ru"})
    assert client.post(SIGNUP, {"email": "Vera@Example.org"}).url == VERIFY
    assert who(client) is None, "an address nobody confirmed signs nobody in"
    client.post(VERIFY, {"code": code_in_mail()})
    assert who(client) == "vera@example.org"
    vera = User.objects.get(email="vera@example.org")
    assert vera.language == "ru"
    assert cast.actor(vera).roles == {"customer"}
    assert client.get("/inbox/").status_code == 200
    assert client.get("/audit/").status_code == 403


def test_a_customer_signs_in_by_code_and_comes_back(cast: Cast, client: Client) -> None:
    client.post(CODE, {"email": cast.cleo.email, "next": "/notifications/"})
    answer = client.post(CONFIRM, {"code": code_in_mail(), "next": "/notifications/"})
    assert answer.url == "/notifications/"
    assert who(client) == cast.cleo.email


def test_a_wrong_code_is_refused_and_three_end_the_attempt(cast: Cast, client: Client) -> None:
    client.post(CODE, {"email": cast.cleo.email})
    code = code_in_mail()
    for _attempt in range(3):
        client.post(CONFIRM, {"code": "WRONG1"})
    client.post(CONFIRM, {"code": code})
    assert who(client) is None


def test_an_unknown_address_learns_nothing_on_the_page(cast: Cast, client: Client) -> None:
    answer = client.post(CODE, {"email": "stranger@example.org"})
    assert answer.url.startswith(CONFIRM)
    assert "no account with this address" in mail.outbox[-1].subject


def test_a_taken_address_learns_nothing_on_the_page_either(cast: Cast, client: Client) -> None:
    assert client.post(SIGNUP, {"email": cast.cleo.email}).url == VERIFY
    assert "account already" in mail.outbox[-1].subject
    assert User.objects.filter(email=cast.cleo.email).count() == 1


def test_the_team_signs_in_by_password(cast: Cast, client: Client) -> None:
    with_password(cast.max)
    client.post(LOGIN, {"login": cast.max.email, "password": PASSWORD})
    assert who(client) == cast.max.email


def test_a_wrong_password_says_so_and_keeps_the_address(cast: Cast, client: Client) -> None:
    with_password(cast.max)
    page = client.post(LOGIN, {"login": cast.max.email, "password": "wrong wrong"})
    assert cast.max.email in page.content.decode()
    assert "errbox" in page.content.decode()
    assert who(client) is None


def test_somebody_without_a_password_cannot_sign_in_with_one(cast: Cast, client: Client) -> None:
    client.post(LOGIN, {"login": cast.cleo.email, "password": ""})
    assert who(client) is None


def test_a_forgotten_password_is_replaced_with_a_code(cast: Cast, client: Client) -> None:
    with_password(cast.max)
    client.post("/accounts/password/reset/", {"email": cast.max.email})
    client.post("/accounts/password/reset/confirm/", {"code": code_in_mail()})
    client.post("/accounts/password/reset/complete/", dict.fromkeys(["password1", "password2"], "quite another one"))
    client.post(LOGIN, {"login": cast.max.email, "password": "quite another one"})
    assert who(client) == cast.max.email


def test_signing_out_ends_the_session(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    assert client.get("/accounts/logout/").status_code == 200, "a link alone signs nobody out"
    assert who(client) == cast.cleo.email
    client.post("/accounts/logout/")
    assert who(client) is None


def test_deactivating_ends_the_session_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    User.objects.filter(pk=cast.cleo.pk).update(is_active=False)
    assert who(client) is None


def test_a_deactivated_person_cannot_sign_in_again(cast: Cast, client: Client) -> None:
    with_password(cast.max)
    User.objects.filter(pk=cast.max.pk).update(is_active=False)
    client.post(LOGIN, {"login": cast.max.email, "password": PASSWORD})
    assert who(client) is None


def test_a_mail_server_that_is_away_is_said_on_the_page(cast: Cast, client: Client, settings: object) -> None:
    settings.EMAIL_BACKEND = "tests.lifecycle.mail_servers.Away"
    page = client.post(CODE, {"email": cast.cleo.email}, follow=True)
    assert page.status_code == 200
    assert "The mail could not be sent" in page.content.decode()


def test_codes_appear_as_files_where_no_mail_server_is_set(
    cast: Cast, client: Client, settings: object, tmp_path: object
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    client.post(CODE, {"email": cast.cleo.email})
    assert "is your code" in next(tmp_path.iterdir()).read_text()


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_of_signing_in_have_our_look(cast: Cast, client: Client, page: str) -> None:
    assert_ours(client, f"/accounts/{page}")


@pytest.mark.parametrize("page", OWN_PAGES)
def test_the_pages_of_ones_account_have_our_look(cast: Cast, sign_in: SignIn, page: str) -> None:
    assert_ours(sign_in(cast.cleo), f"/accounts/{page}")


def test_changing_the_password_has_our_look(cast: Cast, sign_in: SignIn) -> None:
    with_password(cast.max)
    assert_ours(sign_in(cast.max), "/accounts/password/change/")


def test_the_page_of_the_code_has_our_look(cast: Cast, client: Client) -> None:
    client.post(CODE, {"email": cast.cleo.email})
    assert_ours(client, CONFIRM)
    assert cast.cleo.email in client.get(CONFIRM).content.decode()


def test_a_new_address_counts_after_its_code(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    client.post("/accounts/email/", {"email": "cleo@example.org", "action_add": ""})
    cast.cleo.refresh_from_db()
    assert cast.cleo.email == "cleo@northwind.test"
    client.post(VERIFY, {"code": code_in_mail()})
    cast.cleo.refresh_from_db()
    assert cast.cleo.email == "cleo@example.org"


def test_the_language_is_kept_with_the_person_and_in_a_cookie(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    answer = client.post("/language/", {"language": "ru", "next": "/account/"})
    assert answer.url == "/account/"
    assert client.get("/account/")["Content-Language"] == "ru"
    cast.cleo.refresh_from_db()
    assert cast.cleo.language == "ru"
    client.post("/accounts/logout/")
    assert client.get(LOGIN)["Content-Language"] == "ru", "the cookie stays"


@pytest.mark.parametrize("code", ["xx", "", "../ru"])
def test_a_language_nobody_speaks_changes_nothing(cast: Cast, sign_in: SignIn, code: str) -> None:
    client = sign_in(cast.cleo)
    client.post("/language/", {"language": code})
    assert client.get("/account/")["Content-Language"] == "en"


def test_the_switch_leads_only_to_this_site(cast: Cast, client: Client) -> None:
    assert client.post("/language/", {"language": "ru", "next": "https://evil.example/"}).url == "/"


def test_name_language_and_zone_are_kept(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    client.post("/account/", {"name": "Cleo C.", "language": "ru", "time_zone": "Europe/Riga"})
    cast.cleo.refresh_from_db()
    assert (cast.cleo.name, cast.cleo.language, cast.cleo.time_zone) == ("Cleo C.", "ru", "Europe/Riga")


def test_a_zone_that_does_not_exist_is_refused_with_its_field(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.cleo).post("/account/", {"name": "Cleo", "language": "en", "time_zone": "Europe/Atlantis"})
    assert page.status_code == 422
    assert "“Europe/Atlantis” is not a time zone" in page.content.decode()
    cast.cleo.refresh_from_db()
    assert cast.cleo.time_zone == "UTC"


def with_password(user: User) -> None:
    """Somebody who chose a password and whose address is known."""
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def assert_ours(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "css/sheetpage" in text
    assert text.count("<h1") == 1
    assert not re.search(r"<p>\s*<label", text), "fields have our markup"
