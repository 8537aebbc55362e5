"""Strict products: whose word counts, as things are now, and when a deputy's does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from deployments import approvals, claims, gates
from deployments.models import Deployment, Deputy
from lifecycle import events, members
from lifecycle.models import Membership, Product, Role, User
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, involvement, signoffs, verdicts
from releases.models import SignOff, Verdict
from tests.cast import Cast
from tests.deployments.paper import Paper
from tests.deployments.strict_paper import StrictPaper, member
from tests.deployments.test_separation import also, approve_both, closed

APPROVE = "/api/v1/products/shop/releases/24.11/approve/"


@pytest.fixture
def paper(cast: Cast) -> StrictPaper:
    return StrictPaper(cast)


def test_two_managers_without_a_hand_in_it_ship_it(paper: StrictPaper) -> None:
    approvals.approve(paper.release, by=paper.cast.max)
    assert not Deployment.objects.exists() and approvals.who_can_approve(paper.release) == [paper.mia]
    approvals.approve(paper.release, by=paper.mia)
    assert Deployment.objects.get().status == "queued"


def given_away(paper: StrictPaper) -> None:
    Membership.objects.filter(user=paper.mia).update(roles=[Role.TESTER])


def deactivated(paper: StrictPaper) -> None:
    User.objects.filter(pk=paper.mia.pk).update(is_active=False)


def now_a_developer(paper: StrictPaper) -> None:
    also(paper.cast, paper.mia, Role.DEVELOPER)
    changes.assign(paper.change, developer=paper.mia, by=paper.cast.petra)
    changes.assign(paper.change, developer=paper.cast.dev, by=paper.cast.petra)


@pytest.mark.parametrize("what", [given_away, deactivated, now_a_developer])
def test_a_word_stops_counting_and_the_claim_notices(paper: StrictPaper, what: Callable[[StrictPaper], None]) -> None:
    approve_both(paper)
    what(paper)
    assert closed(paper) == ["approvals"]
    assert "Mia does not count" in next(gate.evidence for gate in gates.missing(paper.release))
    assert claims.claim(paper.production) is None
    assert "Approved by management" in Deployment.objects.get().error


def test_who_froze_it_and_who_put_it_together_again_have_a_hand_in_it(paper: StrictPaper) -> None:
    events.record("release.frozen", paper.release, by=paper.cast.lena)
    events.record("candidate.requested", paper.release.candidate, by=paper.cast.ops)
    found = involvement.in_release(paper.release)
    assert {paper.cast.lena, paper.cast.ops, paper.cast.petra, paper.cast.dev} == {
        user for user in User.objects.all() if user in found
    }


def test_an_address_that_nobody_has_is_named_by_the_gate(paper: StrictPaper) -> None:
    paper.wrote("ghost@nowhere.test")
    gate = next(gate for gate in gates.missing(paper.release) if gate.key == "approvals")
    assert "Somebody <ghost@nowhere.test>" in gate.evidence


@pytest.mark.parametrize("audience", ["managers", "customers"])
def test_a_demo_is_not_signed_off_by_who_has_a_hand_in_it(paper: StrictPaper, audience: str) -> None:
    candidates.Candidate.objects.filter(pk=paper.release.candidate_id).update(staged_at=timezone.now())
    paper.release.candidate.refresh_from_db()
    petra = also(paper.cast, paper.cast.petra)
    with pytest.raises(NotAllowed, match="somebody else must do it"):
        signoffs.sign_off(paper.release, audience=audience, outcome="yes", by=petra)
    SignOff.objects.filter(audience=audience).update(by=paper.cast.petra)
    assert f"{audience}_demo" in closed(paper)


def test_a_verdict_of_who_has_a_hand_in_it_neither_is_taken_nor_counts(paper: StrictPaper) -> None:
    candidate = paper.release.candidate
    candidate.staged_at = timezone.now()
    candidate.save()
    paper.wrote("tess@northwind.test", role="committer")
    with pytest.raises(NotAllowed, match="somebody else must do it"):
        verdicts.approve(paper.change, candidate=candidate, by=paper.cast.tess)
    assert "changes_approved" in closed(paper)
    Verdict.objects.update(by=paper.cast.max)
    assert "changes_approved" not in closed(paper)


def test_a_role_given_after_the_freeze_by_somebody_else_counts(paper: StrictPaper) -> None:
    members.give(paper.cast.product, paper.cast.ops, roles=[Role.DEVOPS, Role.MANAGER], by=paper.cast.max)
    assert paper.cast.ops in approvals.who_can_approve(paper.release)


def test_who_signed_up_after_the_freeze_and_for_whom_nobody_answers_does_not_count(paper: StrictPaper) -> None:
    late = User.objects.create_user("late@northwind.test", name="Late")
    Membership.objects.create(user=late, product=paper.cast.product, roles=[Role.MANAGER])
    assert late not in approvals.who_can_approve(paper.release)


def deputy_for(paper: Paper, person: User, deputy: User, **facts: object) -> Deputy:
    today = timezone.localdate()
    usual = {"starts_on": today, "ends_on": today, "created_by": paper.cast.ops, "created_at": timezone.now()}
    return Deputy.objects.create(
        product=paper.cast.product, person=person, deputy=deputy, role=Role.MANAGER, **(usual | facts)
    )


def test_a_deputy_speaks_for_somebody_and_they_count_once(paper: StrictPaper) -> None:
    deputy_for(paper, paper.mia, paper.cast.ops)
    word = approvals.approve(paper.release, by=paper.cast.ops)
    assert (word.for_person, word.role, word.via) == (paper.mia, Role.MANAGER, "screen")
    assert approvals.who_can_approve(paper.release) == [paper.cast.max]
    approvals.approve(paper.release, by=paper.mia)
    assert not Deployment.objects.exists(), "Mia's word and that of her deputy are one"
    approvals.approve(paper.release, by=paper.cast.max)
    assert Deployment.objects.exists()


@pytest.mark.parametrize("days", [-3, 3])
def test_a_deputy_speaks_only_on_these_days(paper: StrictPaper, days: int) -> None:
    day = timezone.localdate() + timedelta(days=days)
    deputy_for(paper, paper.mia, paper.cast.ops, starts_on=day, ends_on=day)
    with pytest.raises(PermissionDenied):
        approvals.approve(paper.release, by=paper.cast.ops)


def test_a_deputy_with_a_hand_in_it_or_chosen_by_one_does_not_count(paper: StrictPaper) -> None:
    deputy_for(paper, paper.mia, paper.cast.dev)
    deputy_for(paper, paper.mia, paper.cast.ops, created_by=paper.cast.petra)
    assert approvals.who_can_approve(paper.release) == [paper.cast.max, paper.mia]
    deputy_for(paper, paper.cast.dev, member(paper.cast.product, "don", Role.TESTER))
    assert approvals.who_can_approve(paper.release) == [paper.cast.max, paper.mia]


def test_a_small_team_has_its_own_rules(paper: StrictPaper) -> None:
    Product.objects.update(preset="small")
    paper.release.product.refresh_from_db()
    own = approvals.approve(paper.release, by=also(paper.cast, paper.cast.dev))
    assert own.is_own_work and Deployment.objects.exists()
