"""What people say when they act on a delivery: a reason, or nothing."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from deployments.models import ShippingTime
from environments.forms import Domain, Moment
from releases.models import Approval


class ReasonForm(forms.Form):
    """One sentence for the record; required."""

    reason = forms.CharField(
        label=_("Reason, for the record"),
        max_length=500,
        error_messages={"required": _("Say why: it stays in the record and in the message to everybody concerned.")},
    )


class WaiverForm(ReasonForm):
    """DevOps' word that a release may ship although there is no way back."""

    reason = forms.CharField(
        label=_("What will you do instead?"),
        max_length=500,
        error_messages={"required": _("Say what you will do instead if it goes wrong.")},
    )


class GlassForm(ReasonForm):
    """Why people's words cannot be waited for, and for which build."""

    reason = forms.CharField(
        label=_("Why can nobody be waited for?"),
        max_length=500,
        error_messages={"required": _("Say why nobody can be waited for: the whole team reads it.")},
    )
    digest = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class ApprovalForm(forms.Form):
    """A manager's answer: yes, or "not yet" with what should change first, to the candidate that was on the sheet."""

    outcome = forms.ChoiceField(choices=Approval.Outcome.choices, widget=forms.HiddenInput)
    digest = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("What should change first?"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("outcome") == Approval.Outcome.NO and not data.get("words"):
            self.add_error("words", _("Say what should change first: the product owner reads it today."))
        return data


class ShippingTimeForm(Domain):
    """When a release goes to production; read and shown in the time zone that is active."""

    due_at = forms.DateTimeField(label=_("Begins"), widget=Moment())
    expires_at = forms.DateTimeField(
        label=_("At the latest"),
        required=False,
        widget=Moment(),
        help_text=_("What could not begin by then expires, and whoever asked for it is told."),
    )

    @staticmethod
    def initial_of(chosen: ShippingTime | None) -> dict[str, Any]:
        if chosen is None:
            return {}
        found = {"due_at": chosen.due_at, "expires_at": chosen.expires_at}
        return {name: timezone.localtime(at) for name, at in found.items() if at is not None}


class ShiftForm(Domain):
    """From when to when somebody is on duty; read and shown in the time zone that is active."""

    starts_at = forms.DateTimeField(label=_("From"), widget=Moment())
    ends_at = forms.DateTimeField(label=_("Until"), widget=Moment())
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, help_text=_("How to reach you, or whom to ask otherwise.")
    )


class AddressForm(forms.Form):
    """How long the address of a calendar works."""

    days = forms.TypedChoiceField(
        label=_("It works for"),
        coerce=int,
        choices=[(90, _("three months")), (365, _("a year"))],
        initial=365,
    )
