"""What a tester fills in to return a change: any number of defects, each with files; nothing typed is lost."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lifecycle.forms import field
from lifecycle.roles import Actor
from releases import attachments
from releases.defects import MOST, Seen
from releases.forms import Domain
from releases.models import Attachment, Defect

FILES_PER_DEFECT = 6
WORDS = ("severity", "seen", "expected", "step")
MEANINGS = {
    Defect.Severity.BLOCK: gettext_lazy("Money, data or access is at risk"),
    Defect.Severity.FIX: gettext_lazy("The step fails, there is no way round"),
    Defect.Severity.MINOR: gettext_lazy("Looks wrong, works"),
}


class Files(forms.ClearableFileInput):
    """Several files at once; what was sent before stands beside it (`DefectRow.kept`)."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class DefectForm(Domain):
    """One defect."""

    severity = forms.ChoiceField(
        label=gettext_lazy("How bad is it?"), choices=Defect.Severity.choices, initial=Defect.Severity.FIX
    )
    seen = forms.CharField(
        label=gettext_lazy("What did you see?"),
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("The developer reads these words as they are."),
        error_messages={"required": gettext_lazy("Say what you saw: the developer reads these words.")},
    )
    expected = forms.CharField(
        label=gettext_lazy("What did you expect?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
    step = forms.ChoiceField(label=gettext_lazy("At which step?"), required=False)
    files = forms.FileField(
        label=gettext_lazy("Pictures or recordings"),
        required=False,
        widget=Files(),
        help_text=gettext_lazy("PNG, JPEG, WebP, MP4, WebM, PDF or text, up to 20 MB each."),
    )

    def __init__(self, *args: Any, steps: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict.fromkeys(step[:300] for step in steps)
        field(self, "step").choices = [("", _("None of them")), *((step, step) for step in known)]

    def severities(self) -> list[tuple[str, object, object, bool]]:
        """The three choices: value, name, meaning, chosen."""
        chosen = self["severity"].value()
        return [(str(one), one.label, MEANINGS[one], str(one) == chosen) for one in Defect.Severity]


class DefectRow:
    """A defect on the page with the files that were sent for it: `kept` are stored, whatever else is wrong."""

    def __init__(self, place: int, form: DefectForm, kept: list[Attachment], refused: list[str]) -> None:
        self.place, self.form, self.kept, self.refused = place, form, kept, refused

    @property
    def number(self) -> int:
        return self.place + 1

    @property
    def is_blank(self) -> bool:
        typed = [self.form[name].value() for name in ("seen", "expected", "step")]
        return not self.kept and not self.refused and not any(str(value or "").strip() for value in typed)

    def problems(self) -> Iterator[tuple[int, BoundField, str]]:
        """The number of the defect, its field, the message."""
        for asked in self.form:
            for message in [*asked.errors, *(self.refused if asked.name == "files" else [])]:
                yield self.number, asked, message

    def seen(self) -> Seen:
        said = self.form.cleaned_data
        return Seen(said["seen"], said["severity"], said["expected"], said["step"], self.kept)


class ReturnSheet:
    """All that is typed about one return. Files are stored as they come, so that nobody has to choose them again."""

    def __init__(
        self, sent: MultiValueDict | None = None, files: MultiValueDict | None = None, *, steps: list[str], by: Actor
    ) -> None:
        self.sent, self.files, self.steps, self.by = sent, files, steps, by
        self.rows = [self._row(place, was) for place, was in enumerate(self._places())]

    def _places(self) -> list[int]:
        """Which rows there are, by where they stood; `more` adds one, `less` takes one away."""
        if self.sent is None:
            return [0]
        count = min(max(number_in(self.sent.get("rows")), 1), MOST)
        places = [place for place in range(count) if str(place) != self.sent.get("less")] or [count]
        return [*places, count] if "more" in self.sent and count < MOST else places

    def _row(self, place: int, was: int) -> DefectRow:
        """The row with what was typed where it stood; complaints only when it was sent to be decided."""
        typed = {name: self.sent.get(f"d{was}-{name}", "") for name in WORDS} if self.sent is not None else {}
        options = {"prefix": f"d{place}", "steps": self.steps}
        if self.is_to_decide:
            form = DefectForm({f"d{place}-{name}": text for name, text in typed.items()}, **options)
        else:
            form = DefectForm(initial={name: text for name, text in typed.items() if text}, **options)
        return DefectRow(place, form, *self._stored(was))

    def _stored(self, was: int) -> tuple[list[Attachment], list[str]]:
        """The row's files with those that come with this request, and what is wrong with the others."""
        if self.sent is None or self.files is None:
            return [], []
        mine = attachments.drafts(self.by.product, self.by.user)
        wanted = [number_in(text) for text in self.sent.getlist(f"d{was}-kept")]
        kept, refused = [mine[pk] for pk in dict.fromkeys(wanted) if pk in mine], []
        for file in self.files.getlist(f"d{was}-files"):
            try:
                require_room(kept)
                kept.append(attachments.keep(file, product=self.by.product, by=self.by.user))
            except ValidationError as error:
                refused += error.messages
        return kept, refused

    @property
    def is_to_decide(self) -> bool:
        """Whether it was sent to be decided, not to have one row more or less."""
        return self.sent is not None and not {"more", "less"} & set(self.sent)

    @property
    def has_more(self) -> bool:
        return len(self.rows) < MOST

    def is_valid(self) -> bool:
        """Whether every row that has something in it can be read; a return without a word cannot."""
        full = [row for row in self.rows if not row.is_blank] or self.rows[:1]
        read = [row.form.is_valid() for row in full]
        return all(read) and not any(row.refused for row in full)

    def problems(self) -> list[tuple[int, BoundField, str]]:
        """What is wrong, for the summary; a row with nothing in it beside others is no mistake."""
        rows = [row for row in self.rows if not row.is_blank] or self.rows[:1]
        return [found for row in rows for found in row.problems()]

    def seen(self) -> list[Seen]:
        return [row.seen() for row in self.rows if not row.is_blank]


def require_room(kept: list[Attachment]) -> None:
    if len(kept) >= FILES_PER_DEFECT:
        text = ngettext("At most %(n)d file per defect.", "At most %(n)d files per defect.", FILES_PER_DEFECT)
        raise ValidationError(text % {"n": FILES_PER_DEFECT})


def number_in(text: str | None) -> int:
    """The number a form sent, or 0, which nothing has."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
