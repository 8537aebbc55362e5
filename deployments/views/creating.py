"""Environments come and go: a copy of another one, tried again, taken down."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from deployments import creating
from deployments.environment_forms import DestroyForm, NewEnvironmentForm
from deployments.loading import get_environment_for
from deployments.pages.place import going
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_http_methods(["GET", "HEAD", "POST"])
@allow("configure")
def new(request: HttpRequest) -> HttpResponse:
    form = NewEnvironmentForm(posted(request), product=request.product, initial={"kind": "staging"})
    if form.is_bound and form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            made = creating.create(facts.pop("source"), by=request.user, **facts)
        except ValidationError as error:
            form.refuse(error)
        else:
            return redirect("deployments:place", made.slug)
    return render(request, "deployments/new_environment.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@allow("configure")
def retry(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    creating.retry(environment, by=request.user)
    return redirect("deployments:place", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@allow("configure")
def destroy(request: HttpRequest, slug: str) -> HttpResponse:
    """What would go (GET), and that it shall (POST, with the name typed)."""
    environment = get_environment_for(request.actor, slug)
    form = DestroyForm(posted(request))
    if form.is_bound and form.is_valid():
        try:
            creating.destroy(environment, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("A worker takes %(place)s down.") % {"place": environment})
            return redirect("deployments:place", slug)
    confirm = going(environment)
    context = {"confirm": confirm, "form": form if "yes" in confirm else None}
    return render(request, "confirm.html", context, status=422 if form.errors else 200)
