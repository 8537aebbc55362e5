"""The link of an invitation on a fresh phone: no account, a closed test shop that opens, an answer that arrives."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from environments import access
from environments.models import Environment
from ideas import services as ideas
from ideas.models import Idea
from releases import demos, invitations
from releases.models import Candidate, Change, Demo, DemoAnswer, Release
from sample_shop.build import build
from tests.asking import shown
from tests.browser.look import of_page
from tests.browser.person import DESKTOP, PHONE, Screenshot
from tests.browser.test_sheet import opened
from tests.cast import Cast
from tests.deployments.frozen import frozen
from tests.machinery import Machinery
from tests.releases.showing import link_of
from tests.sample_shop.shop import export, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
DEMO = "/releases/24.11/demo/"
WISHES = {
    "Keep a wishlist": ("A heart beside each product; your list is kept while you look around.", "Press the heart"),
    "Wrap it as a present": ("Choose the paper at the checkout and write a card.", "Order a present with a card"),
}


@pytest.fixture
def demo(transactional_db: None, cast: Cast) -> Demo:
    """Customers are shown two changes that Cleo asked for and Carl voted for; the session is open."""
    release = frozen(cast)
    Candidate.objects.filter(pk=release.candidate_id).update(staged_at=timezone.now())
    release.candidate.refresh_from_db()
    asked_for(cast, release)
    made = demos.plan(release, audience="customers", starts_at=timezone.now(), by=cast.petra, place="Room 4")
    invitations.invite(made, by=cast.petra)
    demos.begin(made, by=cast.petra)
    return made


def asked_for(cast: Cast, release: Release) -> None:
    first = release.candidate.rows.get()
    for number, (title, (summary, step)) in enumerate(WISHES.items(), start=1):
        idea = ideas.submit(product=cast.product, author=cast.cleo, title=title, body="It would save me time.")
        ideas.vote(idea, by=cast.carl)
        change, _made = Change.objects.get_or_create(
            product=cast.product,
            number=number,
            defaults={"title": title, "created_at": timezone.now(), "waiting_since": timezone.now()},
        )
        change.title, change.summary, change.steps = title, summary, f"{step}\nLook whether it is there tomorrow"
        change.status, change.release = Change.Status.APPROVED, release
        change.save()
        change.ideas.add(idea)
        if change.pk != first.change_id:
            release.candidate.rows.create(change=change, revision=first.revision, position=number)


@pytest.fixture
def staging(demo: Demo, cast: Cast, tmp_path: Path) -> Iterator[Environment]:
    """The sample shop, running closed, as staging."""
    place = Environment.objects.get(kind=Environment.Kind.STAGING)
    access.set_access(place, access="token", by=cast.ops)
    build(tmp_path / "shop.git")
    checkout = export(tmp_path / "shop.git", "main", tmp_path / "checkout")
    manifest = (checkout / "lifecycle.toml").read_text(encoding="utf-8")
    Candidate.objects.filter(pk=demo.release.candidate_id).update(manifest=manifest)
    with serving(checkout, tmp_path / "data", access.variables(place)) as address:
        Environment.objects.filter(pk=place.pk).update(url=address)
        place.refresh_from_db()
        yield place


@pytest.fixture
def address(demo: Demo, shops: dict[str, int], settings, tmp_path: Path) -> Iterator[str]:  # noqa: ANN001
    """Lifecycle's own web server."""
    settings.VAR = tmp_path / "var"
    machinery = Machinery(shop_ports=shops)
    try:
        found = machinery.start_web()
        shown(f"{found}/healthz")
        yield found
    finally:
        machinery.stop()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone that was never here: no cookie, no account."""
    context = browser.new_context(viewport=PHONE, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(20_000)
    yield context
    context.close()


def part(page: Page, title: str) -> Page:
    return page.locator("section.shown").filter(has=page.get_by_role("heading", name=title))


def test_a_customer_tries_it_and_answers_without_an_account(
    phone: BrowserContext, staging: Environment, demo: Demo, cast: Cast, address: str, screenshot: Screenshot
) -> None:
    page = phone.new_page()
    page.goto(address + link_of(cast.cleo))
    expect(page.get_by_role("heading", level=1)).to_have_text("Try 2 things before they are released")
    assert phone.cookies() == [], "nothing is kept on the phone of somebody who only looks"
    assert not DemoAnswer.objects.exists()
    screenshot(page, "preview-390")
    assert of_page(page) == []
    with phone.expect_page() as shop:
        page.get_by_role("link", name="Open it and try").click()
    expect(shop.value).to_have_title(re.compile("Northwind shop"))
    assert shop.value.url == f"{staging.url}/", "the token does not stay in the address"
    assert shop.value.evaluate("document.referrer") == ""
    part(page, "Keep a wishlist").get_by_role("radio", name="Accept", exact=True).check()
    part(page, "Wrap it").get_by_role("radio", name="Not like this").check()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was sent yet")
    part(page, "Wrap it").get_by_label("In your words").fill("The card has no room for a name")
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_text("Saved, thank you.")).to_be_visible()
    page.emulate_media(color_scheme="dark")
    screenshot(page, "preview-390-said-dark")
    assert sorted(DemoAnswer.objects.values_list("outcome", flat=True)) == ["accept", "no"]
    assert of_page(page) == []


def test_expired_and_forged_links_do_not_open(
    phone: BrowserContext, demo: Demo, cast: Cast, address: str, screenshot: Screenshot
) -> None:
    page, link = phone.new_page(), link_of(cast.cleo)
    for wrong in (link[:-5] + "xxxx/", "/preview/forged/"):
        assert page.goto(address + wrong).status == 403
        expect(page.get_by_text("wishlist")).to_have_count(0)
    Demo.objects.update(starts_at=timezone.now() - timedelta(days=4))
    assert page.goto(address + link).status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not open")
    expect(page.get_by_text("wishlist")).to_have_count(0)
    screenshot(page, "preview-390-over")
    assert of_page(page) == []


def test_the_team_sees_who_came_and_what_they_said_and_signs(
    browser: Browser, phone: BrowserContext, demo: Demo, cast: Cast, address: str, screenshot: Screenshot
) -> None:
    Idea.objects.update(stop=6)
    demo.release.signoffs.filter(audience="customers").delete()
    page = phone.new_page()
    page.goto(address + link_of(cast.carl))
    part(page, "Keep a wishlist").get_by_role("radio", name="Accept, with a note").check()
    part(page, "Keep a wishlist").get_by_label("In your words").fill("A heart in the list, too")
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_text("Saved, thank you.")).to_be_visible()
    desk = opened(browser, address, cast.petra.email, DESKTOP["width"], DESKTOP["height"])
    team = next(desk)
    team.goto(address + DEMO)
    expect(team.get_by_text("A heart in the list, too")).to_be_visible()
    expect(team.get_by_text("2 invited, 1 opened it, 1 came")).to_be_visible()
    team.get_by_text("2 invited people").click()
    screenshot(team, "demo-desktop")
    assert of_page(team) == []
    team.emulate_media(color_scheme="dark")
    team.set_viewport_size(PHONE)
    screenshot(team, "demo-390-dark")
    team.set_viewport_size(DESKTOP)
    team.get_by_role("button", name="Yes, this may go").click()
    expect(team.get_by_role("heading", level=1)).to_have_text("Everybody who saw 24.11 said yes")
    assert demo.signoffs.get().by == cast.petra
    desk.close()
