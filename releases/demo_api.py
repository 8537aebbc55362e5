"""/api/v1/products/<slug>/releases/<version>/: demos, who is invited, what they answered, and sign-offs."""

from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.models import User
from lifecycle.requests import Request, read
from lifecycle.roles import people_who_may, who_may
from releases import demo_answers, demo_ideas, demos, invitations, signoffs
from releases.loading import get_demo_for, get_release_for
from releases.models import Demo, Invitation, Release, SignOff
from releases.models.audiences import Audience


class DemoOut(serializers.ModelSerializer):
    """A session."""

    host = serializers.CharField(source="host.name")

    class Meta:
        model = Demo
        fields = ["id", "audience", "status", "starts_at", "minutes", "place", "host", "opened_at", "closed_at"]


class DemoIn(serializers.Serializer):
    """A session to plan; `host` is an e-mail address, by default whoever plans it."""

    audience = serializers.ChoiceField(choices=Audience.choices)
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(min_value=5, max_value=480, default=30)
    place = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    host = serializers.EmailField(required=False)

    def validate_host(self, email: str) -> User:
        able = people_who_may("record_demo", self.context["product"])
        found = next((person for person in able if person.email.lower() == email.lower()), None)
        if found is None:
            raise serializers.ValidationError(_("%(who)s does not hold demos here.") % {"who": email})
        return found


class InvitationOut(serializers.ModelSerializer):
    """One invited person; no link: it is theirs alone."""

    name = serializers.CharField(source="user.name")
    answers = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = ["id", "name", "reason", "sent_at", "opened_at", "attended", "revoked_at", "answers"]

    def get_answers(self, invitation: Invitation) -> int:
        return invitation.answers.count()


class AttendanceIn(serializers.Serializer):
    """The invitations of those who came; all others did not."""

    came = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=2**62), max_length=2000)


class TallyOut(serializers.Serializer):
    """How many said what about one change of what is frozen now, and in which words."""

    change = serializers.CharField(source="change.key")
    accept = serializers.IntegerField()
    note = serializers.IntegerField()
    no = serializers.IntegerField()
    words = serializers.SerializerMethodField()

    def get_words(self, row: demo_answers.Tally) -> list[dict[str, str]]:
        return [{"outcome": one.outcome, "words": one.words, "by": str(one.invitation.user)} for one in row.words]


class SignOffIn(serializers.Serializer):
    """What an audience said; `digest` is what they saw."""

    audience = serializers.ChoiceField(choices=Audience.choices)
    outcome = serializers.ChoiceField(choices=SignOff.Outcome.choices)
    words = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    digest = serializers.CharField(max_length=64)


class SignOffOut(serializers.ModelSerializer):
    """A word that is on record."""

    by = serializers.CharField(source="by.name")

    class Meta:
        model = SignOff
        fields = ["audience", "outcome", "words", "digest", "demo", "by", "at"]


class Demos(APIView):
    """The sessions of a release; POST plans one."""

    verbs = {"GET": "see_team_pages", "POST": "record_demo"}

    @extend_schema(responses=DemoOut(many=True))
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        rows = get_release_for(request.actor, version).demos.select_related("host").order_by("id")
        return Response(DemoOut(rows, many=True).data)

    @extend_schema(request=DemoIn, responses={201: DemoOut})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        made = demos.plan(release, by=request.user, **read(DemoIn, request, product=release.product))
        return Response(DemoOut(made).data, status=201)


class Move(APIView):
    """POST begins, closes or cancels a session; 409 says why not."""

    verbs = {"POST": "record_demo"}
    act: Callable[..., None] = staticmethod(demos.begin)

    @extend_schema(request=None, responses=DemoOut)
    def post(self, request: Request, version: str, pk: int, **kwargs: Any) -> Response:
        demo = get_demo_for(request.actor, version, pk)
        self.act(demo, by=request.user)
        return Response(DemoOut(demo).data)


class Begin(Move):
    """From now on its links take answers."""


class Close(Move):
    """No more answers."""

    act = staticmethod(demos.close)


class Cancel(Move):
    """It does not take place."""

    act = staticmethod(demos.cancel)


