"""What a refusal looks like: a page for people, problem details below /api/."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from lifecycle.problems import details


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return refusal(request, 400, "", "")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 403, "403.html", str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 404, "404.html", "")


def server_error(request: HttpRequest) -> HttpResponse:
    return refusal(request, 500, "500.html", "")


def refusal(request: HttpRequest, status: int, template: str, reason: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return JsonResponse(details(status, reason), status=status, content_type="application/problem+json")
    return render(request, template, {"reason": reason}, status=status)
