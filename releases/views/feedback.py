"""What customers say after a release, and what is new for them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import feedback
from releases.forms import AnswerForm
from releases.loading import get_idea_for, get_release_for, releases_for
from releases.models import Survey
from releases.pages import customers as news
from releases.pages import outcome as page


@allow("answer_survey")
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, version: str, number: int) -> HttpResponse:
    """Does it help? The link of the mail only preselects (`?a=partly`): mail scanners follow links too."""
    release, idea = get_release_for(request.actor, version), get_idea_for(request.actor, number)
    survey = get_object_or_404(Survey, release=release)
    asked = page.question(survey, idea, request.user, preselected=request.GET.get("a", ""))
    form = AnswerForm(request.POST) if request.method == "POST" else AnswerForm(initial=asked["initial"])
    if form.is_bound and form.is_valid():
        feedback.answer(survey, idea, user=request.user, **form.cleaned_data)
        messages.success(request, _("Saved, thank you."))
        return redirect("releases:feedback", version, number)
    return render(request, "releases/feedback.html", asked | {"form": form}, status=422 if form.errors else 200)


@allow("see_team_pages")
@require_safe
def outcome(request: HttpRequest, version: str) -> HttpResponse:
    """Did it solve it?"""
    release = get_release_for(request.actor, version)
    return render(request, "releases/outcome.html", page.outcome(release))


@allow("see_team_pages")
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What came of the releases so far."""
    return render(request, "releases/feedback_overview.html", page.overview(releases_for(request.actor)))


@allow("see_portal")
@require_safe
def whats_new(request: HttpRequest) -> HttpResponse:
    """What went live, the newest first, for everybody."""
    found = news.whats_new(request.actor, before=request.GET.get("before", ""))
    return render(request, "releases/_news.html" if request.htmx else "releases/whats_new.html", found)
