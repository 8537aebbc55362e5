"""What the screens load, and how they answer."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme

from ideas.models import AgendaItem, Idea, ReviewSession
from lifecycle.requests import HttpRequest
from lifecycle.roles import Actor


def get_idea_for(actor: Actor, number: int) -> Idea:
    """The idea of this number that `actor` may see, with its primary, or 404."""
    return get_object_or_404(with_primary(actor), number=number)


def get_votable_for(actor: Actor, number: int) -> Idea:
    """The same with only what a vote needs: it is the most frequent click of all."""
    return get_object_or_404(
        Idea.objects.visible_to(actor).only("number", "title", "votes", "canonical"), number=number
    )


def with_primary(actor: Actor) -> QuerySet[Idea]:
    return Idea.objects.visible_to(actor).select_related("canonical", "product")


def get_session_for(actor: Actor, week: str) -> ReviewSession:
    """The review of an ISO week ("2026-w48"), or 404."""
    return get_object_or_404(ReviewSession.objects.select_related("product"), product=actor.product, week__iexact=week)


def get_item_for(actor: Actor, week: str, pk: int) -> AgendaItem:
    """An item on the agenda of that week, or 404."""
    items = AgendaItem.objects.select_related("session__product", "idea__product", "idea__author")
    return get_object_or_404(items, session__product=actor.product, session__week__iexact=week, pk=pk)


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page of this site that the request came from, else to `otherwise` (a route's URL)."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return redirect(came_from if came_from and ours else otherwise)


def done(request: HttpRequest, words: str, to: str, *arguments: Any) -> HttpResponse:
    """Say what was done and go on to the route `to`."""
    messages.success(request, words)
    return redirect(to, *arguments)


def blame(form: BaseForm, error: ValidationError) -> None:
    """Show a rule's objection at the fields of `form`; what the form has no field for stands on top."""
    for name, words in getattr(error, "message_dict", {"__all__": error.messages}).items():
        form.add_error(name if name in form.fields else None, words)
