"""The calendar, watch shifts, and the feed for one's own calendar program."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments import calendar_feed, shifts
from deployments.forms import AddressForm, ShiftForm
from deployments.models import WatchShift
from deployments.pages import calendar as page
from lifecycle import tokens
from lifecycle.forms import posted
from lifecycle.models import Token
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow

CALENDAR = Token.Scope.CALENDAR


@require_safe
@allow("see_team_pages")
def calendar(request: HttpRequest) -> HttpResponse:
    """A month of everything that has a day."""
    found = page.page(request.actor, month=request.GET.get("month", ""))
    return render(request, "deployments/calendar.html", found | {"form": shift_form(request)})


def shift_form(request: HttpRequest) -> ShiftForm | None:
    return ShiftForm() if request.actor.may("take_shift") else None


@require_POST
@allow("take_shift")
def take_shift(request: HttpRequest) -> HttpResponse:
    """Be on duty for a time."""
    form = ShiftForm(request.POST)
    if form.is_valid():
        try:
            shifts.take(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The shift is yours: what the watch finds is told to you first."))
            return redirect("deployments:calendar")
    context = page.page(request.actor) | {"form": form}
    return render(request, "deployments/calendar.html", context, status=422)


@require_POST
@allow("take_shift")
def give_shift_back(request: HttpRequest, pk: int) -> HttpResponse:
    shift = get_object_or_404(WatchShift.objects.select_related("user"), product=request.product, pk=pk)
    shifts.give_back(shift, by=request.user)
    messages.success(request, _("The shift is free again."))
    return redirect("deployments:calendar")


@require_http_methods(["GET", "HEAD", "POST"])
@allow("see_team_pages")
def address(request: HttpRequest) -> HttpResponse:
    """The secret address of my calendar: shown once when it is made, and replaced by making another."""
    form, shown = AddressForm(posted(request)), ""
    if form.is_bound and form.is_valid():
        text = tokens.issue_only(request.user, name=_("Calendar"), scope=CALENDAR, days=form.cleaned_data["days"])
        shown = request.build_absolute_uri(reverse("deployments:calendar_feed", args=[text]))
    token = request.user.tokens.filter(scope=CALENDAR).order_by("-id").first()
    context = {"form": form, "address": shown, "token": token}
    return render(request, "deployments/calendar_address.html", context, status=422 if form.errors else 200)


@require_POST
@allow("see_team_pages")
def end_address(request: HttpRequest) -> HttpResponse:
    """End the address at once."""
    request.user.tokens.filter(scope=CALENDAR).delete()
    messages.success(request, _("The address no longer works."))
    return redirect("deployments:calendar_address")


@require_safe
@allow("read_calendar_feed")
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of whoever has this address; 404 for one that is unknown, ended or somebody's who left."""
    found = tokens.holder(token, scope=CALENDAR)
    if found is None:
        return kept_secret(HttpResponse(status=404))
    body = calendar_feed.feed(request.product, found, base=request.build_absolute_uri("/").rstrip("/"))
    etag = calendar_feed.etag(body)
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8", headers={"ETag": etag})
    answer.headers["Content-Disposition"] = 'inline; filename="lifecycle.ics"'
    return kept_secret(get_conditional_response(request, etag=etag, response=answer))


def kept_secret(answer: HttpResponse) -> HttpResponse:
    """Neither caches on the way nor pages that are opened from it learn the address."""
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
