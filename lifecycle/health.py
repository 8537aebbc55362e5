"""Liveness (this process answers) and readiness (database, broker, workers and beat)."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from lifecycle import heartbeats
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("see_health")
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 while this process answers; touches nothing."""
    return HttpResponse("ok\n", content_type="text/plain")


@allow("see_health")
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, broker, workers and beat all answer, else 503; the body says which does not."""
    parts: dict[str, object] = {"database": database_answers(), "broker": broker_answers()}
    if parts["database"]:
        parts |= {pulse.kind: not pulse.is_late for pulse in heartbeats.pulses()}
    ok = all(parts.values())
    return JsonResponse({"ready": ok, **parts}, status=200 if ok else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except DatabaseError:
        return False


def broker_answers() -> bool:
    try:
        return bool(Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5).ping())
    except RedisError:
        return False
