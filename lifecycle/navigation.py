"""What every page's frame needs: the person's navigation, permissions, product, theme and demo strip."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

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
    label: str
    icon: str
    verb: str
    key: str
    phone_roles: frozenset[str]


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


def table() -> list[tuple[str, list[Entry]]]:
    """The navigation by the process: My work, Decide, Deliver, Learn."""
    everybody = frozenset({"developer", "team_lead", "product_owner", "tester", "manager", "devops"})
    return [
        (
            _("My work"),
            [
                Entry("inbox", _("Inbox"), "inbox", "see_inbox", "i", everybody),
                Entry(
                    "releases:my_changes",
                    _("My changes"),
                    "git-pull-request",
                    "develop",
                    "m",
                    frozenset({"developer"}),
                ),
                Entry(
                    "releases:testing",
                    _("Testing"),
                    "flask-conical",
                    "give_verdict",
                    "t",
                    frozenset({"tester"}),
                ),
            ],
        ),
        (
            _("Decide"),
            [
                Entry("ideas:list", _("Ideas"), "lightbulb", "see_portal", "d", everybody),
                Entry("ideas:triage", _("Triage"), "list-checks", "triage", "g", frozenset({"product_owner"})),
                Entry(
                    "ideas:review",
                    _("Review"),
                    "scale",
                    "see_team_pages",
                    "v",
                    frozenset({"product_owner", "team_lead"}),
                ),
                Entry("ideas:queue", _("Queue"), "list-ordered", "see_team_pages", "q", frozenset()),
            ],
        ),
        (
            _("Deliver"),
            [
                Entry(
                    "releases:list",
                    _("Releases"),
                    "map",
                    "see_team_pages",
                    "r",
                    frozenset({"manager", "developer", "tester"}),
                ),
                Entry("deployments:board", _("Environments"), "git-branch", "see_team_pages", "e", everybody),
                Entry(
                    "deployments:list",
                    _("Deployments"),
                    "rocket",
                    "see_team_pages",
                    "p",
                    frozenset({"devops"}),
                ),
            ],
        ),
        (
            _("Learn"),
            [
                Entry(
                    "deployments:watches",
                    _("Watch"),
                    "activity",
                    "see_team_pages",
                    "w",
                    frozenset({"manager", "devops", "team_lead"}),
                ),
                Entry(
                    "releases:feedback_overview",
                    _("Feedback"),
                    "message-square-heart",
                    "see_team_pages",
                    "f",
                    frozenset(),
                ),
                Entry("audit", _("Who did what"), "history", "see_audit", "a", frozenset()),
                Entry("system", _("System"), "server", "see_team_pages", "s", frozenset()),
            ],
        ),
    ]


def groups(actor: Actor, path: str) -> list[Group]:
    """The groups with only the items this person may open."""
    found = []
    for title, entries in table():
        items = [item_for(entry, actor, path) for entry in entries if actor.may(entry.verb)]
        if items:
            found.append(Group(title, items))
    return found


def item_for(entry: Entry, actor: Actor, path: str) -> Item:
    url = reverse(entry.route)
    on_phone = bool(entry.phone_roles & actor.roles)
    return Item(url, entry.label, entry.icon, current=path.startswith(url), phone=on_phone, key=entry.key)
