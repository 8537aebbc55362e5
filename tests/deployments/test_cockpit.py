"""The cockpit: what is missing, whose move it is, and the button that nobody can press too early."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments import approvals, break_glass, reminders, waiting
from deployments.models import Deployment
from environments import freezes
from ideas.models import Idea
from lifecycle.models import Notification, Product, User
from releases.models import CandidateChange, Change, Release, Revision, RevisionPerson, SignOff, Verdict
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


def grow(made: Release, cast: Cast, changes: int) -> None:
    """So many more changes, each with an idea, a verdict and people in its commits."""
    now = timezone.now()
    for number in range(2, changes + 1):
        facts = {"product": cast.product, "number": number, "created_at": now}
        change = Change.objects.create(
            title=f"Change {number}", release=made, developer=cast.dev, status="approved", waiting_since=now, **facts
        )
        idea = Idea.objects.create(title=f"Idea {number}", moved_at=now, author=cast.cleo, votes=number, **facts)
        change.ideas.add(idea)
        revision = Revision.objects.create(change=change, number=1, fork="a" * 40, tip="b" * 40, seen_at=now)
        Change.objects.filter(pk=change.pk).update(revision=revision)
        RevisionPerson.objects.create(revision=revision, email="dev@northwind.test", name="Dev", role="author")
        CandidateChange.objects.create(candidate=made.candidate, change=change, revision=revision, position=number)
        said = {"candidate": made.candidate, "digest": made.candidate.digest, "at": now}
        Verdict.objects.create(change=change, revision=revision, outcome="approved", by=cast.tess, **said)


def statements(client: Client, address: str) -> list[str]:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in seen.captured_queries]


@pytest.mark.parametrize("name", ["ops", "max", "petra", "dev"])
@pytest.mark.parametrize("preset", ["small", "strict"])
def test_it_costs_twelve_statements_at_most_with_fifty_changes(
    made: Release, cast: Cast, sign_in: SignIn, name: str, preset: str
) -> None:
    Product.objects.update(preset=preset)
    grow(made, cast, 50)
    asked = statements(sign_in(getattr(cast, name)), COCKPIT)
    assert len(asked) <= 12, "\n".join(sql[:160] for sql in asked)
    page = sign_in(getattr(cast, name)).get(COCKPIT).content.decode()
    assert "50 of 50 changes approved" in page and "Change 50" in page and "50 asked" in page


def test_the_shut_gate_names_people_and_reminds_them(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = cockpit(sign_in(cast.petra))
    assert "<span>Max</span>" in page and "Remind Max" in page and "Who can approve now" in page
    client = sign_in(cast.petra)
    assert client.post("/releases/24.11/remind/", {"gate": "approvals"}).status_code == 302
    assert Notification.objects.filter(event="release.approval_reminder", user=cast.max).exists()
    assert client.post("/releases/24.11/remind/", {"gate": "check_passed"}).status_code == 409
    assert client.post("/releases/24.11/remind/", {"gate": "nonsense"}).status_code == 404


def test_every_persons_gate_reminds_whoever_can_open_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    SignOff.objects.filter(audience="managers").delete()
    assert sign_in(cast.dev).post("/releases/24.11/remind/", {"gate": "managers_demo"}).status_code == 302
    assert Notification.objects.filter(event="release.gate_reminder", user=cast.max, channel="email").exists()


def test_who_was_asked_and_has_not_looked_is_named(made: Release, cast: Cast, sign_in: SignIn) -> None:
    reminders.tick()
    assert "Max has not opened the sheet yet" in cockpit(sign_in(cast.petra))
    sign_in(cast.max).get("/releases/24.11/approve/")
    assert "has not opened" not in cockpit(sign_in(cast.petra))


def test_migrations_are_counted_by_kind(made: Release, cast: Cast, sign_in: SignIn) -> None:
    grow(made, cast, 4)
    Change.objects.filter(number__lte=3).update(migrations="expand")
    page = cockpit(sign_in(cast.petra))
    assert '<h2 id="migrations-h">Migrations</h2>' in page and "<b>3</b><small>24.10 runs on them</small>" in page


def test_a_rule_that_cannot_be_satisfied_says_so(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Product.objects.update(preset="strict")
    assert "Needed: 2 different people (Manager); who could say yes: 1" in cockpit(sign_in(cast.petra))


def test_the_glass_is_broken_on_the_page_and_the_label_stays(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ops)
    assert "Break the glass" in cockpit(client) and "Break the glass" not in cockpit(sign_in(cast.dev))
    assert client.post("/releases/24.11/break-glass/", {"reason": " "}).status_code == 422
    assert client.post("/releases/24.11/break-glass/", {"reason": "Nobody can pay"}).status_code == 302
    label = "Opened by force by Ops: Nobody can pay"
    assert label in cockpit(client) and label in sign_in(cast.max).get("/releases/24.11/approve/").content.decode()
    shipped = Deployment.objects.get(release=made)
    assert label in client.get(f"/deployments/{shipped.pk}/").content.decode()
    Release.objects.update(status=Release.Status.LIVE, live_at=timezone.now())
    assert label in cockpit(client)


def test_a_second_person_confirms_it_on_the_page(made: Release, cast: Cast, sign_in: SignIn) -> None:
    Product.objects.update(preset="strict")
    SignOff.objects.filter(audience="customers").update(by=cast.cleo)
    sign_in(cast.ops).post("/releases/24.11/break-glass/", {"reason": "Nobody can pay"})
    page = cockpit(sign_in(cast.max))
    assert "Ops asks for it: Nobody can pay" in page and "Confirm and open the gates" in page
    assert "Confirm and open the gates" not in cockpit(sign_in(cast.ops))
    asked = [row.url for row in waiting.waiting_for(cast.actor(cast.lena)) if "asks you to open" in row.title]
    assert asked == [COCKPIT]
    assert not [row for row in waiting.waiting_for(cast.actor(cast.ops)) if "asks you to open" in row.title]
    sign_in(cast.max).post("/releases/24.11/break-glass/", {"reason": "Nobody can pay"})
    assert break_glass.of_release(made)[0].second_by == cast.max


@pytest.mark.parametrize("status", ["live", "rolled_back"])
def test_a_freeze_is_no_gate_of_what_has_been_out(made: Release, cast: Cast, sign_in: SignIn, status: str) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    freezes.freeze(cast.product, reason="Sale", by=cast.ops, starts_at=now - hour, ends_at=now + hour)
    client = sign_in(cast.max)
    assert "Look at the freeze" in cockpit(client)
    Release.objects.update(status=status, live_at=now)
    assert "Look at the freeze" not in cockpit(client)
