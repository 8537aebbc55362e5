"""The hours after a release: what the watch saw, and what a person makes of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments import reporting, watch
from deployments.forms import ReasonForm
from deployments.loading import get_release_for, get_watch_for
from deployments.models import Watch
from deployments.pages import watch as page
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import hotfixes


@require_safe
@allow("see_team_pages")
def index(request: HttpRequest) -> HttpResponse:
    """All watches, the open ones first."""
    found = page.watches(request.actor.product, before=request.GET.get("before", ""))
    return render(request, "deployments/_watch_rows.html" if request.htmx else "deployments/watches.html", found)


@require_safe
@allow("see_team_pages")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_watch_for(request.actor, pk)
    template = "deployments/_watch.html" if request.htmx else "deployments/watch.html"
    return render(request, template, page.detail(found, request.actor))


@require_safe
@allow("see_team_pages")
def of_release(request: HttpRequest, version: str) -> HttpResponse:
    """To the newest watch of this release."""
    release = get_release_for(request.actor, version)
    newest = get_object_or_404(Watch.objects.filter(release=release).order_by("-id")[:1])
    return redirect("deployments:watch", newest.pk)


@require_POST
@allow("settle_watch")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's word where the numbers do not decide: production is well, for this reason."""
    found = get_watch_for(request.actor, pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        context = {**page.detail(found, request.actor), "form": form}
        return render(request, "deployments/watch.html", context, status=422)
    watch.settle(found, by=request.user, outcome=Watch.Status.WELL, reason=form.cleaned_data["reason"])
    messages.success(request, _("The watch has closed well, on your word."))
    return redirect("deployments:watch", found.pk)


@require_POST
@allow("propose_hotfix")
def fix(request: HttpRequest, pk: int, finding: int) -> HttpResponse:
    """The finding becomes a bug, and the form of the hotfix has it chosen; where it is being fixed, its page."""
    found = get_object_or_404(get_watch_for(request.actor, pk).findings.select_related("watch__product"), pk=finding)
    bug = reporting.report(found, by=request.user)
    if not hotfixes.fixable(request.product).filter(pk=bug.pk).exists():
        return redirect("ideas:detail", bug.number)
    return redirect(f"{reverse('releases:hotfix')}?idea={bug.number}")
