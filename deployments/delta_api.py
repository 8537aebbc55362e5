"""GET /api/v1/products/<slug>/delta/<old>/<new>/: what differs between two environments, releases or candidates."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import running
from deployments.pages import delta_rows
from deployments.pages.delta import commit_count, headline
from deployments.pages.delta_ends import End, differing_variables, end, same
from environments import deltas
from environments.models import Delta
from environments.variables import Difference
from lifecycle.models import Product
from lifecycle.requests import Request
from releases.losses_api import LeavingOut
from releases.models import Candidate, Change

READY = str(Delta.Status.READY)


@dataclass
class Compared:
    """`found` is the stored comparison of the commits, None while there is nothing to compare.

    `variables` is None where nobody knows what one of the ends was started with.
    """

    old: End
    new: End
    variables: list[Difference] | None
    status: str = READY
    headline: str = ""
    changes: list[delta_rows.Row] = field(default_factory=list)
    gone: list[Change] = field(default_factory=list)
    way_back: str = ""
    found: Delta | None = None


def compared(product: Product, old: str, new: str) -> Compared:
    """Asks a worker for a comparison that nobody has made yet; Http404 for names nobody knows."""
    before, after = end(product, old), end(product, new)
    made = Compared(before, after, differing_variables(before, after))
    if before.candidate is None or after.candidate is None:
        return made
    if before.candidate.sha == after.candidate.sha:
        made.headline = same(before, after, made.variables)
    else:
        add_code(made, product, before.candidate, after.candidate)
    return made


def add_code(made: Compared, product: Product, before: Candidate, after: Candidate) -> None:
    """The changes that come and go, and the commits and files between the two."""
    coming, production = running.leaving(after, before), running.production(product)
    made.changes, made.gone = delta_rows.rows(coming), running.leaving(before, after)
    made.headline = headline(made.changes, len(made.gone))
    made.way_back = delta_rows.going_back(production, after) if production and coming else ""
    made.found = deltas.request(after.repository, before.sha, after.sha)
    made.status = str(made.found.status)


class EndOut(serializers.Serializer):
    """One end: an environment, a release or a candidate; the candidate is null where nothing was deployed yet."""

    name = serializers.CharField()
    place = serializers.CharField()
    candidate_id = serializers.IntegerField(source="candidate.pk", default=None)
    sha = serializers.CharField(source="candidate.sha", default=None)


class ComingOut(serializers.Serializer):
    """A change that is only on the new side; `ties` name what it goes with when it is taken out."""

    key = serializers.CharField(source="change.key")
    title = serializers.CharField(source="change.title")
    migrations = serializers.CharField(source="change.migrations")
    votes = serializers.IntegerField()
    commits = serializers.IntegerField()
    files = serializers.IntegerField()
    brings_migrations = serializers.BooleanField()
    is_one_way = serializers.BooleanField()
    is_live = serializers.BooleanField()
    ties = serializers.ListField(child=serializers.CharField())


class CommitOut(serializers.Serializer):
    sha = serializers.CharField()
    subject = serializers.CharField()
    author = serializers.CharField()
    at = serializers.CharField()
    change = serializers.CharField()


class FileOut(serializers.Serializer):
    """`status` is git's letter: A, M, D …"""

    status = serializers.CharField()
    path = serializers.CharField()


class MigrationOut(serializers.Serializer):
    """A new or changed migration file and the change that brings it ("" if no change of ours does)."""

    path = serializers.CharField()
    key = serializers.CharField()
    is_changed = serializers.BooleanField()


class VariableDifferenceOut(serializers.Serializer):
    """Secrets are masked; null where there is no such variable."""

    name = serializers.CharField()
    was = serializers.CharField(allow_null=True)
    now = serializers.CharField(allow_null=True)
    is_secret = serializers.BooleanField()


class DeltaOut(serializers.Serializer):
    """`status` is queued while a worker compares (ask again), ready, or failed with `error`.

    `commits` are the newest 500 at most, `commit_count` says how many there are. `variables` is null where nobody knows
    what one end was started with: a release or a candidate that never was on production.
    """

    old = EndOut()
    new = EndOut()
    headline = serializers.CharField()
    status = serializers.CharField()
    error = serializers.CharField(source="found.error", default="")
    changes = ComingOut(many=True)
    gone = LeavingOut(many=True)
    commits = CommitOut(source="found.commits", many=True, default=list)
    commit_count = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()
    migrations = serializers.SerializerMethodField()
    variables = VariableDifferenceOut(many=True, allow_null=True)
    way_back = serializers.CharField()

    def get_commit_count(self, made: Compared) -> int:
        return commit_count(made.found) if made.found else 0

    @extend_schema(responses=FileOut(many=True))
    def get_files(self, made: Compared) -> list[dict[str, str]]:
        return [{"status": status, "path": name} for status, name in made.found.files] if made.found else []

    @extend_schema(responses=MigrationOut(many=True))
    def get_migrations(self, made: Compared) -> list[dict[str, Any]]:
        coming = [row.change for row in made.changes]
        brought = delta_rows.migrations(made.found, coming) if made.found else []
        return list(MigrationOut(brought, many=True).data)


class DeltaBetween(APIView):
    """`old` and `new` are names of environments, versions, c<id> of a candidate or d<id> of a deployment.

    202 while it is being compared.
    """

    verbs = {"GET": "see_team_pages"}

    @extend_schema(responses={200: DeltaOut, 202: DeltaOut})
    def get(self, request: Request, old: str, new: str, **kwargs: Any) -> Response:
        made = compared(request.actor.product, old, new)
        status = 202 if made.status == Delta.Status.QUEUED else 200
        return Response(DeltaOut(made).data, status=status)


urlpatterns = [path("delta/<str:old>/<str:new>/", DeltaBetween.as_view(), name="delta")]
