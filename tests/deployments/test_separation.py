"""Strict products: whoever has a hand in a release does not decide about it, whichever way they try."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from deployments import approvals, claims, gates, services
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import members, tokens
from lifecycle.models import Membership, Role, User
from lifecycle.transitions import NotAllowed
from releases import candidates
from releases.models import CandidateChange, Release, Revision, SignOff
from tests.cast import Cast, SignIn
from tests.deployments.strict_paper import StrictPaper
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
