"""Ballots: cast, opened together, and the decision that follows them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ideas import boards
from ideas import session as pages
from ideas.models import AgendaItem, ReviewSession
from ideas.review_forms import BallotForm, DecisionForm
from ideas.views.common import blame, done, get_item_for, get_session_for
from ideas.views.review import show
from lifecycle.forms import posted
from lifecycle.models import Role
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow

ANSWERS = ("urgency", "importance", "complexity", "choice", "note")


@allow("cast_ballot")
@require_http_methods(["GET", "HEAD", "POST"])
def ballot(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """One's secret ballot, made for a phone; the next missing one follows."""
    item = get_item_for(request.actor, week, pk)
    own = item.ballots.filter(voter=request.user, round=item.round).values(*ANSWERS).first()
    form = BallotForm(posted(request), initial={"round": item.round, **(own or {})})
    if request.method == "POST" and form.is_valid():
        try:
            boards.cast(item, by=request.user, **form.cleaned_data)
            return follow(request, item)
        except ValidationError as error:
            blame(form, error)
    view = pages.session(item.session, request.user)
    context = {
        "item": item,
        "form": form,
        "own": own,
        "view": view,
        "is_voting": item.session.takes_ballots and item.takes_ballots,
        "scales": scales(form, asks_complexity(request, view)),
    }
    return render(request, "ideas/ballot.html", context, status=422 if form.errors else 200)


def follow(request: HttpRequest, item: AgendaItem) -> HttpResponse:
    """Before the meeting to the next ballot that is missing, else to the session."""
    week, review = item.session.week.lower(), item.session
    words = _("Your ballot is cast. It stays secret until all are in.")
    missing = pages.session(review, request.user).missing if review.is_frozen else []
    if missing:
        return done(request, words, "ideas:ballot", week, missing[0].pk)
    return done(request, words, "ideas:session", week)


def asks_complexity(request: HttpRequest, view: pages.Session) -> bool:
    """Only the team lead is asked how complex an idea is: whoever holds that seat, or would take it."""
    held = view.board.roles_of(request.user)
    return Role.TEAM_LEAD in (held or request.actor.roles)


def scales(form: BallotForm, with_complexity: bool) -> list[dict[str, Any]]:
    """The meters with what their ends mean."""
    ends = {
        "urgency": (_("can wait"), _("burns")),
        "importance": (_("few people"), _("everybody")),
        "complexity": (_("hours"), _("weeks")),
    }
    return [
        {
            "name": name,
            "label": form.fields[name].label,
            "value": form[name].value(),
            "errors": form.errors.get(name, []),
            "low": low,
            "high": high,
        }
        for name, (low, high) in ends.items()
        if name != "complexity" or with_complexity
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
def reveal_all(request: HttpRequest, week: str) -> HttpResponse:
    """Open the ballots of all ideas that have them."""
    review = get_session_for(request.actor, week)
    opened = boards.reveal_all(review, by=request.user, with_quorum=request.POST.get("with") == "quorum")
    words = ngettext("The ballots of %(n)s idea are open.", "The ballots of %(n)s ideas are open.", opened)
    return done(request, words % {"n": opened}, "ideas:session", week)


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
    return show_again(request, item.session, form)


@allow("decide")
@require_POST
def decide_together(request: HttpRequest, week: str) -> HttpResponse:
    """Decide the ideas on which all say the same."""
    review = get_session_for(request.actor, week)
    form = DecisionForm({"outcome": "queue", "reason": request.POST.get("reason", "")})
    if not form.is_valid():
        return show_again(request, review, form)
    decided = boards.decide_together(
        review, by=request.user, choice=request.POST.get("choice", ""), reason=form.cleaned_data["reason"]
    )
    words = ngettext("%(n)s idea is decided.", "%(n)s ideas are decided.", len(decided)) % {"n": len(decided)}
    return done(request, words, "ideas:session", week)


@allow("decide")
@require_POST
def undo(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Take a decision back."""
    item = get_item_for(request.actor, week, pk)
    boards.undo(item, by=request.user)
    words = _("The decision on %(idea)s is taken back; nobody was told of it.") % {"idea": item.idea}
    return done(request, words, "ideas:session", week)


def show_again(request: HttpRequest, review: ReviewSession, form: DecisionForm) -> HttpResponse:
    """The session with what is wrong; a review that is over says so in its minutes."""
    return redirect("ideas:minutes", review.week.lower()) if review.is_over else show(request, review, form)
