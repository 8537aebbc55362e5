"""/api/v1/products/<slug>/releases/ and changes/: the same use-cases as the screens."""

from datetime import date
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ideas.models import Idea
from lifecycle.requests import Request, read
from releases import changes, comments, customer_dates, offers, plan, verdicts
from releases.loading import get_change_for, get_release_for, releases_for
from releases.models import Change, Release

PAGE = 50


class ChangeSerializer(serializers.ModelSerializer):
    """A change with where it is; `ideas` are idea numbers, `tip` the newest commit, `requires` what it is built on."""

    key = serializers.CharField(read_only=True)
    developer = serializers.CharField(source="developer.name", default=None, read_only=True)
    release = serializers.CharField(source="release.version", default=None, read_only=True)
    tip = serializers.CharField(source="revision.tip", default=None, read_only=True)
    requires = serializers.CharField(source="requires.key", default=None, read_only=True)
    ideas = serializers.SlugRelatedField("number", many=True, read_only=True)
    returns = serializers.SerializerMethodField(help_text="how often a tester returned it")

    def get_returns(self, change: Change) -> int:
        """Counted by the list's own statement where there is one."""
        counted: int | None = getattr(change, "times_returned", None)
        return verdicts.returns_of([change]).get(change.pk, 0) if counted is None else counted

    class Meta:
        model = Change
        fields = [
            "number",
            "key",
            "title",
            "status",
            "branch",
            "must",
            "migrations",
            "developer",
            "release",
            "tip",
            "requires",
            "ideas",
            "return_reason",
            "returns",
            "conflict",
        ]


class ReleaseSerializer(serializers.ModelSerializer):
    """A release; `digest` is that of its frozen candidate, `parked_at` says since when it makes way on staging."""

    digest = serializers.CharField(source="candidate.digest", default=None, read_only=True)

    class Meta:
        model = Release
        fields = [
            "version",
            "kind",
            "goal",
            "reason",
            "status",
            "target_date",
            "first_target_date",
            "published_at",
            "frozen_at",
            "parked_at",
            "live_at",
            "ended_at",
            "digest",
        ]


class CustomerReleaseSerializer(ReleaseSerializer):
    """A release as customers see it: the dates they are told, and none that are the team's own."""

    target_date = serializers.SerializerMethodField()
    first_target_date = serializers.SerializerMethodField()

    def get_target_date(self, release: Release) -> date | None:
        return customer_dates.customer_date(release)

    def get_first_target_date(self, release: Release) -> date | None:
        return customer_dates.first_date(release)


class ReleaseDetailSerializer(ReleaseSerializer):
    """A release with its changes, for the team."""

    changes = ChangeSerializer(many=True, read_only=True)

    class Meta(ReleaseSerializer.Meta):
        fields = [*ReleaseSerializer.Meta.fields, "changes"]


class PlanSerializer(serializers.Serializer):
    """A new draft; `ideas` are the numbers of accepted ideas in the queue."""

    version = serializers.CharField(max_length=20)
    goal = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    target_date = serializers.DateField()
    ideas = serializers.ListField(child=serializers.IntegerField(min_value=1), allow_empty=False)

    def validate_ideas(self, numbers: list[int]) -> list[Idea]:
        found = offers.offered(self.context["actor"]).filter(number__in=numbers)
        missing = set(numbers) - {idea.number for idea in found}
        if missing:
            raise serializers.ValidationError(f"Not in the queue: {', '.join(map(str, sorted(missing)))}")
        return list(found)


