"""The tester's bench: what staging runs, what to try, ticking, approving, and holding staging."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from environments.models import Environment
from environments.queries import of_kind
from lifecycle.models import Product
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import asking, steps, tries, verdicts
from releases.forms import HoldForm
from releases.loading import get_change_for
from releases.models import Candidate, Change
from releases.pages import bench as page
from releases.pages import builds
from releases.return_forms import number_in


@allow("see_team_pages")
@require_safe
def bench(request: HttpRequest) -> HttpResponse:
    """The changes on staging; `?change=` opens one of them."""
    return render(request, "releases/testing.html", page.page(request.actor, request.GET.get("change", "")))


@allow("give_verdict")
@require_POST
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """A yes to the build that was shown; the ticks are kept whatever comes of it."""
    change = get_change_for(request.actor, number)
    candidate = get_candidate(request)
    keep_ticks(request, change, candidate)
    untried = page.untried(page.steps_of(change, candidate, request.actor, list(change.ideas.all())))
    if untried:
        context = page.page(request.actor, str(number)) | {"untried": untried}
        return render(request, "releases/testing.html", context, status=422)
    try:
        verdicts.approve(change, candidate=candidate, by=request.user)
    except verdicts.Replaced:
        return replaced(request, number, candidate)
    messages.success(request, _("You approved %(change)s.") % {"change": change.key})
    return redirect("releases:testing")


@allow("give_verdict")
@require_POST
def tick(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the ticks; the page goes on by itself, or is shown again without JavaScript."""
    change, candidate = get_change_for(request.actor, number), get_candidate(request)
    keep_ticks(request, change, candidate)
    if request.htmx:
        found = page.steps_of(change, candidate, request.actor, list(change.ideas.all()))
        return render(request, "releases/_say.html", {"say": page.say(found)})
    return redirect(f"{reverse('releases:testing')}?change={change.number}")


def keep_ticks(request: HttpRequest, change: Change, candidate: Candidate) -> None:
    shown = steps.of(change)
    sent = set(request.POST.getlist("tried"))
    ticked = [step for step in shown if tries.hash_of(step) in sent]
    tries.keep(change, candidate.digest, steps=ticked, shown=shown, by=request.user)


def get_candidate(request: HttpRequest) -> Candidate:
    """The build that the form was about; Http404 for one that this product does not have."""
    return get_object_or_404(Candidate, product=request.product, pk=number_in(request.POST.get("candidate")))


def replaced(request: HttpRequest, number: int, earlier: Candidate) -> HttpResponse:
    """The bench as it is now, with what is different from the build that was judged (409)."""
    context = page.page(request.actor, str(number))
    now = context["staging"].candidate
    context["replaced"] = builds.replaced(earlier, now) if now else []
    return render(request, "releases/testing.html", context | {"was": builds.name_of(earlier)}, status=409)


@allow("give_verdict")
@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    """Keep staging as it is, or keep it longer."""
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


@allow("promote")
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Tell whoever holds staging that somebody waits for it."""
    person = asking.ask_for(get_staging(request.product), by=request.user)
    messages.success(request, _("%(who)s was told that you wait for staging.") % {"who": person})
    return redirect("releases:testing")


def get_staging(product: Product) -> Environment:
    """The product's first staging: the one that testers are given compositions on. Http404 without one."""
    found = of_kind(product, Environment.Kind.STAGING)
    if found is None:
        raise Http404
    return found
