"""The way to production: which gates are shut, the manager's yes, and shipping."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments import approvals, reminders, services
from deployments.forms import ApprovalForm, WaiverForm
from deployments.loading import get_release_for
from deployments.models import Deployment
from deployments.pages import approve as sheet
from deployments.pages import cockpit as page
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_safe
@allow("see_team_pages")
def cockpit(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    return render(request, "deployments/cockpit.html", {**page.cockpit(release, request.actor), "waiver": WaiverForm()})


@require_http_methods(["GET", "HEAD", "POST"])
@allow("approve_release")
def approve(request: HttpRequest, version: str) -> HttpResponse:
    """The sheet (GET), and the manager's yes or "not yet" (POST); a link in a mail never answers by itself.

    With the last yes it is on its way, and the page of that deployment is shown.
    """
    release = get_release_for(request.actor, version)
    if request.method == "GET":
        reminders.mark_seen(release, request.user)
    if request.method != "POST":
        return render(request, "deployments/approve.html", sheet.sheet(release, request.actor))
    form = ApprovalForm(request.POST)
    if not form.is_valid():
        context = {**sheet.sheet(release, request.actor), "form": form}
        return render(request, "deployments/approve.html", context, status=422)
    approvals.approve(release, by=request.user, **form.cleaned_data)
    messages.success(request, _("Your answer is written down."))
    pending = release.deployments.filter(status__in=Deployment.PENDING).order_by("-id").first()
    if pending is not None:
        return redirect("deployments:detail", pending.pk)
    return redirect("deployments:approve", release.version)


@require_POST
@allow("approve_release")
def withdraw(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    approvals.withdraw(release, by=request.user)
    messages.success(request, _("Your answer is taken back."))
    return redirect("deployments:approve", release.version)


@require_POST
@allow("configure")
def waive(request: HttpRequest, version: str) -> HttpResponse:
    """DevOps accept what the page named as not proved about the way back."""
    release = get_release_for(request.actor, version)
    form = WaiverForm(request.POST)
    if not form.is_valid():
        context = {**page.cockpit(release, request.actor), "waiver": form}
        return render(request, "deployments/cockpit.html", context, status=422)
    shown = request.POST.getlist("gate") or None
    approvals.waive_rollback(release, by=request.user, reason=form.cleaned_data["reason"], keys=shown)
    messages.success(request, _("It is written down that you accept it."))
    return redirect("deployments:cockpit", release.version)


@require_POST
@allow("ship_release")
def ship(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    deployment = services.ship(release, by=request.user)
    return redirect("deployments:detail", deployment.pk)
