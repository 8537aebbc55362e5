"""/api/v1/products/<slug>/repository/…: what git signs in with, the server's keys, the branches. No secret leaves."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from environments import deploy_keys, repositories, upstream_keys
from environments.models import Branch, Repository, UpstreamKey
from environments.pages import repository as pages
from lifecycle.models import Product
from lifecycle.requests import Request, read


class CredentialIn(serializers.Serializer):
    """A private ssh key, or a password or token with its user name; kept encrypted, never to be read again."""

    login = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    secret = serializers.CharField(
        max_length=repositories.CREDENTIAL_CHARACTERS, trim_whitespace=False, write_only=True
    )


class UpstreamKeyOut(serializers.ModelSerializer):
    """A key that the git server showed; only a confirmed one is spoken with."""

    confirmed_by = serializers.CharField(source="confirmed_by.name", default=None, read_only=True)

    class Meta:
        model = UpstreamKey
        fields = ["id", "host", "port", "fingerprint", "seen_at", "confirmed_at", "confirmed_by"]


class PublicKeyOut(serializers.Serializer):
    """To be given to the git server, with the right to push."""

    public_key = serializers.CharField()


class BranchOut(serializers.ModelSerializer):
    """A branch as last seen; `trouble` says why it could not be taken in, or (one of our own) not deleted upstream."""

    class Meta:
        model = Branch
        fields = ["name", "sha", "subject", "author", "moved_at", "trouble"]


class Credential(APIView):
    """PUT keeps what git signs in with, DELETE forgets it; the next look at the repository uses it."""

    verbs = {"PUT": "configure", "DELETE": "configure"}

    @extend_schema(request=CredentialIn, responses={204: None})
    def put(self, request: Request, **kwargs: Any) -> Response:
        found = repository_of(request.actor.product)
        repositories.set_credential(found, by=request.user, **read(CredentialIn, request))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, **kwargs: Any) -> Response:
        repositories.set_credential(repository_of(request.actor.product), login="", secret="", by=request.user)
        return Response(status=204)


class MakeKey(APIView):
    """POST makes a key of Lifecycle's own and answers with its public half; what was kept before is forgotten."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses={201: PublicKeyOut})
    def post(self, request: Request, **kwargs: Any) -> Response:
        made = deploy_keys.make(repository_of(request.actor.product), by=request.user)
        return Response(PublicKeyOut({"public_key": made}).data, status=201)


class Keys(APIView):
    """The keys that the server showed, the confirmed one first; none where it is not reached over ssh."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=UpstreamKeyOut(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        rows = upstream_keys.of(repository_of(request.actor.product))
        return Response(UpstreamKeyOut(rows, many=True).data)


class ConfirmKey(APIView):
    """POST: it is the right one. No other key of this server is spoken with from now on."""

    verbs = {"POST": "configure"}

    @extend_schema(request=None, responses=UpstreamKeyOut)
    def post(self, request: Request, pk: int, **kwargs: Any) -> Response:
        rows = UpstreamKey.objects.select_related("repository", "confirmed_by")
        key = get_object_or_404(rows, repository__product=request.actor.product, pk=pk)
        upstream_keys.confirm(key, by=request.user)
        return Response(UpstreamKeyOut(key).data)


class Branches(APIView):
    """The branches that were seen: those in trouble first, then the newest."""

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses=BranchOut(many=True))
    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response(BranchOut(pages.branches(repository_of(request.actor.product)), many=True).data)


def repository_of(product: Product) -> Repository:
    return get_object_or_404(Repository.objects.select_related("product"), product=product)


urlpatterns = [
    path("repository/branches/", Branches.as_view(), name="branches"),
    path("repository/credential/", Credential.as_view(), name="repository_credential"),
    path("repository/credential/make/", MakeKey.as_view(), name="make_key"),
    path("repository/keys/", Keys.as_view(), name="upstream_keys"),
    path("repository/keys/<int:pk>/confirm/", ConfirmKey.as_view(), name="confirm_upstream_key"),
]