class Invitations(APIView):
    """Who is invited; POST invites whoever should see it and is not, PUT notes who came."""

    verbs = {"GET": "see_team_pages", "POST": "record_demo", "PUT": "record_demo"}

    @extend_schema(responses=InvitationOut(many=True))
    def get(self, request: Request, version: str, pk: int, **kwargs: Any) -> Response:
        return self.listed(get_demo_for(request.actor, version, pk))

    @extend_schema(request=None, responses={201: InvitationOut(many=True)})
    def post(self, request: Request, version: str, pk: int, **kwargs: Any) -> Response:
        made = invitations.invite(get_demo_for(request.actor, version, pk), by=request.user)
        return Response(InvitationOut(made, many=True).data, status=201)

    @extend_schema(request=AttendanceIn, responses=InvitationOut(many=True))
    def put(self, request: Request, version: str, pk: int, **kwargs: Any) -> Response:
        demo = get_demo_for(request.actor, version, pk)
        invitations.note_attendance(demo, by=request.user, **read(AttendanceIn, request))
        return self.listed(demo)

    def listed(self, demo: Demo) -> Response:
        rows = demo.invitations.select_related("user").prefetch_related("answers").order_by("id")
        return Response(InvitationOut(rows, many=True).data)


class InvitationDetail(APIView):
    """DELETE takes the link back."""

    verbs = {"DELETE": "record_demo"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, version: str, pk: int, invitation: int, **kwargs: Any) -> Response:
        demo = get_demo_for(request.actor, version, pk)
        for row in demo.invitations.filter(pk=invitation).select_related("demo__release"):
            invitations.revoke(row, by=request.user)
        return Response(status=204)


class Tallies(APIView):
    """What the invited people say about what is frozen now, by change."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=TallyOut(many=True))
    def get(self, request: Request, version: str, pk: int, **kwargs: Any) -> Response:
        demo = get_demo_for(request.actor, version, pk)
        digest = demo.release.candidate.digest if demo.release.candidate else ""
        rows = demo_answers.tally(demo, digest, demo_ideas.changes_of(demo.release))
        return Response(TallyOut(rows, many=True).data)


class SignOffs(APIView):
    """What audiences said, the newest first; POST puts a word on record for one of them."""

    verbs = {"GET": "see_team_pages", "POST": "record_demo"}

    @extend_schema(responses=SignOffOut(many=True))
    def get(self, request: Request, version: str, **kwargs: Any) -> Response:
        rows = get_release_for(request.actor, version).signoffs.select_related("by").order_by("-id")
        return Response(SignOffOut(rows, many=True).data)

    @extend_schema(request=SignOffIn, responses={201: SignOffOut})
    def post(self, request: Request, version: str, **kwargs: Any) -> Response:
        release = get_release_for(request.actor, version)
        sent = read(SignOffIn, request)
        require_voice(request, release, sent["audience"])
        return Response(SignOffOut(signoffs.sign_off(release, by=request.user, **sent)).data, status=201)


def require_voice(request: Request, release: Release, audience: str) -> None:
    """403 instead of 409 for somebody who does not speak for the audience."""
    if not signoffs.may_speak(release, audience, request.actor):
        raise PermissionDenied(who_may(f"sign_off_{audience}"))


ONE = "releases/<str:version>/demos/<int:pk>"
urlpatterns = [
    path("releases/<str:version>/demos/", Demos.as_view(), name="demos"),
    path(f"{ONE}/begin/", Begin.as_view(), name="begin_demo"),
    path(f"{ONE}/close/", Close.as_view(), name="close_demo"),
    path(f"{ONE}/cancel/", Cancel.as_view(), name="cancel_demo"),
    path(f"{ONE}/invitations/", Invitations.as_view(), name="demo_invitations"),
    path(f"{ONE}/invitations/<int:invitation>/", InvitationDetail.as_view(), name="demo_invitation"),
    path(f"{ONE}/answers/", Tallies.as_view(), name="demo_answers"),
    path("releases/<str:version>/sign-offs/", SignOffs.as_view(), name="sign_offs"),
]
