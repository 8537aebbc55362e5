"""Where an idea is, as the chip that every list shows, and where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from ideas.stops import Stop
from lifecycle.chips import Chip

if TYPE_CHECKING:
    from ideas.models import Idea

BY_STOP = {
    Stop.IDEA: Chip("new", "circle-dashed", _("New")),
    Stop.REVIEW: Chip("review", "scale", _("In review")),
    Stop.PLANNED: Chip("planned", "calendar-check", _("Planned")),
    Stop.DEVELOPMENT: Chip("development", "hammer", _("In development")),
    Stop.STAGING: Chip("staging", "flask-conical", _("On staging")),
    Stop.DEMO: Chip("demo", "presentation", _("In the demo")),
    Stop.PRODUCTION: Chip("production", "circle-check", _("Live")),
    Stop.FEEDBACK: Chip("production", "message-square-heart", _("Live, did it help?")),
}
BY_STATUS = {
    "declined": Chip("new", "circle-slash", _("Declined")),
    "answered": Chip("ok", "message-circle-reply", _("Answered")),
    "asked": Chip("warn", "message-circle-question-mark", _("Waits for its author")),
}
QUEUED = Chip("review", "list-ordered", _("In the queue"))
SOURCES = {
    "customer": "user",
    "developer": "code",
    "management": "briefcase",
    "monitoring": "activity",
}
KINDS = {"feature": "sparkles", "bug": "bug", "question": "circle-help"}


def chip_of(idea: Idea) -> Chip:
    """Declined, answered and asked ideas say so; all others say the stop of their journey."""
    if idea.status in BY_STATUS:
        return BY_STATUS[idea.status]
    if idea.stop == Stop.REVIEW and idea.status == "accepted":
        return QUEUED
    return BY_STOP[Stop(idea.stop)]
