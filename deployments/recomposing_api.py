"""…/releases/<version>/recompose/ puts a frozen release together again, …/unfreeze/ opens its plan."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import unfreezing
from deployments.loading import get_release_for
from deployments.shapes_api import Reason
from lifecycle.requests import Request, read
from releases.api import ReleaseSerializer


class Recompose(APIView):
    """409 while it is on its way to production, parked, or not frozen."""

    verbs = {"POST": "freeze_release"}

    @extend_schema(request=None, responses={202: ReleaseSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        unfreezing.recompose(release, by=request.user)
        return Response(ReleaseSerializer(release).data, status=202)


class Unfreeze(APIView):
    """The plan is open again and staging is free; 409 while it is on its way to production."""

    verbs = {"POST": "freeze_release"}

    @extend_schema(request=Reason, responses=ReleaseSerializer)
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        unfreezing.unfreeze(release, by=request.user, **read(Reason, request))
        return Response(ReleaseSerializer(get_release_for(request.actor, version)).data)


urlpatterns = [
    path("releases/<str:version>/recompose/", Recompose.as_view(), name="recompose"),
    path("releases/<str:version>/unfreeze/", Unfreeze.as_view(), name="unfreeze_release"),
]
