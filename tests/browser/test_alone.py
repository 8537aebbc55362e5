"""A team of one (*solo*) goes the whole way in the browser, from an idea to production, and nothing is in its way."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect

from deployments.models import Rehearsal
from environments.models import Environment
from ideas.models import Idea
from lifecycle.models import Membership, Product, Role, User
from releases.models import Approval, Release
from tests.asking import shown
from tests.browser.person import PHONE, SLOW_WORK_MS, Person, Screenshot, seated
from tests.browser.test_ten_steps import TITLE
from tests.browser.walk import HELLO, Walk, go_through, is_on, offer_and_promote, shop, the_change
from tests.cast import Cast
from tests.git_clone import Clone
from tests.machinery import Machinery, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.browser]
VERSION = "1.0"  # what the first plan is called where nobody says otherwise
IN_THE_WAY = re.compile(r"somebody else must|nobody can satisfy|do not have the role|may not do that", re.IGNORECASE)


@pytest.fixture
def alone(team: Cast) -> User:
    """Dev, who is everything here; all others have left."""
    Membership.objects.exclude(user=team.dev).delete()
    User.objects.exclude(pk=team.dev.pk).update(is_active=False)
    Membership.objects.update(roles=[role.value for role in Role])
    Product.objects.update(preset=Product.Preset.SOLO)
    return team.dev


@pytest.fixture
def walk(
    alone: User, machinery: Machinery, browser: Browser, upstream: Path, tmp_path: Path, screenshot: Screenshot
) -> Iterator[Walk]:
    """Dev at a desk and on a phone; whatever is refused on the way is kept in `refusals`."""
    address = machinery.start_web()
    shown(f"{address}/healthz")
    with ExitStack() as seats:
        desk = seats.enter_context(seated(browser, address, "Dev"))
        phone = seats.enter_context(seated(browser, address, "Dev", viewport=PHONE, has_touch=True))
        made = Walk({"dev": desk, "lena": desk}, phone, Clone(upstream, tmp_path / "clone"), screenshot)
        made.refusals = [watched(desk), watched(phone)]
        yield made


def watched(person: Person) -> list[str]:
    """A list that grows with every page that is refused."""
    found: list[str] = []

    def look(response: Response) -> None:
        if response.request.is_navigation_request() and response.status >= 400:
            found.append(f"{response.status} {response.request.method} {response.url}")

    person.page.on("response", look)
    return found


def look_around(walk: Walk, who: Person, name: str) -> None:
    """Keep a picture; nothing there says that another person is needed."""
    walk.picture(who, name)
    assert not IN_THE_WAY.search(who.page.locator("body").inner_text()), name


def test_a_team_of_one_goes_the_whole_way(walk: Walk) -> None:
    share_and_triage(walk.dev)
    review(walk.dev)
    look_around(walk, walk.dev, "alone-1-reviewed")
    plan(walk.dev)
    look_around(walk, walk.dev, "alone-2-planned")
    build(walk)
    try_it(walk)
    freeze(walk)
    show(walk)
    approve(walk)
    assert walk.refusals == [[], []]


def share_and_triage(dev: Person) -> None:
    dev.visit("/ideas/").follow("Share an idea")
    dev.fill("What should we do?", TITLE, within=dev.dialog())
    dev.fill("Why does it matter to you?", "A shop that greets feels friendly.", within=dev.dialog())
    dev.press("Send idea", within=dev.dialog())
    dev.sees("Thank you, your idea is in")
    dev.visit("/triage/").follow(TITLE)
    for scale, value in (("Urgency", "2"), ("Importance", "4"), ("Complexity", "1")):
        dev.choose(scale, value)
    dev.fill("New area", "Catalogue")
    dev.press("Accept")
    dev.sees("is on the next review's agenda")


def review(dev: Person) -> None:
    """One person on all three seats casts one ballot, which is all of them."""
    dev.visit("/review/").press("Open the review")
    dev.visit("/review/").follow("Cast your ballot")
    for scale, value in (("Urgency", "2"), ("Importance", "4"), ("Complexity", "1")):
        dev.choose(scale, value)
    dev.choose("Take it?", "Take it")
    dev.press("Cast secret ballot")
    dev.sees("Your ballot is cast")
    dev.visit("/review/").press(re.compile("^Reveal"))
    dev.choose("Size in points", "1")
    dev.fill("Reason,", "Small and friendly.")
    dev.press("Accept")
    dev.sees_headline("Everything on the agenda is decided")
    dev.press("Close the review")
    assert Idea.objects.get().status == Idea.Status.ACCEPTED


def plan(dev: Person) -> None:
    """One click makes the plan of what stands above the line."""
    dev.visit("/queue/").press("Plan a release from the top")
    dev.press(f"Publish {VERSION}")
    dev.visit(f"/releases/{VERSION}/").page.get_by_text(f"Who builds {the_change().key}").click()
    dev.page.get_by_label("Who builds it").select_option("Dev")
    dev.press(f"Save what {the_change().key} is")
    expect(dev.page.get_by_role("img", name="Dev").first).to_be_visible()


def build(walk: Walk) -> None:
    """Pushed to the branch that the plan names, it is on dev without another word."""
    walk.clone.replace("shop/templates/base.html", "</footer>", f"<p>{HELLO}</p></footer>")
    walk.clone.push("base: Greet people.", the_change().branch)
    eventually(lambda: HELLO in shop("dev"), "the push on dev")
    offer_and_promote(walk)


def try_it(walk: Walk) -> None:
    dev = walk.dev.visit("/testing/")
    for step in dev.page.get_by_role("group", name="Steps tried").get_by_role("checkbox").all():
        step.check()
    look_around(walk, dev, "alone-3-bench")
    dev.press(f"Approve {the_change().key}")
    dev.sees(f"You approved {the_change().key}")


def freeze(walk: Walk) -> None:
    walk.dev.visit(f"/releases/{VERSION}/").press(f"Freeze {VERSION}")
    release, staging = Release.objects.get(), Environment.objects.get(slug="staging")
    eventually(lambda: is_on(staging, release), "the candidate on staging")
    proved = release.rehearsals.filter(status=Rehearsal.Status.SUCCEEDED)
    eventually(proved.exists, "the rehearsal")
    go_through(walk.dev, VERSION)


def show(walk: Walk) -> None:
    """Both audiences, one after the other, by whoever is both of them."""
    dev = walk.dev
    for audience, words in (("Managers", "Good"), ("Customers", "Nice")):
        card = dev.visit(f"/releases/{VERSION}/demo/").page.get_by_role("region", name=audience)
        dev.fill("In their words", words, within=card)
        dev.press("Yes, this may go", within=card)
        dev.sees(words)
    look_around(walk, dev, "alone-4-shown")
    dev.visit(f"/releases/{VERSION}/cockpit/").sees("Who can approve now")
    look_around(walk, dev, "alone-5-cockpit")


def approve(walk: Walk) -> None:
    """One's own work, with one's own yes, which says so."""
    phone = walk.phone
    phone.visit("/inbox/").follow("Read and answer")
    look_around(walk, phone, "alone-6-sheet")
    phone.press(f"Approve {VERSION}")
    expect(phone.page.get_by_role("link", name="Open the watch")).to_be_visible(timeout=SLOW_WORK_MS)
    phone.visit(Environment.objects.get(slug="production").url).sees(HELLO)
    assert Approval.objects.get().is_own_work
    walk.dev.visit(f"/releases/{VERSION}/cockpit/").sees(re.compile("own work"))
