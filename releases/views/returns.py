"""Returning a change: several defects on one page, and the files that came with them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from lifecycle.transitions import NotAllowed
from releases import candidates, steps, verdicts
from releases.loading import get_change_for
from releases.models import Attachment, Candidate, Change
from releases.pages import builds
from releases.return_forms import ReturnSheet, number_in

SANDBOX = "default-src 'none'; sandbox"


@allow("give_verdict")
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, number: int) -> HttpResponse:
    """Return a change with what was seen; the dialog of the bench is this page."""
    change = get_change_for(request.actor, number)
    sent, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    sheet = ReturnSheet(sent, files, steps=steps.of(change), by=request.actor)
    build = build_shown(request)
    context = {"change": change, "sheet": sheet, "build": build}
    if not sheet.is_to_decide:
        return render(request, "releases/return.html", context, status=422 if sheet.problems() else 200)
    candidate = get_object_or_404(Candidate, product=request.product, pk=build)
    return decide(request, change, candidate, sheet, context)


def build_shown(request: HttpRequest) -> int:
    """The number of the build that is returned; what staging runs where nobody says."""
    if request.method == "POST":
        return number_in(request.POST.get("candidate"))
    now = candidates.on_staging(request.product)
    return number_in(request.GET.get("candidate")) or (now.pk if now else 0)


def decide(
    request: HttpRequest, change: Change, candidate: Candidate, sheet: ReturnSheet, context: dict[str, Any]
) -> HttpResponse:
    """Return it, or show the page again with all that was typed and what is in the way."""
    if not sheet.is_valid():
        return render(request, "releases/return.html", context, status=422)
    try:
        verdicts.give_back(change, candidate=candidate, by=request.user, several=sheet.seen())
    except ValidationError as error:
        return render(request, "releases/return.html", context | {"refused": error.messages}, status=422)
    except NotAllowed as reason:
        return refuse(request, candidate, reason, context)
    messages.success(request, _("%(change)s is back in development.") % {"change": change.key})
    return redirect("releases:testing")


def refuse(request: HttpRequest, candidate: Candidate, reason: NotAllowed, context: dict[str, Any]) -> HttpResponse:
    """Say why not (409); where another build came, what is different there, and that one is returned next."""
    context["refused"] = [str(reason)]
    now = candidates.on_staging(request.product)
    if isinstance(reason, verdicts.Replaced) and now is not None:
        context |= {"replaced": builds.replaced(candidate, now), "build": now.pk}
    return render(request, "releases/return.html", context, status=409)


@allow("see_team_pages")
@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, to be saved and never shown by the browser; one without a defect only to whoever sent it."""
    row = get_object_or_404(Attachment, product=request.product, pk=pk)
    if row.defect_id is None and row.by != request.user:
        raise Http404
    try:
        file = row.file.open("rb")
    except OSError as error:
        raise Http404 from error
    response = FileResponse(file, as_attachment=True, filename=row.name, content_type=row.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response
