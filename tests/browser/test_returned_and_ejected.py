"""A release of three changes in the browser: one returned and fixed, one taken out after the freeze, the rest shipped.

Customers see it by the link in their mail, without an account; the manager answers on a phone.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, expect

from deployments.models import Rehearsal
from environments.models import Environment
from ideas import services as ideas
from ideas.models import Idea
from lifecycle.models import Notification
from releases import changes, plan
from releases.models import Change, DemoAnswer, Release, Verdict
from tests.asking import shown
from tests.browser.person import DESKTOP, PHONE, SLOW_WORK_MS, Person, Screenshot, seated
from tests.browser.walk import Walk, go_through, is_on, shop
from tests.cast import Cast
from tests.git_clone import Clone
from tests.machinery import Machinery, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.browser]
VERSION = "26.12"
GREET, OPEN, THANK = "Hello from the whole team", "Open day and night", "Thank you for looking around"
EDITS = {
    1: ("shop/templates/base.html", "</footer>", f"<p>{GREET}</p></footer>"),
    2: ("features/catalogue/templates/catalogue/home.html", "Made to be used, for years.", f"{OPEN}, for years."),
    3: ("features/cart/templates/cart/cart.html", "Your basket is empty", f"Your basket is empty. {THANK}"),
}
"""Change → the file it edits, so that no two touch the same one."""
S = Change.Status


@pytest.fixture
def release(team: Cast) -> Release:
    """A published plan of three of Cleo's wishes, all for Dev to build."""
    wishes = [accepted(team, title) for title in ("Greet people", "Say when it is open", "Thank people")]
    day = (timezone.now() + timedelta(days=7)).date()
    made = plan.create(product=team.product, version=VERSION, target_date=day, ideas=wishes, by=team.petra)
    plan.publish(made, by=team.petra)
    for change in made.changes.all():
        changes.assign(change, developer=team.dev, by=team.lena)
    return made


def accepted(team: Cast, title: str) -> Idea:
    idea = ideas.submit(product=team.product, author=team.cleo, title=title, body="Please.")
    Idea.objects.filter(pk=idea.pk).update(status=Idea.Status.ACCEPTED, stop=2)
    idea.refresh_from_db()
    return idea


@pytest.fixture
def walk(
    release: Release, machinery: Machinery, browser: Browser, upstream: Path, tmp_path: Path, screenshot: Screenshot
) -> Iterator[Walk]:
    """The people who work on it; Max has nothing but his phone."""
    address = machinery.start_web()
    shown(f"{address}/healthz")
    with ExitStack() as seats:
        people = {n.lower(): seats.enter_context(seated(browser, address, n)) for n in ("Petra", "Lena", "Dev", "Tess")}
        phone = seats.enter_context(seated(browser, address, "Max", viewport=PHONE, has_touch=True))
        yield Walk(people, phone, Clone(upstream, tmp_path / "clone"), screenshot)


@pytest.fixture
def stranger(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never been here."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB", reduced_motion="reduce")
    yield context
    context.close()


def test_one_comes_back_one_goes_out_and_the_rest_ships(walk: Walk, stranger: BrowserContext) -> None:
    build(walk)
    return_the_first(walk)
    fix_and_approve(walk)
    freeze_and_eject(walk)
    show_to_managers(walk)
    show_to_customers(walk, stranger)
    approve_on_the_phone(walk)


def change(number: int) -> Change:
    return Change.objects.select_related("revision").get(number=number)


def are(status: str, *numbers: int) -> bool:
    return Change.objects.filter(number__in=numbers, status=status).count() == len(numbers)


def push(walk: Walk, number: int, start: str = "origin/main", **edit: str) -> None:
    """Dev edits one file on the change's own branch."""
    path, old, new = EDITS[number]
    walk.clone.git("checkout", "-q", "-B", f"own-{number}", start)
    walk.clone.replace(path, edit.get("old", old), edit.get("new", new))
    tip = walk.clone.push(f"C-{number}: Edit {path}", change(number).branch)
    eventually(lambda: change(number).revision and change(number).revision.tip == tip, "the push to be seen")


def offer_and_promote(walk: Walk, *numbers: int) -> None:
    for number in numbers:
        eventually(lambda n=number: not changes.reasons_not_ready(change(n)), "the tests to pass")
        card = walk.dev.visit("/my-changes/").page.locator(f"[aria-labelledby=mine-{number}]")
        walk.dev.press("Ready for staging", within=card)
        eventually(lambda n=number: are(S.READY, n), "the change to be ready")
    lena = walk.lena
    lena.visit("/environments/").follow("Promote")
    lena.press("Promote to staging", within=lena.dialog())
    eventually(lambda: are(S.STAGING, *numbers), "the changes on staging")


def build(walk: Walk) -> None:
    for number in EDITS:
        push(walk, number)
    offer_and_promote(walk, *EDITS)
    assert GREET in shop("staging") and OPEN in shop("staging")


def approve(walk: Walk, number: int) -> None:
    tess = walk.tess.visit(f"/testing/?change={number}")
    for step in tess.page.get_by_role("group", name="Steps tried").get_by_role("checkbox").all():
        step.check()
    tess.press(f"Approve C-{number}")
    tess.sees(f"You approved C-{number}")


