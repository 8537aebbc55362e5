"""One click: the change that makes the tests fail leaves the frozen release, and the rest is tested anew."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import rescoping
from lifecycle.forms import reason_in
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases.loading import get_change_for, get_release_for
from releases.pages import combined as page


@allow("freeze_release")
@require_POST
def eject(request: HttpRequest, version: str, number: int) -> HttpResponse:
    """Take a change, and what is built on it, out of a frozen release."""
    release, change = get_release_for(request.actor, version), get_change_for(request.actor, number)
    try:
        rescoping.take_out(release, change, reason=reason_in(request), with_above=True, by=request.user)
    except ValidationError as error:
        context = page.page(release, request.actor) | {"refused": error.messages}
        return render(request, "releases/combined.html", context, status=422)
    text = _("%(change)s left %(release)s: the others are put together and tested anew.")
    messages.success(request, text % {"change": change.key, "release": release})
    return redirect("releases:combined", version)
