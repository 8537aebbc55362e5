"""Forms about oneself, and what all forms need."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lifecycle import notifications
from lifecycle.models import Token, User
from lifecycle.models.messages import Channel
from lifecycle.roles import Actor
from lifecycle.topics import TOPICS


def field(form: forms.BaseForm, name: str) -> Any:
    """A field of this form, as whatever class it is."""
    return form.fields[name]


def posted(request: Any) -> Any:
    """The form's data of a POST, also an empty one; None while the page is only read."""
    return request.POST if request.method == "POST" else None


def reason_in(request: Any) -> str:
    """The reason that a button's form may carry: at most 500 characters, none that the database refuses."""
    return str(request.POST.get("reason", "")).replace("\0", "").strip()[:500]


class AccountForm(forms.ModelForm):
    """Name, language and time zone."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["name", "language", "time_zone"]
        labels = {"name": _("Your name")}
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
    scope = forms.ChoiceField(
        label=_("It may"), choices=[one for one in Token.Scope.choices if one[0] != Token.Scope.CALENDAR]
    )
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="token_%s", **kwargs)


class NewsForm(forms.Form):
    """What a person is told, and how: one switch per topic and channel, only of topics that can concern them."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="news_%s", **kwargs)
        self.user = actor.user
        self.topics = [name for name, topic in TOPICS.items() if actor.is_team or not topic.for_team]
        for (topic, channel), enabled in notifications.choices_of(self.user, self.topics).items():
            label = f"{TOPICS[topic].label}, {Channel(channel).label}"
            self.fields[f"{topic}:{channel}"] = forms.BooleanField(label=label, required=False, initial=enabled)

    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Topic by topic: its label and its switches in the order of the channels."""
        return [
            (str(TOPICS[topic].label), [self[f"{topic}:{channel}"] for channel in Channel.values])
            for topic in self.topics
        ]

    def save(self) -> None:
        chosen = {tuple(name.split(":", 1)): enabled for name, enabled in self.cleaned_data.items()}
        notifications.choose(self.user, chosen)
