"""/api/v1/products/<slug>/releases/…: making a plan in one click, changing it and its changes, what customers see."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.requests import Request
from releases import plan, rules
from releases.api import ChangeSerializer, ReleaseDetailSerializer
from releases.changes_api import valid
from releases.loading import get_release_for
from releases.models import Change
from releases.plan_shapes_api import (
    MaintenanceIn,
    MoreIn,
    MustIn,
    NewDateIn,
    PlannedChange,
    PlanOut,
    PlanShape,
    RulesShape,
    TopIn,
    WhyIn,
    ideas_of,
)


class FromTop(APIView):
    """POST makes a draft in one step, or answers with the one that has these ideas already."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=TopIn, responses={201: ReleaseDetailSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        numbers = valid(TopIn(data=request.data)).get("ideas")
        chosen = ideas_of(request.actor, numbers) if numbers else None
        release = plan.create_from_top(request.actor.product, chosen, by=request.user)
        return Response(ReleaseDetailSerializer(release).data, status=201)


class Plan(APIView):
    """What a plan wants; PATCH changes it, DELETE gives it up; 409 once it has ended."""

    verbs = {"GET": "see_team_pages", "PATCH": "plan_release", "DELETE": "plan_release"}

    @extend_schema(responses=PlanOut)
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        return Response(PlanOut(get_release_for(request.actor, version)).data)

    @extend_schema(request=PlanShape, responses=PlanOut)
    def patch(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        sent = PlanShape(data=request.data, partial=True, context={"product": release.product})
        plan.edit(release, by=request.user, **valid(sent))
        return Response(PlanOut(release).data)

    @extend_schema(request=WhyIn, responses={204: None})
    def delete(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        plan.drop(release, by=request.user, **valid(WhyIn(data=request.data)))
        return Response(status=204)


class TargetDate(APIView):
    """PUT moves the target date; never to a day that is past."""

    verbs = {"PUT": "plan_release"}

    @extend_schema(request=NewDateIn, responses=ReleaseDetailSerializer)
    def put(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        plan.reschedule(release, by=request.user, **valid(NewDateIn(data=request.data)))
        return Response(ReleaseDetailSerializer(release).data)


class IdeasOfPlan(APIView):
    """POST plans further ideas, all of them or none."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=MoreIn, responses={201: ReleaseDetailSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release, said = get_release_for(request.actor, version), valid(MoreIn(data=request.data))
        with transaction.atomic():
            for idea in ideas_of(request.actor, said["ideas"]):
                plan.add_idea(release, idea, must=said["must"], by=request.user)
        return Response(ReleaseDetailSerializer(release).data, status=201)


class Maintenance(APIView):
    """POST plans a change that no idea asks for."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=MaintenanceIn, responses={201: ChangeSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        change = plan.add_maintenance(release, by=request.user, **valid(MaintenanceIn(data=request.data)))
        return Response(ChangeSerializer(change).data, status=201)


class ChangeOfPlan(APIView):
    """What a plan says of one of its changes; PATCH changes it, DELETE takes the change out of the plan."""

    verbs = {"GET": "see_team_pages", "PATCH": "assign_change", "DELETE": "plan_release"}

    @extend_schema(responses=PlannedChange)
    def get(self, request: Request, version: str, number: int, **kwargs: Any) -> Response:
        return Response(PlannedChange(planned(request, version, number)).data)

    @extend_schema(request=PlannedChange, responses=PlannedChange)
    def patch(self, request: Request, version: str, number: int, **kwargs: Any) -> Response:
        change = planned(request, version, number)
        sent = PlannedChange(data=request.data, partial=True, context={"product": change.product})
        plan.edit_change(change, by=request.user, **valid(sent))
        return Response(PlannedChange(change).data)

    @extend_schema(request=WhyIn, responses={204: None})
    def delete(self, request: Request, version: str, number: int, **kwargs: Any) -> Response:
        change = planned(request, version, number)
        plan.drop_change(change, by=request.user, **valid(WhyIn(data=request.data)))
        return Response(status=204)


class IdeasOfChange(APIView):
    """PUT says which ideas a change serves; none makes it maintenance."""

    verbs = {"PUT": "plan_release"}

    @extend_schema(request=TopIn, responses=ChangeSerializer)
    def put(self, request: Request, version: str, number: int, **kwargs: Any) -> Response:
        change = planned(request, version, number)
        numbers = valid(TopIn(data=request.data)).get("ideas", [])
        plan.link_ideas(change, ideas_of(request.actor, numbers), by=request.user)
        return Response(ChangeSerializer(change).data)


class MustOfChange(APIView):
    """PUT says whether the release waits for a change."""

    verbs = {"PUT": "plan_release"}

    @extend_schema(request=MustIn, responses=ChangeSerializer)
    def put(self, request: Request, version: str, number: int, **kwargs: Any) -> Response:
        change = planned(request, version, number)
        plan.set_must(change, by=request.user, **valid(MustIn(data=request.data)))
        return Response(ChangeSerializer(change).data)


class ShownToCustomers(APIView):
    """What customers see of plans; PATCH changes it."""

    verbs = {"GET": "see_team_pages", "PATCH": "plan_release"}

    @extend_schema(responses=RulesShape)
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(RulesShape(rules.of(request.actor.product)).data)

    @extend_schema(request=RulesShape, responses=RulesShape)
    def patch(self, request: Request, **kwargs: Any) -> Response:
        said = valid(RulesShape(data=request.data, partial=True))
        return Response(RulesShape(rules.change(request.actor.product, by=request.user, **said)).data)


def planned(request: Request, version: str, number: int) -> Change:
    """A change of this release; Http404 otherwise."""
    rows = get_release_for(request.actor, version).changes.select_related("product", "developer", "revision")
    return get_object_or_404(rows, number=number)


urlpatterns = [
    path("releases/from-top/", FromTop.as_view(), name="from_top"),
    path("releases/rules/", ShownToCustomers.as_view(), name="plan_rules"),
    path("releases/<str:version>/plan/", Plan.as_view(), name="plan"),
    path("releases/<str:version>/target-date/", TargetDate.as_view(), name="target_date"),
    path("releases/<str:version>/ideas/", IdeasOfPlan.as_view(), name="ideas_of_plan"),
    path("releases/<str:version>/maintenance/", Maintenance.as_view(), name="maintenance"),
    path("releases/<str:version>/changes/<int:number>/", ChangeOfPlan.as_view(), name="planned_change"),
    path("releases/<str:version>/changes/<int:number>/ideas/", IdeasOfChange.as_view(), name="ideas_of_change"),
    path("releases/<str:version>/changes/<int:number>/must/", MustOfChange.as_view(), name="must_of_change"),
]
