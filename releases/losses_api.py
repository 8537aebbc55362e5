"""What is lost when changes leave, as the questions before a rollback and before an undo answer it."""

from rest_framework import serializers


class LeavingOut(serializers.Serializer):
    """A change that leaves."""

    key = serializers.CharField()
    title = serializers.CharField()
    migrations = serializers.CharField()


class StayingOut(serializers.Serializer):
    """A change that leaves and whose migrations stay: `migrations` is what it says of them, `files` where they are."""

    key = serializers.CharField(source="change.key")
    title = serializers.CharField(source="change.title")
    migrations = serializers.CharField(source="change.migrations")
    files = serializers.ListField(child=serializers.CharField())


class LossesOut(serializers.Serializer):
    """`told` counts people, `voters` of them voted; `votes` are those of the `ideas` that the changes serve."""

    leaving = LeavingOut(many=True)
    staying_migrations = StayingOut(source="staying", many=True)
    ideas = serializers.IntegerField()
    votes = serializers.IntegerField()
    told = serializers.IntegerField()
    voters = serializers.IntegerField()
