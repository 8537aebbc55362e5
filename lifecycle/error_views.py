"""What a refusal looks like: a page for people, problem details below /api/."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from lifecycle.problems import details
from lifecycle.requests import HttpRequest

RETRY_SECONDS = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return refusal(request, 400, "", "")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 403, "403.html", str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 404, "404.html", "")


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake; or the database does not answer, which passes: then 503, and when to ask again.

    Django calls this while it handles the error.
    """
    if not isinstance(sys.exception(), (OperationalError, InterfaceError)):
        return refusal(request, 500, "500.html", "")
    response = refusal(request, 503, "503.html", "")
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def refusal(request: HttpRequest, status: int, template: str, reason: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return JsonResponse(details(status, reason), status=status, content_type="application/problem+json")
    return render(request, template, {"reason": reason}, status=status)
