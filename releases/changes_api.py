"""/api/v1/products/<slug>/changes/<number>/…: who builds a change, on which branch, what it says."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.models import Comment, User
from lifecycle.requests import Request
from lifecycle.roles import people_who_may
from releases import changes, comments, serving
from releases.api import ChangeSerializer
from releases.loading import get_change_for
from releases.models import Change
from releases.plan_shapes_api import Numbers, ideas_of


class DeveloperSerializer(serializers.Serializer):
    """The e-mail address of a developer of this product; null: nobody yet."""

    developer = serializers.EmailField(allow_null=True)

    def validate_developer(self, email: str | None) -> User | None:
        able = people_who_may("develop", self.context["product"]) if email else []
        found = next((person for person in able if person.email.lower() == str(email).lower()), None)
        if email and found is None:
            raise serializers.ValidationError(f"{email} is not a developer here.")
        return found


class BranchSerializer(serializers.Serializer):
    """The branch a change is built on."""

    branch = serializers.CharField(max_length=200)


class MigrationsSerializer(serializers.Serializer):
    """What the migrations do to the release that runs today; "" means not said yet."""

    migrations = serializers.ChoiceField(choices=Change.Migrations.choices, allow_blank=True)


class ServedIn(serializers.Serializer):
    """Numbers of ideas; [] makes it maintenance."""

    ideas = Numbers(max_length=100)


def valid(form: serializers.Serializer) -> dict[str, Any]:
    """What was sent; ValidationError naming the fields otherwise."""
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class ChangeDeveloper(APIView):
    """PUT says who builds the change."""

    verbs = {"PUT": "assign_change"}

    @extend_schema(request=DeveloperSerializer, responses=ChangeSerializer)
    def put(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        form = DeveloperSerializer(data=request.data, context={"product": change.product})
        changes.assign(change, by=request.user, **valid(form))
        return Response(ChangeSerializer(change).data)


class ChangeBranch(APIView):
    """PUT names the branch; a worker takes what is on it already."""

    verbs = {"PUT": "assign_change"}

    @extend_schema(request=BranchSerializer, responses=ChangeSerializer)
    def put(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        changes.link_branch(change, by=request.user, **valid(BranchSerializer(data=request.data)))
        return Response(ChangeSerializer(change).data)


class ChangeIdeas(APIView):
    """PUT says which ideas it serves; none makes it maintenance. 409 once its plan is frozen or it has ended."""

    verbs = {"PUT": "plan_release"}

    @extend_schema(request=ServedIn, responses=ChangeSerializer)
    def put(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        chosen = valid(ServedIn(data=request.data))["ideas"]
        serving.link_ideas(change, ideas_of(request.actor, chosen), by=request.user)
        return Response(ChangeSerializer(change).data)


class ChangeMigrations(APIView):
    """PUT says what its migrations do; 409 for a milder word once it is frozen or live."""

    verbs = {"PUT": "develop"}

    @extend_schema(request=MigrationsSerializer, responses=ChangeSerializer)
    def put(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        changes.set_migrations(change, by=request.user, **valid(MigrationsSerializer(data=request.data)))
        return Response(ChangeSerializer(change).data)


class CommentOut(serializers.ModelSerializer):
    """A word of the team about a change; `author` is the person's name."""

    author = serializers.CharField(source="author.__str__", read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "author", "text", "created_at"]
        read_only_fields = ["id", "created_at"]


class ChangeComments(APIView):
    """What the team said, the oldest first; a new word is told to its developer, earlier commenters and testers."""

    verbs = {"GET": "see_team_pages", "POST": "see_team_pages"}

    @extend_schema(responses=CommentOut(many=True))
    def get(self, request: Request, number: int, **kwargs: Any) -> Response:
        return Response(CommentOut(comments.of(get_change_for(request.actor, number)), many=True).data)

    @extend_schema(request=CommentOut, responses={201: CommentOut})
    def post(self, request: Request, number: int, **kwargs: Any) -> Response:
        change = get_change_for(request.actor, number)
        made = comments.comment(change, by=request.user, **valid(CommentOut(data=request.data)))
        return Response(CommentOut(made).data, status=201)


urlpatterns = [
    path("changes/<int:number>/ideas/", ChangeIdeas.as_view(), name="change_ideas"),
    path("changes/<int:number>/developer/", ChangeDeveloper.as_view(), name="change_developer"),
    path("changes/<int:number>/branch/", ChangeBranch.as_view(), name="change_branch"),
    path("changes/<int:number>/comments/", ChangeComments.as_view(), name="change_comments"),
    path("changes/<int:number>/migrations/", ChangeMigrations.as_view(), name="change_migrations"),
]
