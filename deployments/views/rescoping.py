"""Changing what is frozen, opening its plan again, and the plan as managers read it."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments import rescoping, unfreezing
from deployments.forms import ReasonForm
from deployments.loading import get_release_for
from deployments.pages import managers as sheet
from deployments.pages import scope as page
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from lifecycle.transitions import NotAllowed
from releases import loading


@require_safe
@allow("see_team_pages")
def managers(request: HttpRequest, version: str) -> HttpResponse:
    """Cost, risk and the way back, from the draft on."""
    release = loading.get_release_for(request.actor, version)
    return render(request, "deployments/managers.html", sheet.page(release, request.actor))


@require_safe
@allow("freeze_release")
def scope(request: HttpRequest, version: str) -> HttpResponse:
    """What is in the frozen release, and what could come in."""
    return render(request, "deployments/scope.html", page.page(get_release_for(request.actor, version)))


@require_POST
@allow("freeze_release")
def take_in(request: HttpRequest, version: str, number: int) -> HttpResponse:
    return rescope(request, version, number, rescoping.take_in)


@require_POST
@allow("eject_change")
def take_out(request: HttpRequest, version: str, number: int) -> HttpResponse:
    return rescope(request, version, number, rescoping.take_out, with_above=request.POST.get("with_above") == "1")


@require_POST
@allow("freeze_release")
def renew(request: HttpRequest, version: str, number: int) -> HttpResponse:
    return rescope(request, version, number, rescoping.renew)


def rescope(
    request: HttpRequest, version: str, number: int, use_case: Callable[..., object], **how: bool
) -> HttpResponse:
    """Do it and go back to the plan, or show the page again with why not (422, 409)."""
    release, change = get_release_for(request.actor, version), loading.get_change_for(request.actor, number)
    form, status = ReasonForm(request.POST), 422
    if form.is_valid():
        try:
            use_case(release, change, by=request.user, **form.cleaned_data, **how)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, _("It is put together anew; what nothing overlaps keeps its yes."))
            return redirect("releases:detail", version)
    return render(request, "deployments/scope.html", page.page(release, form), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allow("freeze_release")
def unfreeze(request: HttpRequest, version: str) -> HttpResponse:
    """What is lost when the plan is opened again, and opening it with a reason."""
    release = get_release_for(request.actor, version)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            unfreezing.unfreeze(release, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error("reason", error)
        else:
            messages.success(request, _("The plan is open again, staging is free."))
            return redirect("releases:detail", version)
    return render(request, "deployments/unfreeze.html", page.opening(release, form), status=422 if form.errors else 200)
