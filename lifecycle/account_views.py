"""One's own account: name, language and zone, what one is told, API tokens."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lifecycle import people, tokens
from lifecycle.forms import AccountForm, NewsForm, TokenForm, posted
from lifecycle.models import Token
from lifecycle.preferences import YEAR_SECONDS, safe_next
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_own_account")
def account(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone, news and API tokens of the person who is signed in."""
    form = AccountForm(posted(request), instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        return saved(request)
    return page(request, form=form)


@allow("see_own_account")
@require_POST
def news(request: HttpRequest) -> HttpResponse:
    """Keep what I want to be told, and how."""
    form = NewsForm(request.POST, actor=request.actor)
    if form.is_valid():
        form.save()
        return saved(request)
    return page(request, news_form=form)


@allow("see_own_account")
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Make an API token and show it this once."""
    form = TokenForm(request.POST)
    if form.is_valid():
        return page(request, new_token=tokens.issue(request.user, **form.cleaned_data))
    return page(request, token_form=form)


@allow("see_own_account")
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my tokens at once."""
    get_object_or_404(Token, pk=pk, user=request.user).delete()
    messages.success(request, _("The token no longer works."))
    return redirect("account")


@allow("see_portal")
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: kept with the person when signed in, in a cookie always. Goes back to `next`."""
    code = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_next(request))
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure()
        )
        if request.user.is_authenticated:
            people.set_language(request.user, code)
    return response


def page(request: HttpRequest, **shown: Any) -> HttpResponse:
    """The account page with the forms as they are, 422 when one of them was refused."""
    context = {
        "form": AccountForm(instance=request.user),
        "news_form": NewsForm(actor=request.actor),
        "token_form": TokenForm(),
        "tokens": request.user.tokens.order_by("-id"),
        **shown,
    }
    refused = any(form.is_bound and form.errors for name, form in context.items() if name.endswith("form"))
    return render(request, "lifecycle/account.html", context, status=422 if refused else 200)


def saved(request: HttpRequest) -> HttpResponse:
    """Back to the page, which says so in the language that was chosen just now."""
    with translation.override(request.user.language):
        messages.success(request, _("Saved."))
    return redirect("account")
