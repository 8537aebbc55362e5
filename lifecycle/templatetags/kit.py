"""What the style guide (templates/kit.html) shows: one sample of everything, with the cast as people."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from django import forms, template

from lifecycle.chips import Chip
from lifecycle.models import User

register = template.Library()


class Stop(NamedTuple):
    label: str
    note: str
    state: str
    kind: str


class Step(NamedTuple):
    name: str
    state: str
    time: str
    share: int


class Line(NamedTuple):
    at: datetime
    kind: str
    text: str


class SampleForm(forms.Form):
    """Every kind of field the product uses."""

    title = forms.CharField(label="What should the shop do?", help_text="One sentence.")
    why = forms.CharField(label="Why does it matter to you?", widget=forms.Textarea({"rows": 3}), required=False)
    area = forms.ChoiceField(label="Area", choices=[("delivery", "Delivery"), ("checkout", "Checkout")])
    kind = forms.ChoiceField(
        label="What is it?", choices=[("feature", "A wish"), ("bug", "A fault")], widget=forms.RadioSelect
    )
    team = forms.BooleanField(label="Only the team sees this", required=False)


CHIPS = [
    Chip("new", "circle-dashed", "New"),
    Chip("review", "scale", "In review"),
    Chip("planned", "calendar-check", "Planned"),
    Chip("development", "hammer", "In development"),
    Chip("staging", "flask-conical", "On staging"),
    Chip("demo", "presentation", "In the demo"),
    Chip("production", "circle-check", "Live"),
    Chip("returned", "corner-up-left", "Returned"),
    Chip("warn", "clock", "Waits"),
    Chip("ok", "check", "Approved"),
    Chip("bad", "triangle-alert", "Over limit"),
    Chip("info", "variable", "changed"),
]
STOPS = [
    Stop("Idea", "1 November", "done", "idea"),
    Stop("Review", "4 November", "done", "review"),
    Stop("Planned", "Release 24.11", "done", "planned"),
    Stop("Development", "6 to 19 November", "done", "development"),
    Stop("Staging", "being tested now", "now", "staging"),
    Stop("Demo", "", "todo", "demo"),
    Stop("Production", "expected 26 November", "todo", "production"),
    Stop("Feedback", "we will ask you", "todo", "feedback"),
]
STEPS = [
    Step("Fetch", "done", "3 s", 30),
    Step("Back up the database", "done", "9.8 s", 90),
    Step("Migrate", "run", "4 s so far", 40),
    Step("Health", "next", "about 12 s", 100),
]
LINES = [
    Line(datetime(2026, 11, 24, 10, 42, 1, tzinfo=UTC), "", "Deployment to staging started"),
    Line(datetime(2026, 11, 24, 10, 42, 2, tzinfo=UTC), "ok", "Artefact matches the tested one"),
    Line(datetime(2026, 11, 24, 10, 42, 9, tzinfo=UTC), "warn", "The test payment account is used"),
    Line(datetime(2026, 11, 24, 10, 42, 12, tzinfo=UTC), "err", "Health answered 503, trying again"),
]
CONFIRM = {
    "id": "rollback",
    "title": "Roll production back to 24.10?",
    "text": "Code and configuration go back; data stays.",
    "action": "/kit/",
    "facts": [("minus", "bad", "2 changes leave production"), ("users", "", "5 people are told")],
    "reason": "Reason, for the record",
    "yes": "Roll back now",
    "no": "Keep 24.11",
    "danger": True,
    "back": "/kit/",
}
LEAD = [
    {"role": "grey", "wait": 4, "work": 1},
    {"role": "review", "wait": 9, "work": 1},
    {"role": "dev", "wait": 3, "work": 6},
    {"role": "stg", "wait": 2, "work": 1},
]


@register.simple_tag
def samples() -> dict[str, Any]:
    """Everything kit.html shows."""
    names = ["Cleo Customer", "Dev Developer", "Lena Lead", "Petra Owner", "Tess Tester", "Max Manager", "Ops"]
    return {
        "people": [User(pk=pk, name=name, email="kit@example.org") for pk, name in enumerate(names, start=1)],
        "chips": CHIPS,
        "stops": STOPS,
        "steps": STEPS,
        "lines": LINES,
        "confirm": CONFIRM,
        "lead": LEAD,
        "trend": [("24.9", [4, 9, 1, 8, 3]), ("24.10", [3, 7, 1, 9, 2]), ("24.11", [2, 6, 1, 7, 2])],
        "values": [3, 4, 4, 5, 4, 6, 7, 6, 8, 9, 8, 11],
        "cells": "ggggggggggggggwggb------",
        "form": SampleForm(initial={"kind": "feature"}),
        "bad_form": SampleForm({"why": ""}, prefix="bad"),
    }
