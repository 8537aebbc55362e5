"""Forms about oneself."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Token, User


class AccountForm(forms.ModelForm[User]):
    """Name, language and time zone."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["name", "language", "time_zone"]
        help_texts = {"time_zone": _("Such as Europe/Riga; times on every page are shown in it.")}

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name not in zoneinfo.available_timezones():
            raise ValidationError(
                _("“%(name)s” is not a time zone. Write one such as Europe/Riga or UTC."), params={"name": name}
            )
        return name


class TokenForm(forms.Form):
    """What a new API token is called, may do and how long it lives."""

    name = forms.CharField(label=_("What is it for?"), max_length=80)
    scope = forms.ChoiceField(label=_("It may"), choices=Token.Scope.choices)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="token_%s", **kwargs)
