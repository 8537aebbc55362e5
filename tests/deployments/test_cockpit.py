"""The cockpit: what is missing, whose move it is, and the button that nobody can press too early."""

from collections.abc import Callable

import pytest
from django.test import Client

from deployments import approvals, waiting
from deployments.models import Deployment
from lifecycle.models import User
from releases.models import Change, Release, SignOff
from tests.cast import Cast
from tests.deployments.frozen import frozen

SignIn = Callable[[User | None], Client]
COCKPIT = "/releases/24.11/cockpit/"
SHIP = "/releases/24.11/ship/"


@pytest.fixture
def made(cast: Cast) -> Release:
    return frozen(cast)


def cockpit(client: Client) -> str:
    answer = client.get(COCKPIT)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_shut_gate_comes_first_with_who_opens_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = cockpit(sign_in(cast.petra))
    assert "One gate short of production" in page and "1 gate is shut" in page
    assert page.index("Approved by management</b><p>") < page.index("Tested together</b><p>")
    assert "Keep a wishlist" in page


def test_the_managers_next_step_is_the_sheet(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert 'class="btn primary" href="/releases/24.11/approve/"' in cockpit(sign_in(cast.max))
    assert "/releases/24.11/approve/" not in cockpit(sign_in(cast.dev))


def test_the_big_button_says_why_it_is_blocked(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = cockpit(sign_in(cast.ops))
    assert "Opens with: Approved by management" in page and f'action="{SHIP}"' not in page


def test_shipping_is_refused_while_a_gate_is_shut(made: Release, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ops).post(SHIP)
    assert answer.status_code == 409 and "Approved by management" in answer.content.decode()
    assert not Deployment.objects.filter(release=made).exists()


def test_when_it_was_approved_it_is_on_its_way(made: Release, cast: Cast, sign_in: SignIn) -> None:
    approvals.approve(made, by=cast.max)
    page = cockpit(sign_in(cast.ops))
    assert "24.11 is on its way to production" in page and "Watch the deployment" in page


def test_after_a_failed_attempt_the_button_ships_again(made: Release, cast: Cast, sign_in: SignIn) -> None:
    approvals.approve(made, by=cast.max)
    Deployment.objects.filter(release=made).update(status=Deployment.Status.FAILED)
    client = sign_in(cast.ops)
    assert "24.11 may go" in cockpit(client) and f'action="{SHIP}"' in cockpit(client)
    answer = client.post(SHIP)
    assert answer["Location"] == f"/deployments/{Deployment.objects.latest('pk').pk}/"


def test_developers_do_not_ship(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.dev).post(SHIP).status_code == 403
    assert sign_in(cast.cleo).get(COCKPIT).status_code == 403


def test_devops_accept_that_there_is_no_way_back(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Change.objects.update(migrations="irreversible")
    client = sign_in(cast.ops)
    shown = cockpit(client)
    assert "No way back after C-1" in shown and 'name="gate" value="rollback_rehearsed"' in shown
    assert client.post("/releases/24.11/waive/", {"reason": ""}).status_code == 422
    assert client.post("/releases/24.11/waive/", {"reason": "We restore the backup"}).status_code == 302
    assert "Accepted by Ops" in cockpit(client)


def test_only_devops_accept_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.petra).post("/releases/24.11/waive/", {"reason": "x"}).status_code == 403


def test_a_planned_release_has_a_cockpit_too(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Release.objects.update(status=Release.Status.PLANNED, candidate=None)
    assert "24.11 is not frozen" in cockpit(sign_in(cast.petra))


def test_drafts_have_none(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Release.objects.update(status=Release.Status.DRAFT)
    assert sign_in(cast.petra).get(COCKPIT).status_code == 404


def test_it_waits_in_the_managers_inbox_only_when_it_is_their_turn(made: Release, cast: Cast) -> None:
    assert [row.url for row in waiting.waiting_for(cast.actor(cast.max))] == ["/releases/24.11/approve/"]
    assert waiting.waiting_for(cast.actor(cast.cleo)) == []
    SignOff.objects.all().delete()
    assert waiting.waiting_for(cast.actor(cast.max)) == []
