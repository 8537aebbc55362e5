"""POST /api/v1/products/<slug>/releases/<version>/recompose/: put a frozen release together again on what is live."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import unfreezing
from deployments.loading import get_release_for
from releases.api import ReleaseSerializer


class Recompose(APIView):
    """409 while it is on its way to production, parked, or not frozen."""

    verbs = {"POST": "freeze_release"}

    @extend_schema(request=None, responses={202: ReleaseSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        unfreezing.recompose(release, by=request.user)
        return Response(ReleaseSerializer(release).data, status=202)


urlpatterns = [path("releases/<str:version>/recompose/", Recompose.as_view(), name="recompose")]
