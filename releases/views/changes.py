"""A change's page, what is done there, and a developer's own changes."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lifecycle.preferences import safe_next
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import changes, comments, plan, serving
from releases.forms import AssignForm, BranchForm, CommentForm, Domain, MigrationsForm
from releases.loading import get_change_for
from releases.models import Change
from releases.pages import change as page
from releases.pages import editing
from releases.pages import mine as own


@allow("see_team_pages")
@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    return render(request, "releases/change.html", page.page(change, request.actor))


@allow("develop")
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What came back, what may go, what collides: the changes of whoever looks."""
    return render(request, "releases/my_changes.html", own.page(request.actor))


@allow("assign_change")
@require_POST
def assign(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    return act(request, change, AssignForm(request.POST, change=change), plan.edit_change, "assign_form")


@allow("assign_change")
@require_POST
def branch(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    return act(request, change, BranchForm(request.POST, change=change), changes.link_branch, "branch_form")


@allow("plan_release")
@require_POST
def ideas(request: HttpRequest, number: int) -> HttpResponse:
    """The ideas that it serves, those and no others."""
    change = get_change_for(request.actor, number)
    form = editing.ideas_form(change, request.actor, request.POST)
    return act(request, change, form, serving.link_ideas, "ideas_form")


@allow("develop")
@require_POST
def migrations(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    return act(request, change, MigrationsForm(request.POST, change=change), changes.set_migrations, "migrations_form")


@allow("comment")
@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    request.actor.require("see_team_pages")
    change = get_change_for(request.actor, number)
    return act(request, change, CommentForm(request.POST), comments.comment, "comment_form")


def act(
    request: HttpRequest, change: Change, form: Domain | CommentForm, use_case: Callable[..., object], name: str
) -> HttpResponse:
    """Do `use_case` with what the form says, or show the change with the form's mistakes (422)."""
    if form.is_valid():
        try:
            use_case(change, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            return HttpResponseRedirect(back(request, change))
    context = page.page(change, request.actor) | {name: form, "form": form}
    return render(request, "releases/change.html", context, status=422)


@allow("develop")
@require_POST
def ready(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    changes.mark_ready(change, by=request.user)
    messages.success(request, _("%(change)s waits for staging.") % {"change": change.key})
    return HttpResponseRedirect(back(request, change))


@allow("develop")
@require_POST
def not_ready(request: HttpRequest, number: int) -> HttpResponse:
    change = get_change_for(request.actor, number)
    changes.unmark_ready(change, by=request.user)
    return HttpResponseRedirect(back(request, change))


def back(request: HttpRequest, change: Change) -> str:
    """The page the form stood on: `next` if it is one of this site, else the change's."""
    return safe_next(request) if request.POST.get("next") else changes.page_of(change)
