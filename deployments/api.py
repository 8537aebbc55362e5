"""Deployments over the API: what runs where, asking for it, its log; the same services as the screens."""

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import admission, approvals, gates, running, schedules, services, stopping, times
from deployments.deployment_api import DeploymentPage
from deployments.loading import get_deployment_for, get_environment_for, get_release_for
from deployments.models import Deployment
from deployments.shapes_api import (
    DeploymentDetail,
    DeploymentList,
    GateOut,
    NewDeployment,
    PlaceOut,
    Reason,
    ShippingTimeShape,
    StopOut,
    StopReason,
    WayBack,
    Word,
)
from environments import stops
from lifecycle import log_api
from lifecycle.log_api import integer
from lifecycle.requests import Request, read
from releases.models import Approval, Candidate

PAGE = 50


class Running(APIView):
    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=PlaceOut(many=True))
    def get(self, request: Request, product: str) -> Response:
        return Response(PlaceOut(running.board(request.actor.product), many=True).data)


class Deployments(APIView):
    """List the deployments, newest first, or ask for one; production also asks for the verb ship_release."""

    verbs = {"GET": "see_team_pages", "POST": "deploy"}

    @extend_schema(
        operation_id="v1_products_deployments_list",
        parameters=[OpenApiParameter("before", int), OpenApiParameter("environment", str)],
        responses=DeploymentList,
    )
    def get(self, request: Request, product: str) -> Response:
        rows = Deployment.objects.filter(product=request.actor.product).order_by("-id")
        if slug := request.query_params.get("environment"):
            rows = rows.filter(environment=get_environment_for(request.actor, slug[:50]))
        if before := integer(request, "before"):
            rows = rows.filter(pk__lt=before)
        found = list(rows.select_related("environment", "release", "candidate", "requested_by")[: PAGE + 1])
        following = found[PAGE - 1].pk if len(found) > PAGE else None
        return Response(DeploymentList({"results": found[:PAGE], "next": following}).data)

    @extend_schema(request=NewDeployment, responses={201: DeploymentDetail})
    def post(self, request: Request, product: str) -> Response:
        wish = read(NewDeployment, request)
        environment = get_environment_for(request.actor, wish["environment"])
        candidate = get_object_or_404(Candidate, product=request.actor.product, pk=wish["candidate_id"])
        request.actor.require(admission.verb_of(environment, Deployment.Kind.DEPLOY))
        admission.require_its_time(environment, candidate, at=wish["due_at"])
        asked = {name: wish[name] for name in ("reason", "due_at", "expires_at")}
        made = services.request(environment, candidate, by=request.user, **asked)
        return Response(DeploymentDetail(made).data, status=201)


class OneDeployment(APIView):
    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=DeploymentPage)
    def get(self, request: Request, product: str, pk: int) -> Response:
        return Response(DeploymentPage(get_deployment_for(request.actor, pk)).data)


class Log(APIView):
    """The lines with a number greater than `after`, at most 500; 204 when there are none, 410 once it was removed."""

    verbs = {"GET": "see_team_pages"}

    @log_api.described
    def get(self, request: Request, product: str, pk: int) -> Response:
        return log_api.lines_of(get_deployment_for(request.actor, pk), request)


class Abort(APIView):
    verbs = {"POST": "abort_deployment"}

    @extend_schema(request=Reason, responses=DeploymentDetail)
    def post(self, request: Request, product: str, pk: int) -> Response:
        deployment = get_deployment_for(request.actor, pk)
        stopping.abort(deployment, by=request.user, reason=read(Reason, request)["reason"])
        deployment.refresh_from_db()
        return Response(DeploymentDetail(deployment).data)


class Retry(APIView):
    """The same wish once more, as a new deployment; production also asks for the verb ship_release."""

    verbs = {"POST": "deploy"}

    @extend_schema(request=None, responses={201: DeploymentDetail})
    def post(self, request: Request, product: str, pk: int) -> Response:
        deployment = get_deployment_for(request.actor, pk)
        request.actor.require(admission.verb_of(deployment.environment, deployment.kind))
        admission.require_its_time(deployment.environment, deployment.candidate, kind=deployment.kind)
        made = services.retry(deployment, by=request.user)
        return Response(DeploymentDetail(made).data, status=201)


