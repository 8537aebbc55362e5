"""Asked anew of the rows, in other words than the gates': what is missing, and which words still hold."""

from deployments import running
from deployments.models import BreakGlass, Deployment, Rehearsal
from releases import candidates
from releases.models import (
    Approval,
    Candidate,
    CandidateChange,
    Change,
    Check,
    Release,
    SignOff,
    Verdict,
)
from tests.deployments.release_model import Files, Model, differing


def newest(rows):
    return rows.order_by("-id").first()


def words_missing(release: Release, candidate: Candidate, config_version: int) -> set[str]:
    """The gates for which nobody's last word about exactly this digest and these variables is a yes."""
    about = {"digest": candidate.digest}
    said = [newest(Verdict.objects.filter(change=row.change, **about)) for row in candidate.rows.all()]
    missing = set() if all(word and word.outcome == "approved" for word in said) else {"changes_approved"}
    missing |= set() if is_gone_through(release, candidate) else {"checklist_done"}
    for audience in ("managers", "customers") if release.kind == Release.Kind.PLANNED else ():
        word = newest(SignOff.objects.filter(release=release, audience=audience, **about))
        missing |= set() if word and word.outcome == "yes" else {f"{audience}_demo"}
    approvals = Approval.objects.filter(release=release, config_version=config_version, withdrawn_at=None, **about)
    outcomes = set(approvals.values_list("outcome", flat=True))
    return missing if outcomes == {"yes"} else missing | {"approvals"}


def is_gone_through(release: Release, candidate: Candidate) -> bool:
    """Whether the last word on every point of the checklist that is about this digest is a yes."""
    inside = {None, *candidate.rows.values_list("change", flat=True)}
    points = [point for point in release.checklist.filter(is_left_out=False) if point.change_id in inside]
    said = [newest(point.answers.filter(digest=candidate.digest)) for point in points]
    return all(answer and answer.ok for answer in said)


def glass_is_broken(release: Release, candidate: Candidate, config_version: int) -> bool:
    facts = {"digest": candidate.digest, "config_version": config_version}
    return BreakGlass.objects.filter(release=release, **facts).exists()


def closed_by_the_facts(deployment: Deployment) -> list[str]:
    """What a deployment that was just claimed for production should have been refused for."""
    candidate, place = deployment.candidate, deployment.environment
    live, now = candidates.live(deployment.product), running.current(place)
    if deployment.kind == Deployment.Kind.ROLLBACK:
        return [] if was_verified(candidate, place.pk) else ["verified"]
    if candidate.purpose == Candidate.Purpose.ADOPTED:
        return []
    release = Release.objects.get(pk=deployment.release_id)
    missing = words_missing(release, candidate, place.config_version)
    if glass_is_broken(release, candidate, place.config_version):
        missing = set()
    check = newest(candidate.checks.filter(kind=Check.Kind.TESTS))
    rehearsed = Rehearsal.objects.filter(digest=candidate.digest, target=now.candidate, status="succeeded")
    facts = {
        "check": bool(check and check.status == "passed"),
        "rehearsal": rehearsed.exists(),
        "base": candidate.base_id == live.pk == now.candidate_id,
        "frozen": release.status == "frozen" and release.parked_at is None and release.candidate_id == candidate.pk,
        "digest": deployment.digest == candidate.digest,
    }
    return sorted(missing | {key for key, holds in facts.items() if not holds})


def was_verified(candidate: Candidate, place: int) -> bool:
    """Whether it ran there and was healthy, or ran before Lifecycle came."""
    ran = Deployment.objects.filter(environment=place, candidate=candidate, status="succeeded")
    return candidate.purpose == Candidate.Purpose.ADOPTED or ran.exists()


def verdict_that_should_hold(candidate: Candidate, trees: dict[int, Files], model: Model) -> list[str]:
    """What is wrong with the yeses of a candidate that was just composed: one holds where no file of its change
    differs between the trees, and nowhere else.
    """
    wrong = []
    for row in candidate.rows.select_related("change"):
        before = Verdict.objects.filter(change=row.change, revision=row.revision).exclude(candidate=candidate)
        earlier, carried = newest(before), standing(row)
        differs = earlier and differing(trees[earlier.candidate_id], trees[candidate.pk])
        should = bool(earlier and earlier.is_yes and not differs & model.touches(row.change.number))
        if carried != should:
            wrong.append(f"{row.change.key} in {candidate}: should hold {should}, holds {carried} ({differs})")
        if should and row.change.status != Change.Status.APPROVED:
            wrong.append(f"{row.change.key} is {row.change.status}")
    return wrong


def standing(row: CandidateChange) -> bool:
    word = newest(Verdict.objects.filter(change=row.change_id, digest=row.candidate.digest))
    return bool(word and word.is_yes)
