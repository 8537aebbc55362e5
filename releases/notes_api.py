"""/api/v1/products/<slug>/releases/<version>/notes/: the release notes; the same use-case as the screen."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.requests import Request, read
from releases import notes
from releases.loading import get_release_for
from releases.models import Notes


class NoteLineSerializer(serializers.Serializer):
    """What the notes say of one change; an empty title or text follows the plan's words. The order is the place."""

    change = serializers.IntegerField(min_value=1, max_value=10**9)
    title = serializers.CharField(max_length=notes.TITLE_LENGTH, required=False, default="", allow_blank=True)
    text = serializers.CharField(max_length=notes.TEXT_LENGTH, required=False, default="", allow_blank=True)
    is_hidden = serializers.BooleanField(required=False, default=False)


class NotesSerializer(serializers.Serializer):
    """The notes of a release. Who is not of the team gets published ones, and of these what everybody may see."""

    status = serializers.ChoiceField(choices=Notes.Status.choices, read_only=True)
    published_at = serializers.DateTimeField(read_only=True)
    intro = serializers.CharField(max_length=notes.TEXT_LENGTH, required=False, default="", allow_blank=True)
    lines = NoteLineSerializer(many=True)


class ReleaseNotes(APIView):
    """GET reads the notes, PUT puts other words in the place of what they say."""

    verbs = {"GET": "see_portal", "PUT": "edit_notes"}

    @extend_schema(responses=NotesSerializer)
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        rows = Notes.objects.filter(release__product=request.actor.product, release__version=version)
        rows = rows if request.actor.is_team else rows.filter(status=Notes.Status.PUBLISHED)
        found = get_object_or_404(rows.select_related("release__product"))
        return Response(shape(found, for_team=request.actor.is_team))

    @extend_schema(request=NotesSerializer, responses=NotesSerializer)
    def put(self, request: Request, version: str, **kwargs: Any) -> Response:
        found = notes.get(get_release_for(request.actor, version))
        sent = read(NotesSerializer, request)
        words = [
            notes.Words(line["change"], place, line["title"], line["text"], line["is_hidden"])
            for place, line in enumerate(sent["lines"], start=1)
        ]
        notes.edit(found, intro=sent["intro"], words=words, by=request.user)
        return Response(shape(found, for_team=True))


def shape(found: Notes, *, for_team: bool) -> dict[str, Any]:
    lines = [
        {"change": line.change.number, "title": line.title, "text": line.text, "is_hidden": line.is_hidden}
        for line in notes.lines_of(found)
        if for_team or line.is_shown
    ]
    head = {"status": found.status, "published_at": found.published_at, "intro": found.intro}
    return NotesSerializer(head | {"lines": lines}).data


urlpatterns = [path("releases/<str:version>/notes/", ReleaseNotes.as_view(), name="release_notes")]
