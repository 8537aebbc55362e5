"""The forms of points 1 and 2. They check shapes; the rules are in the services."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ideas.models import Area, Idea
from ideas.places import TOP
from ideas.queries import IdeaQuerySet
from lifecycle.forms import field
from lifecycle.models import Comment, Product, Role
from lifecycle.roles import Actor

SCALE = [(value, str(value)) for value in range(1, 6)]


def source_of(actor: Actor) -> str:
    """Where an idea of this person comes from, by their roles: management, developers, else customers."""
    if actor.roles & {Role.MANAGER, Role.PRODUCT_OWNER}:
        return Idea.Source.MANAGEMENT
    return Idea.Source.DEVELOPER if actor.is_team else Idea.Source.CUSTOMER


class IdeaForm(forms.Form):
    """Share an idea. The team may also say for whom it speaks, and keep it to itself."""

    title = forms.CharField(
        label=_("What should we do?"),
        max_length=200,
        help_text=_("One sentence. We look for similar ideas while you type."),
        error_messages={"required": _("Say in one sentence what we should do.")},
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    body = forms.CharField(
        label=_("Why does it matter to you?"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 3}),
    )
    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[("feature", _("A wish")), ("bug", _("A fault")), ("question", _("A question"))],
        widget=forms.RadioSelect,
        required=False,
    )
    source = forms.ChoiceField(label=_("Who asks?"), choices=Idea.Source.choices, required=False)
    team_only = forms.BooleanField(label=_("Only the team sees this"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        self.actor = actor
        initial = {"kind": Idea.Kind.FEATURE, "source": source_of(actor)} | (kwargs.pop("initial", None) or {})
        super().__init__(*args, initial=initial, **kwargs)
        if not actor.is_team:
            del self.fields["source"], self.fields["team_only"]

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Idea.Kind.FEATURE

    def clean_source(self) -> str:
        return self.cleaned_data["source"] or source_of(self.actor)

    @property
    def values(self) -> dict[str, Any]:
        """What `services.submit` takes; a customer's source is never chosen by the request."""
        return {"source": source_of(self.actor), **self.cleaned_data}


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Say something about it"),
        max_length=5_000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Write something first.")},
    )
    audience = forms.ChoiceField(label=_("Who may read it?"), choices=Comment.Audience.choices, required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not actor.is_team:
            del self.fields["audience"]

    @property
    def values(self) -> dict[str, str]:
        """A customer's comment is public; the team's stays in the team unless it says otherwise."""
        otherwise = Comment.Audience.TEAM if "audience" in self.fields else Comment.Audience.PUBLIC
        return {"text": self.cleaned_data["text"], "audience": self.cleaned_data.get("audience") or otherwise}


def scale(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=SCALE,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a value from 1 to 5."),
            "invalid_choice": _("Choose a value from 1 to 5."),
        },
    )


class TriageForm(forms.Form):
    """The desk: kind, three scales and an area, chosen or named anew."""

    kind = forms.ChoiceField(label=_("Kind of request"), choices=Idea.Kind.choices)
    urgency = scale(_("Urgency"))
    importance = scale(_("Importance"))
    complexity = scale(_("Complexity"))
    area = forms.ModelChoiceField(Area.objects.none(), label=_("Area"), required=False)
    new_area = forms.CharField(label=_("New area"), max_length=60, required=False)

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "area").queryset = Area.objects.filter(product=product).order_by("name")
        field(self, "area").empty_label = _("None yet")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Everybody who asked for it will read this."),
        error_messages={"required": _("Say why: the people who asked will read it.")},
    )


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Your answer"),
        max_length=5_000,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"required": _("Write the answer first.")},
    )


class SnoozeForm(forms.Form):
    until = forms.DateField(
        label=_("Until which day?"),
        help_text=_("On that day it waits in triage again."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: timezone.localdate() + timedelta(days=7),
    )

    def clean_until(self) -> datetime:
        """The beginning of that day in the person's zone."""
        chosen: date = self.cleaned_data["until"]
        if chosen <= timezone.localdate():
            raise ValidationError(_("Choose a day that is still to come."))
        return timezone.make_aware(datetime.combine(chosen, time.min))


class PlaceForm(forms.Form):
    """Where in the queue, and why. `others` are the queued ideas behind which it may stand."""

    after = forms.ChoiceField(label=_("Where to?"))
    reason = forms.CharField(
        label=_("Why?"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("It stands beside the idea, with your name."),
        error_messages={"required": _("Say why: it stands beside the idea.")},
    )

    def __init__(self, *args: Any, others: IdeaQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="place_%s", **kwargs)
        behind = [(str(idea.number), _("After %(idea)s") % {"idea": idea}) for idea in others.only("number", "title")]
        field(self, "after").choices = [(TOP, _("At the top")), *behind]

    @property
    def values(self) -> dict[str, Any]:
        after = self.cleaned_data["after"]
        return {"after": None if after == TOP else int(after), "reason": self.cleaned_data["reason"]}
