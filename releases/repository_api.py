"""GET …/repository/ and what a person says about commits on main that belong to no change."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from environments import repositories
from environments.models import Branch, Repository, TrunkCommit
from environments.pages import repository as pages
from environments.repository_api import repository_of
from lifecycle.models import Product
from lifecycle.requests import Request, read
from releases import nobodys, trunk_words
from releases.api import ChangeSerializer


class TrunkCommitSerializer(serializers.ModelSerializer):
    """A step of main; `note` names the files that kept it out of its change."""

    class Meta:
        model = TrunkCommit
        fields = ["sha", "subject", "author", "at", "status", "note"]


class NobodysBranchSerializer(serializers.ModelSerializer):
    """A branch with commits that belong to no change; `nobodys` says how many."""

    class Meta:
        model = Branch
        fields = ["name", "sha", "subject", "author", "moved_at", "nobodys", "is_left_out"]


class BranchNameSerializer(serializers.Serializer):
    branch = serializers.CharField(max_length=200)


class RepositorySerializer(serializers.ModelSerializer):
    """Where the code is and how it is worked with; `fetch_error` and `warnings` are empty when all is well.

    `has_credential`: one is kept. It never leaves here; `public_key` is the other half of one that was made here.
    """

    waiting = serializers.SerializerMethodField()
    waiting_branches = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()
    has_credential = serializers.SerializerMethodField()

    class Meta:
        model = Repository
        fields = [
            "upstream",
            "mode",
            "main_branch",
            "login",
            "has_credential",
            "public_key",
            "fetched_at",
            "collected_at",
            "fetch_error",
            "main_note",
            "tag_note",
            "warnings",
            "waiting",
            "waiting_branches",
        ]

    @extend_schema(responses=TrunkCommitSerializer(many=True))
    def get_waiting(self, found: Repository) -> list[dict[str, Any]]:
        return TrunkCommitSerializer(trunk_words.waiting(found.product), many=True).data

    @extend_schema(responses=NobodysBranchSerializer(many=True))
    def get_waiting_branches(self, found: Repository) -> list[dict[str, Any]]:
        return NobodysBranchSerializer(nobodys.waiting(found.product), many=True).data

    def get_warnings(self, found: Repository) -> list[str]:
        return pages.warnings(found)

    def get_has_credential(self, found: Repository) -> bool:
        return bool(found.credential)


class UpstreamSerializer(serializers.Serializer):
    """Where the code is: https, ssh, file or an absolute path, without a password."""

    upstream = serializers.CharField(max_length=500)
    main_branch = serializers.CharField(max_length=100, default="main")


class ModeSerializer(serializers.Serializer):
    """ "branches" or "trunk"."""

    mode = serializers.CharField(max_length=10)


class RepositoryView(APIView):
    """The product's repository; 404 before one is connected."""

    verbs = {"GET": "see_team_pages", "PUT": "configure", "PATCH": "configure"}

    @extend_schema(responses=RepositorySerializer)
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(RepositorySerializer(repository_of(request.actor.product)).data)

    @extend_schema(request=UpstreamSerializer, responses=RepositorySerializer)
    def put(self, request: Request, **kwargs: Any) -> Response:
        """Connect it, or change the address until it was read once. The same address again: a worker looks at once."""
        repositories.name_upstream(request.actor.product, by=request.user, **read(UpstreamSerializer, request))
        return Response(RepositorySerializer(repository_of(request.actor.product)).data)

    @extend_schema(request=ModeSerializer, responses=RepositorySerializer)
    def patch(self, request: Request, **kwargs: Any) -> Response:
        """Change how the team works: a branch per change, or pull requests merged to main."""
        found = repository_of(request.actor.product)
        repositories.set_mode(found, by=request.user, **read(ModeSerializer, request))
        return Response(RepositorySerializer(found).data)


class TrunkShip(APIView):
    """Ship a commit that belongs to no change as maintenance."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=None, responses=TrunkCommitSerializer)
    def post(self, request: Request, sha: str, **kwargs: Any) -> Response:
        commit = commit_of(request.actor.product, sha)
        trunk_words.ship(commit, by=request.user)
        return Response(TrunkCommitSerializer(commit).data)


class TrunkLeaveOut(APIView):
    """Leave a commit out: it never ships unless somebody thinks again."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=None, responses=TrunkCommitSerializer)
    def post(self, request: Request, sha: str, **kwargs: Any) -> Response:
        commit = commit_of(request.actor.product, sha)
        trunk_words.leave_out(commit, by=request.user)
        return Response(TrunkCommitSerializer(commit).data)


class BranchShip(APIView):
    """Ship a branch that belongs to no change as maintenance: answers with the change."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=BranchNameSerializer, responses={201: ChangeSerializer})
    def post(self, request: Request, **kwargs: Any) -> Response:
        change = nobodys.ship(branch_of(request), by=request.user)
        return Response(ChangeSerializer(change).data, status=201)


class BranchLeaveOut(APIView):
    """Leave a branch out: it never ships unless somebody thinks again."""

    verbs = {"POST": "plan_release"}

    @extend_schema(request=BranchNameSerializer, responses=NobodysBranchSerializer)
    def post(self, request: Request, **kwargs: Any) -> Response:
        branch = branch_of(request)
        nobodys.leave_out(branch, by=request.user)
        branch.refresh_from_db()
        return Response(NobodysBranchSerializer(branch).data)


def branch_of(request: Request) -> Branch:
    """The branch that was named; Http404 where the product has none of this name."""
    name = read(BranchNameSerializer, request)["branch"]
    return get_object_or_404(Branch, repository__product=request.actor.product, name=name)


def commit_of(product: Product, sha: str) -> TrunkCommit:
    rows = TrunkCommit.objects.select_related("repository__product")
    return get_object_or_404(rows, repository__product=product, sha=sha)


urlpatterns = [
    path("repository/", RepositoryView.as_view(), name="repository"),
    path("repository/branches/ship/", BranchShip.as_view(), name="branch_ship"),
    path("repository/branches/leave-out/", BranchLeaveOut.as_view(), name="branch_leave_out"),
    path("repository/commits/<str:sha>/ship/", TrunkShip.as_view(), name="trunk_ship"),
    path("repository/commits/<str:sha>/leave-out/", TrunkLeaveOut.as_view(), name="trunk_leave_out"),
]
