"""What people fill in about release notes: a few words before, and per change a line."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from releases.forms import Domain
from releases.models import Notes
from releases.notes import TEXT_LENGTH, TITLE_LENGTH, Line, Words


class NotesForm(Domain):
    """The introduction and, for each change, its place, title, text and whether it is left out."""

    intro = forms.CharField(
        label=_("Introduction"),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("A sentence or two before the list. It may stay empty."),
    )

    def __init__(self, *args: Any, notes: Notes, lines: list[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        self.fields["intro"].initial = notes.intro
        for line in lines:
            self.fields |= fields_of(line)

    @property
    def rows(self) -> list[dict[str, object]]:
        """Per change its line and the four fields, for the template."""
        return [{"line": line} | {name: self[f"{name}-{line.change.number}"] for name in NAMES} for line in self.lines]

    def words(self) -> list[Words]:
        """What was filled in, for `notes.edit`."""
        return [self.words_of(line) for line in self.lines]

    def words_of(self, line: Line) -> Words:
        found = {name: self.cleaned_data[f"{name}-{line.change.number}"] for name in NAMES}
        return Words(line.change.number, found["position"], found["title"], found["text"], found["hidden"])


NAMES = ("position", "title", "text", "hidden")


def fields_of(line: Line) -> dict[str, forms.Field]:
    number = line.change.number
    return {
        f"position-{number}": forms.IntegerField(label=_("Place"), min_value=1, max_value=999, initial=line.position),
        f"title-{number}": forms.CharField(
            label=_("Title"), max_length=TITLE_LENGTH, required=False, initial=line.title
        ),
        f"text-{number}": forms.CharField(
            label=_("What it means for them"),
            max_length=TEXT_LENGTH,
            required=False,
            initial=line.text,
            widget=forms.Textarea({"rows": 2}),
        ),
        f"hidden-{number}": forms.BooleanField(label=_("Leave it out"), required=False, initial=line.is_hidden),
    }
