"""Settings of an environment: variables, locks; the product's freezes and its repository."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments import freezes, locks, pages, repositories, variables
from environments.forms import Domain, FreezeForm, LockForm, RepositoryForm, VariableForm
from environments.models import Environment, Repository
from environments.queries import get_environment_for
from lifecycle.forms import posted
from lifecycle.roles import allow


@allow("see_team_pages")
@require_safe
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What the application is started with here; secrets stay masked."""
    environment = get_environment_for(request.actor, slug)
    return render(request, "environments/settings.html", pages.settings(environment))


@allow("configure")
@require_POST
def set_variable(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = VariableForm(request.POST, auto_id="variable_%s")
    return act(
        request,
        environment,
        form,
        variables.set_variable,
        "variable_form",
        _("Saved; it counts from the next deployment."),
    )


@allow("configure")
@require_POST
def remove_variable(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    variables.remove_variable(environment, name=name, by=request.user)
    messages.success(request, _("%(name)s is gone from the next deployment on.") % {"name": name})
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


@allow("configure")
@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest) -> HttpResponse:
    """The windows in which nothing new goes to production."""
    form = FreezeForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            freezes.freeze(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Nothing new goes to production in this time."))
            return redirect("environments:freeze")
    context = {"form": form, "freezes": pages.freezes(request.product)}
    return render(request, "environments/freezes.html", context, status=422 if form.errors else 200)


@allow("configure")
@require_POST
def lift_freeze(request: HttpRequest, pk: int) -> HttpResponse:
    freezes.lift_freeze(get_object_or_404(request.product.freezes, pk=pk), by=request.user)
    return redirect("environments:freeze")


@allow("configure")
@require_http_methods(["GET", "HEAD", "POST"])
def repository(request: HttpRequest) -> HttpResponse:
    """Where the code is, whether it can be read, and its branches."""
    found = Repository.objects.filter(product=request.product).first()
    form = RepositoryForm(posted(request), initial=pages.as_initial(found))
    if form.is_bound and form.is_valid():
        try:
            repositories.name_upstream(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Noted: a worker looks at it within seconds."))
            return redirect("environments:repository")
    context = {"form": form, **pages.repository(found)}
    return render(request, "environments/repository.html", context, status=422 if form.errors else 200)
