"""The pages that look at every app: start, inbox, find, notifications."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

import deployments.finding
import deployments.waiting
import ideas.finding
import ideas.waiting
import releases.finding
import releases.waiting
from lifecycle import history, people
from lifecycle import notifications as outbox
from lifecycle.dates import weekday
from lifecycle.inbox import Hit, Waiting, headline
from lifecycle.models import Notification
from lifecycle.models.messages import Channel
from lifecycle.navigation import groups
from lifecycle.requests import HttpRequest
from lifecycle.roles import Actor, allow

WAITING = (ideas.waiting.waiting_for, releases.waiting.waiting_for, deployments.waiting.waiting_for)
FINDING = (ideas.finding.find, releases.finding.find, deployments.finding.find)


@allow("see_portal")
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The team starts with what waits for them, everybody else with the ideas."""
    return redirect("inbox" if request.actor.is_team else "ideas:list")


@allow("see_inbox")
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for me, oldest first, with the reason and the one action of each."""
    rows = waiting_for(request.actor)
    context = {
        "rows": rows,
        "headline": headline(rows),
        "today": weekday(timezone.localdate()),
        "news": in_words(told(request)[:5]),
    }
    return render(request, "lifecycle/inbox.html", context)


def waiting_for(actor: Actor) -> list[Waiting]:
    """Everything that waits for one person in this product, oldest first; blocked things last."""
    rows = [row for app in WAITING for row in app(actor)]
    return sorted(rows, key=lambda row: (bool(row.blocked_because), row.since))


@allow("find")
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Ideas, changes, branches, commits, releases, deployments, people and pages, by permission."""
    words = request.GET.get("q", "").strip()[:100]
    context = {"query": words, "results": hits(request.actor, words) if words else pages(request.actor, "")}
    return render(request, "_found.html" if request.htmx else "lifecycle/find.html", context)


def hits(actor: Actor, words: str) -> list[Hit]:
    """The first 20 answers: pages first, then what the apps know, then people (for the team only)."""
    found = [*pages(actor, words), *(hit for app in FINDING for hit in app(actor, words))]
    return [*found, *people.find(actor, words)][:20]


def pages(actor: Actor, words: str) -> list[Hit]:
    """The pages of the navigation whose name contains the words."""
    items = [item for group in groups(actor, "") for item in group.items]
    return [Hit(item.label, _("Page"), item.url, item.icon) for item in items if words.lower() in item.label.lower()]


@allow("see_own_account")
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """The last 50 things I was told in the app; looking at them marks them read."""
    rows = list(told(request)[:50])
    news = in_words(rows)
    outbox.mark_read(rows)
    return render(request, "lifecycle/notifications.html", {"news": news, "unread": False})


def told(request: HttpRequest) -> QuerySet[Notification]:
    """What this person was told in the app about this product, newest first."""
    mine = Notification.objects.filter(user=request.user, product=request.product, channel=Channel.IN_APP)
    return mine.order_by("-id")


def in_words(rows: Iterable[Notification]) -> list[history.News]:
    read = Notification.Status.READ
    return [history.News(row.url, outbox.sentence(row), row.created_at, row.status != read) for row in rows]
