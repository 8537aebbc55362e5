"""One environment: what runs there, what answers, its test data and the way to it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from deployments import driver_settings, promotion, running, test_data
from deployments.environment_forms import DriverForm
from deployments.loading import get_environment_for
from deployments.pages import place as page
from environments import access, host_keys
from environments.models import Environment
from lifecycle.live_log import number
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_safe
@allow("see_team_pages")
def place(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    return render(request, "deployments/place.html", page.place(environment, request.actor))


@require_safe
@allow("see_team_pages")
def visit(request: HttpRequest, slug: str) -> HttpResponse:
    """To what runs there, with a fresh token where one is asked for; Http404 for a place without an address."""
    environment = get_environment_for(request.actor, slug)
    runs = running.current(environment)
    address = access.address(environment, runs.candidate.manifest if runs else "")
    if not address:
        raise Http404("No address")
    response = HttpResponseRedirect(address)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@allow("see_team_pages")
def log(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines after `?after=` of the last command a worker ran for the environment.

    Once it has ended the page loads anew; once the environment is gone, the board.
    """
    environment = Environment.objects.filter(product=request.actor.product, slug=slug).first()
    if environment is None and request.htmx:
        return HttpResponseClientRedirect(reverse("deployments:board"))
    environment = get_environment_for(request.actor, slug)
    news = page.work(environment, number(request.GET.get("after", "")))
    response = render(request, "_log.html", news)
    if not news.get("next_url"):
        response["HX-Refresh"] = "true"
    return response


@require_POST
@allow("deploy")
def promote(request: HttpRequest, slug: str) -> HttpResponse:
    """Deploy what the environment before it runs."""
    environment = get_environment_for(request.actor, slug)
    deployment = promotion.promote_to(environment, by=request.user)
    return redirect("deployments:detail", deployment.pk)


@require_POST
@allow("deploy")
def restore_test_data(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    test_data.request(environment, by=request.user, scrub="scrub" in request.POST)
    messages.success(request, _("A worker restores the test data."))
    return redirect("deployments:place", slug)


@require_POST
@allow("configure")
def set_driver(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = DriverForm(request.POST)
    if form.is_valid():
        try:
            driver_settings.set_driver(environment, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved; it counts from the next deployment."))
            return redirect("deployments:place", slug)
    context = {**page.place(environment, request.actor), "driver_form": form, "form": form}
    return render(request, "deployments/place.html", context, status=422)


@require_POST
@allow("configure")
def confirm_host_key(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Somebody has compared the fingerprint: deployments speak with this server from now on."""
    environment = get_environment_for(request.actor, slug)
    host_keys.confirm(get_object_or_404(environment.host_keys, pk=pk), by=request.user)
    messages.success(request, _("Confirmed; deployments speak with it."))
    return redirect("deployments:place", slug)


@require_POST
@allow("configure")
def look_at_host_keys(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    host_keys.look_later(environment, by=request.user)
    messages.success(request, _("A worker asks the servers; their keys appear here in a moment."))
    return redirect("deployments:place", slug)
