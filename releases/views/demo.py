"""The demo of a frozen release: shown to managers, then to customers."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lifecycle.roles import allow
from releases import signoffs
from releases.forms import SignOffForm
from releases.loading import get_release_for
from releases.models import SignOff
from releases.pages import demo as page


@allow("see_portal")
@require_safe
def detail(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    return render(request, "releases/demo.html", page.page(release, request.actor))


@allow("sign_off_managers")
@require_POST
def managers(request: HttpRequest, version: str) -> HttpResponse:
    return sign_off(request, version, SignOff.Audience.MANAGERS)


@allow("sign_off_customers")
@require_POST
def customers(request: HttpRequest, version: str) -> HttpResponse:
    """A customer signs for themselves, the product owner on the customers' behalf."""
    return sign_off(request, version, SignOff.Audience.CUSTOMERS)


def sign_off(request: HttpRequest, version: str, audience: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    form = SignOffForm(request.POST, prefix=audience)
    if form.is_valid():
        try:
            signoffs.sign_off(release, audience=audience, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("It is on record. Thank you."))
            return redirect("releases:demo", version)
    context = page.page(release, request.actor, bound={audience: form}) | {"form": form}
    return render(request, "releases/demo.html", context, status=422)
