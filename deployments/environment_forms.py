"""What people say about an environment as a whole: a new one, how it is deployed to, that it shall go."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments import drivers
from environments.forms import Domain
from environments.models import Environment
from lifecycle.forms import field
from lifecycle.models import Product


class NewEnvironmentForm(Domain):
    """A copy of another environment's settings."""

    source = forms.ModelChoiceField(
        label=_("Copied from"), queryset=Environment.objects.none(), to_field_name="slug", empty_label=None
    )
    name = forms.CharField(label=_("Name"), max_length=60)
    slug = forms.SlugField(
        label=_("Short name"), max_length=30, help_text=_("Small letters, digits and -; it stays for ever.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Environment.Kind.choices)
    url = forms.URLField(label=_("Address"), required=False, assume_scheme="http")
    with_secrets = forms.BooleanField(
        label=_("Copy the secrets too"), required=False, help_text=_("Those of production are never copied.")
    )

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "source").queryset = product.environments.ready()

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower().replace("_", "-")


class Settings(forms.JSONField):
    """An object as people read it."""

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else value


class DriverForm(Domain):
    """How a release gets there. The settings are an object whose keys the driver checks one by one."""

    driver = forms.ChoiceField(label=_("Way"))
    driver_settings = Settings(
        label=_("Its settings"), required=False, widget=forms.Textarea({"rows": 6, "spellcheck": "false"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="driver_%s", **kwargs)
        field(self, "driver").choices = drivers.choices()

    def clean_driver_settings(self) -> Any:
        return self.cleaned_data["driver_settings"] or {}


class DestroyForm(Domain):
    """The name of what shall go, typed."""

    typed = forms.CharField(label=_("Its short name"), max_length=60, widget=forms.TextInput({"autocomplete": "off"}))


class StopForm(Domain):
    """Why everything shall stand still."""

    reason = forms.CharField(label=_("Why?"), max_length=300)


class OverrideForm(Domain):
    """Why a release cannot wait until the freeze is over."""

    reason = forms.CharField(label=_("Why can it not wait?"), max_length=500)
