"""The emergency stop, and letting one release through a freeze."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from deployments import freeze_overrides, stopping
from deployments.environment_forms import OverrideForm, StopForm
from deployments.loading import get_release_for
from deployments.pages.override import passing
from environments import stops
from environments.pages.words import moment
from lifecycle.forms import posted, reason_in
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_http_methods(["GET", "HEAD", "POST"])
@allow("stop_everything")
def stop(request: HttpRequest) -> HttpResponse:
    """What stands still and since when, or the form that stops everything."""
    form = StopForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            stopping.pull(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.warning(request, _("Everything stands still until somebody lifts the stop."))
            return redirect("deployments:stop")
    found = stops.in_force(request.product)
    context = {"form": form, "stop": found, "since": moment(found.pulled_at) if found else ""}
    return render(request, "deployments/stop.html", context, status=422 if form.errors else 200)


@require_POST
@allow("stop_everything")
def lift(request: HttpRequest) -> HttpResponse:
    found = stops.in_force(request.product)
    if found is not None:
        stops.lift(found, by=request.user, reason=reason_in(request))
        messages.success(request, _("Deployments may start again."))
    return redirect("deployments:board")


@require_http_methods(["GET", "HEAD", "POST"])
@allow("override_freeze")
def override_freeze(request: HttpRequest, version: str) -> HttpResponse:
    """What is in the way (GET), and the word of somebody who answers for passing it (POST)."""
    release = get_release_for(request.actor, version)
    form = OverrideForm(posted(request))
    if form.is_bound and form.is_valid():
        freeze_overrides.override(release, by=request.user, **form.cleaned_data)
        messages.warning(request, _("The freeze does not hold this build up."))
        return redirect("deployments:cockpit", version)
    context = {"confirm": passing(release), "form": form}
    return render(request, "confirm.html", context, status=422 if form.errors else 200)