class Releases(APIView):
    """The releases, newest first, and a new draft."""

    verbs = {"GET": "see_portal", "POST": "plan_release"}

    @extend_schema(responses=ReleaseSerializer(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        rows = releases_for(request.actor).order_by("-id")
        before = request.query_params.get("before", "")
        rows = rows.filter(pk__lt=int(before)) if before.isdecimal() else rows
        shape = ReleaseSerializer if request.actor.is_team else CustomerReleaseSerializer
        return Response(shape(rows[:PAGE], many=True).data)

    @extend_schema(request=PlanSerializer, responses={201: ReleaseDetailSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        release = plan.create(
            product=request.actor.product, by=request.user, **read(PlanSerializer, request, actor=request.actor)
        )
        return Response(ReleaseDetailSerializer(release).data, status=201)


class ReleaseDetail(APIView):
    """One release; the team also gets its changes."""

    verbs = {"GET": "see_portal"}

    @extend_schema(responses=ReleaseDetailSerializer)
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        shape = ReleaseDetailSerializer if request.actor.is_team else CustomerReleaseSerializer
        return Response(shape(release).data)


class Publish(APIView):
    """POST lets everybody read the plan."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=None, responses=ReleaseDetailSerializer)
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        plan.publish(release, by=request.user)
        return Response(ReleaseDetailSerializer(release).data)


class FreezeWish(serializers.Serializer):
    """The must-haves (C-2 …) that are not approved and may be left behind."""

    without = serializers.ListField(child=serializers.CharField(max_length=20), max_length=200, default=list)


class FreezeRelease(APIView):
    """POST puts the approved changes together for production; 409 names what is missing, and what would be left."""

    verbs = {"POST": "freeze_release"}

    @extend_schema(request=FreezeWish, responses={202: ReleaseDetailSerializer})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        plan.freeze(release, by=request.user, **read(FreezeWish, request))
        return Response(ReleaseDetailSerializer(get_release_for(request.actor, version)).data, status=202)


class Changes(APIView):
    """The changes, newest first; `?status=` and `?release=` narrow them."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=ChangeSerializer(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        rows = Change.objects.filter(product=request.actor.product)
        wanted = {"status": "status", "release": "release__version"}
        narrow = {wanted[name]: request.query_params[name] for name in wanted if name in request.query_params}
        rows = rows.filter(**narrow).select_related("developer", "release", "revision", "requires")
        rows = rows.annotate(times_returned=verdicts.RETURNS)
        return Response(ChangeSerializer(rows.prefetch_related("ideas").order_by("-id")[:PAGE], many=True).data)


class ChangeDetail(APIView):
    """One change."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=ChangeSerializer)
    def get(self, request: Request, number: int, **kwargs: Any) -> Response:
        return Response(ChangeSerializer(get_change_for(request.actor, number)).data)


class ChangeReady(APIView):
    """Offer a change for staging; 409 names what is missing. DELETE takes the offer back while it is not there yet."""

    verbs = {"POST": "develop", "DELETE": "develop"}

    @extend_schema(request=None, responses=ChangeSerializer)
    def post(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        changes.mark_ready(change, by=request.user)
        return Response(ChangeSerializer(change).data)

    @extend_schema(responses=ChangeSerializer)
    def delete(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        changes.unmark_ready(change, by=request.user)
        return Response(ChangeSerializer(change).data)


class ReportSerializer(serializers.Serializer):
    """What another system's tests said about the newest commit of a change."""

    text = serializers.CharField(max_length=4000)


class ChangeReport(APIView):
    """A word of another system (e.g. its own CI) on a change's page, as a comment to the team."""

    verbs = {"POST": "develop"}

    @extend_schema(request=ReportSerializer, responses={201: None})
    def post(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        sent = read(ReportSerializer, request)
        made = comments.comment(change, by=request.user, text=sent["text"])
        return Response({"id": made.pk}, status=201)


urlpatterns = [
    path("releases/", Releases.as_view(), name="releases"),
    path("releases/<str:version>/", ReleaseDetail.as_view(), name="release"),
    path("releases/<str:version>/publish/", Publish.as_view(), name="publish_release"),
    path("releases/<str:version>/freeze/", FreezeRelease.as_view(), name="freeze_release"),
    path("changes/", Changes.as_view(), name="changes"),
    path("changes/<int:number>/", ChangeDetail.as_view(), name="change"),
    path("changes/<int:number>/ready/", ChangeReady.as_view(), name="change_ready"),
    path("changes/<int:number>/report/", ChangeReport.as_view(), name="change_report"),
]
