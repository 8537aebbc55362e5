"""Settings of an environment: its place in the order, what it may really do, locks."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from environments import access, locks, places
from environments.forms import AccessForm, Domain, EffectsForm, LockForm
from environments.models import Environment
from environments.pages import promotion
from environments.pages import settings as pages
from environments.queries import get_environment_for
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_team_pages")
@require_safe
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What the application is started with here; secrets stay masked."""
    environment = get_environment_for(request.actor, slug)
    return render(request, "environments/settings.html", pages.settings(environment))


@allow("configure")
@require_POST
def describe(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = promotion.form(environment, request.POST)
    return act(request, environment, form, places.describe, "place_form", _("Saved."))


@allow("configure")
@require_POST
def set_effects(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = EffectsForm(request.POST, auto_id="effects_%s")
    said = _("Saved; it counts from the next deployment.")
    return act(request, environment, form, places.set_effects, "effects_form", said)


@allow("configure")
@require_POST
def set_access(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = AccessForm(request.POST, auto_id="access_%s")
    said = _("Saved; it counts from the next deployment.")
    return act(request, environment, form, access.set_access, "access_form", said)


@allow("configure")
@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """One place earlier, or later, in the order."""
    environment = get_environment_for(request.actor, slug)
    places.move(environment, earlier="earlier" in request.POST, by=request.user)
    return redirect("environments:settings", slug)


@allow("configure")
@require_POST
def lock(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = LockForm(request.POST, auto_id="lock_%s")
    return act(request, environment, form, locks.lock, "lock_form", _("Locked; it ends by itself."))


@allow("configure")
@require_POST
def unlock(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    locks.unlock(get_object_or_404(environment.locks, pk=pk), by=request.user)
    return redirect("environments:settings", slug)


def act(
    request: HttpRequest, environment: Environment, form: Domain, use_case: Callable[..., Any], name: str, said: str
) -> HttpResponse:
    """Do `use_case` with what the form says, or show the settings with the form's mistakes (422)."""
    if form.is_valid():
        try:
            use_case(environment, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, said)
            return redirect("environments:settings", environment.slug)
    context = pages.settings(environment) | {name: form, "form": form}
    return render(request, "environments/settings.html", context, status=422)
