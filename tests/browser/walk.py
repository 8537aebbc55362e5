"""Who walks the ten steps in the browser, and how they look at what is not on a page of Lifecycle."""

import re

from playwright.sync_api import expect

from deployments import running
from environments.models import Environment
from releases import changes
from releases.models import Change, Release
from tests.asking import shown
from tests.browser.look import of_page
from tests.browser.person import Person, Screenshot
from tests.git_clone import Clone
from tests.machinery import eventually

HELLO = "Hello from the whole team"


class Walk:
    """Who walks, on what, and the pictures."""

    def __init__(self, people: dict[str, Person], phone: Person, clone: Clone, screenshot: Screenshot) -> None:
        self.people, self.phone, self.clone, self.screenshot = people, phone, clone, screenshot

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    def picture(self, who: Person, name: str) -> None:
        """Keep a picture; a page of Lifecycle must also be without complaint at every size and in both themes."""
        self.screenshot(who.page, name)
        if who.page.url.startswith(who.address):
            assert of_page(who.page) == [], name


def shop(slug: str) -> str:
    """What the shop's first page says in one environment."""
    return shown(Environment.objects.get(slug=slug).url)


def the_change() -> Change:
    return Change.objects.get()


def offer_and_promote(walk: Walk) -> None:
    """Dev marks the change ready once its tests passed, Lena promotes it, and staging shows it."""
    eventually(lambda: not changes.reasons_not_ready(the_change()), "the tests to pass")
    walk.dev.visit("/my-changes/").press("Ready for staging")
    eventually(lambda: the_change().status == Change.Status.READY, "the change to be ready")
    lena = walk.lena
    lena.visit("/environments/").follow("Promote")
    lena.press("Promote to staging", within=lena.dialog())
    lena.sees("Staging is being composed")
    eventually(lambda: the_change().status == Change.Status.STAGING, "the change on staging")
    assert HELLO in shop("staging")


def go_through(tess: Person, version: str) -> None:
    """A tester says of every point of the checklist that it works."""
    tess.visit(f"/releases/{version}/combined/")
    works = tess.page.get_by_role("button", name=re.compile("^It works"))
    for left in reversed(range(works.count())):
        works.first.click()
        expect(works).to_have_count(left)


def is_on(environment: Environment, release: Release) -> bool:
    """Whether the release's candidate runs there and its tests passed."""
    release.refresh_from_db()
    current = running.current(environment)
    shown = current is not None and current.candidate_id == release.candidate_id
    return shown and release.candidate.checks.filter(status="passed").exists()
