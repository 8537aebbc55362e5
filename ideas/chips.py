"""Where an idea is, as the chip that every list shows, and where it came from."""

from django.utils.translation import gettext_lazy as _

from ideas.models import Idea, Stop
from lifecycle.chips import Chip

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
    Idea.Status.DECLINED: Chip("new", "circle-slash", _("Declined")),
    Idea.Status.ANSWERED: Chip("ok", "message-circle-reply", _("Answered")),
}
QUEUED = Chip("review", "list-ordered", _("In the queue"))
SOURCES = {
    Idea.Source.CUSTOMER: "user",
    Idea.Source.DEVELOPER: "code",
    Idea.Source.MANAGEMENT: "briefcase",
    Idea.Source.MONITORING: "activity",
}
KINDS = {Idea.Kind.FEATURE: "sparkles", Idea.Kind.BUG: "bug", Idea.Kind.QUESTION: "circle-help"}


def chip_of(idea: Idea) -> Chip:
    """Declined and answered ideas say so; all others say the stop of their journey."""
    if idea.status in BY_STATUS:
        return BY_STATUS[idea.status]
    if idea.stop == Stop.REVIEW and idea.status == Idea.Status.ACCEPTED:
        return QUEUED
    return BY_STOP[Stop(idea.stop)]
