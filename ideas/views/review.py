"""The review: the session as everybody sees it live, its course, and its minutes."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from ideas import agenda, boards
from ideas import capacity as room
from ideas import minutes as protocol
from ideas import session as pages
from ideas import sizes as measure
from ideas.models import ReviewSession, Rhythm
from ideas.review_forms import DecisionForm
from ideas.views.common import done, get_item_for, get_session_for
from lifecycle.forms import reason_in
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_team_pages")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """To the open review, else the next planned one; without any, the page says how one comes to be."""
    current = agenda.current_session(request.product)
    if current:
        return redirect("ideas:session", current.week.lower())
    return render(request, "ideas/review_none.html", {"past": past(request), "rule": Rhythm.of(request.product)})


def past(request: HttpRequest) -> list[Any]:
    closed = ReviewSession.objects.filter(product=request.product, status=ReviewSession.Status.CLOSED)
    return protocol.past(closed.order_by("-starts_at")[:6])


@allow("see_team_pages")
@require_safe
def session(request: HttpRequest, week: str) -> HttpResponse:
    """The review of a week: who has voted, then how far apart, then the decision. A closed one shows its minutes."""
    review = get_session_for(request.actor, week)
    if review.is_over:
        return redirect(where_after(review))
    return show(request, review)


def where_after(review: ReviewSession) -> str:
    """A closed review is read in its minutes; a skipped one has none."""
    if review.status == ReviewSession.Status.CLOSED:
        return reverse("ideas:minutes", args=[review.week.lower()])
    return reverse("ideas:review")


def show(request: HttpRequest, review: ReviewSession, form: DecisionForm | None = None) -> HttpResponse:
    context = stage(request, review, form)
    if request.htmx and not request.htmx.boosted:
        return render(request, "ideas/_stage.html", context)
    context["past"] = past(request)
    return render(request, "ideas/review.html", context, status=422 if form and form.errors else 200)


def stage(request: HttpRequest, review: ReviewSession, form: DecisionForm | None = None) -> dict[str, Any]:
    view = pages.session(review, request.user)
    if view.is_revealed and form is None:
        form = DecisionForm(initial={"points": measure.suggested_size(view.item)})
    return {"view": view, "form": form, "sizes": sizes(form)}


@allow("see_team_pages")
@require_safe
def live(request: HttpRequest, week: str) -> HttpResponse:
    """The session anew if something has happened since `seen`, its version; 204 while nothing has."""
    review = get_session_for(request.actor, week)
    if review.is_over:
        return HttpResponseClientRedirect(where_after(review))
    if request.GET.get("seen") == str(review.version):
        return HttpResponse(status=204)
    return render(request, "ideas/_stage.html", stage(request, review))


def sizes(form: DecisionForm | None) -> list[tuple[int, bool]]:
    """The sizes to choose from, and which one is chosen."""
    if form is None:
        return []
    chosen = str(form["points"].value())
    usual = {1, 2, 3, 5, 8, 13}
    if chosen.isdecimal() and 0 < int(chosen) <= room.BAR:
        usual.add(int(chosen))
    return [(size, str(size) == chosen) for size in sorted(usual)]


@allow("run_review")
@require_POST
def freeze(request: HttpRequest, week: str) -> HttpResponse:
    """Let the agenda stand now."""
    review = get_session_for(request.actor, week)
    boards.freeze(review, by=request.user)
    return done(request, _("The agenda stands; the board was told that it can vote."), "ideas:session", week)


@allow("run_review")
@require_POST
def thaw(request: HttpRequest, week: str) -> HttpResponse:
    """Gather ideas once more."""
    boards.thaw(get_session_for(request.actor, week), by=request.user)
    return redirect("ideas:session", week)


@allow("run_review")
@require_POST
def skip(request: HttpRequest, week: str) -> HttpResponse:
    """Hold no review this time."""
    review = get_session_for(request.actor, week)
    later = boards.skip(review, by=request.user, reason=reason_in(request))
    words = _("The review of %(week)s is skipped; its ideas are on the next agenda.") % {"week": review.week}
    return done(request, words, "ideas:session", later.week.lower())


@allow("run_review")
@require_POST
def open_session(request: HttpRequest, week: str) -> HttpResponse:
    """Open the review."""
    review = get_session_for(request.actor, week)
    boards.open_session(review, by=request.user)
    return done(request, _("The review is open; the board was told."), "ideas:session", week)


@allow("run_review")
@require_POST
def close_session(request: HttpRequest, week: str) -> HttpResponse:
    """End the review; its decisions are told, and the minutes are there."""
    review = get_session_for(request.actor, week)
    boards.close_session(review, by=request.user)
    return done(request, _("The review is closed; the decisions were told."), "ideas:minutes", week)


@allow("run_review")
@require_POST
def add_minute(request: HttpRequest, week: str) -> HttpResponse:
    """One minute more for the idea on stage."""
    boards.add_minute(get_session_for(request.actor, week), by=request.user)
    return redirect("ideas:session", week)


@allow("run_review")
@require_POST
def call(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Take this idea of the agenda now."""
    item = get_item_for(request.actor, week, pk)
    boards.call(item, by=request.user)
    return redirect("ideas:session", week)


@allow("attend_review")
@require_POST
def attend(request: HttpRequest, week: str) -> HttpResponse:
    """Be there, or go (`leave`)."""
    review = get_session_for(request.actor, week)
    if request.POST.get("leave") == "1":
        boards.leave(review, by=request.user)
    else:
        boards.join(review, by=request.user)
    return redirect("ideas:session", week)


@allow("cast_ballot")
@require_POST
def take_seat(request: HttpRequest, week: str) -> HttpResponse:
    """Sit down in the seat of one of one's roles."""
    boards.take_seat(get_session_for(request.actor, week), by=request.user, role=request.POST.get("role", "")[:20])
    return done(request, _("The seat is yours in this review."), "ideas:session", week)


@allow("see_team_pages")
@require_safe
def minutes(request: HttpRequest, week: str) -> HttpResponse:
    """What was decided, and why."""
    review = get_session_for(request.actor, week)
    return render(request, "ideas/minutes.html", {"view": protocol.minutes(review)})


@allow("see_portal")
@require_safe
def public_minutes(request: HttpRequest, week: str) -> HttpResponse:
    """The published minutes for everybody, where the house rules say so: decisions and reasons, no ballots."""
    review = get_session_for(request.actor, week)
    if review.published_at is None or not Rhythm.of(request.product).minutes_public:
        raise Http404
    view = protocol.public(review, request.actor)
    return render(request, "ideas/minutes_public.html", {"view": view, "groups": view.groups})
