"""What every page's frame needs: the person's navigation, permissions, product, theme and demo strip."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Role
from lifecycle.requests import HttpRequest
from lifecycle.roles import Actor, May


@dataclass(frozen=True)
class Item:
    """One entry of the navigation; `key` is the letter after G, `phone` puts it on the bottom bar (at most five)."""

    url: str
    label: str
    icon: str
    current: bool = False
    count: int | None = None
    dot: str = ""
    phone: bool = False
    key: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """A row of the table below: where an item leads, who sees it and who has it on the phone's bar."""

    route: str
    label: Promise
    icon: str
    verb: str
    key: str
    phone_roles: frozenset[str]


TEAM_PHONE = frozenset({Role.DEVELOPER, Role.TEAM_LEAD, Role.PRODUCT_OWNER, Role.TESTER, Role.MANAGER, Role.DEVOPS})
BOARD_PHONE = frozenset({Role.PRODUCT_OWNER, Role.TEAM_LEAD})
PLAN_PHONE = frozenset({Role.MANAGER, Role.DEVELOPER, Role.TESTER})
WATCH_PHONE = frozenset({Role.MANAGER, Role.DEVOPS, Role.TEAM_LEAD})
NOT_ON_PHONES: frozenset[str] = frozenset()
PHONE_MOST = 5
# Whose roles have more than fit on the bar has these, in this order; the rest is in the account menu.
BY_NEED = (
    "inbox",
    "releases:my_changes",
    "releases:testing",
    "ideas:review",
    "deployments:board",
    "ideas:triage",
    "releases:list",
    "ideas:list",
    "deployments:watches",
    "deployments:list",
)

# The navigation by the process: My work, Decide, Deliver, Learn.
TABLE: tuple[tuple[Promise, tuple[Entry, ...]], ...] = (
    (
        _("My work"),
        (
            Entry("inbox", _("Inbox"), "inbox", "see_inbox", "i", TEAM_PHONE),
            Entry(
                "releases:my_changes", _("My changes"), "git-pull-request", "develop", "m", frozenset({Role.DEVELOPER})
            ),
            Entry("releases:testing", _("Testing"), "flask-conical", "give_verdict", "t", frozenset({Role.TESTER})),
        ),
    ),
    (
        _("Decide"),
        (
            Entry("ideas:list", _("Ideas"), "lightbulb", "see_portal", "d", TEAM_PHONE),
            Entry("ideas:triage", _("Triage"), "list-checks", "triage", "g", frozenset({Role.PRODUCT_OWNER})),
            Entry("ideas:review", _("Review"), "scale", "see_team_pages", "v", BOARD_PHONE),
            Entry("ideas:queue", _("Queue"), "list-ordered", "see_team_pages", "q", NOT_ON_PHONES),
        ),
    ),
    (
        _("Deliver"),
        (
            Entry("releases:list", _("Releases"), "map", "see_team_pages", "r", PLAN_PHONE),
            Entry("deployments:calendar", _("Calendar"), "calendar-days", "see_team_pages", "c", NOT_ON_PHONES),
            Entry("deployments:board", _("Environments"), "git-branch", "see_team_pages", "e", TEAM_PHONE),
            Entry("deployments:list", _("Deployments"), "rocket", "see_team_pages", "p", frozenset({Role.DEVOPS})),
        ),
    ),
    (
        _("Learn"),
        (
            Entry("deployments:watches", _("Watch"), "activity", "see_team_pages", "w", WATCH_PHONE),
            Entry(
                "releases:feedback_overview",
                _("Feedback"),
                "message-square-heart",
                "see_team_pages",
                "f",
                NOT_ON_PHONES,
            ),
            Entry("audit", _("Who did what"), "history", "see_audit", "a", NOT_ON_PHONES),
            Entry("deployments:rules", _("Rules"), "stamp", "configure", "u", NOT_ON_PHONES),
            Entry("system", _("System"), "server", "see_team_pages", "s", NOT_ON_PHONES),
        ),
    ),
)


def context(request: HttpRequest) -> dict[str, Any]:
    """The context processor. Everything costly is lazy, so a fragment pays for nothing it does not show."""
    actor: Actor | None = getattr(request, "actor", None)
    theme = request.COOKIES.get("theme", "")
    return {
        "product": getattr(request, "product", None),
        "actor": actor,
        "may": May(actor) if actor else {},
        "nav": SimpleLazyObject(lambda: groups(actor, request.path)) if actor else [],
        "unread": actor.has_unread if actor else False,
        "demo": settings.DEMO,
        "theme": theme if theme in {"light", "dark"} else "",
        "keys_off": request.COOKIES.get("keys") == "off",
    }


def groups(actor: Actor, path: str) -> list[Group]:
    """The groups with only the items this person may open."""
    found = []
    bar = phone_bar(actor)
    for title, entries in TABLE:
        items = [item_for(entry, bar, path) for entry in entries if actor.may(entry.verb)]
        if items:
            found.append(Group(str(title), items))
    return found


def phone_bar(actor: Actor) -> list[str]:
    """The routes on this person's bar, at most PHONE_MOST however many roles they have."""
    entries = [entry for _title, group in TABLE for entry in group if actor.may(entry.verb)]
    theirs = {entry.route for entry in entries if entry.phone_roles & actor.roles}
    return [route for route in BY_NEED if route in theirs][:PHONE_MOST]


def item_for(entry: Entry, bar: Collection[str], path: str) -> Item:
    url, on_phone = reverse(entry.route), entry.route in bar
    return Item(url, str(entry.label), entry.icon, current=path.startswith(url), phone=on_phone, key=entry.key)
