"""/api/v1/products/<slug>/environments/ and freezes/: what there is to deploy to, its settings, what holds it up."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from environments import access, differences, freezes, holds, locks, places, variables
from environments import shapes_api as shapes
from environments.models import Environment
from environments.queries import get_environment_for
from lifecycle.requests import Request, read


class Environments(APIView):
    """The product's environments, in their order."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=shapes.EnvironmentSerializer(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        rows = Environment.objects.filter(product=request.actor.product).in_use()
        rows = rows.select_related("held_by", "cloned_from").prefetch_related("variables")
        return Response(shapes.EnvironmentSerializer(rows, many=True).data)


class EnvironmentDetail(APIView):
    """One environment; PATCH changes name, address, promotion rule with its days and time, and test data set."""

    verbs = {"GET": "see_team_pages", "PATCH": "configure"}

    @extend_schema(responses=shapes.EnvironmentSerializer)
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        return Response(shapes.EnvironmentSerializer(get_environment_for(request.actor, slug)).data)

    @extend_schema(request=shapes.PlaceIn, responses=shapes.EnvironmentSerializer)
    def patch(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        now = {name: getattr(environment, name) for name in shapes.PlaceIn.Meta.fields}
        places.describe(environment, by=request.user, **{**now, **read(shapes.PlaceIn, request)})
        return Response(shapes.EnvironmentSerializer(environment).data)


class Effects(APIView):
    """Whether mail and payments are real there."""

    verbs = {"PUT": "configure"}

    @extend_schema(request=shapes.EffectsIn, responses=shapes.EnvironmentSerializer)
    def put(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        places.set_effects(environment, by=request.user, **read(shapes.EffectsIn, request))
        return Response(shapes.EnvironmentSerializer(environment).data)


class Access(APIView):
    """Who gets in: everybody, or whoever is handed a token."""

    verbs = {"PUT": "configure"}

    @extend_schema(request=shapes.AccessIn, responses=shapes.EnvironmentSerializer)
    def put(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        access.set_access(environment, by=request.user, **read(shapes.AccessIn, request))
        return Response(shapes.EnvironmentSerializer(environment).data)


class Differences(APIView):
    """What is otherwise there than in production."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=shapes.ContrastOut(many=True))
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        found = differences.from_production(get_environment_for(request.actor, slug))
        return Response(shapes.ContrastOut(found, many=True).data)


class Variables(APIView):
    """The variables by name; no value leaves."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=shapes.VariableOut(many=True))
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        rows = get_environment_for(request.actor, slug).variables.order_by("name")
        return Response(shapes.VariableOut(rows, many=True).data)


class VariableDetail(APIView):
    """Set or remove one variable."""

    verbs = {"PUT": "configure", "DELETE": "configure"}

    @extend_schema(request=shapes.VariableIn, responses=shapes.VariableOut)
    def put(self, request: Request, slug: str, name: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        made = variables.set_variable(environment, name=name, by=request.user, **read(shapes.VariableIn, request))
        return Response(shapes.VariableOut(made).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, name: str, **kwargs: Any) -> Response:
        variables.remove_variable(get_environment_for(request.actor, slug), name=name, by=request.user)
        return Response(status=204)


class Versions(APIView):
    """Every change of one variable, the newest first."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=shapes.VersionOut(many=True))
    def get(self, request: Request, slug: str, name: str, **kwargs: Any) -> Response:
        rows = variables.history(get_environment_for(request.actor, slug), name)[:100]
        return Response(shapes.VersionOut(rows, many=True).data)


class Restore(APIView):
    """Make a variable what it was at one change."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, slug: str, pk: int, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        variables.restore(get_object_or_404(environment.variable_versions, pk=pk), by=request.user)
        return Response(status=204)


class Locks(APIView):
    """The locks in force; POST adds one."""

    verbs = {"GET": "see_team_pages", "POST": "configure"}

    @extend_schema(responses=shapes.LockOut(many=True))
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        return Response(shapes.LockOut(locks.in_force(get_environment_for(request.actor, slug)), many=True).data)

    @extend_schema(request=shapes.LockIn, responses={201: shapes.LockOut})
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        made = locks.lock(environment, by=request.user, **read(shapes.LockIn, request))
        return Response(shapes.LockOut(made).data, status=201)


class LockDetail(APIView):
    """DELETE ends a lock."""

    verbs = {"DELETE": "configure"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, pk: int, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        locks.unlock(get_object_or_404(environment.locks, pk=pk), by=request.user)
        return Response(status=204)


class Hold(APIView):
    """POST keeps it as it is while somebody tries it, for some minutes; DELETE gives it back."""

    verbs = {"POST": "give_verdict", "DELETE": "give_verdict"}

    @extend_schema(request=shapes.HoldIn, responses=shapes.EnvironmentSerializer)
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        holds.hold(environment, by=request.user, **read(shapes.HoldIn, request))
        return Response(shapes.EnvironmentSerializer(environment).data)

    @extend_schema(responses=shapes.EnvironmentSerializer)
    def delete(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        holds.let_go(environment, by=request.user)
        return Response(shapes.EnvironmentSerializer(environment).data)


class Move(APIView):
    """POST puts it one place earlier or later in the order; answers with all of them."""

    verbs = {"POST": "configure"}

    @extend_schema(request=shapes.MoveIn, responses=shapes.EnvironmentSerializer(many=True))
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        places.move(environment, by=request.user, **read(shapes.MoveIn, request))
        rows = Environment.objects.filter(product=request.actor.product).in_use()
        return Response(shapes.EnvironmentSerializer(rows.prefetch_related("variables"), many=True).data)


class Freezes(APIView):
    """The windows in force or to come; POST adds one."""

    verbs = {"GET": "see_team_pages", "POST": "configure"}

    @extend_schema(responses=shapes.FreezeOut(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(shapes.FreezeOut(freezes.coming(request.actor.product), many=True).data)

    @extend_schema(request=shapes.FreezeIn, responses={201: shapes.FreezeOut})
    def post(self, request: Request, **kwargs: Any) -> Response:
        made = freezes.freeze(request.actor.product, by=request.user, **read(shapes.FreezeIn, request))
        return Response(shapes.FreezeOut(made).data, status=201)


class FreezeDetail(APIView):
    """PUT changes a window, DELETE lifts it."""

    verbs = {"PUT": "configure", "DELETE": "configure"}

    @extend_schema(request=shapes.FreezeIn, responses=shapes.FreezeOut)
    def put(self, request: Request, pk: int, **kwargs: Any) -> Response:
        found = get_object_or_404(request.actor.product.freezes, pk=pk)
        freezes.change(found, by=request.user, **read(shapes.FreezeIn, request))
        return Response(shapes.FreezeOut(found).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, **kwargs: Any) -> Response:
        freezes.lift_freeze(get_object_or_404(request.actor.product.freezes, pk=pk), by=request.user)
        return Response(status=204)


ONE = "environments/<slug:slug>"
urlpatterns = [
    path("environments/", Environments.as_view(), name="environments"),
    path(f"{ONE}/", EnvironmentDetail.as_view(), name="environment"),
    path(f"{ONE}/effects/", Effects.as_view(), name="effects"),
    path(f"{ONE}/access/", Access.as_view(), name="access"),
    path(f"{ONE}/differences/", Differences.as_view(), name="differences"),
    path(f"{ONE}/variables/", Variables.as_view(), name="variables"),
    path(f"{ONE}/variables/<str:name>/", VariableDetail.as_view(), name="variable"),
    path(f"{ONE}/variables/<str:name>/versions/", Versions.as_view(), name="variable_versions"),
    path(f"{ONE}/versions/<int:pk>/restore/", Restore.as_view(), name="restore_variable"),
    path(f"{ONE}/hold/", Hold.as_view(), name="hold"),
    path(f"{ONE}/move/", Move.as_view(), name="move_environment"),
    path(f"{ONE}/locks/", Locks.as_view(), name="locks"),
    path(f"{ONE}/locks/<int:pk>/", LockDetail.as_view(), name="lock"),
    path("freezes/", Freezes.as_view(), name="freezes"),
    path("freezes/<int:pk>/", FreezeDetail.as_view(), name="freeze"),
]
