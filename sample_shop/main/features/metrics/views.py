"""What Prometheus, or Lifecycle's watch, reads."""

from django.http import HttpRequest, HttpResponse

from features.metrics.measures import exposition


def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
