"""The promotion board: what runs where, what may move on, and who has to do what before it does."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from deployments import services
from deployments.pages import board as page
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_safe
@allow("see_team_pages")
def board(request: HttpRequest) -> HttpResponse:
    return render(request, "deployments/board.html", page.board(request.actor))


@require_http_methods(["GET", "HEAD", "POST"])
@allow("promote")
def promote(request: HttpRequest) -> HttpResponse:
    """What would move to staging (GET), and the move itself (POST)."""
    if request.method != "POST":
        return render(request, "confirm.html", {"confirm": page.promotion(request.actor)})
    services.promote(request.actor.product, by=request.user)
    messages.success(request, _("Staging is being composed; the changes appear there in a moment."))
    return redirect("deployments:board")
