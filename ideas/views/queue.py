"""The development queue: its order, moving by hand, and what the team promises."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from ideas import places, promises, queueing
from ideas.forms import PlaceForm
from ideas.models import Idea, Rhythm
from ideas.views.common import blame, done, get_idea_for
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow

OVERDUE_SHOWN = 20


@allow("see_team_pages")
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What comes next, what does not fit, and why."""
    return render(request, "ideas/queue.html", {"queue": places.queue_of(request.product, at=timezone.now())})


@allow("order_queue")
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, number: int) -> HttpResponse:
    """Another place for one idea, with the reason that stands beside it from then on; `?after=` chooses it."""
    idea = get_idea_for(request.actor, number)
    others = Idea.objects.filter(product=request.product).queue().exclude(pk=idea.pk)
    form = PlaceForm(posted(request), others=others, initial={"after": request.GET.get("after", "")})
    if request.method == "POST" and form.is_valid():
        try:
            now_at = queueing.place(idea, by=request.user, **form.values)
        except ValidationError as error:
            blame(form, error)
        else:
            return moved(request, idea, now_at)
    template = "ideas/_place_form.html" if request.htmx and not request.htmx.boosted else "ideas/place.html"
    return render(request, template, {"idea": idea, "form": form}, status=422 if form.errors else 200)


def moved(request: HttpRequest, idea: Idea, now_at: int) -> HttpResponse:
    words = _("%(idea)s stands at place %(place)s.") % {"idea": idea, "place": now_at}
    answer = done(request, words, "ideas:queue")
    return HttpResponseClientRedirect(answer["Location"]) if request.htmx else answer


@allow("see_team_pages")
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Whether decisions came as promised, and how long ideas wait at each stop; with htmx only the figures."""
    context = figures(request)
    if request.htmx:
        return render(request, "ideas/_promises.html", context)
    late = promises.overdue(request.product, context["kept"].days, at=timezone.now())
    return render(request, "ideas/promises.html", context | {"overdue": late[:OVERDUE_SHOWN]})


def figures(request: HttpRequest) -> dict[str, Any]:
    now, rhythm = timezone.now(), Rhythm.of(request.product)
    return {
        "kept": promises.kept(request.product, rhythm.decision_days, at=now),
        "waits": promises.waits(request.product, at=now),
        "window": promises.WINDOW_DAYS,
    }
