"""Nobody sees a test shop without having been let in; a shop without a key is open."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from features.preview import access

FOR_MACHINES = {"/health", "/metrics"}
OPEN = ("/preview/", "/static/")


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Probes, metrics, stylesheets and the door itself stay open."""

    def guard(request: HttpRequest) -> HttpResponse:
        is_open = not settings.ACCESS_KEY or request.path in FOR_MACHINES or request.path.startswith(OPEN)
        if is_open or access.is_let_in(request.COOKIES.get(access.cookie_name(), "")):
            return get_response(request)
        response = render(request, "preview/closed.html", status=403)
        response.headers["Cache-Control"] = "no-store"
        return response

    return guard
