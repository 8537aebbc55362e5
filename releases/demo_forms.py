"""What people fill in about a demo: a session, and what an invited person says about each change."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lifecycle.forms import field
from lifecycle.models import User
from lifecycle.roles import people_who_may
from releases import demo_answers
from releases.forms import Domain
from releases.models import DemoAnswer, Release
from releases.models.audiences import Audience


class Moment(forms.DateTimeInput):
    """Day and time as browsers ask for them."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class SessionForm(Domain):
    """When, where and by whom a release is shown to one audience."""

    audience = forms.ChoiceField(choices=Audience.choices, widget=forms.HiddenInput)
    starts_at = forms.DateTimeField(label=_("Begins"), widget=Moment())
    minutes = forms.IntegerField(label=_("Minutes"), initial=30, min_value=5, max_value=480)
    place = forms.CharField(
        label=_("Where"), max_length=300, required=False, help_text=_("A room, or the address of a call.")
    )
    host = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Host"), required=False, empty_label=None)

    def __init__(self, *args: Any, release: Release, host: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_who_may("record_demo", release.product)
        field(self, "host").queryset = User.objects.filter(pk__in=[person.pk for person in people]).order_by("name")
        self.fields["host"].initial = host and host.pk
        self.fields["starts_at"].initial = timezone.localtime().replace(minute=0) + timedelta(hours=1)


class OpinionForm(Domain):
    """One of three about one change, with words; nothing chosen means nothing said."""

    outcome = forms.ChoiceField(choices=DemoAnswer.Outcome.choices, required=False)
    words = forms.CharField(
        label=_("In your words"), max_length=2000, required=False, widget=forms.Textarea({"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        outcome, words = said.get("outcome", ""), said.get("words", "")
        if outcome or words:
            demo_answers.require_answer(outcome, words)
        return said

    @property
    def says_something(self) -> bool:
        return bool(self.is_valid() and self.cleaned_data["outcome"])
