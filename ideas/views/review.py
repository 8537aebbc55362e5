"""The review: session, ballot, decision, minutes."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ideas import agenda, boards
from ideas import capacity as room
from ideas import minutes as protocol
from ideas import session as pages
from ideas.forms import BallotForm, DecisionForm
from ideas.models import AgendaItem, ReviewSession
from ideas.views.common import blame, done, get_item_for, get_session_for
from lifecycle.forms import posted
from lifecycle.roles import allow


@allow("see_team_pages")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """To the open review, else the next planned one; without any, the page says how one comes to be."""
    current = agenda.current_session(request.product)
    if current:
        return redirect("ideas:session", current.week.lower())
    return render(request, "ideas/review_none.html", {"past": past(request)})


def past(request: HttpRequest) -> list[Any]:
    closed = ReviewSession.objects.filter(product=request.product, status=ReviewSession.Status.CLOSED)
    return protocol.past(closed.order_by("-starts_at")[:6])


@allow("see_team_pages")
@require_safe
def session(request: HttpRequest, week: str) -> HttpResponse:
    """The review of a week: who has voted, then how far apart, then the decision. A closed one shows its minutes."""
    review = get_session_for(request.actor, week)
    if review.status == ReviewSession.Status.CLOSED:
        return redirect("ideas:minutes", week)
    return show(request, review)


def show(request: HttpRequest, review: ReviewSession, form: DecisionForm | None = None) -> HttpResponse:
    view = pages.session(review, request.user)
    if view.is_revealed and form is None:
        form = DecisionForm(initial={"points": room.size_of(view.item.idea)})
    context = {"view": view, "form": form, "sizes": sizes(form)}
    if request.htmx and not request.htmx.boosted:
        return render(request, "ideas/_stage.html", context)
    context["past"] = past(request)
    return render(request, "ideas/review.html", context, status=422 if form and form.errors else 200)


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
def open_session(request: HttpRequest, week: str) -> HttpResponse:
    """Open the review."""
    review = get_session_for(request.actor, week)
    boards.open_session(review, by=request.user)
    return done(request, _("The review is open; the board was told."), "ideas:session", week)


@allow("run_review")
@require_POST
def close_session(request: HttpRequest, week: str) -> HttpResponse:
    """End the review; the minutes are there."""
    review = get_session_for(request.actor, week)
    boards.close_session(review, by=request.user)
    return done(request, _("The review is closed."), "ideas:minutes", week)


@allow("cast_ballot")
@require_http_methods(["GET", "HEAD", "POST"])
def ballot(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """One's secret ballot, made for a phone."""
    item = get_item_for(request.actor, week, pk)
    own = (
        item.ballots.filter(voter=request.user).values("urgency", "importance", "complexity", "choice", "note").first()
    )
    form = BallotForm(posted(request), initial=own)
    if request.method == "POST" and form.is_valid():
        try:
            boards.cast(item, by=request.user, **form.cleaned_data)
            return done(request, _("Your ballot is cast. It stays secret until all are in."), "ideas:session", week)
        except ValidationError as error:
            blame(form, error)
    is_voting = item.status == AgendaItem.Status.VOTING
    context = {"item": item, "form": form, "own": own, "is_voting": is_voting, "scales": scales(form)}
    return render(request, "ideas/ballot.html", context, status=422 if form.errors else 200)


def scales(form: BallotForm) -> list[dict[str, Any]]:
    """The three meters with what their ends mean."""
    ends = {
        "urgency": (_("can wait"), _("burns")),
        "importance": (_("few people"), _("everybody")),
        "complexity": (_("hours"), _("weeks")),
    }
    return [
        {"name": name, "label": form.fields[name].label, "value": form[name].value(), "low": low, "high": high}
        for name, (low, high) in ends.items()
    ]


@allow("run_review")
@require_POST
def reveal(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Open the ballots together."""
    item = get_item_for(request.actor, week, pk)
    boards.reveal(item, by=request.user, with_quorum=request.POST.get("with") == "quorum")
    return redirect("ideas:session", week)


@allow("run_review")
@require_POST
def remind(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Remind those whose ballot is missing."""
    item = get_item_for(request.actor, week, pk)
    people = boards.remind(item, by=request.user)
    words = ngettext("%(n)s person is reminded.", "%(n)s people are reminded.", people) % {"n": people}
    return done(request, words, "ideas:session", week)


@allow("run_review")
@require_POST
def vote_again(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Vote once more."""
    item = get_item_for(request.actor, week, pk)
    boards.vote_again(item, by=request.user)
    return redirect("ideas:session", week)


@allow("run_review")
@require_POST
def call(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Take this idea of the agenda now."""
    item = get_item_for(request.actor, week, pk)
    boards.call(item, by=request.user)
    return redirect("ideas:session", week)


@allow("decide")
@require_POST
def decide(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Write down the decision."""
    item = get_item_for(request.actor, week, pk)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            decision = boards.decide(item, by=request.user, **form.cleaned_data)
            words = f"{item.idea}: {decision.get_outcome_display()}."
            return done(request, words, "ideas:session", week)
        except ValidationError as error:
            blame(form, error)
    return show(request, item.session, form)


@allow("see_team_pages")
@require_safe
def minutes(request: HttpRequest, week: str) -> HttpResponse:
    """What was decided, and why."""
    review = get_session_for(request.actor, week)
    return render(request, "ideas/minutes.html", {"view": protocol.minutes(review)})
