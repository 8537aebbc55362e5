"""What DevOps fill in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext_lazy as _

from environments.models import Environment, Lock

NO_TIME = dict.fromkeys(("required", "invalid"), _("Choose a time of day, such as 09:00."))
WEEKDAYS = [(number + 1, name) for number, name in WEEKDAY_NAMES.items()]


class Domain(forms.Form):
    """A form that can show what a service refused."""

    def refuse(self, error: ValidationError) -> None:
        """Put each message of the service beside its field, or above the form."""
        found = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
        for name, messages in found.items():
            self.add_error(name if name in self.fields else None, messages)


class VariableForm(Domain):
    """A variable; an empty value is a value too."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=forms.TextInput({"spellcheck": "false"}))
    value = forms.CharField(
        label=_("Value"), required=False, strip=False, max_length=8000, widget=forms.Textarea({"rows": 2})
    )
    is_secret = forms.BooleanField(
        label=_("Secret"),
        required=False,
        help_text=_("Encrypted, never shown again, masked in every log; at least four characters."),
    )


class TimeOfDay(forms.TimeInput):
    """Hours and minutes as browsers ask for them; they cannot know when it is needed."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class PlaceForm(Domain):
    """What an environment is called and how releases reach it; days and time are needed for "At set times" only."""

    name = forms.CharField(label=_("Name"), max_length=60)
    url = forms.CharField(
        label=_("Address"), required=False, max_length=300, validators=[URLValidator(["http", "https"])]
    )
    promotion = forms.ChoiceField(label=_("What is deployed here"), choices=Environment.Promotion.choices)
    promotion_days = forms.TypedMultipleChoiceField(
        label=_("Days"),
        coerce=int,
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one day.")},
    )
    promotion_time = forms.TimeField(label=_("Time"), widget=TimeOfDay(), error_messages=NO_TIME)
    test_data = forms.CharField(
        label=_("Test data set"),
        required=False,
        max_length=60,
        help_text=_("Its name, given to the restore command of lifecycle.toml as TEST_DATA."),
    )

    def full_clean(self) -> None:
        needed = self.data.get("promotion") == Environment.Promotion.SCHEDULED
        times = [self.fields["promotion_days"], self.fields["promotion_time"]]
        for field in times:
            field.required = needed
        super().full_clean()
        for field in times:
            field.required = True


class EffectsForm(Domain):
    """What the application may really do."""

    sends_mail = forms.BooleanField(label=_("Sends mail"), required=False)
    takes_payments = forms.BooleanField(label=_("Takes payments"), required=False)
    reason = forms.CharField(label=_("Why, if you switch one on"), required=False, max_length=300)


class AccessForm(Domain):
    """Who gets in."""

    access = forms.ChoiceField(label=_("Who gets in"), choices=Environment.Access.choices, widget=forms.RadioSelect)


class LockForm(Domain):
    """Ask others to wait, or make them."""

    kind = forms.ChoiceField(label=_("What it means"), choices=Lock.Kind.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300)
    hours = forms.TypedChoiceField(
        label=_("Ends by itself after"),
        coerce=int,
        choices=[(1, _("one hour")), (4, _("four hours")), (24, _("a day")), (72, _("three days"))],
    )


class Moment(forms.DateTimeInput):
    """Day and time as browsers ask for them."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class FreezeForm(Domain):
    """A window in which nothing new goes to production."""

    reason = forms.CharField(label=_("Reason"), max_length=300)
    starts_at = forms.DateTimeField(label=_("From"), widget=Moment())
    ends_at = forms.DateTimeField(label=_("Until"), widget=Moment())
