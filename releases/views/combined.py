"""The combined test: going through the checklist, changing it, and following the search for what fails."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import checklists
from releases.loading import get_change_for, get_release_for
from releases.models import Candidate, ChecklistItem
from releases.pages import combined as page
from releases.return_forms import number_in


@allow("see_team_pages")
@require_safe
def detail(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    return render(request, "releases/combined.html", page.page(release, request.actor))


@allow("see_team_pages")
@require_safe
def search(request: HttpRequest, version: str) -> HttpResponse:
    """The search as it stands; a whole page without htmx. When it has ended the page is loaded anew."""
    release = get_release_for(request.actor, version)
    if not request.htmx:
        return redirect("releases:combined", version)
    context = page.search_of(release, request.actor)
    response = render(request, "releases/_suspects.html", context)
    if not context["search"] or not context["search"].is_looking:
        response["HX-Refresh"] = "true"
    return response


@allow("give_verdict")
@require_POST
def answer(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    """It works, or what was seen instead; about the candidate that was shown."""
    item = get_item(request, version, pk)
    candidate = get_object_or_404(Candidate, product=request.product, pk=number_in(request.POST.get("candidate")))
    ok, words = request.POST.get("ok") == "1", request.POST.get("words", "").replace("\0", "")[:2000]
    try:
        checklists.answer(item, candidate=candidate, ok=ok, words="" if ok else words, by=request.user)
    except ValidationError as error:
        return refuse(request, version, error, {"wrong": item.pk, "typed": words})
    return redirect("releases:combined", version)


@allow("edit_checklist")
@require_POST
def add(request: HttpRequest, version: str) -> HttpResponse:
    """One more point, of the whole or of a change."""
    release = get_release_for(request.actor, version)
    number, text = number_in(request.POST.get("change")), request.POST.get("text", "").replace("\0", "")
    change = get_change_for(request.actor, number) if number else None
    try:
        checklists.add(release, text=text, change=change, by=request.user)
    except ValidationError as error:
        return refuse(request, version, error, {"added": text})
    messages.success(request, _("The point is on the list."))
    return redirect("releases:combined", version)


@allow("edit_checklist")
@require_POST
def reword(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    item = get_item(request, version, pk)
    try:
        checklists.reword(item, text=request.POST.get("text", "").replace("\0", ""), by=request.user)
    except ValidationError as error:
        return refuse(request, version, error, {})
    return redirect("releases:combined", version)


@allow("edit_checklist")
@require_POST
def leave_off(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    checklists.leave_off(get_item(request, version, pk), by=request.user)
    messages.success(request, _("The point is off the list."))
    return redirect("releases:combined", version)


def get_item(request: HttpRequest, version: str, pk: int) -> ChecklistItem:
    """Http404 unless the release of this product has it on its list."""
    release = get_release_for(request.actor, version)
    rows = ChecklistItem.objects.filter(is_left_out=False).select_related("release__product", "release__candidate")
    return get_object_or_404(rows, release=release, pk=pk)


def refuse(request: HttpRequest, version: str, error: ValidationError, typed: dict[str, object]) -> HttpResponse:
    """The page with what is wrong and what was typed (422)."""
    context = page.page(get_release_for(request.actor, version), request.actor)
    return render(request, "releases/combined.html", context | typed | {"refused": error.messages}, status=422)
