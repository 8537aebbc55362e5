"""What goes over the API about environments. Values of variables never leave."""

from rest_framework import serializers

from environments.holds import HOLD_MINUTES_LIMIT
from environments.models import Environment, Freeze, Lock


class EnvironmentSerializer(serializers.ModelSerializer):
    """An environment; `variables` are names only, `answers` is what it said when it was last asked.

    `promotion_days` (1 is Monday) and `promotion_time` are in the product's time zone and count for the promotion rule
    "scheduled"; `last_promotion_note` is why the last set time changed nothing, or empty.
    """

    held_by = serializers.CharField(source="held_by.name", default=None, read_only=True)
    variables = serializers.SlugRelatedField("name", many=True, read_only=True)
    cloned_from = serializers.SlugRelatedField("slug", read_only=True)
    answers = serializers.CharField(source="probed_release", read_only=True)
    answered_at = serializers.DateTimeField(source="probed_at", read_only=True)
    is_contradicted = serializers.BooleanField(read_only=True)

    class Meta:
        model = Environment
        fields = [
            "slug",
            "name",
            "kind",
            "position",
            "driver",
            "url",
            "state",
            "status",
            "status_note",
            "branch",
            "config_version",
            "promotion",
            "promotion_days",
            "promotion_time",
            "next_promotion_at",
            "last_promotion_at",
            "last_promotion_note",
            "cloned_from",
            "sends_mail",
            "takes_payments",
            "access",
            "test_data",
            "test_data_at",
            "test_data_scrubbed",
            "test_data_note",
            "answers",
            "answered_at",
            "is_contradicted",
            "held_by",
            "held_until",
            "variables",
        ]


class PlaceIn(serializers.ModelSerializer):
    """What may be changed of an environment; what is left out stays."""

    class Meta:
        model = Environment
        fields = ["name", "url", "promotion", "promotion_days", "promotion_time", "test_data"]
        extra_kwargs = {name: {"required": False} for name in fields}


class EffectsIn(serializers.Serializer):
    """What is real: outside production it needs a reason."""

    sends_mail = serializers.BooleanField()
    takes_payments = serializers.BooleanField()
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class AccessIn(serializers.Serializer):
    """Who gets in."""

    access = serializers.ChoiceField(choices=Environment.Access.choices)


class VariableIn(serializers.Serializer):
    """A variable's new value; it is never read back."""

    value = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=8000, write_only=True)
    is_secret = serializers.BooleanField(default=False)


class VariableOut(serializers.Serializer):
    """That there is a variable, and when it changed."""

    name = serializers.CharField()
    is_secret = serializers.BooleanField()
    changed_at = serializers.DateTimeField()


class VersionOut(VariableOut):
    """One change of a variable."""

    id = serializers.IntegerField()
    config_version = serializers.IntegerField()
    is_removed = serializers.BooleanField()
    changed_by = serializers.CharField(source="changed_by.name", default=None)


class ContrastOut(serializers.Serializer):
    """One thing that differs from production; secrets are masked."""

    label = serializers.CharField()
    here = serializers.CharField(allow_null=True)
    production = serializers.CharField(allow_null=True)
    is_secret = serializers.BooleanField()


class LockIn(serializers.Serializer):
    """A wish to be left alone for some hours."""

    kind = serializers.ChoiceField(choices=Lock.Kind.choices)
    reason = serializers.CharField(max_length=300)
    hours = serializers.IntegerField(min_value=1, max_value=72)


class LockOut(serializers.ModelSerializer):
    """A lock in force."""

    owner = serializers.CharField(source="owner.name")

    class Meta:
        model = Lock
        fields = ["id", "kind", "reason", "owner", "created_at", "expires_at"]


class HoldIn(serializers.Serializer):
    """For how long nobody deploys over what somebody tries."""

    minutes = serializers.IntegerField(min_value=1, max_value=HOLD_MINUTES_LIMIT, default=60)


class MoveIn(serializers.Serializer):
    """In which direction."""

    earlier = serializers.BooleanField()


class FreezeIn(serializers.Serializer):
    """A window in which nothing new goes to production."""

    reason = serializers.CharField(max_length=300)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class FreezeOut(serializers.ModelSerializer):
    """A window in force or to come."""

    created_by = serializers.CharField(source="created_by.name", default=None)

    class Meta:
        model = Freeze
        fields = ["id", "reason", "starts_at", "ends_at", "created_by"]
