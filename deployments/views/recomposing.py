"""Putting a frozen release together again on what is live now."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import unfreezing
from deployments.loading import get_release_for
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_POST
@allow("freeze_release")
def recompose(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    unfreezing.recompose(release, by=request.user)
    messages.success(request, _("It is put together again on what is live, and comes to staging."))
    return redirect("releases:detail", version)
