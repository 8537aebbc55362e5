"""What people fill in about plans, changes, verdicts, demos and feedback."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from environments.models import Branch
from ideas.models import Idea
from lifecycle.forms import field
from lifecycle.models import Comment, Product, User
from lifecycle.roles import Actor, people_who_may
from releases import changes, hotfixes, intake, offers, plan
from releases.models import Answer, Change, SignOff


class Day(forms.DateInput):
    """A date as browsers ask for it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class Domain(forms.Form):
    """A form that can show what a service refused: `form.refuse(error)` puts each message beside its field."""

    is_conflict = False
    """Whether it was refused because of how things stand, not for what it says (409)."""

    def refuse(self, error: ValidationError) -> None:
        found = error.message_dict if hasattr(error, "error_dict") else {None: error.messages}
        for name, messages in found.items():
            self.add_error(name if name in self.fields else None, messages)


class IdeasField(forms.ModelMultipleChoiceField):
    """Ideas of the queue to choose from, each with its number, votes and points."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, idea: Idea) -> str:
        points = _(", %(n)d points") % {"n": idea.points} if idea.points else ""
        return f"{idea.title} ({idea.number}{points})"


class PlanForm(Domain):
    """A new release: version, goal, date and the ideas of the queue it takes."""

    version = forms.CharField(label=_("Version"), max_length=20)
    goal = forms.CharField(
        label=_("Goal"), max_length=200, required=False, help_text=_("One sentence that customers understand.")
    )
    target_date = forms.DateField(label=_("Target date"), widget=Day())
    ideas = IdeasField(
        queryset=Idea.objects.none(),
        label=_("What goes in"),
        error_messages={"required": _("Choose at least one idea.")},
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "ideas").queryset = offers.offered(actor)
        self.fields["version"].initial = plan.suggest_version(actor.product)
        self.fields["target_date"].initial = timezone.localdate() + timedelta(days=14)


class MoreIdeasForm(Domain):
    """Further ideas of the queue for a plan that is still open."""

    ideas = IdeasField(
        queryset=Idea.objects.none(),
        label=_("Add from the queue"),
        error_messages={"required": _("Choose at least one idea.")},
    )
    must = forms.BooleanField(label=_("The release waits for them"), required=False, initial=True)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field(self, "ideas").queryset = offers.offered(actor)


class ReasonForm(Domain):
    """One sentence for the record."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Say why: whoever waits for it reads this.")},
    )


class HotfixForm(Domain):
    """What cannot wait for a plan, and why. `change` and `idea` are the numbers of what is chosen already."""

    changes = forms.ModelMultipleChoiceField(
        queryset=Change.objects.none(),
        label=_("Changes that are being built"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    bugs = IdeasField(queryset=Idea.objects.none(), label=_("Bugs that nobody works on"), required=False)
    reason = forms.CharField(
        label=_("Why it cannot wait"),
        max_length=500,
        error_messages={"required": _("Say why: testers, managers and whoever waits for it read this.")},
    )

    def __init__(self, *args: Any, product: Product, change: str = "", idea: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        changes, bugs = hotfixes.changes_to_choose(product), hotfixes.bugs_to_choose(product)
        wanted = hotfixes.fixable(product).filter(number__in=numbers(idea))
        field(self, "changes").queryset = changes
        field(self, "bugs").queryset = (bugs | wanted).distinct()
        self.fields["changes"].initial = list(changes.filter(number__in=numbers(change)).values_list("pk", flat=True))
        self.fields["bugs"].initial = list(wanted.values_list("pk", flat=True))


def numbers(text: str) -> list[int]:
    """The number that an address names, if it is one."""
    return [int(text)] if text.isascii() and text.isdecimal() and len(text) < 10 else []


class AssignForm(Domain):
    """Who builds a change; nobody is a choice."""

    developer = forms.ModelChoiceField(
        queryset=User.objects.none(), label=_("Who builds it"), required=False, empty_label=_("Nobody yet")
    )

    def __init__(self, *args: Any, change: Change, able: list[User] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_who_may("develop", change.product) if able is None else able
        who = field(self, "developer")
        who.queryset = User.objects.filter(pk__in=[person.pk for person in people])
        who.choices = [("", who.empty_label), *((person.pk, str(person)) for person in people)]
        who.initial = change.developer_id


class BranchForm(Domain):
    """The branch a change is built on: one that was pushed, or a name to be used."""

    branch = forms.CharField(label=_("Branch"), max_length=200)

    def __init__(self, *args: Any, change: Change, pushed: list[Branch] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pushed = intake.unlinked(change.product) if pushed is None else pushed
        names = f"branches-{change.number}"
        self.fields["branch"].initial = change.branch
        self.fields["branch"].widget.attrs.update({"list": names, "autocomplete": "off", "spellcheck": "false"})
        self.list_id = names


class MigrationsForm(Domain):
    """What a change's migrations do to the release that runs today."""

    migrations = forms.ChoiceField(label=_("Migrations"), choices=Change.Migrations.choices, required=False)

    def __init__(self, *args: Any, change: Change, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, sayable = self.fields["migrations"], changes.migrations_to_say(change)
        field.initial = change.migrations
        field.widget.choices = [(kind, label) for kind, label in Change.Migrations.choices if kind in sayable]


class CommentForm(forms.Form):
    """A word to the team about a change."""

    text = forms.CharField(
        label=_("Comment"),
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Write something first.")},
    )
    audience = Comment.Audience.TEAM


class HoldForm(forms.Form):
    """For how long staging is kept."""

    minutes = forms.TypedChoiceField(
        label=_("Keep staging for"),
        coerce=int,
        choices=[(30, _("half an hour")), (60, _("one hour")), (120, _("two hours"))],
        initial=60,
    )


class SignOffForm(Domain):
    """What an audience said after the demo."""

    outcome = forms.ChoiceField(label=_("What did they say?"), choices=SignOff.Outcome.choices)
    digest = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("In their words"), max_length=2000, required=False, widget=forms.Textarea({"rows": 2})
    )


class AnswerForm(Domain):
    """Does it help? With a word about what is missing."""

    outcome = forms.ChoiceField(
        label=_("Does it solve it for you?"),
        choices=Answer.Outcome.choices,
        error_messages={"required": _("Choose one of the three.")},
    )
    words = forms.CharField(
        label=_("What is still missing?"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
