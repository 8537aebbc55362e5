"""/api/v1/products/<slug>/retention/: how much is kept, and removing the rest now."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import retention
from lifecycle.requests import Request, read


def number(name: str) -> serializers.IntegerField:
    fewest, most = retention.BOUNDS[name]
    return serializers.IntegerField(min_value=fewest, max_value=most, required=False)


class RetentionShape(serializers.Serializer):
    """`artefacts_kept`: built releases per environment, beside what runs, can be gone back to or is on its way.

    `logs_kept_days` count from the end of what wrote the log, `samples_kept_days` from when production was asked.
    """

    artefacts_kept = number("artefacts_kept")
    logs_kept_days = number("logs_kept_days")
    samples_kept_days = number("samples_kept_days")

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if not sent:
            raise serializers.ValidationError(_("Give at least one of: %(names)s.") % {"names": ", ".join(self.fields)})
        return sent


class Retention(APIView):
    """How much is kept; PUT changes what it is given and leaves the rest."""

    verbs = {"GET": "see_team_pages", "PUT": "configure"}

    @extend_schema(responses=RetentionShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(RetentionShape(request.actor.product).data)

    @extend_schema(request=RetentionShape, responses=RetentionShape)
    def put(self, request: Request, **kwargs: Any) -> Response:
        retention.set_kept(request.actor.product, by=request.user, **read(RetentionShape, request))
        return Response(RetentionShape(request.actor.product).data)


class Prune(APIView):
    """POST has a worker remove the artefacts that nothing needs, instead of waiting for the night."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request, **kwargs: Any) -> Response:
        retention.later()
        return Response(status=202)


urlpatterns = [
    path("retention/", Retention.as_view(), name="retention"),
    path("retention/prune/", Prune.as_view(), name="prune_artefacts"),
]
