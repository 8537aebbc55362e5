"""The screens: each opens for its people, acts by POST, and says what is wrong (403, 404, 409, 422)."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from environments.models import Environment
from ideas import services as ideas
from lifecycle.events import Machine
from releases import changes, facts, plan, signoffs
from releases.models import Answer, Change, Release, SignOff
from tests.releases.benches import ticks, told


@pytest.fixture
def release(plan_of) -> Release:
    return plan_of("Keep a wishlist")


@pytest.fixture
def live(cast, frozen) -> Release:
    made = frozen("Keep a wishlist")
    ideas.vote(made.changes.get().ideas.get(), by=cast.carl)
    facts.mark_live(made, deployment=made, by=Machine("worker"))
    facts.mark_proven(made, by=Machine("watch"))
    return made


def test_a_plan_is_made_from_the_queue(cast, sign_in, idea_of):
    idea = idea_of("Keep a wishlist")
    petra = sign_in(cast.petra)
    assert "Keep a wishlist" in petra.get("/releases/new/").content.decode()
    day = (timezone.localdate() + timedelta(days=5)).isoformat()
    answer = petra.post("/releases/new/", {"version": "24.11", "goal": "", "target_date": day, "ideas": [idea.pk]})
    assert answer["Location"] == "/releases/24.11/"
    assert "A draft with 1 change" in petra.get("/releases/24.11/").content.decode()


def test_a_wrong_plan_is_shown_again_with_what_was_typed(cast, sign_in, idea_of):
    idea = idea_of("Keep a wishlist")
    data = {"version": "24/11", "goal": "Presents in time", "target_date": "2020-01-01", "ideas": [idea.pk]}
    answer = sign_in(cast.petra).post("/releases/new/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert "Presents in time" in page
    assert "checked" in page
    assert not Release.objects.exists()


@pytest.mark.parametrize("who", ["dev", "tess", "cleo"])
def test_only_product_owner_and_team_lead_plan(cast, sign_in, who):
    assert sign_in(getattr(cast, who)).get("/releases/new/").status_code == 403


def test_a_visitor_is_asked_to_sign_in(sign_in, shop):
    assert sign_in(None).get("/my-changes/").status_code == 302


def test_the_plan_is_for_everybody_a_draft_is_not(cast, sign_in, release, idea_of):
    customer = sign_in(cast.cleo)
    page = customer.get("/releases/24.11/").content.decode()
    assert "Keep a wishlist" in page
    assert "idea/1-keep-a-wishlist" not in page
    plan.create(
        product=cast.product,
        version="24.12",
        target_date=timezone.localdate(),
        ideas=[idea_of("Wrap gifts")],
        by=cast.petra,
    )
    assert customer.get("/releases/24.12/").status_code == 404
    assert sign_in(cast.dev).get("/releases/24.12/").status_code == 200
    assert customer.get("/releases/9.9/").status_code == 404


def test_what_only_the_team_sees_is_not_in_the_customers_plan(cast, sign_in, release):
    idea = release.changes.get().ideas.get()
    idea.team_only = True
    idea.author = cast.petra
    idea.save()
    assert "Keep a wishlist" not in sign_in(cast.carl).get("/releases/24.11/").content.decode()


def test_the_date_moves_with_a_reason_and_the_old_one_is_struck(cast, sign_in, release):
    petra = sign_in(cast.petra)
    later = (release.target_date + timedelta(days=2)).isoformat()
    assert petra.post("/releases/24.11/reschedule/", {"target_date": later, "reason": ""}).status_code == 422
    petra.post("/releases/24.11/reschedule/", {"target_date": later, "reason": "The bank was late"})
    page = petra.get("/releases/24.11/").content.decode()
    assert "<s>" in page
    assert "The bank was late" in page


def test_freezing_too_early_answers_409_with_the_reason(cast, sign_in, release):
    answer = sign_in(cast.petra).post("/releases/24.11/freeze/")
    assert answer.status_code == 409
    assert "Not approved by a tester: C-1" in answer.content.decode()


def test_who_builds_it_is_said_on_the_plan(cast, sign_in, release):
    lena = sign_in(cast.lena)
    page = lena.get("/releases/24.11/changes/1/edit/", HTTP_HX_REQUEST="true").content.decode()
    assert "git fetch &amp;&amp; git switch --no-track -c idea/1-keep-a-wishlist origin/main" in page
    answer = lena.post("/changes/1/assign/", {"developer": cast.dev.pk, "next": "/releases/24.11/"})
    assert answer["Location"] == "/releases/24.11/"
    assert release.changes.get().developer == cast.dev
    assert lena.post("/changes/1/assign/", {"developer": cast.tess.pk}).status_code == 422
    assert sign_in(cast.tess).post("/changes/1/assign/", {"developer": cast.dev.pk}).status_code == 403


def test_a_branch_name_git_refuses_is_shown_again(cast, sign_in, release):
    answer = sign_in(cast.dev).post("/changes/1/branch/", {"branch": "a..b"})
    assert answer.status_code == 422
    assert "not a name git takes" in answer.content.decode()


def test_my_changes_say_what_keeps_them_from_staging(cast, sign_in, workshop, release, build):
    change = release.changes.get()
    changes.assign(change, developer=cast.dev, by=cast.lena)
    dev = sign_in(cast.dev)
    assert "Push to idea/1-keep-a-wishlist first" in dev.get("/my-changes/").content.decode().replace("<wbr>", "")
    assert dev.post("/changes/1/ready/").status_code == 409
    build(change)
    assert "One may go to staging" in dev.get("/my-changes/").content.decode()
    dev.post("/changes/1/ready/", {"next": "/my-changes/"})
    assert Change.objects.get().status == Change.Status.READY
    assert "Waits for the next promotion" in dev.get("/my-changes/").content.decode()


def test_nobody_is_sent_to_another_site(cast, sign_in, release):
    data = {"developer": cast.dev.pk, "next": "https://example.org/"}
    assert sign_in(cast.lena).post("/changes/1/assign/", data)["Location"] == "/"


def test_a_comment_needs_words(cast, sign_in, release):
    dev = sign_in(cast.dev)
    assert dev.post("/changes/1/comment/", {"text": ""}).status_code == 422
    dev.post("/changes/1/comment/", {"text": "Mind the cart"})
    assert "Mind the cart" in dev.get("/changes/1/").content.decode()
    assert sign_in(cast.cleo).post("/changes/1/comment/", {"text": "Hi"}).status_code == 403


def test_the_tester_approves_what_they_tried(cast, sign_in, workshop, release, build, on_staging):
    changes.mark_ready(build(release.changes.get()), by=cast.dev)
    candidate = on_staging()
    tess = sign_in(cast.tess)
    assert "One change to try" in tess.get("/testing/").content.decode()
    first, second = ticks(release.changes.get())
    half = tess.post("/testing/1/approve/", {"candidate": candidate.pk, "tried": [first]})
    assert half.status_code == 422
    assert sign_in(cast.dev).post("/testing/1/approve/", {"candidate": candidate.pk}).status_code == 403
    tess.post("/testing/1/approve/", {"candidate": candidate.pk, "tried": [first, second]})
    assert Change.objects.get().status == Change.Status.APPROVED


def test_the_tester_returns_with_a_reason(cast, sign_in, workshop, release, build, on_staging):
    changes.mark_ready(build(release.changes.get()), by=cast.dev)
    candidate = on_staging()
    tess = sign_in(cast.tess)
    assert tess.get(f"/testing/1/return/?candidate={candidate.pk}").status_code == 200
    empty = tess.post("/testing/1/return/", {"candidate": candidate.pk, "d0-seen": ""})
    assert empty.status_code == 422
    tess.post("/testing/1/return/", told(candidate, "The list is empty"))
    assert Change.objects.get().is_returned
    assert "The list is empty" in sign_in(cast.dev).get("/changes/1/").content.decode()


def test_staging_is_held_and_given_back(cast, sign_in, workshop):
    tess = sign_in(cast.tess)
    tess.post("/testing/hold/", {"minutes": "30"})
    staging = Environment.objects.get(kind="staging")
    assert staging.held_by == cast.tess
    tess.post("/testing/let-go/")
    staging.refresh_from_db()
    assert staging.held_by is None


def test_a_check_shows_its_log_and_answers_204_while_idle(cast, sign_in, workshop, release, build):
    from releases import checks

    check = build(release.changes.get()).revision.checks.get()
    dev = sign_in(cast.dev)
    page = dev.get(f"/checks/{check.pk}/").content.decode()
    assert "The tests passed" in page
    assert "in a clean checkout" in page
    dev.post(f"/checks/{check.pk}/again/")
    waiting = check.revision.checks.latest("id")
    news = dev.get(f"/checks/{waiting.pk}/log/?after=0").content.decode()
    cursor = html.unescape(re.search(r'hx-get="([^"]+)"', news).group(1))
    assert dev.get(cursor).status_code == 204
    assert dev.post(f"/checks/{waiting.pk}/again/").status_code == 409
    assert checks.Check.objects.count() == 2


def test_the_demo_is_signed_by_managers_then_customers(cast, sign_in, frozen):
    frozen("Keep a wishlist")
    manager, owner, customer = sign_in(cast.max), sign_in(cast.petra), sign_in(cast.cleo)
    assert "Show 24.11 to the managers" in manager.get("/releases/24.11/demo/").content.decode()
    assert customer.get("/releases/24.11/demo/").status_code == 403
    assert customer.post("/releases/24.11/demo/customers/", {"customers-outcome": "yes"}).status_code == 403
    assert owner.post("/releases/24.11/demo/managers/", {"managers-outcome": "yes"}).status_code == 403
    early = owner.post("/releases/24.11/demo/customers/", {"customers-outcome": "yes"})
    assert early.status_code == 409
    assert manager.post("/releases/24.11/demo/managers/", {"managers-outcome": "no"}).status_code == 422
    manager.post("/releases/24.11/demo/managers/", {"managers-outcome": "yes"})
    owner.post("/releases/24.11/demo/customers/", {"customers-outcome": "yes", "customers-words": "Lovely"})
    assert SignOff.objects.filter(outcome="yes").count() == 2
    assert signoffs.has_both(Release.objects.get())


def test_the_link_of_the_mail_only_preselects(cast, sign_in, live):
    number = live.changes.get().ideas.get().number
    carl = sign_in(cast.carl)
    page = carl.get(f"/feedback/24.11/{number}/?a=partly").content.decode()
    assert not Answer.objects.exists()
    assert 'value="partly" checked' in page
    assert carl.post(f"/feedback/24.11/{number}/", {"outcome": ""}).status_code == 422
    carl.post(f"/feedback/24.11/{number}/", {"outcome": "partly", "words": "No prices"})
    assert "You said: Partly" in carl.get(f"/feedback/24.11/{number}/").content.decode()
    petra = sign_in(cast.petra)
    assert "No prices" in petra.get("/releases/24.11/outcome/").content.decode()
    assert "24.11" in petra.get("/feedback/").content.decode()


def test_what_is_new_is_for_everybody(sign_in, live):
    page = sign_in(None).get("/whats-new/").content.decode()
    assert "Keep a wishlist" in page


@pytest.mark.parametrize("who", ["dev", "lena", "petra", "tess", "max", "ops"])
def test_every_page_opens_for_the_team(cast, sign_in, live, who):
    client = sign_in(getattr(cast, who))
    for path in ["/releases/", "/releases/24.11/", "/releases/24.11/customers/", "/changes/1/", "/testing/"]:
        assert client.get(path).status_code == 200, path
    for path in ["/releases/24.11/demo/", "/releases/24.11/outcome/", "/feedback/", "/whats-new/"]:
        assert client.get(path).status_code == 200, path


def test_post_only_addresses_refuse_get(cast, sign_in, release):
    assert sign_in(cast.petra).get("/releases/24.11/freeze/").status_code == 405


def test_the_first_staging_is_held_where_there_are_two(cast, sign_in):
    for position, slug in enumerate(("staging", "second")):
        Environment.objects.create(product=cast.product, slug=slug, name=slug, kind="staging", position=position)
    assert sign_in(cast.tess).post("/testing/hold/", {"minutes": 30}).status_code == 302
    assert list(Environment.objects.exclude(held_by=None).values_list("slug", flat=True)) == ["staging"]
    assert sign_in(cast.tess).post("/testing/let-go/").status_code == 302
