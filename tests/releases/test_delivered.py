"""Planned against delivered: what came late, what left, how far the date slipped, how long it took."""

from datetime import timedelta

from django.utils import timezone

from lifecycle.events import Machine
from releases import delivered, facts, hotfixes, plan
from releases.models import Change, Release
from releases.pages.delivered import card

WORKER = Machine("worker")


def days_ago(n):
    return timezone.now() - timedelta(days=n)


def backdate(release, days):
    """The plan was published some days ago."""
    Release.objects.filter(pk=release.pk).update(published_at=days_ago(days), created_at=days_ago(days))
    release.refresh_from_db()


def test_an_untouched_plan_is_as_planned(cast, plan_of):
    found = delivered.compare(plan_of("Keep a wishlist", "Wrap gifts"))
    assert (found.promised, found.is_as_planned, found.is_final) == (2, True, False)


def test_a_draft_has_promised_nothing(cast, idea_of):
    release = plan.create(
        product=cast.product,
        version="24.11",
        target_date=timezone.localdate(),
        ideas=[idea_of("Keep a wishlist")],
        by=cast.petra,
    )
    assert delivered.compare(release) is None


def test_what_was_put_in_before_publishing_is_promised_and_what_left_before_is_not(cast, idea_of):
    release = plan.create(
        product=cast.product,
        version="24.11",
        target_date=timezone.localdate(),
        ideas=[idea_of("Keep a wishlist"), idea_of("Wrap gifts")],
        by=cast.petra,
    )
    plan.drop_change(release.changes.get(title="Wrap gifts"), by=cast.petra, reason="Not yet")
    plan.publish(release, by=cast.petra)
    found = delivered.compare(release)
    assert ([change.title for change in found.kept], found.gone) == (["Keep a wishlist"], [])


def test_what_came_after_publishing_is_added_late_with_its_day(cast, plan_of, idea_of):
    release = plan_of("Keep a wishlist")
    change = plan.add_idea(release, idea_of("Wrap gifts"), by=cast.petra)
    found = delivered.compare(release)
    assert [(row.change, row.on) for row in found.added] == [(change, timezone.localdate())]
    assert found.promised == 1


def test_what_left_says_why(cast, plan_of):
    release = plan_of("Keep a wishlist", "Wrap gifts")
    change = release.changes.get(title="Wrap gifts")
    plan.drop_change(change, by=cast.petra, reason="The paper is late")
    [row] = delivered.compare(release).gone
    assert (row.change, row.reason) == (change, "The paper is late")
    assert card(release).lines[0].words == "left: The paper is late"


def test_what_came_late_and_left_again_is_neither(cast, plan_of, idea_of):
    release = plan_of("Keep a wishlist")
    plan.drop_change(plan.add_idea(release, idea_of("Wrap gifts"), by=cast.petra), by=cast.petra)
    found = delivered.compare(release)
    assert (found.added, found.gone) == ([], [])


def test_a_change_that_went_out_as_a_hotfix_left_the_plan(cast, plan_of, workshop, build):
    release = plan_of("Keep a wishlist", "Wrap gifts")
    change = build(release.changes.get(title="Wrap gifts"))
    urgent = hotfixes.propose(cast.product, changes=[change], bugs=[], reason="It is urgent", by=cast.petra)
    assert [row.change for row in delivered.compare(release).gone] == [change]
    assert delivered.compare(urgent) is None


def test_live_it_counts_what_the_candidate_took_in(cast, frozen):
    release = frozen("Keep a wishlist", "Wrap gifts")
    facts.mark_live(release, deployment=release, by=WORKER)
    row = release.candidate.rows.get(change__title="Wrap gifts")
    row.delete()
    found = delivered.compare(release)
    assert ([change.title for change in found.kept], found.is_final) == (["Keep a wishlist"], True)
    assert card(release).headline == "1 of 2 promised changes delivered"


def test_what_was_taken_back_is_not_called_kept(cast, frozen):
    release = frozen("Keep a wishlist")
    facts.mark_live(release, deployment=release, by=WORKER)
    facts.mark_rolled_back(release, deployment=release, reason="Checkout fails.", by=WORKER)
    found = card(release)
    assert (found.headline, found.is_kept) == ("Delivered, and taken back", False)


def test_the_slip_is_counted_from_the_first_date(cast, plan_of):
    release = plan_of("Keep a wishlist")
    first = release.target_date
    plan.reschedule(release, target_date=first + timedelta(days=2), reason="The bank", by=cast.petra)
    plan.reschedule(release, target_date=first + timedelta(days=3), reason="The bank again", by=cast.petra)
    assert delivered.compare(release).slip_days == 3
    release.live_at = timezone.now()
    assert delivered.compare(release).slip_days == -4


def test_effort_is_from_the_first_push_to_the_testers_last_yes(cast, tested):
    release = tested("Keep a wishlist")
    change = release.changes.get()
    change.revisions.update(seen_at=days_ago(3))
    Change.objects.filter(pk=change.pk).update(estimate=2)
    assert [(row.change, row.estimate, row.days) for row in delivered.compare(release).efforts] == [(change, 2, 4)]


def test_the_plan_and_the_outcome_show_it(cast, plan_of, idea_of, sign_in):
    release = plan_of("Keep a wishlist")
    backdate(release, 3)
    plan.add_idea(release, idea_of("Wrap gifts"), by=cast.petra)
    petra = sign_in(cast.petra)
    assert 'hx-get="/releases/24.11/delivered/"' in petra.get("/releases/24.11/").content.decode()
    for path in ("/releases/24.11/delivered/", "/releases/24.11/outcome/"):
        page = petra.get(path, HTTP_HX_REQUEST="true").content.decode()
        assert "The plan has changed since it was published" in page
        assert "added on" in page


def test_customers_do_not_see_it(cast, plan_of, sign_in):
    plan_of("Keep a wishlist")
    assert "Planned against delivered" not in sign_in(cast.cleo).get("/releases/24.11/").content.decode()
