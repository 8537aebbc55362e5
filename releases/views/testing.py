"""The tester's bench: what staging runs, what to try, approve or return, and holding staging."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from environments.models import Environment
from environments.queries import of_kind
from lifecycle.forms import posted
from lifecycle.models import Product
from lifecycle.roles import allow
from releases import verdicts
from releases.forms import HoldForm, ReturnForm
from releases.loading import get_change_for
from releases.models import Candidate
from releases.pages import bench as page


@allow("see_team_pages")
@require_safe
def bench(request: HttpRequest) -> HttpResponse:
    """The changes on staging; `?change=` opens one of them."""
    return render(request, "releases/testing.html", page.page(request.actor, request.GET.get("change", "")))


@allow("give_verdict")
@require_POST
def approve(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    candidate = get_object_or_404(Candidate, product=request.product, pk=number_in(request.POST.get("candidate")))
    untried = page.untried(change, request.POST.getlist("tried"))
    if untried:
        context = page.page(request.actor, str(number)) | {"untried": untried}
        return render(request, "releases/testing.html", context, status=422)
    verdicts.approve(change, candidate=candidate, by=request.user)
    messages.success(request, _("You approved %(change)s.") % {"change": change.key})
    return redirect("releases:testing")


@allow("give_verdict")
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, number: int) -> HttpResponse:
    """Return a change with what was seen; the dialog of the bench is this page."""
    change = get_change_for(request.actor, number)
    form = ReturnForm(posted(request), initial={"candidate": request.GET.get("candidate")})
    if request.method == "POST" and form.is_valid():
        candidate = get_object_or_404(Candidate, product=request.product, pk=form.cleaned_data["candidate"])
        try:
            verdicts.give_back(change, candidate=candidate, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(change)s is back in development.") % {"change": change.key})
            return redirect("releases:testing")
    context = {"form": form, "change": change}
    return render(request, "releases/return.html", context, status=422 if form.errors else 200)


@allow("give_verdict")
@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    staging = get_staging(request.product)
    form = HoldForm(request.POST)
    minutes = form.cleaned_data["minutes"] if form.is_valid() else 60
    verdicts.hold(staging, by=request.user, minutes=minutes)
    messages.success(request, _("Staging is yours: nobody deploys over it."))
    return redirect("releases:testing")


@allow("give_verdict")
@require_POST
def let_go(request: HttpRequest) -> HttpResponse:
    staging = get_staging(request.product)
    verdicts.let_go(staging, by=request.user)
    messages.success(request, _("Staging is free again."))
    return redirect("releases:testing")


def get_staging(product: Product) -> Environment:
    """The product's first staging: the one that testers are given compositions on. Http404 without one."""
    found = of_kind(product, Environment.Kind.STAGING)
    if found is None:
        raise Http404
    return found


def number_in(text: str | None) -> int:
    """The number a form sent, or 0, which nothing has."""
    return int(text) if text and text.isdecimal() else 0
