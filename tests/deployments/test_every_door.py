"""A gate that is shut is shut at every door: the screens, the API and the worker that begins; each names the gate."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from deployments import approvals, claims, gates, schedules
from deployments.models import Deployment, Rehearsal
from environments.models import Freeze
from releases.models import Approval, Candidate, Change, Check, ChecklistItem, Release, SignOff, Verdict
from tests.cast import Cast, SignIn
from tests.deployments.paper import MANIFEST, Paper

API = "/api/v1/products/shop/releases/24.11/"
Shut = Callable[[Paper], object]


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def no_backup(paper: Paper) -> None:
    Candidate.objects.update(manifest=MANIFEST)
    Change.objects.update(migrations="expand")
    facts = {"product": paper.cast.product, "candidate": paper.release.candidate, "requested_at": paper.now}
    Check.objects.create(kind="expand", sha="e" * 40, status="passed", **facts)


def in_a_freeze(paper: Paper) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    Freeze.objects.create(product=paper.cast.product, reason="Sale", starts_at=now - hour, ends_at=now + hour)


SHUT: dict[str, Shut] = {
    "changes_approved": lambda paper: Verdict.objects.update(outcome="returned"),
    "check_passed": lambda paper: Check.objects.update(status="failed"),
    "checklist_done": lambda paper: ChecklistItem.objects.create(release=paper.release, text="Order", position=0),
    "expand_proved": lambda paper: Change.objects.update(migrations="expand"),
    "backup_declared": no_backup,
    "managers_demo": lambda paper: SignOff.objects.filter(audience="managers").delete(),
    "customers_demo": lambda paper: SignOff.objects.filter(audience="customers").delete(),
    "rollback_rehearsed": lambda paper: Rehearsal.objects.update(status="failed"),
    "base_current": lambda paper: Candidate.objects.filter(release=paper.release).update(base=None),
    "as_composed": lambda paper: Candidate.objects.update(facts={"tree": "another"}),
    "has_staging": lambda paper: Release.objects.update(parked_at=timezone.now()),
    "no_freeze": in_a_freeze,
    "approvals": lambda paper: Approval.objects.update(withdrawn_at=timezone.now()),
}
KEYS = [make.__name__.lstrip("_") for make in gates.GATES]


def approved(paper: Paper) -> Deployment:
    approvals.approve(paper.release, by=paper.cast.max)
    return Deployment.objects.get()


def label_of(paper: Paper, key: str) -> str:
    shut = {gate.key: gate.label for gate in gates.missing(Release.objects.get(pk=paper.release.pk))}
    assert list(shut) == [key], "this and no other gate is shut"
    return shut[key]


def ship_on_the_screen(paper: Paper, sign_in: SignIn) -> HttpResponse:
    return sign_in(paper.cast.ops).post("/releases/24.11/ship/")


def ship_over_the_api(paper: Paper, sign_in: SignIn) -> HttpResponse:
    return sign_in(paper.cast.ops).post(f"{API}ship/")


def deploy_over_the_api(paper: Paper, sign_in: SignIn) -> HttpResponse:
    wish = {"environment": "production", "candidate_id": paper.release.candidate_id}
    client = sign_in(paper.cast.ops)
    paper.cast.ops.memberships.update(roles=["devops", "team_lead"])
    return client.post("/api/v1/products/shop/deployments/", wish, content_type="application/json")


def approve_on_the_screen(paper: Paper, sign_in: SignIn) -> HttpResponse:
    return sign_in(paper.cast.max).post("/releases/24.11/approve/", {"outcome": "yes"})


def approve_over_the_api(paper: Paper, sign_in: SignIn) -> HttpResponse:
    return sign_in(paper.cast.max).post(f"{API}approve/", {}, content_type="application/json")


DOORS = (ship_on_the_screen, ship_over_the_api, deploy_over_the_api, approve_on_the_screen, approve_over_the_api)


def test_every_gate_has_a_way_to_be_shut() -> None:
    assert set(KEYS) == set(SHUT), "say in SHUT how the new gate is shut"


PAIRS = [
    (key, door)
    for key in KEYS
    for door in DOORS
    if key not in approvals.LATER or not door.__name__.startswith("approve")
]
"""What is open only later need not be open when somebody approves."""


@pytest.mark.parametrize(("key", "door"), PAIRS)
def test_a_shut_gate_is_named_at_every_door(
    paper: Paper, sign_in: SignIn, key: str, door: Callable[[Paper, SignIn], HttpResponse]
) -> None:
    approved(paper).delete()
    SHUT[key](paper)
    answer = door(paper, sign_in)
    assert answer.status_code == 409
    assert label_of(paper, key) in answer.content.decode()
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("key", KEYS)
def test_a_gate_that_shuts_while_it_waits_stops_the_worker(paper: Paper, key: str) -> None:
    asked = approved(paper)
    SHUT[key](paper)
    label = label_of(paper, key)
    assert claims.claim(paper.production) is None
    asked.refresh_from_db()
    assert asked.status == "failed" and label in asked.error


@pytest.mark.parametrize("key", KEYS)
def test_nothing_ships_by_itself_past_a_shut_gate(paper: Paper, key: str) -> None:
    approved(paper).delete()
    SHUT[key](paper)
    schedules.ship_complete()
    assert not Deployment.objects.exists()


def test_with_every_gate_open_the_doors_are_too(paper: Paper, sign_in: SignIn) -> None:
    approved(paper).delete()
    assert ship_over_the_api(paper, sign_in).status_code == 201
