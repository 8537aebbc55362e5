"""A hotfix begins where somebody sees that it cannot wait: a bug, a change, what a watch found, the board."""

import pytest
from django.urls import reverse
from django.utils import timezone

from deployments import reporting
from deployments.models import Deployment, Finding, Watch
from ideas import services as ideas
from ideas.models import AgendaItem, Idea
from releases import hotfixes, plan
from releases.models import Change, Release
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper
from tests.ideas.wishes import fresh, share, triaged

pytestmark = pytest.mark.django_db
HOTFIX = "/releases/hotfix/"


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.fixture
def paper(cast: Cast) -> Paper:
    """A frozen release whose change has a number that no counter gives."""
    made = Paper(cast)
    made.change.number = 901
    made.change.save(update_fields=["number"])
    return made


@pytest.fixture
def finding(cast: Cast, paper: Paper) -> Finding:
    """Production did not answer."""
    deployment = Deployment.objects.create(
        product=cast.product,
        environment=paper.production,
        candidate=paper.release.candidate,
        release=paper.release,
        digest="b" * 64,
        requested_at=paper.now,
        due_at=paper.now,
    )
    watch = Watch.objects.create(
        product=cast.product,
        deployment=deployment,
        release=paper.release,
        opened_at=paper.now,
        closes_at=paper.now,
        next_sample_at=paper.now,
    )
    numbers = {"events": 3, "trials": 4, "in_a_row": 3}
    return Finding.objects.create(
        watch=watch, kind=Finding.Kind.DOWN, tier="act", numbers=numbers, first_at=paper.now, last_at=paper.now
    )


def test_a_bug_leads_there_from_its_page_and_from_triage(cast: Cast, sign_in: SignIn, paper: Paper) -> None:
    share(cast, "Nobody can pay", kind="bug")
    share(cast, "A wish")
    petra = sign_in(cast.petra)
    for address in ("/ideas/1/", "/triage/1/"):
        assert f'href="{HOTFIX}?idea=1"' in page(petra, address)
    for client, address in ((petra, "/ideas/2/"), (petra, "/triage/2/"), (sign_in(cast.cleo), "/ideas/1/")):
        assert HOTFIX not in page(client, address), address


@pytest.mark.parametrize("status", ["new", "triaged", "snoozed", "accepted"])
def test_an_open_bug_is_chosen_already_and_needs_no_review_first(
    cast: Cast, sign_in: SignIn, paper: Paper, status: str
) -> None:
    bug = triaged(cast, "Nobody can pay").idea if status == "triaged" else share(cast, "Nobody can pay", kind="bug")
    Idea.objects.filter(pk=bug.pk).update(kind="bug")
    bug = fresh(bug)
    if status == "snoozed":
        ideas.snooze(bug, by=cast.petra, until=timezone.now() + timezone.timedelta(days=3))
    if status == "accepted":
        ideas.queue_bug(bug, by=cast.petra)
    Release.objects.filter(pk=paper.release.pk).update(status="live", live_at=paper.now)
    petra = sign_in(cast.petra)
    assert f'value="{bug.pk}" id="id_bugs_0" checked' in " ".join(page(petra, f"{HOTFIX}?idea=1").split())
    answer = petra.post(f"{HOTFIX}?idea=1", {"bugs": [bug.pk], "reason": "Orders are lost"})
    release = Release.objects.get(kind="hotfix")
    assert answer["Location"] == f"/releases/{release.version}/"
    assert list(release.changes.values_list("ideas", flat=True)) == [bug.pk]
    assert fresh(bug).status == "accepted"
    assert not AgendaItem.objects.filter(idea=bug, reason="triaged").exists(), "nobody reviews it once more"


def test_what_is_turned_down_is_a_wish_or_is_being_fixed_cannot_be_chosen(
    cast: Cast, sign_in: SignIn, paper: Paper
) -> None:
    declined, wish, planned = share(cast, "No", kind="bug"), share(cast, "Wish"), share(cast, "Planned", kind="bug")
    ideas.decline(declined, by=cast.petra, reason="No.")
    ideas.queue_bug(planned, by=cast.petra)
    day = timezone.localdate() + timezone.timedelta(days=3)
    plan.create(product=cast.product, version="24.12", target_date=day, ideas=[planned], by=cast.petra)
    petra = sign_in(cast.petra)
    for idea in (declined, wish, planned):
        address = f"{HOTFIX}?idea={idea.number}"
        assert "checked" not in page(petra, address)
        assert petra.post(address, {"bugs": [idea.pk], "reason": "Now"}).status_code == 422
    sent = {"reason": "Now", "bugs": [planned.number]}
    assert petra.post("/api/v1/products/shop/hotfixes/", sent, "application/json").status_code == 422


