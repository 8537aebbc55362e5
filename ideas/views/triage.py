"""The triage desk and the merge preview."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ideas import desk, merging, services
from ideas.forms import AnswerForm, ReasonForm, SnoozeForm, TriageForm
from ideas.models import Idea
from ideas.triage import area_named
from ideas.views.common import blame, done, get_idea_for
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("triage")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The desk with the request that has waited longest, or the word that nothing waits."""
    return show_desk(request, None)


@allow("triage")
@require_http_methods(["GET", "HEAD", "POST"])
def request_in_hand(request: HttpRequest, number: int) -> HttpResponse:
    """The desk with this request; a POST accepts it for the review, or sends a bug straight to the queue."""
    idea = get_object_or_404(Idea.objects.visible_to(request.actor).select_related("author", "product"), number=number)
    if request.method != "POST":
        return show_desk(request, idea)
    form = TriageForm(request.POST, product=request.product)
    if request.POST.get("do") == "queue":
        services.queue_bug(idea, by=request.user)
        return done(request, _("%(idea)s stands in the queue.") % {"idea": idea}, "ideas:triage")
    if form.is_valid():
        try:
            accept(request, idea, dict(form.cleaned_data))
            return done(request, _("%(idea)s is on the next review's agenda.") % {"idea": idea}, "ideas:triage")
        except ValidationError as error:
            blame(form, error)
    return show_desk(request, idea, form)


def accept(request: HttpRequest, idea: Idea, values: dict[str, Any]) -> None:
    name = values.pop("new_area")
    if name:
        values["area"] = area_named(request.product, name)
    services.triage(idea, by=request.user, **values)


def show_desk(request: HttpRequest, idea: Idea | None, form: TriageForm | None = None) -> HttpResponse:
    """Queue, request and similar ideas side by side."""
    now = timezone.now()
    waiting = list(Idea.objects.filter(product=request.product).waiting(at=now).select_related("author", "product"))
    idea = idea or next(iter(waiting), None)
    tally = desk.tally(request.user, request.product.pk, at=now)
    context = {
        "headline": tally.headline(len(waiting)),
        "tally": tally,
        "cells": tally.cells(len(waiting)),
        "requests": desk.requests(waiting[: desk.LISTED], at=now),
    }
    if idea:
        context |= in_hand(request, idea, form)
    return render(request, "ideas/triage.html", context, status=422 if form and form.errors else 200)


def in_hand(request: HttpRequest, idea: Idea, form: TriageForm | None) -> dict[str, Any]:
    """The middle and the right pane."""
    words = request.GET.get("q", "").strip()[:100]
    alike = desk.alike(idea, request.actor, words)
    best = alike[0] if alike and alike[0].is_likely and not words else None
    initial = {"kind": idea.kind, "area": idea.area_id} | {
        name: getattr(idea, name) or 3 for name in ("urgency", "importance", "complexity")
    }
    form = form or TriageForm(initial=initial, product=request.product)
    is_open = idea.status in (Idea.Status.NEW, Idea.Status.SNOOZED) and not idea.is_merged
    return {"idea": idea, "form": form, "alike": alike, "best": best, "words": words, "is_open": is_open}


@allow("triage")
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, number: int) -> HttpResponse:
    """Say no, with a reason."""
    return asked(request, number, ReasonForm, services.decline, _("%(idea)s is declined; the reason was sent."))


@allow("triage")
@require_http_methods(["GET", "HEAD", "POST"])
def snooze(request: HttpRequest, number: int) -> HttpResponse:
    """Put the request off."""
    return asked(request, number, SnoozeForm, services.snooze, _("%(idea)s sleeps for now."))


@allow("triage")
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Answer and close."""
    return asked(request, number, AnswerForm, services.answer, _("%(idea)s is answered."))


def asked(
    request: HttpRequest, number: int, form_class: type[Form], verb: Callable[..., None], words: str
) -> HttpResponse:
    """One question about one idea, on a page of its own; its answer is passed to `verb`."""
    idea = get_idea_for(request.actor, number)
    form = form_class(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            verb(idea, by=request.user, **form.cleaned_data)
            return done(request, words % {"idea": idea}, "ideas:triage")
        except ValidationError as error:
            blame(form, error)
    context = {"idea": idea, "form": form, "act": verb.__name__}
    return render(request, "ideas/triage_act.html", context, status=422 if form.errors else 200)


@allow("merge_ideas")
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, number: int, into: int) -> HttpResponse:
    """What a merge brings together; a POST does it, in the direction of the wording that shall lead."""
    idea, other = get_idea_for(request.actor, number), get_idea_for(request.actor, into)
    if request.method == "POST":
        if request.POST.get("lead") == str(idea.number):
            idea, other = other, idea
        services.merge(idea, into=other, by=request.user)
        words = _("%(idea)s is now part of %(other)s.") % {"idea": idea, "other": other}
        return done(request, words, "ideas:triage")
    preview = merging.preview(idea, into=other)
    people = merging.people_to_tell(idea, other, by=request.user)
    context = {"idea": idea, "into": other, "wordings": [other, idea], "preview": preview, "told": len(people)}
    return render(request, "ideas/merge.html", context)
