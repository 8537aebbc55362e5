"""Choosing when a release goes to production; times are the product's own."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from deployments import schedules, times
from deployments.forms import ShippingTimeForm
from deployments.loading import get_release_for
from lifecycle import dates
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_http_methods(["GET", "HEAD", "POST"])
@allow("ship_release")
def shipping_time(request: HttpRequest, version: str) -> HttpResponse:
    """The form with the time chosen so far, and the choice."""
    release = get_release_for(request.actor, version)
    chosen = times.chosen(release)
    with timezone.override(dates.zone(request.product.time_zone)):
        form = ShippingTimeForm(posted(request), initial=ShippingTimeForm.initial_of(chosen))
        if form.is_bound and form.is_valid():
            try:
                schedules.choose(release, by=request.user, **form.cleaned_data)
            except ValidationError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Release %(release)s has its time.") % {"release": release})
                return redirect("deployments:cockpit", release.version)
        context = {"release": release, "form": form, "chosen": chosen, "zone": request.product.time_zone}
        return render(request, "deployments/shipping_time.html", context, status=422 if form.errors else 200)


@require_POST
@allow("ship_release")
def forget_time(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    schedules.forget(release, by=request.user)
    messages.success(request, _("Release %(release)s waits for nobody's clock any more.") % {"release": release})
    return redirect("deployments:cockpit", release.version)
