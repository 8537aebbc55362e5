"""A decision within the promised days, and how long ideas wait at each stop."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from ideas import boards, promises, services
from ideas.models import Idea, Rhythm, Stop
from ideas.waiting import waiting_for
from lifecycle.dates import day
from lifecycle.models import Product
from tests.cast import Cast, SignIn
from tests.ideas.test_portal import page
from tests.ideas.wishes import everybody_votes, fresh, on_stage, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def asked(cast: Cast, now: datetime, days: int, **values: object) -> Idea:
    """An idea that was shared so many days ago."""
    return share(cast, f"Wish of {days} days ago", at=now - timedelta(days=days), **values)


def promise(product: Product, days: int | None = 14) -> None:
    Rhythm.objects.update_or_create(product=product, defaults={"decision_days": days})


def test_it_counts_what_was_decided_in_time_what_was_late_and_what_is_overdue(cast: Cast, now: datetime) -> None:
    for number in range(9):
        services.decline(asked(cast, now, 30 + number), by=cast.petra, reason="No.", at=now - timedelta(days=25))
    services.decline(asked(cast, now, 60), by=cast.petra, reason="No.", at=now)
    asked(cast, now, 200)
    asked(cast, now, 15)
    asked(cast, now, 13)
    found = promises.kept(cast.product, 14, at=now)
    assert (found.in_time, found.decided, found.overdue) == (9, 10, 2)
    assert found.words == "9 of 10 decided in time; 2 overdue"


def test_the_first_decision_counts_and_what_sleeps_or_was_merged_is_not_late(cast: Cast, now: datetime) -> None:
    first = asked(cast, now, 30)
    services.decline(first, by=cast.petra, reason="No.", at=now - timedelta(days=29))
    services.reopen(first, by=cast.petra, at=now)
    services.snooze(asked(cast, now, 40), by=cast.petra, until=now + timedelta(days=9), at=now)
    services.merge(asked(cast, now, 50), into=first, by=cast.petra)
    found = promises.kept(cast.product, 14, at=now)
    assert (found.in_time, found.decided, found.overdue) == (1, 1, 0)


def test_what_the_board_decided_counts_from_the_end_of_its_review(cast: Cast, now: datetime, sign_in: SignIn) -> None:
    promise(cast.product)
    item = on_stage(cast, "Later")
    idea = item.idea
    Idea.objects.filter(pk=idea.pk).update(created_at=now - timedelta(days=20))
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="later", reason="After the holidays.")
    assert promises.kept(cast.product, 14, at=now).words == "1 overdue", "nobody was told yet"
    boards.close_session(item.session, by=cast.petra, at=now - timedelta(days=8))
    later = promises.kept(cast.product, 14, at=now)
    assert (later.in_time, later.decided, later.overdue) == (1, 1, 0)
    assert fresh(idea).status == "triaged", "it is on the next agenda, but somebody has said when"
    assert not promises.overdue(cast.product, 14, at=now).exists()
    assert "we are late" not in page(sign_in(cast.cleo), f"/ideas/{idea.number}/")


def test_without_a_promise_nothing_is_late(cast: Cast, now: datetime, sign_in: SignIn) -> None:
    idea = asked(cast, now, 300)
    assert promises.kept(cast.product, None, at=now).words == "No decision is promised"
    assert not promises.overdue(cast.product, None, at=now).exists()
    assert "decision by" not in page(sign_in(cast.cleo), f"/ideas/{idea.number}/")


def reached(cast: Cast, days: float, now: datetime) -> None:
    """An idea that waited so many days at Idea before the review had it."""
    idea = share(cast, "Wish", at=now - timedelta(days=days))
    services.reach(idea, Stop.REVIEW, by=cast.petra, at=now)


def test_a_median_needs_five_cases_and_is_no_mean(cast: Cast, now: datetime) -> None:
    for days in (1, 2, 3, 100):
        reached(cast, days, now)
    (few,) = promises.waits(cast.product, at=now)
    assert (few.stop, few.cases, few.median_days, few.words) == (Stop.IDEA, 4, None, "4 ideas so far")
    reached(cast, 2, now)
    (enough,) = promises.waits(cast.product, at=now)
    assert enough.median_days == pytest.approx(2, abs=0.01)
    assert enough.words == "half of them 2 days at most"


def test_each_stay_at_a_stop_counts_also_after_it_was_taken_back(cast: Cast, now: datetime) -> None:
    idea = share(cast, "Wish", at=now - timedelta(days=20))
    for stop, days_ago, back in ((2, 18, False), (3, 10, False), (2, 9, True), (3, 1, False)):
        services.reach(idea, stop, by=cast.petra, at=now - timedelta(days=days_ago), taken_back=back)
    assert {wait.stop: wait.cases for wait in promises.waits(cast.product, at=now)} == {1: 1, 2: 2, 3: 1}
    assert promises.waits(cast.product, at=now + timedelta(days=200)) == [], "only the last ninety days"


def test_customers_read_by_when_they_get_a_decision(cast: Cast, now: datetime, sign_in: SignIn) -> None:
    promise(cast.product)
    early, late = asked(cast, now, 3), asked(cast, now, 20)
    cleo = sign_in(cast.cleo)
    assert f"You get a decision by {day(now + timedelta(days=11))}." in page(cleo, f"/ideas/{early.number}/")
    assert "we are late" in page(cleo, f"/ideas/{late.number}/")
    services.decline(fresh(late), by=cast.petra, reason="No.")
    assert "we are late" not in page(cleo, f"/ideas/{late.number}/")


def test_overdue_ones_wait_in_the_inbox_of_those_who_triage(cast: Cast, now: datetime, sign_in: SignIn) -> None:
    promise(cast.product)
    asked(cast, now, 15)
    asked(cast, now, 5)
    rows = [row for row in waiting_for(cast.actor(cast.petra)) if "overdue" in row.title]
    assert [(row.title, row.url) for row in rows] == [("1 promised decision is overdue", "/queue/promises/")]
    assert rows[0].since == pytest.approx(now - timedelta(days=1), abs=timedelta(seconds=1))
    assert not [row for row in waiting_for(cast.actor(cast.dev)) if "overdue" in row.title]
    text = page(sign_in(cast.dev), "/queue/promises/")
    assert "1 overdue" in text and "Wish of 15 days ago" in text and "Wish of 5 days ago" not in text


def test_the_figures_alone_are_a_fragment(cast: Cast, now: datetime, sign_in: SignIn) -> None:
    promise(cast.product)
    asked(cast, now, 15)
    text = sign_in(cast.petra).get("/queue/promises/", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in text and "1 overdue" in text
