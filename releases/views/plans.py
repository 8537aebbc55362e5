"""Release plans: the list, a new one, and everything that is done on a plan's page."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lifecycle.forms import posted, reason_in
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import plan
from releases.forms import Domain, PlanForm, ReasonForm
from releases.loading import get_release_for, releases_for
from releases.models import Release
from releases.pages import customers as news
from releases.pages import plan as page
from releases.pages import releases as rows
from releases.pages.delivered import card as delivered_card
from releases.plan_forms import RescheduleForm
from releases.views.planning import answer, done


@allow("see_portal")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All releases, the newest first."""
    found = rows.listing(releases_for(request.actor), request.actor, before=request.GET.get("before", ""))
    template = "releases/_rows.html" if request.htmx else "releases/list.html"
    return render(request, template, found | {"frame": "team.html" if request.actor.is_team else "portal.html"})


@allow("see_portal")
@require_safe
def coming(request: HttpRequest) -> HttpResponse:
    """The next release as a card for other pages, nothing if none is planned; by itself, the way to its page."""
    release = news.next_release(request.actor)
    if not request.htmx:
        return redirect("releases:detail", release.version) if release else redirect("ideas:roadmap")
    if release is None:
        return HttpResponse()
    return render(request, "releases/_next_release.html", news.card(release, request.actor))


@allow("plan_release")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose from the queue, name a version and a day."""
    form, made = PlanForm(posted(request), actor=request.actor), []
    create = partial(plan.create, product=request.product, by=request.user)
    if request.method == "POST" and done(form, lambda **said: made.append(create(**said))):
        messages.success(request, _("The plan is a draft: publish it when it is right."))
        return redirect("releases:detail", made[0].version)
    return answer(request, "releases/new.html", {"form": form, "queue": rows.queue(form)}, form)


@allow("see_portal")
@require_safe
def detail(request: HttpRequest, version: str) -> HttpResponse:
    """The plan for the team; everybody else sees what customers see."""
    release = get_release_for(request.actor, version)
    if not request.actor.is_team:
        return render(request, "releases/customers.html", news.page(release, request.actor))
    return render(request, "releases/detail.html", page.page(release, request.actor))


@allow("see_team_pages")
@require_safe
def delivered(request: HttpRequest, version: str) -> HttpResponse:
    """What was promised against what is in it now, fetched after the plan is shown; by itself, the way to the plan."""
    release = get_release_for(request.actor, version)
    if not request.htmx:
        return redirect("releases:detail", version)
    return render(request, "releases/_delivered.html", {"delivered": delivered_card(release), "release": release})


@allow("follow")
@require_POST
def follow(request: HttpRequest, version: str) -> HttpResponse:
    """Hear when it is live: by following what of it this person may see."""
    release = get_release_for(request.actor, version)
    news.follow(release, request.actor)
    messages.success(request, _("We tell you when it is live."))
    return redirect("releases:customers", version)


@allow("see_portal")
@require_safe
def customers(request: HttpRequest, version: str) -> HttpResponse:
    """The plan as customers see it: what they will notice, and when."""
    release = get_release_for(request.actor, version)
    return render(request, "releases/customers.html", news.page(release, request.actor))


@allow("plan_release")
@require_POST
def publish(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    plan.publish(release, by=request.user)
    messages.success(request, _("Published: everybody can read the plan."))
    return redirect("releases:detail", version)


@allow("freeze_release")
@require_POST
def freeze(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    plan.freeze(release, without=request.POST.getlist("without"), by=request.user)
    messages.success(request, _("Frozen: the approved changes are put together and go to staging."))
    return redirect("releases:detail", version)


@allow("plan_release")
@require_POST
def reschedule(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    form = RescheduleForm(request.POST, release=release)
    return act(request, release, form, plan.reschedule, "reschedule_form", _("The new date is on the plan."))


@allow("plan_release")
@require_POST
def drop(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    return act(request, release, ReasonForm(request.POST), plan.drop, "drop_form", _("The plan was given up."))


def act(
    request: HttpRequest, release: Release, form: Domain, use_case: Callable[..., None], name: str, said: str
) -> HttpResponse:
    """Do `use_case` with what the form says, or show the plan again with why not (422, 409)."""
    if done(form, lambda **fields: use_case(release, by=request.user, **fields)):
        messages.success(request, said)
        return redirect("releases:detail", release.version)
    context = page.page(release, request.actor) | {name: form, "form": form}
    return answer(request, "releases/detail.html", context, form)


@allow("plan_release")
@require_POST
def must(request: HttpRequest, version: str, number: int) -> HttpResponse:
    """Whether the release waits for a change."""
    change = get_object_or_404(get_release_for(request.actor, version).changes.select_related("release"), number=number)
    plan.set_must(change, must=request.POST.get("must") == "1", by=request.user)
    return redirect("releases:detail", version)


@allow("plan_release")
@require_POST
def leave(request: HttpRequest, version: str, number: int) -> HttpResponse:
    """Take a change out of the plan."""
    change = get_object_or_404(get_release_for(request.actor, version).changes.select_related("release"), number=number)
    plan.drop_change(change, by=request.user, reason=reason_in(request))
    messages.success(request, _("%(change)s left the plan.") % {"change": change.key})
    return redirect("releases:detail", version)
