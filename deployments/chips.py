"""How the states of deployments, watches and findings look: one table each, keyed by status."""

from django.utils.translation import gettext_lazy as _

from lifecycle.chips import Chip

DEPLOYMENT = {
    "requested": Chip("new", "clock", _("Requested")),
    "queued": Chip("new", "clock", _("Waits its turn")),
    "claimed": Chip("staging", "loader-circle", _("Starting")),
    "running": Chip("staging", "loader-circle", _("Running")),
    "verifying": Chip("staging", "loader-circle", _("Being verified")),
    "returning": Chip("warn", "undo-2", _("Going back")),
    "aborting": Chip("warn", "square", _("Being stopped")),
    "lost": Chip("warn", "unplug", _("Lost its worker")),
    "succeeded": Chip("ok", "circle-check", _("Succeeded")),
    "failed": Chip("bad", "circle-x", _("Failed")),
    "errored": Chip("bad", "circle-x", _("Broke off")),
    "aborted": Chip("warn", "square", _("Stopped")),
    "cancelled": Chip("new", "x", _("Cancelled")),
    "superseded": Chip("new", "chevrons-up", _("Overtaken")),
    "expired": Chip("new", "timer-off", _("Expired")),
}
ROLLED_BACK = Chip("returned", "undo-2", _("Rolled back"))
WATCH = {
    "open": Chip("info", "activity", _("Watching")),
    "well": Chip("ok", "circle-check", _("Closed well")),
    "bad": Chip("returned", "undo-2", _("Taken back")),
    "inconclusive": Chip("warn", "circle-question-mark", _("Needs a person")),
    "blind": Chip("warn", "eye-off", _("No data")),
    "superseded": Chip("new", "chevrons-up", _("Passed on")),
}
TIER = {
    "warn": Chip("warn", "trending-up", _("Warning")),
    "act": Chip("bad", "triangle-alert", _("Act now")),
}

DRILL: dict[str, Chip] = {
    "queued": Chip("staging", "loader-circle", _("Being restored")),
    "succeeded": Chip("ok", "circle-check", _("Restored")),
    "failed": Chip("bad", "circle-x", _("Could not be restored")),
}
