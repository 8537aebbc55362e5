"""What DevOps say about the repository."""

from django import forms
from django.utils.translation import gettext_lazy as _

from environments.forms import Domain
from environments.models import Repository


class RepositoryForm(Domain):
    """Where the code is."""

    upstream = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("https, ssh, file or an absolute path, without a password."),
        widget=forms.TextInput({"spellcheck": "false"}),
    )
    main_branch = forms.CharField(label=_("Main branch"), max_length=100, initial="main")


class ModeForm(Domain):
    """How the team brings changes."""

    mode = forms.ChoiceField(label=_("How you work"), choices=Repository.Mode.choices)


class CredentialForm(Domain):
    """What git signs in with; an empty one forgets what was there."""

    login = forms.CharField(label=_("User name"), max_length=100, required=False, help_text=_("For https only."))
    secret = forms.CharField(
        label=_("Private ssh key, or token"),
        required=False,
        strip=False,
        max_length=20_000,
        help_text=_("Kept encrypted and never shown again. Give it the right to push env/* and tags."),
        widget=forms.Textarea({"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )
