"""Changing a plan: in one click from the queue, its goal and dates, its changes, and what customers see of it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ideas.models import Idea
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from lifecycle.transitions import NotAllowed
from releases import plan, rules
from releases.forms import Domain, MoreIdeasForm
from releases.loading import get_release_for
from releases.models import Change, Release
from releases.pages import editing
from releases.plan_forms import ChangeEditForm, MaintenanceForm, PlanEditForm, RulesForm


@allow("plan_release")
@require_POST
def from_top(request: HttpRequest) -> HttpResponse:
    """A draft of the ideas that were named (`ideas`), else of all above the queue's line."""
    named = {int(pk) for pk in request.POST.getlist("ideas") if pk.isdecimal() and len(pk) < 10}
    chosen = Idea.objects.visible_to(request.actor).filter(pk__in=named) if named else None
    release = plan.create_from_top(request.product, chosen, by=request.user)
    messages.success(request, _("The plan is a draft: publish it when it is right."))
    return redirect("releases:detail", release.version)


@allow("plan_release")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, version: str) -> HttpResponse:
    """Goal, owner, what is enough, dates, risk and the way back."""
    release = get_release_for(request.actor, version)
    form = PlanEditForm(posted(request), release=release)
    if request.method == "POST" and done(form, lambda **said: plan.edit(release, by=request.user, **said)):
        messages.success(request, _("The plan says so now."))
        return redirect("releases:detail", version)
    return answer(request, "releases/edit.html", editing.plan_page(release, form), form)


@allow("assign_change")
@require_http_methods(["GET", "HEAD", "POST"])
def edit_change(request: HttpRequest, version: str, number: int) -> HttpResponse:
    """Who builds a change, estimate, due date, steps and summary; fetched into its row when that is opened."""
    change = get_planned(request, version, number)
    form = ChangeEditForm(posted(request), change=change, auto_id=f"c{number}-%s")
    if request.method == "POST" and done(form, lambda **said: plan.edit_change(change, by=request.user, **said)):
        messages.success(request, _("%(change)s says so now.") % {"change": change.key})
        return redirect("releases:detail", version)
    return part(
        request, "releases/_change_forms.html", editing.change_page(change, request.actor, edit_form=form), form
    )


@allow("plan_release")
@require_POST
def link_ideas(request: HttpRequest, version: str, number: int) -> HttpResponse:
    """The ideas that a change serves."""
    change = get_planned(request, version, number)
    form = editing.ideas_form(change, request.actor, request.POST)
    if done(form, lambda ideas: plan.link_ideas(change, ideas, by=request.user)):
        return redirect("releases:detail", version)
    shown = editing.change_page(change, request.actor, ideas_form=form)
    return part(request, "releases/_change_forms.html", shown, form)


@allow("plan_release")
@require_http_methods(["GET", "HEAD", "POST"])
def add_ideas(request: HttpRequest, version: str) -> HttpResponse:
    """What the queue still offers; fetched into the plan when that is opened."""
    release = get_release_for(request.actor, version)
    form = MoreIdeasForm(posted(request), actor=request.actor)
    if request.method == "POST" and done(form, lambda ideas, must: add_all(release, ideas, must=must, by=request.user)):
        messages.success(request, _("They are on the plan."))
        return redirect("releases:detail", version)
    return part(request, "releases/_more.html", editing.more_page(release, request.actor, more_form=form), form)


def add_all(release: Release, ideas: list[Idea], *, must: bool, by: Any) -> None:
    for idea in ideas:
        plan.add_idea(release, idea, must=must, by=by)


@allow("plan_release")
@require_POST
def add_maintenance(request: HttpRequest, version: str) -> HttpResponse:
    """A change that no idea asks for."""
    release = get_release_for(request.actor, version)
    form = MaintenanceForm(request.POST, auto_id="maintenance_%s")
    if done(form, lambda **said: plan.add_maintenance(release, by=request.user, **said)):
        messages.success(request, _("It is on the plan."))
        return redirect("releases:detail", version)
    shown = editing.more_page(release, request.actor, maintenance_form=form)
    return part(request, "releases/_more.html", shown, form)


@allow("plan_release")
@require_http_methods(["GET", "HEAD", "POST"])
def show_to_customers(request: HttpRequest) -> HttpResponse:
    """What customers see of plans: dates, states, what an update means for them."""
    form = RulesForm(posted(request), instance=rules.of(request.product))
    if request.method == "POST" and form.is_valid():
        rules.change(request.product, by=request.user, **form.cleaned_data)
        messages.success(request, _("Customers see it so from now on."))
        return redirect("releases:rules")
    return answer(request, "releases/rules.html", editing.rules_page(request.actor, form), form)


def get_planned(request: HttpRequest, version: str, number: int) -> Change:
    """A change of this release; Http404 otherwise."""
    changes = get_release_for(request.actor, version).changes.select_related("product__repository", "revision")
    return get_object_or_404(changes, number=number)


def done(form: Domain, use_case: Callable[..., object]) -> bool:
    """Whether the use-case did what the form says; what it refused stands in the form then."""
    if not form.is_valid():
        return False
    try:
        use_case(**form.cleaned_data)
    except ValidationError as error:
        form.refuse(error)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        form.is_conflict = True
    else:
        return True
    return False


def part(request: HttpRequest, template: str, context: dict[str, Any], form: BaseForm) -> HttpResponse:
    """The fragment that was asked for, or a page of its own around it."""
    if request.htmx:
        return answer(request, template, context, form)
    return answer(request, "releases/part.html", context | {"part": template}, form)


def answer(request: HttpRequest, template: str, context: dict[str, Any], form: BaseForm) -> HttpResponse:
    """200, 422 with what is wrong in the form, or 409 with why it cannot be done now."""
    refused = 409 if getattr(form, "is_conflict", False) else 422
    return render(request, template, context, status=refused if form.errors else 200)
