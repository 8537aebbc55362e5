"""What differs between two environments or releases, in users' words and in commits."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from deployments.pages import delta as page
from deployments.pages import delta_ends
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_safe
@allow("see_team_pages")
def detail(request: HttpRequest, old: str, new: str) -> HttpResponse:
    """`old` and `new` name environments or versions. A pair nobody has compared yet is asked for, and says so."""
    found = page.delta(request.actor.product, old, new)
    template = "deployments/_delta.html" if request.htmx else "deployments/delta.html"
    return render(request, template, found)


@require_safe
@allow("see_team_pages")
def compare(request: HttpRequest) -> HttpResponse:
    """The address of the two ends that were chosen; without a choice, what waits in front of production."""
    chosen = request.GET.get("old", ""), request.GET.get("new", "")
    try:
        return redirect(reverse("deployments:delta", args=chosen))
    except NoReverseMatch:
        usual = delta_ends.usual_ends(request.actor.product)
        return redirect("deployments:delta", *usual) if usual else redirect("deployments:board")
