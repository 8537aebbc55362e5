"""/api/v1/products/<slug>/repository/adopt/: which commit runs today, recorded without a deployment."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import adopting
from lifecycle.requests import Request, read
from releases.models import Candidate


class AdoptIn(serializers.Serializer):
    """A branch, or a commit by 7 to 40 of its hexadecimal digits."""

    ref = serializers.CharField(max_length=200)


class AdoptedOut(serializers.ModelSerializer):
    """What was asked for or recorded: "composing" until a worker looked at it; "failed" says why in `error`."""

    class Meta:
        model = Candidate
        fields = ["id", "status", "label", "sha", "digest", "error", "created_at"]


class Adopt(APIView):
    """What ran before Lifecycle: 204 while nobody has said so. POST says it, as long as nothing stands on it."""

    verbs = {"GET": "see_team_pages", "POST": "configure"}

    @extend_schema(responses={200: AdoptedOut, 204: None})
    def get(self, request: Request, **kwargs: Any) -> Response:
        found = adopting.latest(request.actor.product)
        return Response(AdoptedOut(found).data) if found else Response(status=204)

    @extend_schema(request=AdoptIn, responses={202: AdoptedOut})
    def post(self, request: Request, **kwargs: Any) -> Response:
        asked = adopting.ask(request.actor.product, by=request.user, **read(AdoptIn, request))
        return Response(AdoptedOut(asked).data, status=202)


urlpatterns = [path("repository/adopt/", Adopt.as_view(), name="adopt")]
