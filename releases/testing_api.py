"""/api/v1/products/<slug>/changes/<number>/verdicts/: what testers said, and saying it."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.requests import Request, read
from releases import candidates, verdicts
from releases.defects import MOST, Seen
from releases.loading import get_change_for
from releases.models import Attachment, Candidate, Change, Defect, Verdict
from releases.pages.change import verdicts_of

PAGE = 50


class AttachmentSerializer(serializers.ModelSerializer):
    """A file of a defect; it is read at /attachments/<id>/."""

    class Meta:
        model = Attachment
        fields = ["id", "name", "content_type", "size"]


class DefectSerializer(serializers.ModelSerializer):
    """One thing that was seen."""

    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = Defect
        fields = ["severity", "seen", "expected", "step", "attachments"]


class VerdictSerializer(serializers.ModelSerializer):
    """A tester's word on one build; `digest` and `build` say which."""

    by = serializers.CharField(source="by.name", read_only=True)
    build = serializers.IntegerField(source="candidate_id", read_only=True)
    tip = serializers.CharField(source="revision.tip", read_only=True)
    defects = DefectSerializer(many=True, read_only=True)

    class Meta:
        model = Verdict
        fields = ["id", "outcome", "digest", "build", "tip", "reason", "defects", "by", "at"]


class ToldSerializer(serializers.Serializer):
    """A defect to be told."""

    seen = serializers.CharField(max_length=4000)
    severity = serializers.ChoiceField(choices=Defect.Severity.choices, default=Defect.Severity.FIX)
    expected = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    step = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class CheckWordSerializer(serializers.Serializer):
    """A verdict on the build with this digest; a return needs a reason or defects."""

    outcome = serializers.ChoiceField(choices=Verdict.Outcome.choices)
    digest = serializers.RegexField(r"^[0-9a-f]{64}\Z")
    reason = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    defects = ToldSerializer(many=True, required=False, default=list, max_length=MOST)  # type: ignore[call-arg]  # of the list


class ChangeVerdicts(APIView):
    """The verdicts of testers, the newest first. POST says another one; 409: staging runs another build by now."""

    verbs = {"GET": "see_team_pages", "POST": "give_verdict"}

    @extend_schema(responses=VerdictSerializer(many=True))
    def get(self, request: Request, number: int, **kwargs: Any) -> Response:
        rows = verdicts_of(get_change_for(request.actor, number))[:PAGE]
        return Response(VerdictSerializer(rows, many=True).data)

    @extend_schema(request=CheckWordSerializer, responses={201: VerdictSerializer})
    def post(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        verdict = say(change, by=request.user, **read(CheckWordSerializer, request))
        return Response(VerdictSerializer(verdict).data, status=201)


def say(change: Change, *, outcome: str, digest: str, reason: str, defects: list[dict[str, str]], by: Any) -> Verdict:
    """Approve or return what is on staging, if that has this digest."""
    candidate = candidates.on_staging(change.product)
    if candidate is None or candidate.digest != digest:
        candidate = Candidate(product=change.product, digest=digest)  # nobody's: the service says what is there
    if outcome == Verdict.Outcome.APPROVED:
        return verdicts.approve(change, candidate=candidate, by=by, reason=reason)
    several = [Seen(**defect) for defect in defects]
    return verdicts.give_back(change, candidate=candidate, by=by, reason=reason, several=several)


urlpatterns = [path("changes/<int:number>/verdicts/", ChangeVerdicts.as_view(), name="change_verdicts")]
