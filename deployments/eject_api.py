"""…/releases/<version>/eject/: a frozen release goes on without the change that makes its tests fail."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import rescoping
from deployments.loading import get_release_for
from lifecycle.requests import Request, read
from releases.api import ReleaseSerializer
from releases.loading import get_change_for


class EjectSerializer(serializers.Serializer):
    """`change` is its number; what is built on it leaves with it when `with_above` says so."""

    change = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = serializers.CharField(max_length=500)
    with_above = serializers.BooleanField(default=True)


class Eject(APIView):
    """The rest is put together and tested anew. 409 on its way to production, or if nothing would be left."""

    verbs = {"POST": "freeze_release"}

    @extend_schema(request=EjectSerializer, responses={202: ReleaseSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        said = read(EjectSerializer, request)
        change = get_change_for(request.actor, said.pop("change"))
        rescoping.take_out(release, change, by=request.user, **said)
        return Response(ReleaseSerializer(get_release_for(request.actor, version)).data, status=202)


urlpatterns = [path("releases/<str:version>/eject/", Eject.as_view(), name="eject_change")]
