"""/api/v1/products/<slug>/environments/<slug>/…: its servers' keys, its driver, how it stands, its last command."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import declared, running
from deployments.board_api import NoteOut
from deployments.loading import get_environment_for
from deployments.pages import place as page
from deployments.pages import standing
from environments import host_keys
from environments.api import ONE
from environments.models import Environment, HostKey
from lifecycle import logs
from lifecycle.live_log import number
from lifecycle.log_api import LOG_PAGE, LogLineOut
from lifecycle.models import Work
from lifecycle.requests import Request


class HostKeyOut(serializers.ModelSerializer):
    """A key that a server showed."""

    confirmed_by = serializers.CharField(default=None)

    class Meta:
        model = HostKey
        fields = ["id", "fingerprint", "seen_at", "confirmed_at", "confirmed_by"]


class ServerOut(serializers.Serializer):
    """A server of the ssh driver; `shown` is what it showed last, if that is not the confirmed key.

    `is_changed`: another key was confirmed, so nothing is deployed there.
    """

    host = serializers.CharField()
    port = serializers.IntegerField()
    confirmed = HostKeyOut(allow_null=True)
    shown = HostKeyOut(allow_null=True)
    is_changed = serializers.BooleanField()


class AnswerOut(serializers.Serializer):
    """What it said when it was last asked; `state` is ok, bad, none or unknown."""

    state = serializers.CharField()
    words = serializers.CharField()
    when = serializers.CharField()


class StandingOut(serializers.Serializer):
    """`recorded` is what should run and `answer` what does; `promotes` is what Promote would deploy, or `why_not`."""

    headline = serializers.CharField()
    recorded = serializers.CharField()
    answer = AnswerOut()
    notes = NoteOut(many=True)
    promotes = serializers.CharField()
    why_not = serializers.CharField()
    why_it_stays = serializers.CharField()


class WorkOut(serializers.Serializer):
    """The last command a worker ran for the environment itself, and its log after `?after=`.

    `log_removed_after`: the log was not kept longer than so many days; null while it is there.
    """

    kind = serializers.CharField()
    status = serializers.CharField()
    error = serializers.CharField()
    log_removed_after = serializers.IntegerField(allow_null=True)
    lines = LogLineOut(many=True)


class Servers(APIView):
    """Every server that was looked at, with the keys it showed."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=ServerOut(many=True))
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        return Response(ServerOut(host_keys.of(get_environment_for(request.actor, slug)), many=True).data)


class LookAtServers(APIView):
    """POST has a worker ask the servers for their keys."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        host_keys.look_later(get_environment_for(request.actor, slug), by=request.user)
        return Response(status=202)


class ConfirmServer(APIView):
    """POST: it is the right key. 409 if the server has shown another one since."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses=HostKeyOut)
    def post(self, request: Request, slug: str, pk: int, **kwargs: Any) -> Response:
        key = get_object_or_404(get_environment_for(request.actor, slug).host_keys, pk=pk)
        host_keys.confirm(key, by=request.user)
        return Response(HostKeyOut(key).data)


class Standing(APIView):
    """What is recorded, what answers, who asks to leave it alone, and what may be done about it."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=StandingOut)
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        return Response(StandingOut(standing_of(get_environment_for(request.actor, slug))).data)


def standing_of(environment: Environment) -> dict[str, Any]:
    current = running.current(environment)
    promotes, why_not = page.can_promote(environment)
    return {
        "headline": page.headline(environment, current),
        "recorded": running.release_id(current.candidate) if current else "",
        "answer": page.answer(environment, current),
        "notes": standing.notes(environment, current),
        "promotes": promotes,
        "why_not": why_not,
        "why_it_stays": page.why_it_stays(environment),
    }


class LastWork(APIView):
    """The log of creating, restoring, scrubbing or destroying; 204 where nothing was ever run."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(parameters=[OpenApiParameter("after", int)], responses={200: WorkOut, 204: None})
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        last = declared.newest(get_environment_for(request.actor, slug), *page.KINDS)
        if last is None:
            return Response(status=204)
        return Response(WorkOut(work_of(last, number(request.query_params.get("after", "")))).data)


def work_of(last: Work, after: int) -> dict[str, Any]:
    lines = logs.lines_after(last.log_key, after, limit=LOG_PAGE)
    facts = {name: getattr(last, name) for name in ("kind", "status", "error", "log_removed_after")}
    return {**facts, "lines": lines}


urlpatterns = [
    path(f"{ONE}/servers/", Servers.as_view(), name="servers"),
    path(f"{ONE}/servers/look/", LookAtServers.as_view(), name="look_at_servers"),
    path(f"{ONE}/servers/keys/<int:pk>/confirm/", ConfirmServer.as_view(), name="confirm_server"),
    path(f"{ONE}/standing/", Standing.as_view(), name="standing"),
    path(f"{ONE}/work/", LastWork.as_view(), name="environment_work"),
]
