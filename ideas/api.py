"""Ideas and votes over the API: the same services as the screens."""

from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ideas import rows, search, services
from ideas.forms import source_of
from ideas.models import Idea, Stop
from ideas.queries import ORDERS, IdeaQuerySet
from lifecycle.events import said
from lifecycle.requests import Request, read
from lifecycle.roles import Actor

FIELDS = ("number", "title", "body", "language", "kind", "source", "status", "votes", "comments", "merged_count")
LOADED = (*FIELDS, "stop", "stop_note", "created_at", "moved_at", "canonical_id")


class NewIdea(serializers.Serializer):
    """What a client sends to share an idea; source and `team_only` are for the team."""

    title = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=20_000, required=False, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=Idea.Kind.choices, default=Idea.Kind.FEATURE)
    source = serializers.ChoiceField(choices=Idea.Source.choices, required=False)
    team_only = serializers.BooleanField(default=False)


class IdeaOut(serializers.Serializer):
    """What a client reads. `stop` is the code of one of the eight stops, `merged_into` a number or null."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    body = serializers.CharField()
    language = serializers.CharField()
    kind = serializers.CharField()
    source = serializers.CharField()
    status = serializers.CharField()
    stop = serializers.CharField()
    stop_note = serializers.CharField()
    votes = serializers.IntegerField()
    voted = serializers.BooleanField()
    comments = serializers.IntegerField()
    merged_count = serializers.IntegerField()
    merged_into = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    moved_at = serializers.DateTimeField()


class IdeaList(serializers.Serializer):
    """A page; `next` is the cursor of the following one, empty on the last."""

    results = IdeaOut(many=True)
    next = serializers.CharField()


class Votes(serializers.Serializer):
    number = serializers.IntegerField()
    votes = serializers.IntegerField()
    voted = serializers.BooleanField()


class Similar(serializers.Serializer):
    results = IdeaOut(many=True)


STOPS = {int(stop): stop.name.lower() for stop in Stop}


def as_json(idea: Idea, into: int | None = None) -> dict[str, Any]:
    """An idea as `IdeaOut` says; a plain dictionary, because a serializer's fields cost more than the row's query."""
    row = {name: getattr(idea, name) for name in FIELDS}
    return row | {
        "stop": STOPS[idea.stop],
        "stop_note": said(idea.stop_note),
        "voted": idea.voted,
        "merged_into": into,
        "created_at": idea.created_at,
        "moved_at": idea.moved_at,
    }


def readable(actor: Actor) -> IdeaQuerySet:
    return Idea.objects.visible_to(actor).with_mine(actor.user)


def parameter(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=words)


class Ideas(APIView):
    """List the ideas, or share one."""

    verbs = {"GET": "see_portal", "POST": "share_idea"}

    @extend_schema(
        operation_id="v1_products_ideas_list",
        parameters=[
            parameter("q", "Words, or a number."),
            parameter("status", "open, planned, progress, live or declined."),
            parameter("sort", "votes (default), newest or moved."),
            parameter("cursor", "`next` of the page before."),
        ],
        responses=IdeaList,
    )
    def get(self, request: Request, product: str) -> Response:
        asked = {name: request.query_params.get(name, "")[:300] for name in ("q", "status", "sort", "cursor")}
        order = asked["sort"] if asked["sort"] in ORDERS else "votes"
        ideas = readable(request.actor).primary().shown(asked["status"]).in_order(order)
        if asked["q"]:
            ideas = ideas.matching(asked["q"])
        key = rows.read_cursor(asked["cursor"], order)
        found = list((ideas.after(order, key) if key else ideas).only(*LOADED)[: rows.PAGE + 1])
        results = [as_json(idea) for idea in found[: rows.PAGE]]
        return Response({"results": results, "next": rows.next_cursor(found, order)})

    @extend_schema(request=NewIdea, responses={201: IdeaOut})
    def post(self, request: Request, product: str) -> Response:
        values = allowed(read(NewIdea, request), request.actor)
        idea = services.submit(product=request.actor.product, author=request.user, channel="api", **values)
        idea.voted, idea.votes = True, 1
        return Response(as_json(idea), status=201)


def allowed(values: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """A customer speaks for customers and in public; ValidationError if they ask for something else."""
    chosen = values.setdefault("source", source_of(actor))
    if not actor.is_team and (chosen != Idea.Source.CUSTOMER or values["team_only"]):
        raise ValidationError({"source": "Only the team may choose the source or hide an idea."})
    return values


class OneIdea(APIView):
    """Read one idea."""

    verbs = {"GET": "see_portal"}

    @extend_schema(responses=IdeaOut)
    def get(self, request: Request, product: str, number: int) -> Response:
        idea = get_object_or_404(readable(request.actor).select_related("canonical"), number=number)
        return Response(as_json(idea, idea.canonical.number if idea.canonical else None))


class Vote(APIView):
    """Vote, or take the vote back; doing it twice changes nothing."""

    verbs = {"PUT": "vote", "DELETE": "vote"}

    @extend_schema(request=None, responses=Votes)
    def put(self, request: Request, product: str, number: int) -> Response:
        return self.answer(services.vote(self.idea(request, number), by=request.user), True)

    @extend_schema(request=None, responses=Votes)
    def delete(self, request: Request, product: str, number: int) -> Response:
        return self.answer(services.unvote(self.idea(request, number), by=request.user), False)

    def idea(self, request: Request, number: int) -> Idea:
        return get_object_or_404(Idea.objects.visible_to(request.actor).select_related("canonical"), number=number)

    def answer(self, idea: Idea, voted: bool) -> Response:
        return Response({"number": idea.number, "votes": idea.votes, "voted": voted})


class SimilarIdeas(APIView):
    """The ideas most like a title, also shipped and declined ones."""

    verbs = {"GET": "see_portal"}

    @extend_schema(parameters=[parameter("title", "What somebody is about to ask.")], responses=Similar)
    def get(self, request: Request, product: str) -> Response:
        found = search.similar(request.actor, request.query_params.get("title", ""))
        return Response({"results": [as_json(idea) for idea in found]})


urlpatterns = [
    path("ideas/", Ideas.as_view(), name="ideas"),
    path("ideas/similar/", SimilarIdeas.as_view(), name="similar_ideas"),
    path("ideas/<int:number>/", OneIdea.as_view(), name="idea"),
    path("ideas/<int:number>/vote/", Vote.as_view(), name="vote"),
]
