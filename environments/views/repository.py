"""The product's repository: where the code is, how the team works with it, who may read it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from environments import deploy_keys, repositories, upstream_keys
from environments.forms import Domain
from environments.models import Repository, UpstreamKey
from environments.pages import repository as pages
from environments.repository_forms import CredentialForm, ModeForm, RepositoryForm
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_team_pages")
@require_safe
def repository(request: HttpRequest) -> HttpResponse:
    """Whether the code can be read, its branches, and what waits for a person."""
    return render(request, "environments/repository.html", pages.repository(found(request)))


@allow("configure")
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    form = RepositoryForm(request.POST)
    said = _("Noted: a worker looks at it within seconds.")
    return act(request, form, "form", said, lambda **facts: repositories.name_upstream(request.product, **facts))


@allow("configure")
@require_POST
def set_mode(request: HttpRequest) -> HttpResponse:
    one = get_object_or_404(Repository, product=request.product)
    form = ModeForm(request.POST)
    said = _("Changed; it holds from the next push on.")
    return act(request, form, "mode_form", said, lambda **facts: repositories.set_mode(one, **facts))


@allow("configure")
@require_POST
def set_credential(request: HttpRequest) -> HttpResponse:
    one = get_object_or_404(Repository, product=request.product)
    form = CredentialForm(request.POST)
    said = _("Kept encrypted; the next look at the repository uses it.")
    return act(request, form, "credential_form", said, lambda **facts: repositories.set_credential(one, **facts))


@allow("configure")
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    deploy_keys.make(get_object_or_404(Repository, product=request.product), by=request.user)
    messages.success(request, _("Made. Give the server its public half; git signs in with it from now on."))
    return redirect("environments:repository")


@allow("configure")
@require_POST
def confirm_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(
        UpstreamKey.objects.select_related("repository"), repository__product=request.product, pk=pk
    )
    upstream_keys.confirm(key, by=request.user)
    messages.success(request, _("Only the server with this key is spoken with."))
    return redirect("environments:repository")


def found(request: HttpRequest) -> Repository | None:
    return Repository.objects.filter(product=request.product).select_related("product").first()


def act(request: HttpRequest, form: Domain, name: str, said: str, use_case: Callable[..., Any]) -> HttpResponse:
    """Do `use_case` with what the form says, or show the page with the form's mistakes (422)."""
    if form.is_valid():
        try:
            use_case(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, said)
            return redirect("environments:repository")
    context = pages.repository(found(request)) | {name: form, "refused": form}
    return render(request, "environments/repository.html", context, status=422)
