"""The watch over simulated minutes: what it notices, what it leaves in peace, and how it ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployments import watch, words
from deployments.models import Deployment, Finding, Watch
from environments.models import Environment
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases.models import Notes, Release
from tests.cast import Cast
from tests.deployments.watched import Days, deployment, environment, release, the_watch

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FAST = {"0.1": 1, "0.5": 1, "1.0": 1, "2.5": 1, "+Inf": 1}
SLOW = {"0.1": 0, "0.5": 0, "1.0": 0, "2.5": 1, "+Inf": 1}


def visitors(
    checkouts: int = 1, *, failed: int = 0, buckets: dict[str, float] = FAST, seconds: float = 0.05
) -> dict[str, Any]:
    """What a few visitors leave in the counters: four pages and `checkouts` orders."""
    return {
        "requests": {"home": 2, "product": 2, "checkout": checkouts},
        "errors": {"checkout": failed} if failed else {},
        "seconds": {"home": 0.02, "product": 0.02, "checkout": seconds * checkouts},
        "buckets": {"checkout": {limit: count * checkouts for limit, count in buckets.items()}} if checkouts else {},
        "started": {"shop_checkouts": checkouts} if checkouts else {},
        "failed": {"shop_checkouts": failed} if failed else {},
    }


@pytest.fixture
def production(cast: Cast) -> Environment:
    return environment(cast.product)


@pytest.fixture
def days(production: Environment) -> Days:
    """Ten quiet minutes of the release before, then as the demo samples: every two seconds, watched for two minutes."""
    quiet = Days(production, start=MONDAY, seconds=2)
    quiet.pass_by(10, **visitors())
    quiet.now += timedelta(seconds=1)
    return quiet


@pytest.fixture
def opened(cast: Cast, production: Environment, days: Days) -> Watch:
    made = watch.open_for(deployment(production, release(cast, "24.11"), at=days.now), at=days.now)
    assert made is not None
    return made


def test_it_opens_for_the_minutes_of_the_product_with_the_time_before_as_its_baseline(opened: Watch) -> None:
    assert opened.closes_at - opened.opened_at == timedelta(minutes=2)
    assert opened.baseline["requests"]["checkout"] == 300
    assert opened.baseline["slow_limits"] == {"checkout": 0.1}


def test_a_failing_checkout_is_named_within_half_a_minute_of_visitors(opened: Watch, days: Days) -> None:
    days.pass_by(0.5, **visitors(failed=1))
    named = Finding.objects.filter(kind="errors", tier="act").values_list("endpoint", flat=True)
    assert set(named) == {"checkout", "shop_checkouts"}
    said = words.sentence(Finding.objects.select_related("watch").get(endpoint="shop_checkouts"))
    assert said == "Checkout fails: 15 of 15 since 09:10, none of 300 before"


def test_it_says_how_many_times_worse_it_is(cast: Cast, production: Environment) -> None:
    quiet = Days(production, start=MONDAY, seconds=2)
    quiet.pass_by(9, **visitors())
    quiet.pass_by(1, **visitors(failed=1))
    watch.open_for(deployment(production, release(cast, "24.11"), at=quiet.now), at=quiet.now)
    quiet.pass_by(1, **visitors(failed=1))
    said = words.sentence(Finding.objects.select_related("watch").get(endpoint="shop_checkouts"))
    assert said == "Checkout fails 10 times as often as before: 30 of 30 since 09:10"


def test_a_checkout_that_crawls_is_named_with_both_times(opened: Watch, days: Days) -> None:
    days.pass_by(1, **visitors(buckets=SLOW, seconds=2.0))
    found = Finding.objects.select_related("watch").get(kind="slow")
    assert found.tier == "act" and found.endpoint == "checkout"
    assert "2" in words.sentence(found) and "before" in words.sentence(found)


def test_a_healthy_release_closes_well_with_few_visitors_and_is_proven(opened: Watch, days: Days) -> None:
    for _ in range(6):
        days.pass_by(0.3, requests={}, errors={})
        days.pass_by(1 / 30, **visitors(checkouts=3))
    watch.close(opened, at=days.now + timedelta(minutes=1))
    closed = the_watch()
    assert (closed.status, Finding.objects.count()) == (Watch.Status.WELL, 0)
    assert closed.release is not None and closed.release.status == Release.Status.DONE


def test_one_unlucky_request_is_no_finding(opened: Watch, days: Days) -> None:
    days.pass_by(0.5, **visitors())
    days.pass_by(1 / 30, **visitors(failed=1))
    days.pass_by(1, **visitors())
    assert not Finding.objects.exists()


def test_three_silent_probes_in_a_row_are_an_outage(opened: Watch, days: Days) -> None:
    days.pass_by(2 / 30, ok=False)
    assert not Finding.objects.filter(kind="down", tier="act").exists()
    days.pass_by(1 / 30, ok=False)
    assert "3 of 3 probes failed" in words.sentence(Finding.objects.get(kind="down", tier="act"))


def test_an_endpoint_that_costs_more_time_is_a_bottleneck(opened: Watch, days: Days) -> None:
    days.pass_by(2, requests={"home": 2}, seconds={"home": 0.4})
    found = Finding.objects.get(kind="bottleneck")
    assert found.endpoint == "home" and words.sentence(found).endswith("200 ms on average, 10 ms before")


def test_the_people_who_can_act_are_told_once_in_their_language(opened: Watch, days: Days, cast: Cast) -> None:
    days.pass_by(1, **visitors(failed=1))
    told = Notification.objects.filter(event="watch.finding", channel="in_app")
    assert {row.user for row in told} == {cast.petra, cast.lena, cast.ops}
    assert len({row.key for row in told}) * 3 == told.count()
    assert any("Checkout fails" in row.data["finding"] for row in told)


def test_a_fault_is_never_closed_well_by_itself(opened: Watch, days: Days) -> None:
    days.pass_by(1, **visitors(failed=1))
    days.pass_by(1, **visitors())
    watch.close(opened, at=days.now)
    assert the_watch().status == Watch.Status.INCONCLUSIVE


def test_nobody_came_by_is_inconclusive_not_healthy(opened: Watch, days: Days) -> None:
    days.pass_by(2, requests={})
    watch.close(opened, at=days.now)
    assert the_watch().status == Watch.Status.INCONCLUSIVE


def test_no_data_is_blind_not_healthy(opened: Watch, days: Days) -> None:
    days.pass_by(2, error="404 Not Found")
    watch.close(opened, at=days.now)
    assert the_watch().status == Watch.Status.BLIND


def test_a_watch_that_was_never_sampled_is_blind(opened: Watch, days: Days) -> None:
    watch.tick(at=days.now + timedelta(hours=1))
    assert the_watch().status == Watch.Status.BLIND


def test_an_open_watch_is_not_closed_before_its_time(opened: Watch, days: Days) -> None:
    watch.tick(at=days.now + timedelta(minutes=1))
    assert the_watch().status == Watch.Status.OPEN


def test_a_person_settles_what_the_numbers_do_not_decide(opened: Watch, days: Days, cast: Cast) -> None:
    days.pass_by(2, requests={})
    watch.close(opened, at=days.now)
    watch.settle(the_watch(), by=cast.ops, outcome=Watch.Status.WELL, reason="It is Sunday, nobody shops.")
    closed = the_watch()
    assert (closed.status, closed.closed_note) == (Watch.Status.WELL, "It is Sunday, nobody shops.")
    assert closed.release is not None and closed.release.status == Release.Status.DONE


def test_there_is_nothing_to_settle_while_it_is_open(opened: Watch, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        watch.settle(opened, by=cast.ops, outcome=Watch.Status.WELL, reason="Looks fine.")
    assert the_watch().status == Watch.Status.OPEN


def test_a_newer_release_supersedes_the_watch_and_proves_both(
    opened: Watch, days: Days, cast: Cast, production: Environment
) -> None:
    second = watch.open_for(deployment(production, release(cast, "24.12"), at=days.now), at=days.now)
    opened.refresh_from_db()
    assert second is not None and opened.status == Watch.Status.SUPERSEDED
    days.pass_by(2, **visitors())
    watch.close(Watch.objects.get(pk=second.pk), at=days.now)
    assert set(Release.objects.values_list("status", flat=True)) == {Release.Status.DONE}
    assert set(Notes.objects.values_list("release__version", "status")) == {
        ("24.11", Notes.Status.PUBLISHED),
        ("24.12", Notes.Status.PUBLISHED),
    }


def test_a_rollback_is_the_verdict_and_is_not_watched_itself(
    opened: Watch, days: Days, cast: Cast, production: Environment
) -> None:
    back = deployment(
        production, release(cast, "24.10"), kind=Deployment.Kind.ROLLBACK, reason="Checkout fails", at=days.now
    )
    assert watch.open_for(back, at=days.now) is None
    closed = the_watch()
    assert (closed.status, closed.closed_note) == (Watch.Status.BAD, "Checkout fails")


def test_staging_is_not_watched(cast: Cast) -> None:
    staging = environment(cast.product, Environment.Kind.STAGING)
    assert watch.open_for(deployment(staging, release(cast, "24.11", Release.Status.FROZEN))) is None


def test_opening_twice_gives_one_watch(opened: Watch) -> None:
    again = watch.open_for(Deployment.objects.select_related("environment", "product").get(pk=opened.deployment_id))
    assert again == opened and Watch.objects.count() == 1


def test_it_states_what_it_could_have_noticed_at_all(opened: Watch, days: Days) -> None:
    assert "stays invisible" in words.power(opened)
    days.pass_by(2, requests={"home": 0})
    watch.close(the_watch(), at=days.now)
    assert "only an outage" in words.power(the_watch())
