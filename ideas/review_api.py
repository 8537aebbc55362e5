"""The review over the API: sessions, one's own ballots, opening, decisions, closing. Nothing of it is for customers."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ideas import boards
from ideas import session as pages
from ideas.models import AgendaItem, Ballot, Decision, ReviewSession
from ideas.views.common import get_item_for, get_session_for
from lifecycle.requests import Request, read


class BallotIn(serializers.Serializer):
    """One's own ballot. `complexity` counts from the team lead only; `round` refuses a ballot that came too late."""

    choice = serializers.ChoiceField(choices=Ballot.Choice.choices)
    urgency = serializers.IntegerField(min_value=1, max_value=5)
    importance = serializers.IntegerField(min_value=1, max_value=5)
    complexity = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    round = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class BallotOut(serializers.ModelSerializer):
    voter = serializers.CharField()

    class Meta:
        model = Ballot
        fields = ["voter", "roles", "round", "choice", "urgency", "importance", "complexity", "note", "cast_at"]


class DecisionIn(serializers.Serializer):
    """`until` and `votes_needed` are the conditions of "later"."""

    outcome = serializers.ChoiceField(choices=Decision.Outcome.choices)
    reason = serializers.CharField(max_length=2_000)
    points = serializers.IntegerField(min_value=1, max_value=40, required=False, allow_null=True, default=None)
    until = serializers.DateField(required=False, allow_null=True, default=None)
    votes_needed = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False, allow_null=True, default=None
    )


class DecisionOut(serializers.ModelSerializer):
    by = serializers.CharField()

    class Meta:
        model = Decision
        fields = ["outcome", "points", "until", "votes_needed", "reason", "by", "at"]


class ItemOut(serializers.Serializer):
    """One idea of the agenda; `ballots` are one's own until all are opened."""

    id = serializers.IntegerField()
    idea = serializers.IntegerField(source="idea.number")
    title = serializers.CharField(source="idea.title")
    reason = serializers.CharField()
    status = serializers.CharField()
    position = serializers.IntegerField()
    score = serializers.IntegerField()
    is_extra = serializers.BooleanField()
    round = serializers.IntegerField()
    cast = serializers.SerializerMethodField()
    expected = serializers.SerializerMethodField()
    ballots = serializers.SerializerMethodField()
    decision = DecisionOut(allow_null=True)

    def get_cast(self, item: AgendaItem) -> int:
        return self.context["view"].board.table(item).cast

    def get_expected(self, item: AgendaItem) -> int:
        return self.context["view"].board.table(item).expected

    @extend_schema(responses=BallotOut(many=True))
    def get_ballots(self, item: AgendaItem) -> list[dict[str, Any]]:
        return BallotOut(readable(item, self.context["view"].user), many=True).data


class SessionOut(serializers.ModelSerializer):
    """A review; `version` grows with every change."""

    class Meta:
        model = ReviewSession
        fields = ["week", "status", "starts_at", "capacity", "frozen_at", "opened_at", "closed_at", "version"]


class WholeSession(SessionOut):
    items = ItemOut(many=True)

    class Meta(SessionOut.Meta):
        fields = [*SessionOut.Meta.fields, "items"]


def readable(item: AgendaItem, user: Any) -> list[Ballot]:
    """All ballots once they are opened, those of earlier rounds too; before that one's own of this round."""
    if item.is_revealed or item.is_decided:
        return list(item.ballots.all())
    return [one for one in item.ballots.all() if one.voter_id == user.pk or one.round < item.round]


def whole(review: ReviewSession, user: Any) -> dict[str, Any]:
    view = pages.session(review, user)
    items = ItemOut([*view.main, *view.extras], many=True, context={"view": view}).data
    return {**SessionOut(review).data, "items": items}


def answer(request: Request, week: str) -> Response:
    """The review as it is now."""
    return Response(whole(get_session_for(request.actor, week), request.user))


