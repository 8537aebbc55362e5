"""/api/v1/products/<slug>/queue/: the order of the development queue, and moving an idea in it."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from ideas import places, queueing
from ideas.models import Idea
from ideas.places import Place, Queue
from lifecycle.requests import Request, read


class QueuePlaceOut(serializers.Serializer):
    """One idea of the queue: `total` is the sum of sizes down to it, `why` the reasons for its place."""

    place = serializers.IntegerField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    size = serializers.IntegerField()
    total = serializers.IntegerField()
    fits = serializers.BooleanField()
    waits_days = serializers.IntegerField()
    why = serializers.ListField(child=serializers.CharField())


class QueueOut(serializers.Serializer):
    """The queue in its order; `capacity` and sizes are in `unit`."""

    unit = serializers.ChoiceField(choices=["points", "days"])
    capacity = serializers.IntegerField()
    results = QueuePlaceOut(many=True)


class NewPlace(serializers.Serializer):
    """The number of the idea to stand behind, null for the top; and why, which is shown beside the idea."""

    after = serializers.IntegerField(allow_null=True, min_value=1, max_value=10**9)
    reason = serializers.CharField(max_length=500)


def as_json(queue: Queue) -> dict[str, Any]:
    unit = "days" if queue.in_days else "points"
    return {"unit": unit, "capacity": queue.capacity, "results": [one(place) for place in queue.places]}


def one(place: Place) -> dict[str, Any]:
    return {
        "place": place.place,
        "number": place.idea.number,
        "title": place.idea.title,
        "size": place.size,
        "total": place.total,
        "fits": place.fits,
        "waits_days": place.days,
        "why": [why.text for why in place.whys],
    }


class DevelopmentQueue(APIView):
    """The development queue."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=QueueOut)
    def get(self, request: Request, product: str) -> Response:
        return Response(as_json(places.queue_of(request.actor.product, at=timezone.now())))


class PlaceInQueue(APIView):
    """Move an idea; sending the same again changes nothing. Answers with the queue."""

    verbs = {"POST": "order_queue"}

    @extend_schema(request=NewPlace, responses=QueueOut)
    def post(self, request: Request, product: str, number: int) -> Response:
        idea = get_object_or_404(Idea.objects.visible_to(request.actor), number=number)
        queueing.place(idea, by=request.user, **read(NewPlace, request))
        return Response(as_json(places.queue_of(request.actor.product, at=timezone.now())))


urlpatterns = [
    path("queue/", DevelopmentQueue.as_view(), name="queue"),
    path("queue/<int:number>/place/", PlaceInQueue.as_view(), name="place"),
]
