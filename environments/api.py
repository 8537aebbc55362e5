"""/api/v1/products/<slug>/environments/: what there is to deploy to. Values of variables never leave by the API."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from environments.models import Environment
from environments.queries import get_environment_for


class EnvironmentSerializer(serializers.ModelSerializer):
    """An environment; `variables` are names only."""

    held_by = serializers.CharField(source="held_by.name", default=None, read_only=True)
    variables = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Environment
        fields = [
            "slug",
            "name",
            "kind",
            "driver",
            "url",
            "state",
            "branch",
            "config_version",
            "held_by",
            "held_until",
            "variables",
        ]


class Environments(APIView):
    """The product's environments, in their order."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=EnvironmentSerializer(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        rows = Environment.objects.filter(product=request.actor.product)
        rows = rows.select_related("held_by").prefetch_related("variables")
        return Response(EnvironmentSerializer(rows, many=True).data)


class EnvironmentDetail(APIView):
    """One environment."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=EnvironmentSerializer)
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        return Response(EnvironmentSerializer(get_environment_for(request.actor, slug)).data)


urlpatterns = [
    path("environments/", Environments.as_view(), name="environments"),
    path("environments/<slug:slug>/", EnvironmentDetail.as_view(), name="environment"),
]
