"""What people fill in about a plan that is made: its dates and risks, its changes, and what customers see of it."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ideas.models import Idea
from lifecycle.forms import field
from lifecycle.models import User
from lifecycle.roles import people_who_may
from releases.forms import Day, Domain, IdeasField
from releases.models import Change, PlanRules, Release
from releases.replanning import ENOUGH


class RescheduleForm(Domain):
    """Another day, and why."""

    target_date = forms.DateField(label=_("New date"), widget=Day())
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The team reads this, customers do not."),
        error_messages={"required": _("Say why: the team reads this.")},
    )
    slip_words = forms.CharField(
        label=_("What customers read about it"),
        max_length=300,
        required=False,
        help_text=_("Beside the new date, if they see dates at all."),
    )

    def __init__(self, *args: Any, release: Release, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target_date"].initial = release.target_date


class PeopleField(forms.ModelChoiceField):
    """One of some people, or nobody."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.none(), required=False, **kwargs)

    def offer(self, people: list[User]) -> None:
        self.queryset = User.objects.filter(pk__in=[person.pk for person in people])
        self.choices = [("", self.empty_label), *((person.pk, str(person)) for person in people)]


class PlanEditForm(Domain):
    """What a plan wants and how it is known that there is enough of it. A frozen one had enough."""

    goal = forms.CharField(
        label=_("Goal"), max_length=200, required=False, help_text=_("One sentence that customers understand.")
    )
    owner = PeopleField(label=_("Who answers for it"), empty_label=_("Nobody"))
    enough = forms.ChoiceField(label=_("It may be frozen"), choices=Release.Enough.choices, widget=forms.RadioSelect)
    enough_count = forms.IntegerField(label=_("How many changes"), min_value=1, max_value=999, required=False)
    freeze_on = forms.DateField(label=_("Day of the freeze"), widget=Day(), required=False)
    demo_on = forms.DateField(label=_("Day of the demo"), widget=Day(), required=False)
    risk = forms.CharField(
        label=_("What could go wrong"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
    rollback_plan = forms.CharField(
        label=_("What we do then"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, release: Release, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "owner").offer(people_who_may("see_team_pages", release.product))
        if release.is_frozen:
            for name in ENOUGH:
                del self.fields[name]
        for name, asked in self.fields.items():
            asked.initial = release.owner_id if name == "owner" else getattr(release, name)


class ChangeEditForm(Domain):
    """Who builds a change, what it costs, when it is due, and what it means to testers and customers."""

    developer = PeopleField(label=_("Who builds it"), empty_label=_("Nobody yet"))
    estimate = forms.IntegerField(label=_("Estimate in points"), min_value=0, max_value=999, required=False)
    due_date = forms.DateField(label=_("Due"), widget=Day(), required=False)
    steps = forms.CharField(
        label=_("What the tester should try"),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("One step per line, in the words of whoever uses it."),
    )
    summary = forms.CharField(
        label=_("What changes for customers"), max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        help_text=_("It is frozen: somebody may have tried the steps as they were."),
    )

    def __init__(self, *args: Any, change: Change, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "developer").offer(people_who_may("develop", change.product))
        if change.release is None or not change.release.is_frozen:
            del self.fields["reason"]
        for name in self.fields.keys() - {"reason"}:
            self.fields[name].initial = change.developer_id if name == "developer" else getattr(change, name)


class ServedIdeasForm(Domain):
    """The ideas that a change serves; none makes it maintenance."""

    ideas = IdeasField(queryset=Idea.objects.none(), label=_("Ideas it serves"), required=False)

    def __init__(self, *args: Any, offered: QuerySet[Idea], served: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "ideas").queryset = offered
        self.fields["ideas"].initial = served


class MaintenanceForm(Domain):
    """Work that no idea asks for."""

    title = forms.CharField(label=_("Maintenance"), max_length=200, error_messages={"required": _("Say what is done.")})
    must = forms.BooleanField(label=_("The release waits for it"), required=False)


class RulesForm(forms.ModelForm):
    """What customers see of plans."""

    class Meta:
        model = PlanRules
        fields = ["dates_shown", "shows_states", "update_words"]
        widgets = {"dates_shown": forms.RadioSelect, "update_words": forms.Textarea({"rows": 3})}
        help_texts = {"update_words": _("One line each, e.g. “Your orders and your basket stay as they are”.")}
