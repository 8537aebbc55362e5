"""The question before a release passes a freeze."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from environments import freezes
from environments.pages.words import moment_in
from releases.models import Release


def passing(release: Release) -> dict[str, Any]:
    """What is in the way, and what the answer means."""
    window = freezes.frozen_by(release.product)
    what = window.reason if window else _("No freeze is in force.")
    until = moment_in(release.product, window.ends_at) if window else "–"
    return {
        "id": "override",
        "crumb": str(release),
        "title": _("Let release %(release)s through the freeze?") % {"release": release},
        "text": what,
        "facts": [
            ("snowflake", "", _("The freeze ends %(when)s.") % {"when": until}),
            ("shield-check", "", _("Every other gate stays as it is.")),
            ("history", "", _("Your name and reason stay in the record; another build needs another word.")),
        ],
        "action": reverse("deployments:override_freeze", args=[release.version]),
        "danger": True,
        "yes": _("Let it through"),
        "no": _("Keep the freeze"),
        "back": reverse("deployments:cockpit", args=[release.version]),
    }
