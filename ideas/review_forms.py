"""The forms of the review. They check shapes; the rules are in the services."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ideas.capacity import BAR
from ideas.forms import SCALE, scale
from ideas.models import Ballot, Decision, Rhythm


class BallotForm(forms.Form):
    """A secret ballot; how complex it is, only the team lead is asked, who may not know either."""

    round = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1000, required=False)
    urgency = scale(_("Urgency"))
    importance = scale(_("Importance"))
    complexity = forms.TypedChoiceField(
        label=_("Complexity"),
        choices=SCALE,
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _("Choose a value from 1 to 5.")},
    )
    choice = forms.ChoiceField(
        label=_("Take it?"),
        choices=Ballot.Choice.choices,
        error_messages={"required": _("Choose whether to take it.")},
    )
    note = forms.CharField(label=_("Why?"), max_length=300, required=False)


class DecisionForm(forms.Form):
    """What the board decides; day and votes are the conditions of "later"."""

    outcome = forms.ChoiceField(label=_("Decision"), choices=Decision.Outcome.choices)
    points = forms.IntegerField(label=_("Size"), min_value=1, max_value=BAR, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        error_messages={"required": _("Give the reason: the people who asked will read it.")},
    )
    until = forms.DateField(label=_("Again on"), required=False)
    votes_needed = forms.IntegerField(
        label=_("Again with so many votes"), min_value=1, max_value=1_000_000, required=False
    )


class RhythmForm(forms.ModelForm):
    """When the board meets and by which rules."""

    class Meta:
        model = Rhythm
        fields = [
            "every_weeks",
            "anchor_date",
            "weekday",
            "time",
            "minutes",
            "minutes_per_idea",
            "ballots_open_hours",
            "quorum",
            "reveals_by_itself",
            "unit",
            "per_developer",
            "developers",
            "decision_days",
            "minutes_public",
        ]
        widgets = {
            "anchor_date": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            "time": forms.TimeInput({"type": "time"}, format="%H:%M"),
        }
        help_texts = {
            "anchor_date": _("Only where the board meets every two weeks: the weeks are counted from there."),
            "time": _("On the wall of the product's time zone, in summer and in winter."),
            "minutes_per_idea": _("So many minutes into the meeting's: what does not fit stays ranked below the cut."),
            "ballots_open_hours": _("By then the agenda stands; 0 means that ballots are cast in the meeting."),
            "per_developer": _("What one developer does between two reviews. Empty: the product's points per review."),
            "developers": _("Empty: as many as have that role."),
            "quorum": _("Fewer where fewer people have a seat."),
            "decision_days": _("Shown to whoever shares an idea. Empty: nothing is promised."),
        }
