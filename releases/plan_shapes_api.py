"""What plans look like over the API."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ideas.models import Idea
from lifecycle.models import User
from lifecycle.roles import Actor, people_who_may
from releases import enough
from releases.models import Change, PlanRules, Release


@extend_schema_field(OpenApiTypes.EMAIL)
class PersonField(serializers.Field):
    """The e-mail address of somebody of the product who may do `verb`; null: nobody."""

    def __init__(self, verb: str, **kwargs: Any) -> None:
        self.verb = verb
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> User:
        email = serializers.EmailField().run_validation(data)
        able = people_who_may(self.verb, self.context["product"])
        found = next((person for person in able if person.email.lower() == email.lower()), None)
        if found is None:
            raise serializers.ValidationError(f"{email} cannot be chosen here.")
        return found

    def to_representation(self, person: User) -> str:
        return str(person.email)


class PlanShape(serializers.ModelSerializer):
    """What a plan wants and when it is enough; a PATCH names what changes."""

    owner = PersonField("see_team_pages", required=False)

    class Meta:
        model = Release
        fields = ["goal", "owner", "enough", "enough_count", "freeze_on", "demo_on", "risk", "rollback_plan"]


class PlanOut(PlanShape):
    """`plan_version` counts the changes since it was published; `standing` says how far it is in words."""

    standing = serializers.SerializerMethodField()
    is_enough = serializers.SerializerMethodField()

    class Meta(PlanShape.Meta):
        fields = [*PlanShape.Meta.fields, "plan_version", "standing", "is_enough"]

    def get_standing(self, release: Release) -> str:
        return enough.standing(release, release.changes.all()).words

    def get_is_enough(self, release: Release) -> bool:
        return enough.standing(release, release.changes.all()).is_reached


class Numbers(serializers.ListField):
    """Numbers of ideas."""

    child = serializers.IntegerField(min_value=1, max_value=10**9)


class TopIn(serializers.Serializer):
    """The numbers of ideas in the queue; without any, all that stand above its line."""

    ideas = Numbers(required=False)


class MoreIn(serializers.Serializer):
    """Further ideas, and whether the release waits for them."""

    ideas = Numbers(allow_empty=False, max_length=100)
    must = serializers.BooleanField(default=True)


class NewDateIn(serializers.Serializer):
    """Another day: the team reads the reason, customers `slip_words`."""

    target_date = serializers.DateField()
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    slip_words = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class PlannedChange(serializers.ModelSerializer):
    """A change as the plan says it; `reason` is needed for steps and summary of a frozen one."""

    developer = PersonField("develop", required=False)
    reason = serializers.CharField(max_length=500, required=False, write_only=True)

    class Meta:
        model = Change
        fields = ["developer", "estimate", "due_date", "steps", "summary", "reason"]


class MustIn(serializers.Serializer):
    must = serializers.BooleanField()


class MaintenanceIn(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    must = serializers.BooleanField(default=False)


class WhyIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class RulesShape(serializers.ModelSerializer):
    class Meta:
        model = PlanRules
        fields = ["dates_shown", "shows_states", "update_words"]


def ideas_of(actor: Actor, numbers: list[int]) -> list[Idea]:
    """The ideas with these numbers; ValidationError naming those that this person does not see."""
    found = list(Idea.objects.visible_to(actor).filter(number__in=numbers))
    missing = set(numbers) - {idea.number for idea in found}
    if missing:
        raise serializers.ValidationError({"ideas": f"Not found: {', '.join(map(str, sorted(missing)))}"})
    return found
