"""What deployments look like over the API, and what may be asked of them."""

from rest_framework import serializers

from deployments import running
from deployments.models import Deployment
from lifecycle.models import Role
from releases.models import Approval


class DeploymentOut(serializers.ModelSerializer):
    """`release` is a version, `candidate` what the application calls itself, `queue_position` 1 for the next one.

    `log_removed_after`: the log was not kept longer than so many days; null while it is there.
    """

    environment = serializers.CharField(source="environment.slug")
    release = serializers.CharField(source="release.version", default=None)
    candidate = serializers.SerializerMethodField()
    requested_by = serializers.CharField(default=None)

    class Meta:
        model = Deployment
        fields = [
            "id",
            "environment",
            "kind",
            "status",
            "release",
            "candidate",
            "candidate_id",
            "digest",
            "requested_by",
            "reason",
            "error",
            "snapshot",
            "attempt",
            "requested_at",
            "due_at",
            "expires_at",
            "started_at",
            "finished_at",
            "verified_at",
            "log_removed_after",
        ]

    def get_candidate(self, deployment: Deployment) -> str:
        return running.release_id(deployment.candidate)


class StepOut(serializers.Serializer):
    key = serializers.CharField()
    status = serializers.CharField()
    attempt = serializers.IntegerField()
    exit_code = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField()


class DeploymentDetail(DeploymentOut):
    """A deployment with its steps and its place in the line (0: it does not wait)."""

    steps = StepOut(many=True)
    queue_position = serializers.SerializerMethodField()

    class Meta(DeploymentOut.Meta):
        fields = [*DeploymentOut.Meta.fields, "queue_position", "steps"]

    def get_queue_position(self, deployment: Deployment) -> int:
        return running.queue_position(deployment)


class DeploymentList(serializers.Serializer):
    """A page; `next` is the `before` of the following one, null on the last."""

    results = DeploymentOut(many=True)
    next = serializers.IntegerField(allow_null=True)


class Times(serializers.Serializer):
    """When it begins (at once if missing), and until when at the latest."""

    due_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class NewDeployment(Times):
    """`candidate_id` must be composed; production takes only what has passed its gates."""

    environment = serializers.SlugField()
    candidate_id = serializers.IntegerField()
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class ShippingTimeShape(serializers.Serializer):
    """When a release goes to production once all its gates are open."""

    due_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class StopReason(serializers.Serializer):
    """Why everything stops: everybody on the team reads it."""

    reason = serializers.CharField(allow_blank=True, default="", max_length=300)


class StopOut(serializers.Serializer):
    """The emergency stop in force."""

    reason = serializers.CharField()
    pulled_by = serializers.CharField()
    pulled_at = serializers.DateTimeField()


class Reason(serializers.Serializer):
    reason = serializers.CharField(allow_blank=True, default="")


class WayBack(Reason):
    """Why it goes back; 409 if `to` is given and is not (any more) the `target` that the preview answers.

    With `runs`, as the preview answers it, `to` may also be one of those `further` back.
    """

    to = serializers.CharField(required=False, allow_null=True, default=None, max_length=100)
    runs = serializers.CharField(required=False, allow_null=True, default=None, max_length=100)


class Word(serializers.Serializer):
    """A yes or a no (which needs words) to the frozen candidate; 409 if `digest` is given and is another one.

    `role`: as what; "" for the one that is missing.
    """

    role = serializers.ChoiceField(choices=Role.choices, required=False, allow_blank=True, default="")

    outcome = serializers.ChoiceField(choices=Approval.Outcome.choices, default=Approval.Outcome.YES)
    words = serializers.CharField(required=False, allow_blank=True, default="")
    digest = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


class GateOut(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    is_open = serializers.BooleanField()
    evidence = serializers.CharField()
    who = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class PlaceOut(serializers.Serializer):
    """An environment: what runs, what is being done, what waits in the order of its line."""

    environment = serializers.CharField(source="environment.slug")
    kind = serializers.CharField(source="environment.kind")
    state = serializers.CharField(source="environment.state")
    url = serializers.CharField(source="environment.url")
    current = DeploymentOut(allow_null=True)
    active = DeploymentOut(allow_null=True)
    waiting = DeploymentOut(many=True)
