"""What DevOps do to the machinery itself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import retention
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_POST
@allow("configure")
def prune(request: HttpRequest) -> HttpResponse:
    """Have the artefacts removed that nothing needs."""
    retention.later()
    messages.success(request, _("A worker removes the artefacts that nothing needs."))
    return redirect("system")
