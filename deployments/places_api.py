"""/api/v1/products/<slug>/environments/<slug>/…: what a worker does about an environment."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import creating, driver_settings, freeze_overrides, promotion, services, test_data
from deployments.loading import get_environment_for, get_release_for
from deployments.shapes_api import DeploymentOut
from environments.api import ONE
from environments.models import Environment
from environments.shapes_api import EnvironmentSerializer
from lifecycle.requests import Request, read
from releases.models import Candidate


class CloneIn(serializers.Serializer):
    """A new environment, copied from the one in the address."""

    slug = serializers.SlugField(max_length=30)
    name = serializers.CharField(max_length=60)
    kind = serializers.ChoiceField(choices=Environment.Kind.choices)
    url = serializers.URLField(required=False, allow_blank=True, default="")
    with_secrets = serializers.BooleanField(default=False)


class DestroyIn(serializers.Serializer):
    """The short name once more, as proof that it is meant."""

    typed = serializers.CharField(max_length=60)


class DriverIn(serializers.Serializer):
    """How a release gets there."""

    driver = serializers.CharField(max_length=20)
    driver_settings = serializers.JSONField(default=dict)


class DriverOut(serializers.ModelSerializer):
    """How a release gets there."""

    class Meta:
        model = Environment
        fields = ["driver", "driver_settings", "config_version"]


class TestDataIn(serializers.Serializer):
    """Restore the named set, or copy and scrub."""

    __test__ = False  # not a test case, whatever pytest thinks of the name
    scrub = serializers.BooleanField(default=False)


class WhyIn(serializers.Serializer):
    """A reason for the record."""

    reason = serializers.CharField(max_length=300)


class Clones(APIView):
    """POST copies the environment; a worker makes the copy ready."""

    verbs = {"POST": "configure"}

    @extend_schema(request=CloneIn, responses={201: EnvironmentSerializer})
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        source = get_environment_for(request.actor, slug)
        made = creating.create(source, by=request.user, **read(CloneIn, request))
        return Response(EnvironmentSerializer(made).data, status=201)


class Retry(APIView):
    """POST has a worker try again to make the environment ready."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses=EnvironmentSerializer)
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        creating.retry(environment, by=request.user)
        return Response(EnvironmentSerializer(environment).data)


class Destroy(APIView):
    """POST has a worker take the environment down."""

    verbs = {"POST": "configure"}

    @extend_schema(request=DestroyIn, responses={202: None})
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        creating.destroy(get_environment_for(request.actor, slug), by=request.user, **read(DestroyIn, request))
        return Response(status=202)


class Promote(APIView):
    """POST deploys what the environment before it runs, verified."""

    verbs = {"POST": "deploy"}

    @extend_schema(request=None, responses={201: DeploymentOut})
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        deployment = promotion.promote_to(get_environment_for(request.actor, slug), by=request.user)
        return Response(DeploymentOut(deployment).data, status=201)


class CompositionOut(serializers.ModelSerializer):
    """What a worker puts together; it goes to staging when it is ready."""

    class Meta:
        model = Candidate
        fields = ["id", "purpose", "status", "label", "created_at"]


class PromoteToStaging(APIView):
    """POST composes everything that is ready, for staging; 409 says what is in the way."""

    verbs = {"POST": "promote"}

    @extend_schema(request=None, responses={202: CompositionOut})
    def post(self, request: Request, **kwargs: Any) -> Response:
        candidate = services.promote(request.actor.product, by=request.user)
        return Response(CompositionOut(candidate).data, status=202)


class RestoreTestData(APIView):
    """POST has a worker restore the test data."""

    verbs = {"POST": "deploy"}

    @extend_schema(request=TestDataIn, responses={202: None})
    def post(self, request: Request, slug: str, **kwargs: Any) -> Response:
        test_data.request(get_environment_for(request.actor, slug), by=request.user, **read(TestDataIn, request))
        return Response(status=202)


class SetDriver(APIView):
    """How a release gets there; PUT changes it."""

    verbs = {"GET": "configure", "PUT": "configure"}

    @extend_schema(responses=DriverOut)
    def get(self, request: Request, slug: str, **kwargs: Any) -> Response:
        return Response(DriverOut(get_environment_for(request.actor, slug)).data)

    @extend_schema(request=DriverIn, responses=EnvironmentSerializer)
    def put(self, request: Request, slug: str, **kwargs: Any) -> Response:
        environment = get_environment_for(request.actor, slug)
        driver_settings.set_driver(environment, by=request.user, **read(DriverIn, request))
        return Response(EnvironmentSerializer(get_environment_for(request.actor, slug)).data)


class OverrideFreeze(APIView):
    """POST lets this build of a release through the freeze that is in force."""

    verbs = {"POST": "override_freeze"}

    @extend_schema(request=WhyIn, responses={204: None})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        freeze_overrides.override(release, by=request.user, **read(WhyIn, request))
        return Response(status=204)


urlpatterns = [
    path(f"{ONE}/clones/", Clones.as_view(), name="clones"),
    path(f"{ONE}/retry/", Retry.as_view(), name="retry_environment"),
    path(f"{ONE}/destroy/", Destroy.as_view(), name="destroy_environment"),
    path(f"{ONE}/promote/", Promote.as_view(), name="promote_to"),
    path("promote/", PromoteToStaging.as_view(), name="promote_to_staging"),
    path(f"{ONE}/test-data/", RestoreTestData.as_view(), name="restore_test_data"),
    path(f"{ONE}/driver/", SetDriver.as_view(), name="set_driver"),
    path("releases/<str:version>/override-freeze/", OverrideFreeze.as_view(), name="override_freeze"),
]
