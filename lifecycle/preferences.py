"""How the pages look and listen to keys: choices of this browser, kept in cookies so that the first byte is right."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from lifecycle.requests import HttpRequest
from lifecycle.roles import allow

CHOICES = {"theme": ("light", "dark"), "keys": ("on", "off")}
YEAR_SECONDS = 365 * 24 * 3600


@allow("see_portal")
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Keep `theme` (light, dark) and `keys` (on, off) for a year; other values are ignored. Goes back to `next`."""
    response = HttpResponseRedirect(safe_next(request))
    for name, values in CHOICES.items():
        if (value := request.POST.get(name)) in values:
            response.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    return response


def safe_next(request: HttpRequest) -> str:
    """The address to go back to: only one of this site, else the start page."""
    address = request.POST.get("next", "")
    return address if url_has_allowed_host_and_scheme(address, {request.get_host()}) else reverse("start")