class Sessions(APIView):
    """The reviews, newest first."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=SessionOut(many=True))
    def get(self, request: Request, product: str) -> Response:
        reviews = ReviewSession.objects.filter(product=request.actor.product).order_by("-starts_at")[:50]
        return Response(SessionOut(reviews, many=True).data)


class OneSession(APIView):
    """One review with its agenda, decisions and the ballots that one may read."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=WholeSession)
    def get(self, request: Request, product: str, week: str) -> Response:
        return answer(request, week)


class Course(APIView):
    """Freeze the agenda, open or close the review: `verb` is freeze, open, reveal or close."""

    verbs = {"POST": "run_review"}
    VERBS = {
        "freeze": boards.freeze,
        "open": boards.open_session,
        "reveal": boards.reveal_all,
        "close": boards.close_session,
    }

    @extend_schema(request=None, responses=WholeSession)
    def post(self, request: Request, product: str, week: str, verb: str) -> Response:
        self.VERBS[verb](get_session_for(request.actor, week), by=request.user)
        return answer(request, week)


class OwnBallot(APIView):
    """Read or cast one's own ballot of the present round; nobody else's is ever here."""

    verbs = {"GET": "cast_ballot", "PUT": "cast_ballot"}

    @extend_schema(responses=BallotOut)
    def get(self, request: Request, product: str, week: str, pk: int) -> Response:
        item = get_item_for(request.actor, week, pk)
        own = get_object_or_404(item.ballots.select_related("voter"), voter=request.user, round=item.round)
        return Response(BallotOut(own).data)

    @extend_schema(request=BallotIn, responses=BallotOut)
    def put(self, request: Request, product: str, week: str, pk: int) -> Response:
        item = get_item_for(request.actor, week, pk)
        return Response(BallotOut(boards.cast(item, by=request.user, **read(BallotIn, request))).data)


class RevealIn(serializers.Serializer):
    with_quorum = serializers.BooleanField(required=False, default=False)


class Reveal(APIView):
    """Open the ballots of one idea together."""

    verbs = {"POST": "run_review"}

    @extend_schema(request=RevealIn, responses=WholeSession)
    def post(self, request: Request, product: str, week: str, pk: int) -> Response:
        boards.reveal(get_item_for(request.actor, week, pk), by=request.user, **read(RevealIn, request))
        return answer(request, week)


class Again(APIView):
    """Vote on an opened idea once more."""

    verbs = {"POST": "run_review"}

    @extend_schema(request=None, responses=WholeSession)
    def post(self, request: Request, product: str, week: str, pk: int) -> Response:
        boards.vote_again(get_item_for(request.actor, week, pk), by=request.user)
        return answer(request, week)


class Decide(APIView):
    """Write down the decision on an opened idea, or take it back while the review is open."""

    verbs = {"PUT": "decide", "DELETE": "decide"}

    @extend_schema(request=DecisionIn, responses=DecisionOut)
    def put(self, request: Request, product: str, week: str, pk: int) -> Response:
        item = get_item_for(request.actor, week, pk)
        return Response(DecisionOut(boards.decide(item, by=request.user, **read(DecisionIn, request))).data)

    @extend_schema(request=None, responses=WholeSession)
    def delete(self, request: Request, product: str, week: str, pk: int) -> Response:
        boards.undo(get_item_for(request.actor, week, pk), by=request.user)
        return answer(request, week)


ITEM = "reviews/<slug:week>/items/<int:pk>"

urlpatterns = [
    path("reviews/", Sessions.as_view(), name="reviews"),
    path("reviews/<slug:week>/", OneSession.as_view(), name="review"),
    *(
        path(f"reviews/<slug:week>/{verb}/", Course.as_view(), {"verb": verb}, name=f"review_{verb}")
        for verb in Course.VERBS
    ),
    path(f"{ITEM}/ballot/", OwnBallot.as_view(), name="own_ballot"),
    path(f"{ITEM}/reveal/", Reveal.as_view(), name="reveal"),
    path(f"{ITEM}/again/", Again.as_view(), name="vote_again"),
    path(f"{ITEM}/decision/", Decide.as_view(), name="decision"),
]
