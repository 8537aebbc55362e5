"""What may go where, whoever asks and by whichever door: the rules of admission on paper."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import claims, services
from deployments.models import Deployment, ShippingTime
from environments import places
from environments.models import Environment
from lifecycle.models import Membership, Role
from releases.models import Candidate, Release
from tests.cast import Cast
from tests.deployments.paper import Paper
from tests.deployments.watched import deployment

DEPLOYMENTS = "/api/v1/products/shop/deployments/"


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def ask(client, environment: str, candidate: Candidate):
    wish = {"environment": environment, "candidate_id": candidate.pk}
    return client.post(DEPLOYMENTS, wish, content_type="application/json")


def open_every_gate(paper: Paper, monkeypatch) -> None:
    monkeypatch.setattr("deployments.gates.missing", lambda release, **more: [])


def test_a_composition_for_dev_never_goes_to_staging(paper: Paper, sign_in):
    Release.objects.update(status="planned")
    for_dev, for_staging = (
        paper.candidate(purpose, digest * 64) for purpose, digest in (("dev", "e"), ("staging", "f"))
    )
    refused = ask(sign_in(paper.cast.ops), "staging", for_dev)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Staging changes only by Promote.")
    assert ask(sign_in(paper.cast.ops), "staging", for_staging).status_code == 201
    assert ask(sign_in(paper.cast.ops), "dev", for_dev).status_code == 201


def test_a_further_environment_takes_only_what_was_verified_before_it(paper: Paper, sign_in):
    more = Environment.objects.create(product=paper.cast.product, slug="load", name="Load", kind="staging", position=9)
    one = paper.environments
    places.renumber([one["dev"], one["staging"], more, one["production"]])
    refused = ask(sign_in(paper.cast.ops), "load", paper.release.candidate)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Load takes only what was verified on Staging.")
    deployment(one["staging"], paper.release)
    assert ask(sign_in(paper.cast.ops), "load", paper.release.candidate).status_code == 201


def test_production_is_for_who_may_ship(paper: Paper, sign_in, monkeypatch):
    open_every_gate(paper, monkeypatch)
    assert ask(sign_in(paper.cast.lena), "production", paper.release.candidate).status_code == 403
    assert not Deployment.objects.exists()
    Membership.objects.filter(user=paper.cast.lena).update(roles=[Role.TEAM_LEAD, Role.MANAGER])
    assert ask(sign_in(paper.cast.lena), "production", paper.release.candidate).status_code == 201


@pytest.mark.parametrize("status", ["rolled_back", "planned", "dropped"])
def test_production_takes_no_release_that_is_not_frozen(paper: Paper, sign_in, monkeypatch, status: str):
    open_every_gate(paper, monkeypatch)
    Release.objects.update(status=status)
    refused = ask(sign_in(paper.cast.ops), "production", paper.release.candidate)
    assert refused.status_code == 409
    assert "so it cannot be shipped" in refused.json()["detail"]


def test_nobody_ships_before_the_time_that_was_chosen(paper: Paper, sign_in, monkeypatch):
    open_every_gate(paper, monkeypatch)
    tonight = timezone.now() + timedelta(hours=5)
    facts = {"due_at": tonight, "chosen_by": paper.cast.max, "chosen_at": timezone.now()}
    ShippingTime.objects.create(release=paper.release, **facts)
    refused = ask(sign_in(paper.cast.ops), "production", paper.release.candidate)
    assert (refused.status_code, Deployment.objects.count()) == (409, 0)
    assert "not before" in refused.json()["detail"]
    assert services.ship(paper.release, by=paper.cast.ops).due_at == tonight


def test_a_wish_that_waited_ends_when_its_release_was_taken_back_meanwhile(paper: Paper, monkeypatch):
    open_every_gate(paper, monkeypatch)
    made = services.request(paper.production, paper.release.candidate, by=paper.cast.ops)
    Release.objects.update(status="rolled_back")
    assert claims.claim(paper.production) is None
    made.refresh_from_db()
    assert (made.status, "cannot be shipped" in made.error) == ("failed", True)


def test_trying_again_does_not_ship_before_the_time_either(paper: Paper, sign_in, monkeypatch):
    open_every_gate(paper, monkeypatch)
    made = services.request(paper.production, paper.release.candidate, by=paper.cast.ops)
    Deployment.objects.update(status="failed")
    facts = {"due_at": timezone.now() + timedelta(hours=5), "chosen_by": paper.cast.max, "chosen_at": timezone.now()}
    chosen = ShippingTime.objects.create(release=paper.release, **facts)
    client = sign_in(paper.cast.ops)
    for door in (f"{DEPLOYMENTS}{made.pk}/retry/", f"/deployments/{made.pk}/retry/"):
        assert client.post(door).status_code == 409, door
    assert Deployment.objects.count() == 1
    chosen.delete()
    assert client.post(f"/deployments/{made.pk}/retry/").status_code == 302


def test_trying_again_what_was_shipped_is_for_those_who_ship(paper: Paper, sign_in, monkeypatch):
    open_every_gate(paper, monkeypatch)
    made = services.request(paper.production, paper.release.candidate, by=paper.cast.ops)
    Deployment.objects.update(status="failed")
    client = sign_in(paper.cast.lena)
    assert "Try again" not in client.get(f"/deployments/{made.pk}/").content.decode()
    for door in (f"{DEPLOYMENTS}{made.pk}/retry/", f"/deployments/{made.pk}/retry/"):
        assert client.post(door).status_code == 403, door
    assert Deployment.objects.count() == 1
    client = sign_in(paper.cast.ops)
    assert "Try again" in client.get(f"/deployments/{made.pk}/").content.decode()
    assert client.post(f"/deployments/{made.pk}/retry/").status_code == 302


def test_a_team_lead_tries_again_what_went_to_staging(paper: Paper, sign_in, monkeypatch):
    open_every_gate(paper, monkeypatch)
    made = services.request(paper.environments["staging"], paper.release.candidate, by=paper.cast.ops)
    Deployment.objects.update(status="failed")
    assert sign_in(paper.cast.lena).post(f"/deployments/{made.pk}/retry/").status_code == 302
