"""The forms of a plan, fetched when somebody opens them."""

from typing import Any

from django import forms
from django.db.models import Q

from ideas.models import Idea
from lifecycle.roles import Actor
from releases import intake, offers, rules, serving
from releases.forms import BranchForm, MoreIdeasForm
from releases.models import Change, Release
from releases.pages.commands import commands_for
from releases.pages.releases import queue
from releases.plan_forms import ChangeEditForm, MaintenanceForm, PlanEditForm, RulesForm, ServedIdeasForm


def change_page(change: Change, actor: Actor, **shown: forms.Form) -> dict[str, Any]:
    """Everything _change_forms.html shows; `shown` are forms that came back with mistakes."""
    ids = f"c{change.number}-%s"
    is_open = change.release is not None and change.release.is_open
    return {
        "change": change,
        "release": change.release,
        "commands": commands_for(change),
        "may_plan": actor.may("plan_release") and is_open,
        "edit_form": ChangeEditForm(change=change, auto_id=ids),
        "branch_form": BranchForm(change=change, pushed=intake.unlinked(change.product), auto_id=ids),
        **served(change, actor, shown.get("ideas_form")),
        **shown,
    }


def served(change: Change, actor: Actor, form: forms.Form | None) -> dict[str, Any]:
    """The choice of ideas while it can still be said (serving.may_choose)."""
    if not actor.may("plan_release") or not serving.may_choose(change):
        return {}
    form = form or ideas_form(change, actor)
    return {"ideas_form": form, "choices": queue(form)}


def ideas_form(change: Change, actor: Actor, data: Any = None) -> ServedIdeasForm:
    """What it serves now, and what is still in the queue."""
    now = [idea.pk for idea in change.ideas.all()]
    wanted = Q(pk__in=now) | Q(pk__in=offers.offered(actor).values("pk"))
    offered = Idea.objects.visible_to(actor).filter(wanted).order_by("queue_rank", "number")
    return ServedIdeasForm(data, offered=offered, served=now)


def more_page(release: Release, actor: Actor, **shown: forms.Form) -> dict[str, Any]:
    """Everything _more.html shows: the rest of the queue, and maintenance."""
    more = shown.get("more_form") or MoreIdeasForm(actor=actor)
    return {
        "release": release,
        "more_form": more,
        "queue": queue(more),
        "maintenance_form": MaintenanceForm(auto_id="maintenance_%s"),
        **shown,
    }


def plan_page(release: Release, form: PlanEditForm | None = None) -> dict[str, Any]:
    """Everything edit.html shows."""
    return {"release": release, "form": form or PlanEditForm(release=release)}


def rules_page(actor: Actor, form: RulesForm | None = None) -> dict[str, Any]:
    """Everything rules.html shows."""
    return {"form": form or RulesForm(instance=rules.of(actor.product))}
