"""What the page of one deployment says beside the row itself, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployments import running, times
from deployments.delta_api import VariableDifferenceOut
from deployments.models import Deployment
from deployments.pages import deployment as page
from deployments.pages import steps, verdict
from deployments.shapes_api import DeploymentDetail
from releases.models import Change


class BroughtOut(serializers.ModelSerializer):
    """A change that comes with a deployment, or leaves with a rollback."""

    class Meta:
        model = Change
        fields = ["number", "key", "title", "migrations"]


class ServesOut(serializers.Serializer):
    """Who serves whom, in words; `moved` is how far users have moved to the new one, 0 or 100."""

    old = serializers.CharField()
    old_words = serializers.CharField()
    new = serializers.CharField()
    new_words = serializers.CharField()
    moved = serializers.IntegerField()


class DeploymentPage(DeploymentDetail):
    """The deployment as its page shows it: the verdict, why it stopped, what it brings.

    `previous_id` is the candidate that ran before, `previous_deployment` what brought it (null if that is not known):
    `delta/d<previous_deployment>/d<id>/` is what differs. `variables` are those that it is started with differently
    (null: nobody knows). `stopping` is what a stop cannot take back, `backup` where the copy is, `output` the last
    lines of what went wrong.
    """

    previous = serializers.SerializerMethodField()
    headline = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()
    starts = serializers.SerializerMethodField()
    serves = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    variables = serializers.SerializerMethodField()
    previous_deployment = serializers.SerializerMethodField()
    stopping = serializers.SerializerMethodField()
    backup = serializers.SerializerMethodField()
    output = serializers.SerializerMethodField()
    watch = serializers.IntegerField(source="watch.pk", default=None)

    class Meta(DeploymentDetail.Meta):
        fields = [
            *DeploymentDetail.Meta.fields,
            "previous",
            "previous_id",
            "previous_deployment",
            "headline",
            "why",
            "starts",
            "serves",
            "changes",
            "variables",
            "stopping",
            "backup",
            "output",
            "watch",
        ]

    def get_previous(self, deployment: Deployment) -> str | None:
        return running.release_id(deployment.previous) if deployment.previous else None

    def get_headline(self, deployment: Deployment) -> str:
        return verdict.headline(deployment, steps.rows(deployment))

    def get_why(self, deployment: Deployment) -> str:
        return verdict.why(deployment, steps.rows(deployment))

    def get_starts(self, deployment: Deployment) -> str:
        return times.sentence(deployment)

    @extend_schema_field(ServesOut)
    def get_serves(self, deployment: Deployment) -> dict[str, Any]:
        return ServesOut(verdict.serves(deployment)).data

    @extend_schema_field(BroughtOut(many=True))
    def get_changes(self, deployment: Deployment) -> list[dict[str, Any]]:
        return BroughtOut(page.brings(deployment), many=True).data

    @extend_schema_field(VariableDifferenceOut(many=True, allow_null=True))
    def get_variables(self, deployment: Deployment) -> list[dict[str, Any]] | None:
        found = page.variables_brought(deployment, running.before(deployment))
        return None if found is None else VariableDifferenceOut(found, many=True).data

    def get_previous_deployment(self, deployment: Deployment) -> int | None:
        earlier = running.before(deployment)
        return earlier.pk if earlier else None

    def get_stopping(self, deployment: Deployment) -> list[str]:
        return [] if deployment.is_final else [text for _icon, _tone, text in page.stays(deployment)]

    def get_backup(self, deployment: Deployment) -> str:
        return page.backup(deployment)

    def get_output(self, deployment: Deployment) -> list[str]:
        return page.output(deployment)
