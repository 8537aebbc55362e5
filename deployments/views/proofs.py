"""Proofs before they are needed: rehearse a rollback, try a backup."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments import drills, rehearsals
from deployments.loading import get_environment_for, get_release_for
from deployments.pages import backups as page
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_POST
@allow("deploy")
def rehearse(request: HttpRequest, version: str) -> HttpResponse:
    """Take staging back and forward as soon as it is free."""
    release = get_release_for(request.actor, version)
    rehearsals.again(release, by=request.user)
    messages.success(request, _("It is rehearsed as soon as staging is free."))
    return redirect("deployments:cockpit", release.version)


@require_safe
@allow("see_team_pages")
def backups(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    return render(request, "deployments/backups.html", page.backups(environment, request.actor))


@require_POST
@allow("configure")
def drill(request: HttpRequest, slug: str) -> HttpResponse:
    """Restore the newest backup into a place of its own."""
    environment = get_environment_for(request.actor, slug)
    drills.request(environment, by=request.user)
    messages.success(request, _("The newest backup is being restored into a place of its own."))
    return redirect("deployments:backups", environment.slug)