def test_a_change_leads_there_unless_it_is_frozen_or_has_ended(cast: Cast, sign_in: SignIn, paper: Paper) -> None:
    petra, number = sign_in(cast.petra), paper.change.number
    address, door = f"/changes/{number}/", f'href="{HOTFIX}?change={number}"'
    Change.objects.filter(pk=paper.change.pk).update(release=paper.release)
    assert door not in page(petra, address), "its release is frozen"
    Change.objects.filter(pk=paper.change.pk).update(release=None)
    assert door in page(petra, address)
    assert door not in page(sign_in(cast.dev), address)
    assert f'value="{paper.change.pk}" id="id_changes_0" checked' in " ".join(
        page(petra, f"{HOTFIX}?change={number}").split()
    )
    Change.objects.filter(pk=paper.change.pk).update(status="live")
    assert door not in page(petra, address)


@pytest.mark.parametrize("value", ["x", "-1", "9" * 30, "²", ""])
def test_a_number_that_is_none_chooses_nothing(cast: Cast, sign_in: SignIn, paper: Paper, value: str) -> None:
    assert sign_in(cast.petra).get(HOTFIX, {"idea": value, "change": value}).status_code == 200


def test_a_finding_becomes_a_bug_of_the_team_and_is_chosen(
    cast: Cast, sign_in: SignIn, paper: Paper, finding: Finding
) -> None:
    ops, watch = sign_in(cast.ops), finding.watch
    door = reverse("deployments:fix_finding", args=[watch.pk, finding.pk])
    assert door in page(ops, f"/watch/{watch.pk}/")
    assert door not in page(sign_in(cast.max), f"/watch/{watch.pk}/")
    answer = ops.post(door)
    bug = Idea.objects.get(source=Idea.Source.MONITORING)
    assert (bug.kind, bug.status, bug.team_only) == ("bug", "accepted", True)
    assert bug.title.startswith("Production does not answer: 3 of 4 probes failed")
    assert f"/watch/{watch.pk}/" in bug.body
    assert answer["Location"] == f"{HOTFIX}?idea={bug.number}"
    assert "checked" in page(ops, answer["Location"])
    assert bug.title not in page(sign_in(cast.cleo), "/ideas/")


def test_pressed_twice_it_is_one_bug_and_then_leads_to_what_is_being_fixed(
    cast: Cast, sign_in: SignIn, paper: Paper, finding: Finding
) -> None:
    bug = reporting.report(finding, by=cast.ops)
    assert reporting.report(finding, by=cast.lena) == bug
    Release.objects.filter(pk=paper.release.pk).update(status="live", live_at=paper.now)
    hotfixes.propose(cast.product, bugs=[bug], by=cast.ops, reason="Nobody can pay")
    answer = sign_in(cast.ops).post(reverse("deployments:fix_finding", args=[finding.watch_id, finding.pk]))
    assert answer["Location"] == f"/ideas/{bug.number}/"


def test_a_finding_of_a_merged_bug_leads_to_where_its_votes_are(cast: Cast, paper: Paper, finding: Finding) -> None:
    bug = reporting.report(finding, by=cast.ops)
    known = share(cast, "The shop is down", kind="bug")
    ideas.merge(bug, into=known, by=cast.petra)
    assert reporting.report(finding, by=cast.ops) == known


def test_somebody_elses_finding_is_not_found(cast: Cast, sign_in: SignIn, paper: Paper, finding: Finding) -> None:
    ops = sign_in(cast.ops)
    assert ops.post(f"/watch/{finding.watch_id}/findings/99999/fix/").status_code == 404
    assert ops.get(f"/watch/{finding.watch_id}/findings/{finding.pk}/fix/").status_code == 405
    assert Idea.objects.filter(source="monitoring").count() == 0


def test_the_board_leads_there(cast: Cast, sign_in: SignIn, paper: Paper) -> None:
    assert f'href="{HOTFIX}"' in page(sign_in(cast.ops), "/environments/")
    assert HOTFIX not in page(sign_in(cast.dev), "/environments/")
