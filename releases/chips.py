"""How the states of releases, changes and checks look: one table, keyed by status."""

from django.utils.translation import gettext_lazy as _

from lifecycle.chips import Chip

RELEASE = {
    "draft": Chip("new", "pencil-line", _("Being planned")),
    "planned": Chip("planned", "calendar-check", _("Planned")),
    "frozen": Chip("staging", "snowflake", _("In testing")),
    "live": Chip("production", "circle-check", _("Live")),
    "done": Chip("ok", "circle-check", _("Proven")),
    "rolled_back": Chip("returned", "undo-2", _("Taken back")),
    "dropped": Chip("new", "x", _("Dropped")),
}
CHANGE = {
    "planned": Chip("planned", "calendar-check", _("Planned")),
    "development": Chip("development", "hammer", _("In development")),
    "ready": Chip("info", "arrow-right", _("Ready for staging")),
    "staging": Chip("staging", "flask-conical", _("In test")),
    "approved": Chip("ok", "circle-check", _("Approved")),
    "live": Chip("production", "circle-check", _("Live")),
    "dropped": Chip("new", "x", _("Dropped")),
}
RETURNED = Chip("returned", "corner-up-left", _("Returned"))
CHECK = {
    "queued": Chip("new", "clock", _("Tests wait")),
    "running": Chip("info", "loader-circle", _("Tests run")),
    "passed": Chip("ok", "check", _("Tests passed")),
    "failed": Chip("bad", "x", _("Tests failed")),
    "errored": Chip("warn", "triangle-alert", _("Tests could not be run")),
}
NOTES = {
    "draft": Chip("new", "pencil-line", _("Draft")),
    "published": Chip("production", "circle-check", _("Published")),
    "withdrawn": Chip("returned", "undo-2", _("Withdrawn")),
}
SUSPICION = {
    "queued": Chip("new", "clock", _("Not tried yet")),
    "culprit": Chip("bad", "triangle-alert", _("Green without it")),
    "innocent": Chip("ok", "check", _("Fails without it, too")),
    "conflict": Chip("warn", "git-merge", _("The others cannot be put together without it")),
    "errored": Chip("warn", "circle-alert", _("Could not be tried")),
}
DEFECT = {
    "block": Chip("bad", "octagon-alert", _("Nobody may get this")),
    "fix": Chip("warn", "wrench", _("Must be fixed first")),
    "minor": Chip("info", "circle-dot", _("Small")),
}
NEWS = {
    "planned": Chip("planned", "calendar-check", _("Planned")),
    "development": Chip("development", "hammer", _("Being built")),
    "ready": Chip("development", "hammer", _("Being built")),
    "staging": Chip("staging", "flask-conical", _("Likely, still tested")),
    "approved": Chip("ok", "circle-check", _("Ready")),
    "live": Chip("production", "circle-check", _("Live")),
}
