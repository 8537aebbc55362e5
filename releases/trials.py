"""Trials: a frozen candidate put together without a change, to be tested and never deployed. Runs git; for workers."""

from django.utils import timezone
from django.utils.translation import gettext as _

from releases import composing, stacking
from releases.models import Candidate, CandidateChange, Change, Search

LABEL = 60


def new_trial(search: Search, *, leaving: Change | None) -> Candidate:
    """A candidate like the frozen one without a change and what is built on it; without any for the base alone."""
    whole = search.candidate
    trial = Candidate.objects.create(
        product=whole.product,
        repository=whole.repository,
        purpose=Candidate.Purpose.TRIAL,
        base=whole.base,
        label=label_of(search, leaving)[:LABEL],
        created_at=timezone.now(),
    )
    out = {one.pk for one in going(search, leaving)} if leaving else None
    rows = whole.rows.select_related("change") if out is not None else []
    CandidateChange.objects.bulk_create(
        CandidateChange(candidate=trial, change=row.change, revision_id=row.revision_id, position=row.position)
        for row in rows
        if row.change_id not in out
    )
    return trial


def label_of(search: Search, leaving: Change | None) -> str:
    if leaving is None:
        return _("What %(release)s stands on") % {"release": search.release}
    return _("%(release)s without %(change)s") % {"release": search.release, "change": leaving.key}


def going(search: Search, change: Change) -> list[Change]:
    """The change and those of the candidate that are built on it."""
    inside = set(search.candidate.rows.values_list("change", flat=True))
    return [change, *(one for one in stacking.above(change) if one.pk in inside)]


def is_composed(trial: Candidate) -> bool:
    """Compose it if nobody did; whether that worked. Runs git."""
    composing.compose(trial)
    trial.refresh_from_db()
    return trial.status == Candidate.Status.READY
