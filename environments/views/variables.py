"""The variables of an environment: set, removed, and made again what they were."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from environments import variables
from environments.forms import VariableForm
from environments.pages import settings as pages
from environments.queries import get_environment_for
from environments.views.settings import act
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("configure")
@require_POST
def set_variable(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = VariableForm(request.POST, auto_id="variable_%s")
    said = _("Saved; it counts from the next deployment.")
    return act(request, environment, form, variables.set_variable, "variable_form", said)


@allow("configure")
@require_POST
def remove_variable(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    variables.remove_variable(environment, name=name, by=request.user)
    messages.success(request, _("%(name)s is gone from the next deployment on.") % {"name": name})
    return redirect("environments:settings", slug)


@allow("see_team_pages")
@require_safe
def history(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Every value one variable had, with who set it; Http404 for a name that never was one."""
    context = pages.history(get_environment_for(request.actor, slug), name)
    if not context["versions"]:
        raise Http404
    return render(request, "environments/variable.html", context)


@allow("configure")
@require_POST
def restore_variable(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """An earlier value becomes the newest one."""
    environment = get_environment_for(request.actor, slug)
    version = get_object_or_404(environment.variable_versions, pk=pk)
    variables.restore(version, by=request.user)
    messages.success(request, _("Restored; it counts from the next deployment."))
    return redirect("environments:variable", slug, version.name)
