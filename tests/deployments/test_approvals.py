"""Management's word: on one digest, by the right people, and what it starts."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from deployments import approvals, gates
from deployments.models import Deployment
from environments.variables import set_variable
from lifecycle.models import Event, Membership, Product
from lifecycle.transitions import NotAllowed
from releases.models import Approval, Check, Release, SignOff
from tests.cast import Cast
from tests.deployments.paper import Paper


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def strict(paper: Paper) -> None:
    Product.objects.update(preset="strict")
    paper.release.refresh_from_db()
    paper.release.product.refresh_from_db()


def also_manager(cast: Cast, name: str) -> None:
    membership = Membership.objects.get(user=getattr(cast, name))
    membership.roles = [*membership.roles, "manager"]
    membership.save()


def test_the_last_yes_ships_by_itself(paper: Paper):
    approval = approvals.approve(paper.release, by=paper.cast.max, words="Go.")
    deployment = Deployment.objects.get()
    assert approval.digest == paper.release.candidate.digest
    assert (deployment.environment, deployment.release, deployment.status) == (
        paper.production,
        paper.release,
        "queued",
    )
    assert deployment.requested_by == paper.cast.max
    assert Event.objects.filter(verb="release.approved", actor=paper.cast.max).exists()


@pytest.mark.parametrize("name", ["cleo", "dev", "lena", "petra", "tess", "ops"])
def test_nobody_but_a_manager_approves(paper: Paper, name: str):
    with pytest.raises(PermissionDenied):
        approvals.approve(paper.release, by=getattr(paper.cast, name))
    assert not Deployment.objects.exists()


def test_a_role_one_does_not_have_counts_for_nothing(paper: Paper):
    with pytest.raises(PermissionDenied, match="DevOps"):
        approvals.approve(paper.release, by=paper.cast.max, role="devops")


@pytest.mark.parametrize("model", [SignOff, Check])
def test_before_the_other_gates_are_open_nobody_is_asked(paper: Paper, model: type):
    model.objects.all().delete()
    with pytest.raises(NotAllowed, match="may not go to production yet"):
        approvals.approve(paper.release, by=paper.cast.max)


def test_a_release_that_is_not_frozen_cannot_be_approved(paper: Paper):
    Release.objects.update(status=Release.Status.PLANNED)
    with pytest.raises(NotAllowed, match="not frozen"):
        approvals.approve(paper.release, by=paper.cast.max)


def test_a_no_needs_words_and_keeps_the_gate_closed(paper: Paper):
    with pytest.raises(ValidationError):
        approvals.approve(paper.release, by=paper.cast.max, outcome="no")
    approvals.approve(paper.release, by=paper.cast.max, outcome="no", words="The texts.")
    assert [gate.key for gate in gates.missing(paper.release)] == ["approvals"]
    assert not Deployment.objects.exists()


def test_a_second_word_replaces_the_first(paper: Paper):
    approvals.approve(paper.release, by=paper.cast.max, outcome="no", words="The texts.")
    approvals.approve(paper.release, by=paper.cast.max)
    assert list(Approval.objects.filter(withdrawn_at=None).values_list("outcome", flat=True)) == ["yes"]
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize("name", ["petra", "dev"])
def test_in_a_small_team_own_work_is_allowed_and_labelled(paper: Paper, name: str):
    also_manager(paper.cast, name)
    approval = approvals.approve(paper.release, by=getattr(paper.cast, name))
    assert approval.is_own_work
    assert Event.objects.get(verb="release.approved").data["own_work"] is True
    evidence = next(gate.evidence for gate in gates.gates(paper.release) if gate.key == "approvals")
    assert "(own work)" in evidence


@pytest.mark.parametrize("name", ["petra", "dev"])
def test_a_strict_product_refuses_author_and_developer_whatever_roles_they_have(paper: Paper, name: str):
    also_manager(paper.cast, name)
    strict(paper)
    with pytest.raises(NotAllowed, match="somebody else must approve"):
        approvals.approve(paper.release, by=getattr(paper.cast, name))
    assert approvals.who_can_approve(paper.release) == [paper.cast.max]


def test_an_approval_does_not_survive_another_digest(paper: Paper):
    approvals.approve(paper.release, by=paper.cast.max)
    paper.freeze("f" * 64)
    assert [gate.key for gate in gates.missing(paper.release)] == ["approvals"]


def test_an_approval_does_not_survive_another_configuration_of_production(paper: Paper):
    approvals.approve(paper.release, by=paper.cast.max)
    set_variable(paper.production, name="TAX", value="20", is_secret=False, by=paper.cast.ops)
    assert [gate.key for gate in gates.missing(paper.release)] == ["approvals"]


def test_a_word_can_be_taken_back(paper: Paper):
    approvals.approve(paper.release, by=paper.cast.max, outcome="no", words="Wait.")
    assert approvals.who_can_approve(paper.release) == []
    approvals.withdraw(paper.release, by=paper.cast.max)
    assert approvals.who_can_approve(paper.release) == [paper.cast.max]
    assert Event.objects.filter(verb="release.approval_withdrawn").count() == 1


def test_only_devops_accept_that_there_is_no_way_back(paper: Paper):
    with pytest.raises(PermissionDenied):
        approvals.waive_rollback(paper.release, by=paper.cast.max, reason="It will be fine.")
    with pytest.raises(ValidationError):
        approvals.waive_rollback(paper.release, by=paper.cast.ops, reason=" ")
