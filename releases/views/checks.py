"""One check with its log."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lifecycle.live_log import number
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import checks
from releases.loading import get_check_for
from releases.pages import check as page


@allow("see_team_pages")
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    check = get_check_for(request.actor, pk)
    return render(request, "releases/check.html", page.page(check))


@allow("see_team_pages")
@require_safe
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines after `?after=`, with a new cursor; a finished check answers without one, and the page loads anew."""
    check = get_check_for(request.actor, pk)
    news = page.news(check, after=number(request.GET.get("after", "")))
    response = render(request, "_log.html", news)
    if not news["next_url"]:
        response["HX-Refresh"] = "true"
    return response


@allow("develop")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    check = checks.again(get_check_for(request.actor, pk), by=request.user)
    return redirect("releases:check", check.pk)
