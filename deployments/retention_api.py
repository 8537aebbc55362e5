"""/api/v1/products/<slug>/retention/: how much is kept, and removing the rest now."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import retention
from lifecycle.requests import Request, read


class RetentionShape(serializers.Serializer):
    """`artefacts_kept`: built releases per environment, beside what runs, can be gone back to or is on its way."""

    artefacts_kept = serializers.IntegerField(min_value=retention.FEWEST, max_value=retention.MOST)


class Retention(APIView):
    """How much is kept; PUT changes it."""

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