class RollBack(APIView):
    verbs = {"POST": "roll_back"}

    @extend_schema(request=WayBack, responses={201: DeploymentDetail})
    def post(self, request: Request, product: str, slug: str) -> Response:
        environment = get_environment_for(request.actor, slug)
        made = services.roll_back(environment, by=request.user, **read(WayBack, request))
        return Response(DeploymentDetail(made).data, status=201)


class Gates(APIView):
    """What stands between a release and production."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=GateOut(many=True))
    def get(self, request: Request, product: str, version: str) -> Response:
        return Response(GateOut(gates.gates(get_release_for(request.actor, version)), many=True).data)


class Approve(APIView):
    """Say yes or no as a manager; with the last yes the release ships. Answers with the gates as they are now."""

    verbs = {"POST": "approve_release"}

    @extend_schema(request=Word, responses={201: GateOut(many=True)})
    def post(self, request: Request, product: str, version: str) -> Response:
        release, word = get_release_for(request.actor, version), read(Word, request)
        approvals.approve(release, by=request.user, via=Approval.Via.API, **word)
        return Response(GateOut(gates.gates(release), many=True).data, status=201)


class Ship(APIView):
    verbs = {"POST": "ship_release"}

    @extend_schema(request=None, responses={201: DeploymentDetail})
    def post(self, request: Request, product: str, version: str) -> Response:
        made = services.ship(get_release_for(request.actor, version), by=request.user)
        return Response(DeploymentDetail(made).data, status=201)


class ShippingTime(APIView):
    """When a release goes live: 204 while nobody has chosen. PUT chooses, DELETE takes it back."""

    verbs = {"GET": "see_team_pages", "PUT": "ship_release", "DELETE": "ship_release"}

    @extend_schema(responses={200: ShippingTimeShape, 204: None})
    def get(self, request: Request, product: str, version: str) -> Response:
        chosen = times.chosen(get_release_for(request.actor, version))
        return Response(ShippingTimeShape(chosen).data) if chosen else Response(status=204)

    @extend_schema(request=ShippingTimeShape, responses=ShippingTimeShape)
    def put(self, request: Request, product: str, version: str) -> Response:
        release = get_release_for(request.actor, version)
        schedules.choose(release, by=request.user, **read(ShippingTimeShape, request))
        return Response(ShippingTimeShape(times.chosen(release)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, product: str, version: str) -> Response:
        schedules.forget(get_release_for(request.actor, version), by=request.user)
        return Response(status=204)


class EmergencyStop(APIView):
    """Everything of a product stands still: 204 while it does not. POST pulls it, DELETE lifts it."""

    verbs = {"GET": "see_team_pages", "POST": "stop_everything", "DELETE": "stop_everything"}

    @extend_schema(responses={200: StopOut, 204: None})
    def get(self, request: Request, product: str) -> Response:
        stop = stops.in_force(request.actor.product)
        return Response(StopOut(stop).data) if stop else Response(status=204)

    @extend_schema(request=StopReason, responses={201: StopOut})
    def post(self, request: Request, product: str) -> Response:
        stop = stopping.pull(request.actor.product, by=request.user, **read(StopReason, request))
        return Response(StopOut(stop).data, status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, product: str) -> Response:
        stop = stops.in_force(request.actor.product)
        if stop is not None:
            stops.lift(stop, by=request.user)
        return Response(status=204)


urlpatterns = [
    path("running/", Running.as_view(), name="running"),
    path("deployments/", Deployments.as_view(), name="deployments"),
    path("deployments/<int:pk>/", OneDeployment.as_view(), name="deployment"),
    path("deployments/<int:pk>/log/", Log.as_view(), name="deployment_log"),
    path("deployments/<int:pk>/abort/", Abort.as_view(), name="deployment_abort"),
    path("deployments/<int:pk>/retry/", Retry.as_view(), name="deployment_retry"),
    path("emergency-stop/", EmergencyStop.as_view(), name="emergency_stop"),
    path("environments/<slug:slug>/roll-back/", RollBack.as_view(), name="roll_back"),
    path("releases/<str:version>/gates/", Gates.as_view(), name="gates"),
    path("releases/<str:version>/approve/", Approve.as_view(), name="approve"),
    path("releases/<str:version>/shipping-time/", ShippingTime.as_view(), name="shipping_time"),
    path("releases/<str:version>/ship/", Ship.as_view(), name="ship"),
]
