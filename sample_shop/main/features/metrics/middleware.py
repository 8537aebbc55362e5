"""Counting and timing every request."""

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponse

from features.metrics.measures import request_seconds, requests

NOT_COUNTED = {"health", "metrics"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count requests by the name of their route, so that labels stay few; probes are left out."""

    def measure(request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        response = get_response(request)
        endpoint = _endpoint(request)
        if endpoint not in NOT_COUNTED:
            request_seconds.observe(endpoint, perf_counter() - started)
            method = request.method if request.method in METHODS else "other"
            requests.add(endpoint, method, str(response.status_code))
        return response

    return measure


def _endpoint(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else "unmatched"
