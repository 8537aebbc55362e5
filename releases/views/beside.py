"""What pages of ideas fetch from here after they are shown, because ideas know nothing of plans."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from ideas.models import Idea
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import experience as experiences
from releases import offers


@allow("see_team_pages")
@require_safe
def drafted(request: HttpRequest) -> HttpResponse:
    """What of the queue is in a draft already, for the queue; by itself, the way to the releases."""
    if not request.htmx:
        return redirect("releases:list")
    return render(request, "releases/_drafted.html", {"drafted": offers.drafted(request.actor)})


@allow("see_team_pages")
@require_safe
def experience(request: HttpRequest, number: int) -> HttpResponse:
    """How ideas like this one really went; with htmx only the card, for the review and triage."""
    idea = get_object_or_404(Idea.objects.visible_to(request.actor).select_related("area"), number=number)
    found = experiences.of(idea, request.actor)
    template = "releases/_experience.html" if request.htmx else "releases/experience.html"
    return render(request, template, {"idea": idea, "experience": found})
