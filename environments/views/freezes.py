"""The windows in which nothing new goes to production; their times are the product's own."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from environments import freezes
from environments.forms import FreezeForm
from environments.pages import freezes as pages
from environments.pages.words import zone_of
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_team_pages")
@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest) -> HttpResponse:
    """All windows for the team, and for DevOps a form for another one."""
    if request.method == "POST":
        request.actor.require("configure")
    with timezone.override(zone_of(request.product)):
        form = FreezeForm(posted(request))
        if form.is_bound and form.is_valid():
            try:
                freezes.freeze(request.product, by=request.user, **form.cleaned_data)
            except ValidationError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Nothing new goes to production in this time."))
                return redirect("environments:freeze")
        return _page(request, form)


@allow("configure")
@require_http_methods(["GET", "HEAD", "POST"])
def change_freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Extend, shorten or move one window."""
    found = get_object_or_404(request.product.freezes, pk=pk)
    with timezone.override(zone_of(request.product)):
        form = FreezeForm(posted(request), initial=pages.as_initial(found))
        if form.is_bound and form.is_valid():
            try:
                freezes.change(found, by=request.user, **form.cleaned_data)
            except ValidationError as error:
                form.refuse(error)
            else:
                messages.success(request, _("The window is changed."))
                return redirect("environments:freeze")
        return _page(request, form, changed=found)


def _page(request: HttpRequest, form: FreezeForm, **more: Any) -> HttpResponse:
    context = {"form": form, **pages.overview(request.product), **more}
    return render(request, "environments/freezes.html", context, status=422 if form.errors else 200)


@allow("configure")
@require_POST
def lift_freeze(request: HttpRequest, pk: int) -> HttpResponse:
    freezes.lift_freeze(get_object_or_404(request.product.freezes, pk=pk), by=request.user)
    return redirect("environments:freeze")
