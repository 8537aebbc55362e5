"""…/checks/<id>/: how tests went, their log, running them again. POST …/checks/ and …/ready/: what others report.

For what an external CI and a forge report a token of the scope "checks" is enough.
"""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle import log_api
from lifecycle.models import Token
from lifecycle.requests import Request, read
from releases import checks, external_checks, readiness
from releases.loading import get_check_for
from releases.models import Check

STATUSES = [str(status) for status in external_checks.REPORTED]


class CheckSerializer(serializers.ModelSerializer):
    """How the tests of a commit went; `log_removed_after`: its log was not kept longer than so many days."""

    class Meta:
        model = Check
        fields = [
            "id",
            "kind",
            "sha",
            "status",
            "exit_code",
            "summary",
            "requested_at",
            "started_at",
            "finished_at",
            "log_removed_after",
        ]


class CheckDetail(APIView):
    """How the tests of a commit went."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=CheckSerializer)
    def get(self, request: Request, pk: int, **kwargs: Any) -> Response:
        return Response(CheckSerializer(get_check_for(request.actor, pk)).data)


class CheckLog(APIView):
    """The lines with a number greater than `after`, at most 500; 204 when there are none, 410 once it was removed."""

    verbs = {"GET": "see_team_pages"}

    @log_api.described
    def get(self, request: Request, pk: int, **kwargs: Any) -> Response:
        return log_api.lines_of(get_check_for(request.actor, pk), request)


class CheckAgain(APIView):
    """Run the tests of the same commit once more: another check. 409: they run, or another system runs them."""

    verbs = {"POST": "develop"}

    @extend_schema(request=None, responses={201: CheckSerializer})
    def post(self, request: Request, pk: int, **kwargs: Any) -> Response:
        check = checks.again(get_check_for(request.actor, pk), by=request.user)
        return Response(CheckSerializer(check).data, status=201)


class ExternalReportSerializer(serializers.Serializer):
    """One check of one commit; several names per commit are several checks."""

    sha = serializers.RegexField(r"^[0-9a-f]{40}\Z")
    name = serializers.CharField(max_length=100)
    status = serializers.CharField(max_length=10, help_text=", ".join(STATUSES))
    url = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    summary = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ExternalCheckSerializer(serializers.ModelSerializer):
    """What was noted; `required` when lifecycle.toml names the check."""

    change = serializers.CharField(source="revision.change.key", default=None, read_only=True)
    candidate = serializers.CharField(source="candidate.label", default=None, read_only=True)

    class Meta:
        model = Check
        fields = ["id", "sha", "name", "status", "required", "url", "summary", "change", "candidate"]


class ExternalChecks(APIView):
    """What an external CI says about a commit. 409: nobody has pushed that commit for a change (yet)."""

    verbs = {"POST": "report_check"}
    scope = Token.Scope.CHECKS

    @extend_schema(request=ExternalReportSerializer, responses={201: ExternalCheckSerializer(many=True)})
    def post(self, request: Request, **kwargs: Any) -> Response:
        noted = external_checks.report(
            request.actor.product, by=request.user, **read(ExternalReportSerializer, request)
        )
        return Response(ExternalCheckSerializer(noted, many=True).data, status=201)


class ReadySerializer(serializers.Serializer):
    """`ready`: false when the request became a draft again."""

    sha = serializers.RegexField(r"^[0-9a-f]{40}\Z")
    ready = serializers.BooleanField(required=False, default=True)


class Ready(APIView):
    """A pull request left draft: its newest commit is ready for staging as soon as nothing is missing.

    Answers with the keys of the changes. 409: nobody has pushed that commit for a change (yet).
    """

    verbs = {"POST": "report_check"}
    scope = Token.Scope.CHECKS

    @extend_schema(request=ReadySerializer, responses={200: None})
    def post(self, request: Request, **kwargs: Any) -> Response:
        said = readiness.say(request.actor.product, by=request.user, **read(ReadySerializer, request))
        return Response({"changes": [change.key for change in said]})


urlpatterns = [
    path("checks/<int:pk>/", CheckDetail.as_view(), name="check"),
    path("checks/<int:pk>/log/", CheckLog.as_view(), name="check_log"),
    path("checks/<int:pk>/again/", CheckAgain.as_view(), name="check_again"),
    path("checks/", ExternalChecks.as_view(), name="external_checks"),
    path("ready/", Ready.as_view(), name="ready"),
]
