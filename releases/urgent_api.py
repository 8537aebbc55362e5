"""/api/v1/products/<slug>/: undoing a change, a hotfix, and which open changes clash."""

from dataclasses import dataclass
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ideas.models import Idea
from lifecycle.models import Product
from lifecycle.requests import Request, read
from releases import hotfixes, losses, overlaps, undoing
from releases.api import ReleaseSerializer
from releases.loading import get_change_for, with_others
from releases.losses import Losses
from releases.losses_api import LossesOut
from releases.models import Change, Overlap, UndoPreview


class NumbersField(serializers.ListField):
    """Numbers of changes or bugs."""

    child = serializers.IntegerField(min_value=1, max_value=10**9)


class UndoSerializer(serializers.Serializer):
    """Why, and which further changes are undone with it."""

    reason = serializers.CharField(max_length=500)
    together = NumbersField(required=False, default=list, max_length=50)


@dataclass(frozen=True, kw_only=True)
class Undo(Losses):
    """What undoing would lose, and what a worker found out about it."""

    found: UndoPreview
    reasons: list[str]


class UndoPreviewSerializer(LossesOut):
    """What leaves and what is in the way; `reasons` is empty when it can be undone, `files` are what changes back."""

    keys = serializers.CharField(source="found.keys")
    status = serializers.CharField(source="found.status")
    files = serializers.ListField(source="found.files", child=serializers.CharField())
    conflicts = serializers.JSONField(source="found.conflicts")
    reasons = serializers.ListField(child=serializers.CharField())


def asked(product: Product, chosen: list[Change], found: UndoPreview) -> Undo:
    reasons = undoing.reasons_not_to_undo(product, chosen, found)
    return Undo(found=found, reasons=reasons, **vars(losses.of_undo(product, chosen)))


class ChangeUndo(APIView):
    """GET: what undoing the change would do (`?with=` adds changes). POST: do it, as a release of its own."""

    verbs = {"GET": "see_team_pages", "POST": "undo_change"}

    @extend_schema(responses=UndoPreviewSerializer)
    def get(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        chosen = with_others(request.actor, change, request.query_params.getlist("with"))
        found = undoing.preview(request.actor.product, chosen)
        if found is None:
            return Response({"detail": "Nothing is live."}, status=409)
        return Response(UndoPreviewSerializer(asked(request.actor.product, chosen, found)).data)

    @extend_schema(request=UndoSerializer, responses={201: ReleaseSerializer})
    def post(self, request: Request, number: int, **kwargs: Any) -> Response:
        sent = read(UndoSerializer, request)
        change = get_change_for(request.actor, number)
        chosen = with_others(request.actor, change, [str(other) for other in sent["together"]])
        reason = sent["reason"]
        release = undoing.propose(request.actor.product, changes=chosen, by=request.user, reason=reason)
        return Response(ReleaseSerializer(release).data, status=201)


class HotfixSerializer(serializers.Serializer):
    """Changes that are being built and bugs that nobody works on, by number, and why they cannot wait."""

    reason = serializers.CharField(max_length=500)
    changes = NumbersField(required=False, default=list, max_length=50)
    bugs = NumbersField(required=False, default=list, max_length=50)

    def validate_changes(self, numbers: list[int]) -> list[Change]:
        return self.found(hotfixes.changes_to_choose(self.product).filter(number__in=numbers), numbers)

    def validate_bugs(self, numbers: list[int]) -> list[Idea]:
        return self.found(hotfixes.fixable(self.product).filter(number__in=numbers), numbers)

    @property
    def product(self) -> Product:
        return self.context["product"]

    def found(self, rows: Any, numbers: list[int]) -> list[Any]:
        missing = set(numbers) - {row.number for row in rows}
        if missing:
            raise serializers.ValidationError(f"Cannot be a hotfix: {', '.join(map(str, sorted(missing)))}")
        return list(rows)


class Hotfixes(APIView):
    """Start a hotfix; it is frozen at once when everything in it is ready."""

    verbs = {"POST": "propose_hotfix"}

    @extend_schema(request=HotfixSerializer, responses={201: ReleaseSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        release = hotfixes.propose(
            request.actor.product, by=request.user, **read(HotfixSerializer, request, product=request.actor.product)
        )
        return Response(ReleaseSerializer(release).data, status=201)


class OverlapSerializer(serializers.ModelSerializer):
    """Two changes that cannot go together: the files, or the places to which both add migrations."""

    one = serializers.CharField(source="one.change.key")
    other = serializers.CharField(source="other.change.key")

    class Meta:
        model = Overlap
        fields = ["one", "other", "files", "migrations", "at"]


class Overlaps(APIView):
    """The clashes among the open changes at their newest pushes, on what is live."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=OverlapSerializer(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        rows = overlaps.between(overlaps.open_changes(request.actor.product))
        return Response(OverlapSerializer(rows, many=True).data)


urlpatterns = [
    path("changes/<int:number>/undo/", ChangeUndo.as_view(), name="change_undo"),
    path("hotfixes/", Hotfixes.as_view(), name="hotfixes"),
    path("overlaps/", Overlaps.as_view(), name="overlaps"),
]
