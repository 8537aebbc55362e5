"""Strict products: whoever has a hand in a release does not decide about it, whichever way they try."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from deployments import approvals, claims, gates, services
from deployments.models import Deployment, Deputy
from environments.models import Environment
from lifecycle import events, members, tokens
from lifecycle.models import Membership, Product, Role, User
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, involvement, signoffs, verdicts
from releases.models import CandidateChange, Release, Revision, SignOff, Verdict
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper
from tests.deployments.strict_paper import StrictPaper, member
from tests.deployments.watched import deployment

APPROVE = "/api/v1/products/shop/releases/24.11/approve/"


@pytest.fixture
def paper(cast: Cast) -> StrictPaper:
    return StrictPaper(cast)


def closed(paper: StrictPaper) -> list[str]:
    return [gate.key for gate in gates.missing(Release.objects.get(pk=paper.release.pk))]


def also(cast: Cast, user: User, role: str = Role.MANAGER, **facts: object) -> User:
    """They get one more role, long before the freeze."""
    given, _new = Membership.objects.get_or_create(user=user, product=cast.product)
    given.roles = [*given.roles, role]
    given.save()
    User.objects.filter(pk=user.pk).update(**facts)
    return User.objects.get(pk=user.pk)


def approve_both(paper: StrictPaper) -> None:
    approvals.approve(paper.release, by=paper.cast.max)
    approvals.approve(paper.release, by=paper.mia)


# the nine ways


def by_a_second_role(paper: StrictPaper, sign_in: SignIn) -> None:
    approvals.approve(paper.release, by=also(paper.cast, paper.cast.dev))


def over_the_api(paper: StrictPaper, sign_in: SignIn) -> None:
    answer = sign_in(also(paper.cast, paper.cast.dev)).post(APPROVE, {}, content_type="application/json")
    raise NotAllowed(answer.json()["detail"] if answer.status_code == 409 else "")


def as_an_administrator(paper: StrictPaper, sign_in: SignIn) -> None:
    approvals.approve(paper.release, by=also(paper.cast, paper.cast.petra, is_admin=True, is_superuser=True))


def with_a_token(paper: StrictPaper, sign_in: SignIn) -> None:
    secret = tokens.issue(also(paper.cast, paper.cast.dev), name="t", scope="write")
    client = Client(headers={"authorization": f"Bearer {secret}"})
    answer = client.post(APPROVE, {}, content_type="application/json")
    raise NotAllowed(answer.json()["detail"] if answer.status_code == 409 else "")


def as_somebody_they_made(paper: StrictPaper, sign_in: SignIn) -> None:
    made = User.objects.create_user("mallory@northwind.test", name="Mallory")
    members.give(paper.cast.product, made, roles=[Role.MANAGER], by=paper.cast.petra)
    approvals.approve(paper.release, by=made)


def under_another_address(paper: StrictPaper, sign_in: SignIn) -> None:
    """Lena's commits were taken in under the address that she had then."""
    paper.wrote("lena@northwind.test", user=paper.cast.lena)
    approvals.approve(paper.release, by=also(paper.cast, paper.cast.lena, email="new@northwind.test", name="Helena"))


def as_a_co_author(paper: StrictPaper, sign_in: SignIn) -> None:
    """Mia is named in a trailer, under a second address that she has proved."""
    EmailAddress.objects.create(user=paper.mia, email="mia@home.test", verified=True)
    paper.wrote("mia@home.test", role="co_author")
    approvals.approve(paper.release, by=paper.mia)


@pytest.mark.parametrize(
    "way",
    [
        by_a_second_role,
        over_the_api,
        as_an_administrator,
        with_a_token,
        as_somebody_they_made,
        under_another_address,
        as_a_co_author,
    ],
)
def test_nobody_with_a_hand_in_it_approves(
    paper: StrictPaper, sign_in: SignIn, way: Callable[[StrictPaper, SignIn], None]
) -> None:
    with pytest.raises(NotAllowed, match="somebody else must approve|does not count"):
        way(paper, sign_in)
    assert closed(paper) == ["approvals"] and not paper.release.approvals.exists()


def other_revision(paper: StrictPaper) -> None:
    newer = Revision.objects.create(change=paper.change, number=2, fork="c" * 40, tip="e" * 40, seen_at=paper.now)
    CandidateChange.objects.update(revision=newer)


def other_candidate(paper: StrictPaper) -> None:
    candidate = paper.freeze("f" * 64)
    SignOff.objects.filter(candidate=candidate, audience="customers").update(by=paper.cast.cleo)


def other_production(paper: StrictPaper) -> None:
    Environment.objects.filter(pk=paper.production.pk).update(kind="staging", position=7)
    Environment.objects.create(product=paper.cast.product, slug="p2", name="P2", kind="production", position=9)


@pytest.mark.parametrize("move", [other_revision, other_candidate, other_production, StrictPaper.configure])
def test_what_was_approved_is_not_swapped_under_the_approval(
    paper: StrictPaper, move: Callable[[StrictPaper], None]
) -> None:
    candidate = paper.release.candidate
    candidate.facts = candidates.facts_of(candidate, candidate.rows.all())
    candidate.save()
    approve_both(paper)
    asked = Deployment.objects.get()
    move(paper)
    assert set(closed(paper)) & {"approvals", "as_composed"}
    assert claims.claim(asked.environment) is None
    asked.refresh_from_db()
    assert asked.status != Deployment.Status.CLAIMED


def test_what_is_live_is_not_started_with_a_configuration_that_nobody_approved(paper: StrictPaper) -> None:
    deployment(paper.production, paper.release)
    Release.objects.update(status=Release.Status.LIVE, live_at=timezone.now())
    services.request(paper.production, paper.release.candidate, by=paper.cast.ops)
    Deployment.objects.filter(status="queued").delete()
    paper.configure()
    with pytest.raises(NotAllowed, match="configuration of Production was changed"):
        services.request(paper.production, paper.release.candidate, by=paper.cast.ops)
    paper.release.refresh_from_db()
    approve_both(paper)
    assert services.request(paper.production, paper.release.candidate, by=paper.cast.ops).status == "queued"


def test_a_configuration_that_changes_while_it_waits_stops_it_at_the_claim(paper: StrictPaper) -> None:
    deployment(paper.production, paper.release)
    Release.objects.update(status=Release.Status.LIVE, live_at=timezone.now())
    asked = services.request(paper.production, paper.release.candidate, by=paper.cast.ops)
    paper.configure()
    assert claims.claim(paper.production) is None
    asked.refresh_from_db()
    assert asked.status == "failed" and "has to be approved" in asked.error


def test_a_rollback_brings_no_configuration_that_never_ran(paper: StrictPaper) -> None:
    """Not even to what ran before Lifecycle, which was never verified here."""
    deployment(paper.production, paper.release)
    ran_with = paper.production.config_version
    paper.configure()
    services.roll_back(paper.production, by=paper.cast.ops, reason="Nobody can pay.")
    lease = claims.claim(paper.production)
    assert lease is not None and lease.row.candidate == paper.adopted
    assert lease.row.config_version == ran_with < paper.production.config_version


def test_a_rollback_target_that_was_adopted_meanwhile_passes_no_gate(paper: StrictPaper) -> None:
    deployment(paper.production, paper.adopted)
    smuggled = paper.candidate("adopted", "9" * 64, label="smuggled")
    with pytest.raises(NotAllowed, match="Only the candidate of a release"):
        services.request(paper.production, smuggled, by=paper.cast.ops)


# who counts


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


# deputies


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
