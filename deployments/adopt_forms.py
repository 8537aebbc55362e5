"""What DevOps say runs today."""

from django import forms
from django.utils.translation import gettext_lazy as _

from environments.forms import Domain


class AdoptForm(Domain):
    """A branch, or a commit."""

    ref = forms.CharField(
        label=_("Branch or commit"),
        max_length=200,
        help_text=_("As it runs in production now. Nothing is deployed."),
        widget=forms.TextInput({"spellcheck": "false"}),
    )
