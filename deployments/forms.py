"""What people say when they act on a delivery: a reason, or nothing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
