"""The page behind an invitation's link. The link is the key: no session, no account; reading it answers nothing."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from lifecycle.dates import zone
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from lifecycle.transitions import NotAllowed
from releases import demo_answers, invitations
from releases.demo_answers import Opinion
from releases.demo_forms import OpinionForm
from releases.models import Change, Invitation
from releases.pages import preview as page

View = Callable[[HttpRequest, Invitation], HttpResponse]
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


def by_link(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Give `view` the invitation behind the link, in that person's language and time; else the page that says why not.

    Whoever reads the answer, no other site learns the link from it, and nobody keeps it.
    """

    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            invitation = invitations.read(token, request.product)
        except invitations.Shut as shut:
            return private(render(request, "releases/preview_shut.html", {"why": shut.why}, status=shut.status))
        with ExitStack() as theirs:
            theirs.enter_context(translation.override(invitation.user.language))
            theirs.enter_context(timezone.override(zone(invitation.user.time_zone)))
            return private(view(request, invitation), language=invitation.user.language)

    return opened


def private(response: HttpResponse, language: str = "") -> HttpResponse:
    for name, value in PRIVATE.items():
        response.headers[name] = value
    if language:
        response.headers["Content-Language"] = language
    add_never_cache_headers(response)
    return response


# Without CSRF tokens: nothing a browser sends by itself opens it, and "no-referrer" makes the browser say Origin: null.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@allow("see_preview")
@by_link
def preview(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """What is new and what the person says about it; only a POST says anything."""
    if request.method == "POST":
        return say(request, invitation)
    if request.method == "GET":
        invitations.note_opened(invitation)
    return render(request, "releases/preview.html", page.page(invitation))


@require_safe
@allow("see_preview")
@by_link
def try_it(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """To staging, with a fresh token where it asks for one; while nothing is shown, the page says why."""
    address = page.staging_address(invitation.demo)
    if not address:
        return render(request, "releases/preview.html", page.page(invitation), status=409)
    invitations.note_opened(invitation)
    return HttpResponseRedirect(address)


def say(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Keep every answer of the form, or none of them and show what is wrong."""
    asked = {change: opinion_form(request, change) for change in demo_answers.shown_changes(invitation)}
    if not all(form.is_valid() for form in asked.values()):
        return again(request, invitation, asked)
    said = [Opinion(change, **form.cleaned_data) for change, form in asked.items() if form.says_something]
    try:
        demo_answers.answer(invitation, said, digest=request.POST.get("digest", ""))
    except NotAllowed:
        context = page.page(invitation) | {"refused": page.refusal(invitation)}
        return render(request, "releases/preview.html", context, status=409)
    if not said:
        return again(request, invitation, asked)
    messages.success(request, _("Saved, thank you."))
    return redirect(invitations.link(invitation))


def opinion_form(request: HttpRequest, change: Change) -> OpinionForm:
    return OpinionForm(request.POST, prefix=page.prefix(change.number))


def again(request: HttpRequest, invitation: Invitation, asked: dict[Change, OpinionForm]) -> HttpResponse:
    """The form with what is wrong with it."""
    bound = {change.number: form for change, form in asked.items()}
    context = page.page(invitation, bound) | {"problem": page.problem(bound)}
    return render(request, "releases/preview.html", context, status=422)