def return_the_first(walk: Walk) -> None:
    """A defect with how bad it is, what was seen and what was expected; Dev reads all of it."""
    tess = walk.tess
    tess.visit("/testing/?change=1").follow("Return")
    tess.page.get_by_role("radio", name=re.compile("^Nobody may get this")).first.check()
    tess.fill("What did you see?", "The greeting has no full stop.", within=tess.dialog())
    tess.fill("What did you expect?", "One sentence, whole.", within=tess.dialog())
    walk.picture(tess, "returned-1-defect")
    tess.press("Return C-1", within=tess.dialog())
    tess.sees("C-1 is back in development")
    for number in (2, 3):
        approve(walk, number)
    walk.dev.visit("/my-changes/").sees("The greeting has no full stop.")
    walk.dev.sees("One sentence, whole.")
    walk.picture(walk.dev, "returned-2-my-changes")


def fix_and_approve(walk: Walk) -> None:
    """Only what was fixed is tested again: the others were not touched by it."""
    push(walk, 1, "own-1", old=GREET, new=f"{GREET}.")
    offer_and_promote(walk, 1)
    assert are(S.APPROVED, 2, 3), "their yes holds"
    walk.tess.visit("/testing/?change=1").sees("The greeting has no full stop.")
    walk.picture(walk.tess, "returned-3-again")
    approve(walk, 1)
    assert Verdict.objects.filter(change__number=1, outcome="returned").count() == 1


def freeze_and_eject(walk: Walk) -> None:
    """Frozen with three; the third goes out with a reason, and the other two keep their yes."""
    petra, release, staging = walk.petra, Release.objects.get(), Environment.objects.get(slug="staging")
    petra.visit(f"/releases/{VERSION}/").press(f"Freeze {VERSION}")
    eventually(lambda: is_on(staging, release), "the candidate on staging")
    before = release.candidate
    petra.visit(f"/releases/{VERSION}/").follow("Change what is frozen")
    petra.fill("Reason", "The law does not allow it yet.")
    walk.picture(petra, "ejected-1-scope")
    petra.press("Take C-3 out")
    eventually(lambda: Release.objects.get().candidate_id != before.pk, "another candidate")
    eventually(lambda: is_on(staging, release), "the rest on staging")
    assert are(S.APPROVED, 1, 2, 3) and change(3).release is None
    assert [row.change.number for row in release.candidate.rows.order_by("change__number")] == [1, 2]
    proved = Rehearsal.objects.filter(candidate=release.candidate, status=Rehearsal.Status.SUCCEEDED)
    eventually(proved.exists, "the rehearsal")
    go_through(walk.tess, VERSION)
    walk.picture(petra.visit(f"/releases/{VERSION}/"), "ejected-2-plan")


def card(person: Person, audience: str):
    return person.visit(f"/releases/{VERSION}/demo/").page.get_by_role("region", name=audience, exact=True)


def show_to_managers(walk: Walk) -> None:
    phone, panel = walk.phone, card(walk.phone, "Managers")
    phone.fill("In their words", "Good", within=panel)
    phone.press("Yes, this may go", within=panel)
    phone.sees("It is on record")


def show_to_customers(walk: Walk, stranger: BrowserContext) -> None:
    """A session, invitations by mail, one customer's answers without signing in, and what they say signed off."""
    petra, panel = walk.petra, card(walk.petra, "Customers")
    panel.get_by_text("Plan a session").click()
    petra.press("Plan it", within=panel)
    petra.sees("The session is planned")
    petra.press(re.compile("^Invite"))
    petra.press("Open it")
    petra.sees("It is open")
    answer(walk, stranger)
    panel = card(petra, "Customers")
    petra.sees("with a note")
    walk.picture(petra, "demo-2-tally")
    petra.fill("In their words", "They like it.", within=panel)
    petra.press("Yes, this may go", within=panel)
    petra.sees("It is on record")


def answer(walk: Walk, stranger: BrowserContext) -> None:
    mail = Notification.objects.filter(event="demo.invited", channel="email", user__name="Cleo").get()
    page = stranger.new_page()
    page.goto(mail.url if mail.url.startswith("http") else f"{walk.petra.address}{mail.url}")
    parts = page.get_by_role("group", name=re.compile("^Is it right"))
    expect(parts).to_have_count(2)
    parts.nth(0).get_by_role("radio", name="Accept", exact=True).check()
    parts.nth(1).get_by_role("radio", name="Accept, with a note").check()
    page.get_by_label("In your words").nth(1).fill("A bell would be nice.")
    walk.screenshot(page, "demo-1-preview")
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("button", name="Change my answers")).to_be_visible()
    assert sorted(DemoAnswer.objects.values_list("outcome", flat=True)) == ["accept", "note"]
    page.goto(f"{walk.petra.address}/inbox/")
    assert "/accounts/login/" in page.url, "the link opens nothing else"


def approve_on_the_phone(walk: Walk) -> None:
    """Max says yes with his thumb; production has two of the three."""
    phone = walk.phone
    phone.visit("/inbox/").follow("Read and answer")
    button = phone.page.get_by_role("button", name=f"Approve {VERSION}")
    expect(button).to_be_in_viewport()
    walk.picture(phone, "approve-phone")
    button.click()
    expect(phone.page.get_by_role("link", name="Open the watch")).to_be_visible(timeout=SLOW_WORK_MS)
    assert Release.objects.get().status == Release.Status.LIVE
    production = Environment.objects.get(slug="production")
    assert f"{GREET}." in shop("production") and OPEN in shop("production")
    assert THANK not in shown(f"{production.url}/cart/")
    assert are(S.LIVE, 1, 2) and are(S.APPROVED, 3)
