"""GET /api/v1/products/<slug>/board/: the promotion board, for the person who asks."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.pages import board
from deployments.shapes_api import DeploymentOut, GateOut
from lifecycle.requests import Request


class HealthOut(serializers.Serializer):
    """`state` is ok, busy, bad or none."""

    state = serializers.CharField()
    label = serializers.CharField()


class CardOut(serializers.Serializer):
    """A change that stands at an environment; `may_decide`: you may approve or return it, on this `candidate`."""

    number = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField(source="chip.label")
    developer = serializers.CharField(default=None)
    is_ready = serializers.BooleanField()
    may_decide = serializers.BooleanField()
    candidate = serializers.IntegerField(allow_null=True)


class BetweenOut(serializers.Serializer):
    """The line in front of an environment; `why_not` is why nothing moves along it now."""

    count = serializers.CharField()
    words = serializers.CharField()
    action = serializers.CharField()
    why_not = serializers.CharField()
    by_itself = serializers.CharField()


class NoteOut(serializers.Serializer):
    """`tone` is bad, warn or empty."""

    tone = serializers.CharField()
    text = serializers.CharField()


class ColumnOut(serializers.Serializer):
    """An environment; `way_back` is where "Roll back" leads, null where nothing does or you may not.

    What differs from the environment before it: `delta/<this one>/<the one before>/`.
    """

    environment = serializers.CharField(source="environment.slug")
    name = serializers.CharField(source="environment.name")
    kind = serializers.CharField(source="environment.kind")
    runs = serializers.CharField()
    since = serializers.CharField(source="meta")
    health = HealthOut()
    notes = NoteOut(many=True)
    changes = CardOut(source="cards", many=True)
    waiting = serializers.ListField(source="places", child=serializers.CharField())
    between = BetweenOut(allow_null=True)
    way_back = serializers.CharField(source="rollback.to", default=None)


class PromotionOut(serializers.Serializer):
    """What Promote would do, warnings first; `is_possible` false: `text` says why not."""

    is_possible = serializers.SerializerMethodField()
    title = serializers.CharField()
    text = serializers.CharField()
    facts = serializers.SerializerMethodField()

    def get_is_possible(self, asked: dict[str, Any]) -> bool:
        return "action" in asked

    def get_facts(self, asked: dict[str, Any]) -> list[str]:
        return [str(text) for _icon, _tone, text in asked.get("facts", ())]


class BoardOut(serializers.Serializer):
    """`release` is the frozen one, with its `gates`; `busy` what is being deployed; `is_moving`: ask again soon."""

    headline = serializers.CharField()
    columns = ColumnOut(many=True)
    release = serializers.CharField(source="release.version", default=None)
    gates = GateOut(many=True)
    promotion = PromotionOut()
    busy = DeploymentOut(allow_null=True)
    is_moving = serializers.BooleanField()


class Board(APIView):
    """What runs where, how well, what stands there, and what may move from one environment to the next."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=BoardOut)
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(BoardOut(board.board(request.actor)).data)


urlpatterns = [path("board/", Board.as_view(), name="board")]
