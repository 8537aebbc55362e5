"""/api/v1/products/<slug>/releases/<version>/checklist/ and suspects/: the combined test of a frozen release."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.requests import Request, read
from releases import checklists, searches
from releases.loading import get_change_for, get_release_for
from releases.models import Candidate, ChecklistItem, Release
from releases.pages import combined


class AnswerSerializer(serializers.Serializer):
    """What a tester found; `carried` when it was found on an earlier build and still holds."""

    ok = serializers.BooleanField()
    words = serializers.CharField()
    by = serializers.CharField(source="by.name")
    at = serializers.DateTimeField()
    carried = serializers.BooleanField(source="carried_from_id", default=False)


class PointSerializer(serializers.Serializer):
    """A point of the checklist; `change` null: it is about the whole."""

    id = serializers.IntegerField(source="item.pk")
    text = serializers.CharField(source="item.text")
    change = serializers.CharField(source="item.change.key", default=None)
    answer = AnswerSerializer(allow_null=True)


class NewPointSerializer(serializers.Serializer):
    """One more point; `change` is a change's number, or null for the whole."""

    text = serializers.CharField(max_length=300)
    change = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)


class SaidSerializer(serializers.Serializer):
    """An answer about the candidate with this digest; a no needs words."""

    ok = serializers.BooleanField()
    digest = serializers.RegexField(r"^[0-9a-f]{64}\Z")
    words = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class SuspicionSerializer(serializers.Serializer):
    """One change that was left out, or will be."""

    change = serializers.CharField(source="change.key")
    title = serializers.CharField(source="change.title")
    status = serializers.CharField()
    check_id = serializers.IntegerField(source="check_run_id", allow_null=True)


class SearchSerializer(serializers.Serializer):
    """The search for what makes the tests fail; `status` is looking until it has ended."""

    status = serializers.CharField()
    conclusion = serializers.SerializerMethodField()
    digest = serializers.CharField(source="candidate.digest")
    failed_check = serializers.IntegerField(source="failed_id")
    suspicions = SuspicionSerializer(many=True)

    def get_conclusion(self, search: Any) -> str:
        return searches.conclusion(search)


class Checklist(APIView):
    """The points of a frozen release with what was found on its candidate. POST adds one."""

    verbs = {"GET": "see_team_pages", "POST": "edit_checklist"}

    @extend_schema(responses=PointSerializer(many=True))
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        return listed(get_release_for(request.actor, version))

    @extend_schema(request=NewPointSerializer, responses={201: PointSerializer(many=True)})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        sent = read(NewPointSerializer, request)
        number = sent["change"]
        change = get_change_for(request.actor, number) if number else None
        checklists.add(release, text=sent["text"], change=change, by=request.user)
        return listed(release, status=201)


class ChecklistPoint(APIView):
    """POST says whether a point works on the candidate with this digest. 409: it was put together anew."""

    verbs = {"POST": "give_verdict"}

    @extend_schema(
        operation_id="v1_products_releases_checklist_answer_create",
        request=SaidSerializer,
        responses={201: PointSerializer(many=True)},
    )
    def post(self, request: Request, version: str, pk: int, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        rows = ChecklistItem.objects.filter(is_left_out=False).select_related("release__product")
        item = get_object_or_404(rows, release=release, pk=pk)
        sent = read(SaidSerializer, request)
        said = sent
        checklists.answer(item, candidate=candidate_with(release, said.pop("digest")), by=request.user, **said)
        return listed(release, status=201)


class Suspects(APIView):
    """The search about the frozen candidate; null while its tests have not failed."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=SearchSerializer)
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        search = searches.newest(get_release_for(request.actor, version))
        return Response(SearchSerializer(search).data if search else None)


def candidate_with(release: Release, digest: str) -> Candidate:
    """The frozen candidate if that is its digest, else nobody's: the service says what is there."""
    now = release.candidate
    return now if now is not None and now.digest == digest else Candidate(product=release.product, digest=digest)


def listed(release: Release, status: int = 200) -> Response:
    return Response(PointSerializer(combined.points_of(release), many=True).data, status=status)


urlpatterns = [
    path("releases/<str:version>/checklist/", Checklist.as_view(), name="checklist"),
    path("releases/<str:version>/checklist/<int:pk>/", ChecklistPoint.as_view(), name="checklist_point"),
    path("releases/<str:version>/suspects/", Suspects.as_view(), name="suspects"),
]
