"""One deployment as it happens, the list of all, and the history of an environment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments import admission, services, stopping
from deployments.forms import ReasonForm
from deployments.loading import get_deployment_for, get_environment_for
from deployments.pages import deployment as page
from deployments.pages import history as rows
from deployments.pages import log as lines
from lifecycle import live_log
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_safe
@allow("see_team_pages")
def index(request: HttpRequest) -> HttpResponse:
    """All deployments, the newest first."""
    found = rows.deployments(request.actor.product, before=request.GET.get("before", ""))
    template = "deployments/_rows.html" if request.htmx else "deployments/list.html"
    return render(request, template, found)


@require_safe
@allow("see_team_pages")
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """What ran in one environment, the newest first."""
    environment = get_environment_for(request.actor, slug)
    found = rows.of_environment(environment, before=request.GET.get("before", ""))
    template = "deployments/_rows.html" if request.htmx else "deployments/history.html"
    return render(request, template, found)


@require_safe
@allow("see_team_pages")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_deployment_for(request.actor, pk)
    return render(request, "deployments/detail.html", page.detail(deployment, request.actor))


@require_safe
@allow("see_team_pages")
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """What its page asks for while it runs: the lines after `?after=` with headline and steps, so none goes missing.

    A trusted cursor is answered by the middleware live_log, here and in `log`.
    """
    deployment = get_deployment_for(request.actor, pk)
    after = lines.number(request.GET.get("after", ""))
    return render(request, "deployments/_news.html", page.news(deployment, request.actor, after))


@require_safe
@allow("see_team_pages")
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines after `?after=` alone, for a page that shows more than this deployment."""
    deployment = get_deployment_for(request.actor, pk)
    response = render(request, "_log.html", lines.news(deployment, lines.number(request.GET.get("after", ""))))
    response["HX-Trigger"] = "deployment-moved"
    return response


@require_safe
@allow("see_team_pages")
def raw_log(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole log as plain text; 410 with the reason once it was removed."""
    deployment = get_deployment_for(request.actor, pk)
    removed = live_log.why_removed(deployment)
    text = removed or lines.text(deployment)
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=410 if removed else 200)


@require_POST
@allow("abort_deployment")
def abort(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_deployment_for(request.actor, pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        context = {**page.detail(deployment, request.actor), "form": form}
        return render(request, "deployments/detail.html", context, status=422)
    stopping.abort(deployment, by=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, _("It is being stopped."))
    return redirect("deployments:detail", deployment.pk)


@require_POST
@allow("deploy")
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_deployment_for(request.actor, pk)
    request.actor.require(admission.verb_of(deployment.environment, deployment.kind))
    admission.require_its_time(deployment.environment, deployment.candidate, kind=deployment.kind)
    again = services.retry(deployment, by=request.user)
    return redirect("deployments:detail", again.pk)
