"""The pages that look at every app: start, inbox, find, notifications, account, audit, system."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

import deployments.finding
import deployments.waiting
import ideas.finding
import ideas.waiting
import releases.finding
import releases.waiting
from lifecycle import heartbeats, history, people, tokens
from lifecycle import notifications as outbox
from lifecycle.forms import AccountForm, TokenForm
from lifecycle.inbox import Hit, Waiting, headline
from lifecycle.models import Membership, Notification, Token, Work
from lifecycle.models.messages import Channel
from lifecycle.navigation import groups
from lifecycle.preferences import safe_next
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
    return render(request, "lifecycle/inbox.html", {"rows": rows, "headline": headline(rows)})


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
    rows = list(
        Notification.objects.filter(user=request.user, channel=Channel.IN_APP, product=request.product).order_by("-id")[
            :50
        ]
    )
    news = [history.News(row.url, outbox.sentence(row), row.created_at, row.status != row.Status.READ) for row in rows]
    outbox.mark_read(rows)
    return render(request, "lifecycle/notifications.html", {"news": news})


@allow("see_own_account")
def account(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone and API tokens of the person who is signed in."""
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("account")
    context = {"form": form, "token_form": TokenForm(), "tokens": request.user.tokens.order_by("-id")}
    return render(request, "lifecycle/account.html", context, status=422 if form.errors else 200)


@allow("see_own_account")
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Make an API token and show it this once."""
    form = TokenForm(request.POST)
    context = {"form": AccountForm(instance=request.user), "token_form": form}
    if form.is_valid():
        context["new_token"] = tokens.issue(request.user, **form.cleaned_data)
    context["tokens"] = request.user.tokens.order_by("-id")
    return render(request, "lifecycle/account.html", context, status=422 if form.errors else 200)


@allow("see_own_account")
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my tokens at once."""
    get_object_or_404(Token, pk=pk, user=request.user).delete()
    messages.success(request, _("The token no longer works."))
    return redirect("account")


@allow("see_portal")
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: kept with the person when signed in, in a cookie always."""
    code = request.POST.get("language", "")
    response = redirect(safe_next(request))
    if translation.check_for_language(code) and code in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 24 * 3600, samesite="Lax")
        if request.user.is_authenticated:
            people.set_language(request.user, code)
    return response


@allow("see_team_pages")
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Who somebody is in this product and what they did last."""
    member = get_object_or_404(Membership.objects.select_related("user"), user=pk, product=request.product)
    return render(request, "lifecycle/person.html", {"member": member, "page": history.page(request.product, actor=pk)})


@allow("see_audit")
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first, 50 at a time."""
    before = request.GET.get("before", "")
    page = history.page(request.product, before=int(before) if before.isdigit() else None)
    return render(request, "lifecycle/audit.html", {"page": page})


@allow("see_team_pages")
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """Watch the watchers: workers, beat, the queue of work and its last failures."""
    pulses = heartbeats.pulses()
    context = {
        "pulses": pulses,
        "all_well": not any(pulse.is_late for pulse in pulses),
        "waiting": Work.objects.filter(status=Work.Status.QUEUED).count(),
        "running": Work.objects.filter(status__in=Work.ACTIVE).order_by("id")[:20],
        "failures": Work.objects.filter(status__in=[Work.Status.FAILED, Work.Status.ERRORED]).order_by("-id")[:10],
    }
    return render(request, "lifecycle/system.html", context)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "500.html", status=500)
