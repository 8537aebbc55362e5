"""The way back over the API: what a rollback would do, its rehearsal, and backups that are tried."""

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import approvals, drills, gates, previews, rehearsals, running
from deployments.loading import get_environment_for, get_release_for
from deployments.models import BackupDrill, Deployment, Rehearsal
from deployments.pages import standing
from deployments.shapes_api import GateOut
from lifecycle.requests import Request, read
from releases.losses_api import LossesOut
from releases.models import Candidate

SHOWN = 20


class MeasuredOut(serializers.Serializer):
    """`of`: rehearsal, rollback or deployment, the best there is."""

    of = serializers.CharField()
    seconds = serializers.FloatField()
    at = serializers.DateTimeField(allow_null=True)


class PreviewOut(LossesOut):
    """Without a `target` nothing leads back: `why_not` and `instead` say why and what to do.

    `runs` is what would leave, `further` what else one may go back to at once (`?to=` previews it).

    `warnings`: who asks to leave the environment alone; no rollback is refused for it.
    """

    target = serializers.SerializerMethodField()
    runs = serializers.SerializerMethodField()
    further = serializers.SerializerMethodField()
    why_not = serializers.CharField()
    instead = serializers.CharField()
    measured = MeasuredOut(allow_null=True)
    warnings = serializers.SerializerMethodField()

    def get_target(self, preview: previews.Preview) -> str | None:
        return named(preview.target)

    def get_runs(self, preview: previews.Preview) -> str | None:
        return named(preview.newest)

    def get_further(self, preview: previews.Preview) -> list[str]:
        return [running.release_id(one) for one in preview.further]

    def get_warnings(self, preview: previews.Preview) -> list[str]:
        return [note.text for note in standing.keeping_away(preview.environment)]


class BackupOut(serializers.Serializer):
    """The copy that was made last: `words` of its command, before which release, by which deployment."""

    words = serializers.CharField()
    before = serializers.CharField()
    deployment = serializers.IntegerField()
    at = serializers.DateTimeField()


class RehearsalOut(serializers.ModelSerializer):
    """`target` is what production would go back to; `reason` says why it failed or cannot be done."""

    candidate = serializers.SerializerMethodField()
    target = serializers.SerializerMethodField()
    environment = serializers.CharField(source="environment.slug", default=None)

    class Meta:
        model = Rehearsal
        fields = [
            "id",
            "status",
            "candidate",
            "target",
            "environment",
            "digest",
            "back",
            "forward",
            "back_seconds",
            "forward_seconds",
            "reason",
            "requested_at",
            "finished_at",
        ]

    def get_candidate(self, rehearsal: Rehearsal) -> str | None:
        return named(rehearsal.candidate)

    def get_target(self, rehearsal: Rehearsal) -> str | None:
        return named(rehearsal.target)


class DrillOut(serializers.ModelSerializer):
    """A restore of the newest backup into a place of its own."""

    class Meta:
        model = BackupDrill
        fields = ["id", "status", "seconds", "note", "requested_at", "finished_at"]


def named(candidate: Candidate | None) -> str | None:
    """What the application calls itself."""
    return running.release_id(candidate) if candidate else None


class RollbackPreview(APIView):
    """What a rollback of this environment would do now; nothing is done."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(parameters=[OpenApiParameter("to", str)], responses=PreviewOut)
    def get(self, request: Request, product: str, slug: str) -> Response:
        environment = get_environment_for(request.actor, slug)
        return Response(PreviewOut(previews.preview(environment, to=request.query_params.get("to"))).data)


class Rehearsals(APIView):
    """The rehearsals of a release, newest first; POST takes staging back and forward as soon as it is free."""

    verbs = {"GET": "see_team_pages", "POST": "deploy"}

    @extend_schema(operation_id="v1_products_releases_rehearsals_list", responses=RehearsalOut(many=True))
    def get(self, request: Request, product: str, version: str) -> Response:
        rows = get_release_for(request.actor, version).rehearsals.select_related("candidate", "target", "environment")
        return Response(RehearsalOut(rows.order_by("-id")[:SHOWN], many=True).data)

    @extend_schema(request=None, responses={201: RehearsalOut})
    def post(self, request: Request, product: str, version: str) -> Response:
        made = rehearsals.again(get_release_for(request.actor, version), by=request.user)
        return Response(RehearsalOut(made).data, status=201)


class WaiverIn(serializers.Serializer):
    """What is done instead if it goes wrong; `gates` are keys, without them all that cannot be proved now."""

    reason = serializers.CharField(max_length=500)
    gates = serializers.ListField(child=serializers.CharField(max_length=40), allow_empty=False, default=None)


class Waiver(APIView):
    """DevOps accept that the way back from this build cannot be proved. Answers with the gates as they are now."""

    verbs = {"POST": "configure"}

    @extend_schema(request=WaiverIn, responses={201: GateOut(many=True)})
    def post(self, request: Request, product: str, version: str) -> Response:
        release, said = get_release_for(request.actor, version), read(WaiverIn, request)
        approvals.waive_rollback(release, by=request.user, reason=said["reason"], keys=said["gates"])
        return Response(GateOut(gates.gates(release), many=True).data, status=201)


class Drills(APIView):
    """Backups that were tried, newest first; POST tries the newest one now."""

    verbs = {"GET": "see_team_pages", "POST": "configure"}

    @extend_schema(operation_id="v1_products_environments_drills_list", responses=DrillOut(many=True))
    def get(self, request: Request, product: str, slug: str) -> Response:
        rows = get_environment_for(request.actor, slug).backup_drills.order_by("-id")
        return Response(DrillOut(rows[:SHOWN], many=True).data)

    @extend_schema(request=None, responses={201: DrillOut})
    def post(self, request: Request, product: str, slug: str) -> Response:
        made = drills.request(get_environment_for(request.actor, slug), by=request.user)
        return Response(DrillOut(made).data, status=201)


class Backup(APIView):
    """The newest backup of an environment; 204 before one was made."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses={200: BackupOut, 204: None})
    def get(self, request: Request, product: str, slug: str) -> Response:
        found = drills.last_backup(get_environment_for(request.actor, slug))
        return Response(BackupOut(backup_of(*found)).data) if found else Response(status=204)


def backup_of(made_by: Deployment, words: str) -> dict[str, object]:
    at = made_by.finished_at or made_by.requested_at
    return {"words": words, "before": named(made_by.candidate), "deployment": made_by.pk, "at": at}


urlpatterns = [
    path("environments/<slug:slug>/backup/", Backup.as_view(), name="backup"),
    path("environments/<slug:slug>/roll-back/preview/", RollbackPreview.as_view(), name="rollback_preview"),
    path("environments/<slug:slug>/drills/", Drills.as_view(), name="drills"),
    path("releases/<str:version>/waiver/", Waiver.as_view(), name="waive_rollback"),
    path("releases/<str:version>/rehearsals/", Rehearsals.as_view(), name="rehearsals"),
]
