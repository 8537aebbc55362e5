"""What people say when they act on a delivery: a reason, or nothing."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonForm(forms.Form):
    """One sentence for the record; required."""

    reason = forms.CharField(
        label=_("Reason, for the record"),
        max_length=500,
        error_messages={"required": _("Say why: it stays in the record and in the message to everybody concerned.")},
    )


class NotYetForm(forms.Form):
    """Why a manager does not approve yet."""

    words = forms.CharField(
        label=_("What should change first?"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Say what should change first: the product owner reads it today.")},
    )
