"""The plan as customers see it: what changes for them, when as far as they are told, and nothing of the team's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ideas.models import Idea, Subscription
from lifecycle.dates import weekday
from releases import customer_dates, plan, rules
from releases.models import Release

URLS = ("/releases/24.11/", "/releases/24.11/customers/", "/releases/", "/releases/next/")


@pytest.fixture
def release(cast, plan_of) -> Release:
    """Published, and two days later than it was said."""
    made = plan_of("Keep a wishlist")
    later = made.target_date + timedelta(days=2)
    facts = {"reason": "Dev is on holiday", "slip_words": "The bank opened its account late"}
    plan.reschedule(made, target_date=later, by=cast.petra, **facts)
    return Release.objects.get()


def read(client, url: str) -> str:
    return client.get(url, HTTP_HX_REQUEST="true" if url.endswith("next/") else "").content.decode()


def test_customers_read_their_own_words_about_a_slip_not_the_teams(cast, sign_in, release):
    page = read(sign_in(cast.cleo), URLS[0])
    assert "The bank opened its account late" in page
    assert f"<s>{weekday(release.first_target_date)}</s>" in page
    assert "Dev is on holiday" not in page
    assert "Dev is on holiday" in read(sign_in(cast.dev), URLS[0])


@pytest.mark.parametrize("url", URLS)
def test_a_product_that_tells_no_dates_tells_none_anywhere(cast, sign_in, release, url):
    assert weekday(release.target_date) in read(sign_in(cast.cleo), url)
    rules.change(cast.product, by=cast.petra, dates_shown="never")
    page = read(sign_in(cast.cleo), url)
    for day in (release.target_date, release.first_target_date):
        assert weekday(day) not in page
    assert "The bank opened its account late" not in page


def test_a_date_may_be_told_once_it_is_frozen(cast, release):
    rules.change(cast.product, by=cast.petra, dates_shown="frozen")
    assert customer_dates.customer_date(Release.objects.get()) is None
    Release.objects.update(status=Release.Status.FROZEN, frozen_at=timezone.now())
    assert customer_dates.customer_date(Release.objects.get()) == release.target_date


def test_when_it_went_live_is_no_secret(cast, release):
    rules.change(cast.product, by=cast.petra, dates_shown="never")
    Release.objects.update(status=Release.Status.LIVE, live_at=timezone.now())
    assert customer_dates.customer_date(Release.objects.get()) == timezone.localdate()


def test_how_far_it_is_may_stay_within_the_team(cast, sign_in, release):
    assert "0 of 1 change tested" in read(sign_in(cast.cleo), URLS[3])
    assert "data-s=" in read(sign_in(cast.cleo), URLS[1])
    rules.change(cast.product, by=cast.petra, shows_states=False)
    assert "change tested" not in read(sign_in(cast.cleo), URLS[3])
    assert "data-s=" not in read(sign_in(cast.cleo), URLS[1])


def test_what_changes_for_them_is_said_in_the_plans_words(cast, sign_in, release):
    assert "It would save me time." in read(sign_in(cast.cleo), URLS[1])
    plan.edit_change(release.changes.get(), by=cast.petra, summary="Press the heart and find it again")
    page = read(sign_in(cast.cleo), URLS[1])
    assert "Press the heart and find it again" in page
    assert "It would save me time." not in page


def test_what_an_update_means_is_the_products_to_say(cast, sign_in, release):
    assert "While we update" not in read(sign_in(cast.cleo), URLS[1])
    words = {"dates_shown": "published", "shows_states": "on", "update_words": "Orders stay.\nSo does your basket."}
    assert sign_in(cast.petra).post("/releases/rules/", words).status_code == 302
    page = read(sign_in(cast.cleo), URLS[1])
    assert "Orders stay." in page
    assert "So does your basket." in page


def test_the_days_of_the_team_are_not_on_their_calendar(cast, sign_in, release):
    plan.edit(release, by=cast.petra, demo_on=release.target_date, freeze_on=timezone.localdate())
    page = read(sign_in(cast.cleo), URLS[1])
    assert "Freeze" not in page
    assert "Demo" not in page
    assert "Freeze" in read(sign_in(cast.dev), URLS[0])


def test_tell_me_when_it_is_live_follows_what_i_may_see(cast, sign_in, release):
    secret = Idea.objects.get()
    carl = sign_in(cast.carl)
    assert "Tell me when it is live" in read(carl, URLS[1])
    assert carl.post("/releases/24.11/follow/").status_code == 302
    assert Subscription.objects.filter(user=cast.carl, idea=secret).exists()
    assert "You hear when it is live" in read(carl, URLS[1])


def test_nobody_follows_what_only_the_team_sees(cast, sign_in, release):
    Idea.objects.update(team_only=True, author=cast.petra)
    sign_in(cast.carl).post("/releases/24.11/follow/")
    assert not Subscription.objects.filter(user=cast.carl).exists()
