"""Somebody of the cast at a browser of their own."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
SLOW_WORK_MS = 120_000
Screenshot = Callable[[Page, str], Path]


class Person:
    """One page of one person; what they do reads as sentences, what they see is asserted with patience."""

    def __init__(self, context: BrowserContext, address: str, name: str) -> None:
        self.name, self.address = name, address
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.problems: list[str] = []
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def sign_in(self) -> None:
        """One click at /demo/."""
        self.visit("/demo/")
        self.page.get_by_role("main").get_by_role("button", name=re.compile(rf"\b{self.name}\b")).click()
        self.page.wait_for_url(lambda url: "/demo/" not in url)

    def visit(self, path: str) -> "Person":
        """Open a path of Lifecycle, or any address."""
        self.page.goto(path if path.startswith("http") else f"{self.address}{path}", wait_until="load")
        return self

    def press(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=name).first.click()

    def follow(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("link", name=name).first.click()

    def fill(self, label: str, text: str, *, within: Locator | None = None) -> None:
        (within or self.page).get_by_label(label).first.fill(text)

    def choose(self, group: str, option: str) -> None:
        """Check one of a group of radio buttons by what it says."""
        self.page.get_by_role("group", name=group).get_by_role("radio", name=option, exact=True).check()

    def dialog(self) -> Locator:
        """The open dialog."""
        return self.page.get_by_role("dialog")

    def sees(self, text: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        expect((within or self.page.locator("body")).get_by_text(text).first).to_be_visible(timeout=PATIENCE_MS)

    def sees_not(self, text: str) -> None:
        expect(self.page.get_by_text(text)).to_have_count(0)

    def sees_headline(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text, timeout=PATIENCE_MS)

    def waits_for(self, wanted: Callable[[Page], Locator], *, milliseconds: int = SLOW_WORK_MS) -> None:
        """Look again and again at a page that does not move by itself, until `wanted` of it is there."""
        for _round in range(milliseconds // 500):
            if wanted(self.page).first.is_visible():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        expect(wanted(self.page).first).to_be_visible()


@contextmanager
def seated(browser: Browser, address: str, name: str, **options: object) -> Iterator[Person]:
    """A person in a context of their own, signed in; `options` are Playwright's for the context.

    Without motion, so that pictures and colours are taken at rest.
    """
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", "reduced_motion": "reduce"} | options)
    try:
        person = Person(context, address, name)
        person.sign_in()
        yield person
    finally:
        context.close()
