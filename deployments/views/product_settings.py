"""How the product approves its releases."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from deployments import product_rules, retention
from deployments.models import ApprovalRule
from deployments.rule_forms import DeputyForm, KeptForm, RulesForm, preset_words
from deployments.separation import voters_of
from lifecycle.forms import posted
from lifecycle.models import Product
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_http_methods(["GET", "HEAD", "POST"])
@allow("configure")
def rules(request: HttpRequest) -> HttpResponse:
    """The rules, and who can approve now."""
    form = _rules_form(request)
    if form.is_bound and form.is_valid():
        try:
            product_rules.set_rules(request.product, by=request.user, **form.facts())
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The rules are kept."))
            return redirect("deployments:rules")
    return _page(request, form=form)


@require_POST
@allow("configure")
def set_kept(request: HttpRequest) -> HttpResponse:
    """How much stays."""
    form = KeptForm(request.POST)
    if form.is_valid():
        retention.set_kept(request.product, by=request.user, **form.cleaned_data)
        messages.success(request, _("Kept so from the next night on."))
        return redirect("deployments:rules")
    return _page(request, kept_form=form)


@require_POST
@allow("configure")
def choose_deputy(request: HttpRequest) -> HttpResponse:
    form = DeputyForm(request.POST, people=_team(request.product))
    if form.is_valid():
        try:
            product_rules.choose_deputy(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The deputy may speak on these days."))
            return redirect("deployments:rules")
    return _page(request, deputy_form=form)


@require_POST
@allow("configure")
def remove_deputy(request: HttpRequest, pk: int) -> HttpResponse:
    product_rules.remove_deputy(get_object_or_404(request.product.deputies, pk=pk), by=request.user)
    messages.success(request, _("The deputy is taken back."))
    return redirect("deployments:rules")


def _rules_form(request: HttpRequest, *, data: Any = None) -> RulesForm:
    own = {row.role: row.minimum for row in ApprovalRule.objects.filter(product=request.product)}
    return RulesForm(posted(request) if data is None else None, initial=RulesForm.initial_of(request.product, own))


def _team(product: Product) -> list[Any]:
    return [voter.user for voter in voters_of(product).values() if voter.roles]


def _page(
    request: HttpRequest,
    *,
    form: RulesForm | None = None,
    deputy_form: DeputyForm | None = None,
    kept_form: KeptForm | None = None,
) -> HttpResponse:
    context = {
        "form": form or _rules_form(request, data={}),
        "deputy_form": deputy_form or DeputyForm(people=_team(request.product)),
        "kept_form": kept_form or KeptForm(initial=KeptForm.initial_of(request.product)),
        "presets": preset_words(),
        "able": product_rules.who_can(request.product),
        "deputies": product_rules.deputies(request.product),
    }
    refused = any(given is not None and given.errors for given in (form, deputy_form, kept_form))
    return render(request, "deployments/rules.html", context, status=422 if refused else 200)
