"""Whether a page can be used by everybody: axe-core, its width, and what the browser complained about."""

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.person import DESKTOP, PHONE, Person

Theme = Literal["light", "dark"]
EVERYTHING: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS = EVERYTHING | {"runOnly": ["color-contrast"]}  # all that a theme can change
AT_REST = """async () => {
    const moving = () => document.getAnimations().some((each) => each instanceof CSSTransition);
    for (let frame = 0; frame < 2 || (frame < 60 && moving()); frame++) await new Promise(requestAnimationFrame);
}"""


def complaints(page: Page, options: dict[str, Any] = EVERYTHING) -> list[str]:
    """What axe finds on the page at rest, a line per element: the rule, where, the element and why."""
    page.evaluate(AT_REST)
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("(options) => axe.run(options)", options)["violations"]
    return [line(rule, node) for rule in found for node in rule["nodes"]]


def line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = (node.get("failureSummary") or "").replace("\n", " ")
    return f"{rule['id']} at {node['target']}: {node['html'][:160]} ({why[:240]})"


def too_wide(page: Page) -> list[str]:
    """Nothing, or how much of the page is beyond the right edge, and the elements that stick out."""
    width, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if width <= room:
        return []
    sticking = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
            .slice(0, 5).map((element) => element.outerHTML.slice(0, 120))"""
    )
    return [f"{width} px wide where there are {room}: {sticking}"]


def everywhere(person: Person) -> list[str]:
    """The complaints about the present page on desk and phone, light and dark, and the console's."""
    return of_page(person.page) + [f"console: {problem}" for problem in person.problems]


def of_page(page: Page) -> list[str]:
    """The complaints about the page on desk and phone, light and dark; it is left as it was."""
    found, usual = [], page.viewport_size
    for name, size in (("desk", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)
        found += [f"{name}, light: {problem}" for problem in in_theme(page, "light", EVERYTHING)]
        found += [f"{name}: {problem}" for problem in too_wide(page)]
        found += [f"{name}, dark: {problem}" for problem in in_theme(page, "dark", COLOURS)]
    page.emulate_media(color_scheme="light")
    if usual:
        page.set_viewport_size(usual)
    return found


def in_theme(page: Page, theme: Theme, options: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=theme)
    return complaints(page, options)
