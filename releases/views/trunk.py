"""A person's word about commits that belong to no change, on main and on branches of their own."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from environments.models import Branch, TrunkCommit
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import nobodys, trunk_words


@allow("plan_release")
@require_POST
def ship(request: HttpRequest, pk: int) -> HttpResponse:
    trunk_words.ship(get(request, pk), by=request.user)
    return told(request, _("It is a change without ideas now: its tests run."))


@allow("plan_release")
@require_POST
def leave_out(request: HttpRequest, pk: int) -> HttpResponse:
    trunk_words.leave_out(get(request, pk), by=request.user)
    return told(request, _("Left out. It ships only if somebody thinks again."))


@allow("plan_release")
@require_POST
def ship_branch(request: HttpRequest, pk: int) -> HttpResponse:
    """A branch that belongs to no change."""
    nobodys.ship(get_branch(request, pk), by=request.user)
    return told(request, _("It is a change without ideas now: its tests run."))


@allow("plan_release")
@require_POST
def leave_branch_out(request: HttpRequest, pk: int) -> HttpResponse:
    nobodys.leave_out(get_branch(request, pk), by=request.user)
    return told(request, _("Left out. It ships only if somebody thinks again."))


def told(request: HttpRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("environments:repository")


def get_branch(request: HttpRequest, pk: int) -> Branch:
    return get_object_or_404(Branch, repository__product=request.product, pk=pk)


def get(request: HttpRequest, pk: int) -> TrunkCommit:
    rows = TrunkCommit.objects.select_related("repository__product")
    return get_object_or_404(rows, repository__product=request.product, pk=pk)
