"""Which files a digest stands for: those that were built first. What was tested under it is what runs everywhere."""

from django.db import transaction
from django.db.models import QuerySet

from deployments.artefacts import WrongArtefact
from deployments.models import Deployment, Step
from releases.models import Candidate


def known(candidate: Candidate) -> str:
    """The hash of what was built first under its digest; "" before that."""
    return candidate.artefact_hash or max(_same(candidate).values_list("artefact_hash", flat=True), default="")


def require(candidate: Candidate, contents: str, *, by: Deployment | None = None) -> None:
    """WrongArtefact for other files than those built first under this digest, once a deployment was given those.

    `by` is the deployment that asks. No SQL where the candidate is known to hold this hash.
    """
    if candidate.artefact_hash != contents and not _is_first(candidate, contents, by):
        raise WrongArtefact(
            f"the artefact {candidate.digest[:8]} was lost or changed, and building it anew gives other files than "
            "those that were tested; put the release together again, so that it is tested anew"
        )


@transaction.atomic
def _is_first(candidate: Candidate, contents: str, by: Deployment | None) -> bool:
    """Write the hash down unless another one holds; one that cannot be had any more is marked as such."""
    same = _same(candidate)
    others = set(same.select_for_update(no_key=True).values_list("artefact_hash", flat=True)) - {"", contents}
    if others and _was_given(candidate.digest, by):
        same.update(artefact_is_gone=True)
        return False
    same.update(artefact_hash=contents)
    return True


def _same(candidate: Candidate) -> QuerySet[Candidate]:
    """The rows with its digest: composing the same once more makes another one."""
    return Candidate.objects.filter(digest=candidate.digest)


def _was_given(digest: str, by: Deployment | None) -> bool:
    """Whether any other deployment was prepared with it, or is just now."""
    given = Step.objects.filter(key="prepare", status__in=[Step.Status.RUNNING, Step.Status.DONE])
    return given.filter(deployment__candidate__digest=digest).exclude(deployment=by).exists()
