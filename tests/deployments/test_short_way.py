"""A hotfix and an undo in front of production and staging: which gates they pass, and who makes way."""

import pytest
from django.utils import timezone

from deployments import admission, gates, unfreezing
from lifecycle.models import User
from lifecycle.transitions import NotAllowed
from releases.models import CandidateChange, Change, Release
from tests.deployments.paper import Paper

DEMOS = {"managers_demo", "customers_demo"}
K = Release.Kind


@pytest.fixture
def paper(cast) -> Paper:
    return Paper(cast)


def keys(release: Release) -> set[str]:
    return {gate.key for gate in gates.gates(release)}


@pytest.mark.parametrize("kind", [K.HOTFIX, K.UNDO])
def test_only_the_demos_are_left_out(paper, kind):
    planned = keys(paper.release)
    assert planned >= DEMOS
    paper.release.kind = kind
    assert keys(paper.release) == planned - DEMOS


def test_an_undo_needs_a_tester_on_what_it_takes_out(paper):
    paper.release.kind = K.UNDO
    paper.release.candidate.rows.update(action=CandidateChange.Action.UNDO)
    assert "changes_approved" not in {gate.key for gate in gates.missing(paper.release)}
    paper.release.candidate.verdicts.all().delete()
    assert "changes_approved" in {gate.key for gate in gates.missing(paper.release)}


def test_staging_takes_the_hotfix_and_not_what_made_way(paper, cast):
    staging = paper.environments["staging"]
    hotfix = urgent(paper, cast)
    first, second = paper.release.candidate, paper.candidate("release", "d" * 64, release=hotfix, label="24.11.1")
    admission.require_may_run(staging, second, kind="deploy", release=hotfix)
    with pytest.raises(NotAllowed, match=r"24\.11\.1 is frozen and has staging"):
        admission.require_may_run(staging, first, kind="deploy", release=paper.release)


def urgent(paper: Paper, cast) -> Release:
    """24.11 steps aside for 24.11.1."""
    Release.objects.filter(pk=paper.release.pk).update(parked_at=timezone.now())
    paper.release.refresh_from_db()
    when = {"target_date": paper.now.date(), "created_at": paper.now, "frozen_at": paper.now}
    fields = {"kind": K.HOTFIX, "version": "24.11.1", "status": Release.Status.FROZEN, "author": cast.ops, **when}
    return Release.objects.create(product=cast.product, **fields)


def test_opened_again_the_hotfix_brings_the_other_one_back(paper, cast):
    hotfix = urgent(paper, cast)
    before = paper.release.candidate
    unfreezing.unfreeze(hotfix, by=cast.petra, reason="One more change")
    paper.release.refresh_from_db()
    assert not paper.release.is_parked
    assert paper.release.candidate != before


def test_the_api_puts_a_release_together_again(paper, cast, sign_in):
    address = "/api/v1/products/shop/releases/24.11/recompose/"
    assert post(sign_in, cast.tess, address) == 403
    assert post(sign_in, cast.petra, address) == 202
    urgent(paper, cast)
    assert post(sign_in, cast.petra, address) == 409
    assert Change.objects.count() == 1


def post(sign_in, who: User, address: str) -> int:
    return int(sign_in(who).post(address).status_code)


def test_what_made_way_does_not_go_live_under_the_hotfix(paper, cast):
    urgent(paper, cast)
    closed = {gate.key: gate for gate in gates.missing(paper.release)}
    assert "made way" in closed["has_staging"].evidence
    paper.release.parked_at = None
    assert "has_staging" not in keys(paper.release)
