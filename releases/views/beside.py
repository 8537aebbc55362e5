"""What pages of ideas fetch from here after they are shown, because ideas know nothing of plans."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from lifecycle.roles import allow
from releases import offers


@allow("see_team_pages")
@require_safe
def drafted(request: HttpRequest) -> HttpResponse:
    """What of the queue is in a draft already, for the queue; by itself, the way to the releases."""
    if not request.htmx:
        return redirect("releases:list")
    return render(request, "releases/_drafted.html", {"drafted": offers.drafted(request.actor)})
