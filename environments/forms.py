"""What DevOps fill in."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from environments.models import Environment, Lock


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


class PlaceForm(Domain):
    """What an environment is called and how releases reach it."""

    name = forms.CharField(label=_("Name"), max_length=60)
    url = forms.CharField(
        label=_("Address"), required=False, max_length=300, validators=[URLValidator(["http", "https"])]
    )
    promotion = forms.ChoiceField(label=_("What is deployed here"), choices=Environment.Promotion.choices)
    test_data = forms.CharField(
        label=_("Test data set"),
        required=False,
        max_length=60,
        help_text=_("Its name, given to the restore command of lifecycle.toml as TEST_DATA."),
    )


class EffectsForm(Domain):
    """What the application may really do."""

    sends_mail = forms.BooleanField(label=_("Sends mail"), required=False)
    takes_payments = forms.BooleanField(label=_("Takes payments"), required=False)
    reason = forms.CharField(label=_("Why, if you switch one on"), required=False, max_length=300)


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
