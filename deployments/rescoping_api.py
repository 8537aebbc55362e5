"""…/releases/<version>/scope/ changes what is frozen."""

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

VERBS = {"take_in": rescoping.take_in, "renew": rescoping.renew}


class ScopeIn(serializers.Serializer):
    """What is done with a change, and why; `with_above` takes out what is built on it, too."""

    change = serializers.IntegerField(min_value=1, max_value=10**9)
    how = serializers.ChoiceField(choices=["take_in", "take_out", "renew"])
    reason = serializers.CharField(max_length=500)
    with_above = serializers.BooleanField(default=False)


class Scope(APIView):
    """A new candidate is put together; 409 while it is on its way to production, parked, or not frozen."""

    verbs = {"POST": "freeze_release"}

    @extend_schema(request=ScopeIn, responses={202: ReleaseSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release, said = get_release_for(request.actor, version), read(ScopeIn, request)
        change = get_change_for(request.actor, said["change"])
        if said["how"] == "take_out":
            how = {"with_above": said["with_above"]}
            rescoping.take_out(release, change, reason=said["reason"], by=request.user, **how)
        else:
            VERBS[said["how"]](release, change, reason=said["reason"], by=request.user)
        return Response(ReleaseSerializer(get_release_for(request.actor, version)).data, status=202)


urlpatterns = [path("releases/<str:version>/scope/", Scope.as_view(), name="scope")]
