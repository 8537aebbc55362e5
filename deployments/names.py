"""What a candidate is called on a page."""

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
