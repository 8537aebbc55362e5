"""What a candidate is called on a page."""

from django.utils.translation import gettext as _

from releases.models import Candidate

SHORT = 7


def name(candidate: Candidate | None) -> str:
    """ "24.11"; compositions share a label, so they carry their commit: "staging 7f3c2e1". A dash for nothing."""
    if candidate is None:
        return "–"
    sha = candidate.sha[:SHORT]
    if candidate.label.startswith(sha):
        return sha
    is_composition = candidate.purpose in (Candidate.Purpose.DEV, Candidate.Purpose.STAGING)
    return f"{candidate.label} {sha}" if is_composition else candidate.label


def destination(candidate: Candidate | None) -> str:
    """What a rollback leads to: a name, or words for the code from before the first release, which has none."""
    if candidate is not None and candidate.label.startswith(candidate.sha[:SHORT]):
        return _("what ran before")
    return name(candidate)
