"""What DevOps fill in about how releases are approved."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments import retention
from deployments.approval_rules import ASKABLE, PRESETS
from deployments.product_rules import MOST
from environments.forms import Domain
from lifecycle.forms import field
from lifecycle.models import Product, Role, User


class RulesForm(Domain):
    """Preset, numbers per role (all empty: those of the preset), demo, reminders and chat."""

    preset = forms.ChoiceField(label=_("Preset"), choices=Product.Preset.choices, widget=forms.RadioSelect)
    customers_demo_required = forms.BooleanField(label=_("Customers see it before it ships"), required=False)
    remind_after_hours = forms.IntegerField(label=_("Remind after so many hours"), min_value=1, max_value=240)
    chat_webhook = forms.CharField(
        label=_("Chat: incoming webhook"),
        required=False,
        max_length=500,
        help_text=_("An https address; a worker posts the link to the sheet there."),
        widget=forms.URLInput({"spellcheck": "false"}),
    )
    rule = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role in ASKABLE:
            field = forms.IntegerField(label=Role(role).label, required=False, min_value=0, max_value=MOST)
            self.fields[f"minimum_{role}"] = field

    @staticmethod
    def initial_of(product: Product, own: dict[str, int]) -> dict[str, Any]:
        names = ("preset", "customers_demo_required", "remind_after_hours", "chat_webhook")
        return {name: getattr(product, name) for name in names} | {f"minimum_{role}": n for role, n in own.items()}

    @property
    def numbers(self) -> list[forms.BoundField]:
        return [self[f"minimum_{role}"] for role in ASKABLE]

    def facts(self) -> dict[str, Any]:
        """What the service takes."""
        data = {name: value for name, value in self.cleaned_data.items() if not name.startswith("minimum_")}
        rule = {role: self.cleaned_data[f"minimum_{role}"] or 0 for role in ASKABLE}
        return {**data, "rule": rule}


def kept(name: str, label: Any, help_text: Any) -> forms.IntegerField:
    fewest, most = retention.BOUNDS[name]
    return forms.IntegerField(label=label, min_value=fewest, max_value=most, help_text=help_text)


class KeptForm(Domain):
    """How much stays."""

    artefacts_kept = kept(
        "artefacts_kept",
        _("Built releases per environment"),
        _("What runs, what one can go back to, what is frozen or on its way stays in any case."),
    )
    logs_kept_days = kept(
        "logs_kept_days",
        _("Days that logs are kept"),
        _("Counted from the end. Steps, outcome and reason stay in any case, and so does the log of what runs now."),
    )
    samples_kept_days = kept(
        "samples_kept_days",
        _("Days that samples of production are kept"),
        _("The watch of a release compares itself with the day before it."),
    )

    @staticmethod
    def initial_of(product: Product) -> dict[str, Any]:
        return {name: getattr(product, name) for name in retention.BOUNDS}


class DeputyForm(Domain):
    """Who speaks for whom, as what, on which days."""

    person = forms.ModelChoiceField(label=_("For"), queryset=User.objects.none())
    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none())
    role = forms.ChoiceField(label=_("Role"), choices=[(role, Role(role).label) for role in ASKABLE])
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label=_("Last day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, auto_id="deputy_%s", **kwargs)
        team = User.objects.filter(pk__in=[user.pk for user in people]).order_by("name", "id")
        for name in ("person", "deputy"):
            field(self, name).queryset = team


def preset_words() -> list[tuple[str, str]]:
    """Preset → what it asks, for the page."""
    return [
        (
            str(Product.Preset(preset).label),
            ", ".join(f"{number} × {Role(role).label}" for role, number in rule.items()),
        )
        for preset, rule in PRESETS.items()
    ]
