"""The manager's sheet on a phone: two screens at most, the answer always under the thumb, and one press is enough."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.testcases import LiveServerThread
from django.utils import timezone
from playwright.sync_api import Browser, Page

from deployments.models import Deployment, ShippingTime
from environments.models import Freeze
from ideas.models import Idea
from lifecycle.models import Product, User
from releases.models import Candidate, Change, Check, Release, SignOff
from tests.browser.look import of_page
from tests.browser.person import Screenshot
from tests.cast import assemble
from tests.deployments.frozen import frozen
from tests.deployments.paper import BACKED_UP
from tests.deployments.test_cockpit import grow

WIDTH, HEIGHT = 390, 844
SHEET = "/releases/24.11/approve/"
LONG = "Pay with a wallet, with an invoice after thirty days, or in three parts without interest"


@pytest.fixture
def made(transactional_db: None) -> Release:
    """Everything that a sheet can say is there, and long: ideas, risks, words, a time, a freeze to come."""
    product = Product.objects.create(name="Northwind shop", slug="shop", is_default=True, watch_minutes=24 * 60)
    cast, now = assemble(product), timezone.now()
    release = frozen(cast)
    grow(release, cast, 50)
    Idea.objects.filter(votes__gt=40).update(title=LONG)
    Change.objects.filter(number__lte=20).update(migrations="expand")
    Candidate.objects.update(manifest=BACKED_UP)
    Check.objects.filter(candidate=release.candidate).update(summary="412 tests in 38 s")
    Check.objects.create(
        product=product, candidate=release.candidate, kind="expand", sha="a" * 40, status="passed", requested_at=now
    )
    words = "Good before December; the texts of the wallet are still those of the old shop. " * 2
    SignOff.objects.filter(release=release).update(words=words.strip())
    Release.objects.filter(pk=release.pk).update(risk="Payment changes. If a wallet fails, paying by card still works.")
    ends = now + timedelta(days=9)
    Freeze.objects.create(product=product, reason="Sale", starts_at=now + timedelta(days=5), ends_at=ends)
    due_at = now + timedelta(days=1)
    ShippingTime.objects.create(release=release, due_at=due_at, chosen_by=cast.max, chosen_at=now)
    return release


@pytest.fixture
def address(made: Release, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The application on a free port, with the static files as they are served in production."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    server = LiveServerThread("127.0.0.1", lambda application: application)
    server.daemon = True
    server.start()
    assert server.is_ready.wait(30) and server.error is None
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    yield from opened(browser, address, "max@northwind.test", WIDTH, HEIGHT)


def opened(browser: Browser, url: str, email: str, width: int, height: int) -> Iterator[Page]:
    """A page of somebody who is signed in."""
    client = Client()
    client.force_login(User.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend")
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=1)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(url + SHEET)
    yield page
    context.close()


def is_in_sight(page: Page) -> bool:
    box = page.get_by_role("button", name="Approve 24.11").bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= HEIGHT and box["width"] > 150


def test_it_fits_two_screens_and_the_button_is_always_in_sight(phone: Page, screenshot: Screenshot) -> None:
    high = phone.evaluate("document.documentElement.scrollHeight")
    screenshot(phone, "sheet-390-full")
    assert high <= 2 * HEIGHT, f"{high} px"
    assert is_in_sight(phone)
    phone.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    assert is_in_sight(phone)
    last = phone.locator("main > section").last.bounding_box()
    bar = phone.locator(".thumb").bounding_box()
    assert last and bar and last["y"] + last["height"] <= bar["y"], "nothing is hidden below the answer"
    assert of_page(phone) == []


def test_one_press_says_yes(phone: Page) -> None:
    phone.get_by_role("button", name="Approve 24.11").click()
    phone.wait_for_url("**/deployments/*/")
    assert Deployment.objects.filter(release__version="24.11").exists()
