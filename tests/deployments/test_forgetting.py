"""Logs and samples go after the days that their product says; what still says something stays, and pages say it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deployments import baseline, creating, forgetting, retention, tasks
from deployments.models import Deployment, Sample, Step
from environments.models import Environment
from lifecycle import jobs
from lifecycle.jobs import LeaseLost
from lifecycle.models import Event, Logged, LogLine, Product, User, Work
from lifecycle.problems import TITLES
from tests.cast import Cast
from tests.deployments.paper import Paper
from tests.deployments.past import Past
from tests.deployments.watched import Days

SignIn = Callable[[User | None], Client]
API = "/api/v1/products/shop/"
SAID = "The log was removed after 90 days."
S = Deployment.Status


class Held:
    """A lease that is lost at its `last` + 1st look."""

    def __init__(self, last: int = 1_000) -> None:
        self.left = last

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise LeaseLost("work:1")


@pytest.fixture
def past(cast: Cast) -> Past:
    return Past(Paper(cast))


def forget() -> Work:
    tasks.forget()
    jobs.execute("forget")
    work = Work.objects.filter(kind="forget").latest("id")
    assert work.status == Work.Status.SUCCEEDED, work.error
    return work


def lines(row: Logged) -> int:
    return LogLine.objects.filter(log=row.log_key).count()


def removed(row: Any) -> int | None:
    """After how many days, on its row; nothing while its lines are there."""
    row.refresh_from_db()
    assert (row.log_removed_after is None) == (lines(row) > 0)
    return row.log_removed_after


# what goes


def test_the_logs_of_what_ended_long_ago_go_and_younger_ones_stay(past: Past) -> None:
    product = past.product
    old = [past.deployment(91), past.check(91), past.drill(91), past.work(91, product)]
    young = [past.deployment(89), past.check(89), past.drill(89), past.work(89, product)]
    before = Event.objects.count()
    work = forget()
    assert [removed(row) for row in old] == [90] * 4
    assert [removed(row) for row in young] == [None] * 4
    said = LogLine.objects.filter(log=work.log_key, stream="ok")
    assert said.get().text == "Northwind shop: 8 lines of logs and 0 samples removed."
    assert Event.objects.count() == before, "what people did is never removed"


def test_each_product_has_its_own_days_and_what_is_of_none_the_longest(past: Past) -> None:
    other = Product.objects.create(name="Depot", slug="depot")
    retention.set_kept(past.product, logs_kept_days=7, by=past.paper.cast.ops)
    rows = [past.work(8, past.product), past.work(9, other), past.work(89, None), past.work(91, None)]
    forget()
    assert [removed(row) for row in rows] == [7, None, None, 90]


def test_what_waits_or_runs_keeps_its_log_however_long_ago_it_was_asked_for(past: Past) -> None:
    usual = {"finished_at": None, "verified_at": None}
    rows = [past.deployment(200, status=status, **usual) for status in (S.QUEUED, S.RUNNING)]
    rows.append(past.work(200, past.product, status="lost", finished_at=None))
    past.deployment(1)
    forget()
    assert [removed(row) for row in rows] == [None] * 3


def test_what_runs_and_what_was_tried_last_keep_their_logs_until_something_newer_came(past: Past) -> None:
    earlier, runs = past.deployment(300), past.deployment(200)
    tried = past.deployment(150, status=S.FAILED, verified_at=None)
    forget()
    assert [removed(row) for row in (earlier, runs, tried)] == [90, None, None]
    past.deployment(0)
    forget()
    assert [removed(row) for row in (runs, tried)] == [90, 90]


def test_an_environment_that_is_gone_needs_none(past: Past) -> None:
    last = past.deployment(91, "staging")
    Environment.objects.filter(slug="staging").update(status="gone")
    forget()
    assert removed(last) == 90


def test_an_external_check_has_no_log_that_could_have_been_removed(past: Past) -> None:
    check = past.check(91, kind="external", name="build")
    forget()
    check.refresh_from_db()
    assert check.log_removed_after is None


def test_however_many_they_are_all_go(past: Past) -> None:
    rows = [past.work(100 + number, past.product) for number in range(2 * forgetting.ROWS + 3)]
    forget()
    assert {removed(row) for row in rows} == {90}


def test_without_its_lease_a_worker_leaves_no_log_half_removed(past: Past) -> None:
    rows = [past.work(100 + number, past.product) for number in range(3)]
    with pytest.raises(LeaseLost):
        forgetting.remove_logs(Work.objects.all(), 90, Held(2), at=past.now)
    assert [removed(row) for row in rows] == [None] * 3
    assert forgetting.remove_logs(Work.objects.all(), 90, Held(), at=past.now) == 6


def test_two_nights_at_once_are_one(past: Past) -> None:
    tasks.forget()
    tasks.forget()
    assert Work.objects.filter(kind="forget").count() == 1


# samples


def samples(past: Past, slug: str, *days: float) -> None:
    for number in days:
        at = past.now - timedelta(days=number)
        Sample.objects.create(environment=past.paper.environments[slug], at=at, ok=True)


def test_samples_of_every_environment_go_also_where_nobody_asks_any_more(past: Past) -> None:
    samples(past, "production", 36, 35.5, 34, 1)
    samples(past, "staging", 400, 36)
    samples(past, "dev", 36)
    Environment.objects.filter(slug="dev").update(status="gone")
    forget()
    left = Sample.objects.order_by("at").values_list("environment__slug", "at")
    assert list(left) == [("production", past.now - timedelta(days=days)) for days in (34, 1)]


def test_a_worker_looks_at_its_lease_between_two_days_of_samples(past: Past) -> None:
    samples(past, "production", 50, 49.9, 48, 47)
    with pytest.raises(LeaseLost):
        forgetting.remove_samples(past.product, Held(2), at=past.now)
    assert Sample.objects.count() == 1
    assert forgetting.remove_samples(past.product, Held(), at=past.now) == 1


def test_the_fewest_days_are_enough_for_the_watch_of_a_deployment_that_took_a_day(past: Past) -> None:
    fewest = retention.BOUNDS["samples_kept_days"][0]
    retention.set_kept(past.product, samples_kept_days=fewest, by=past.paper.cast.ops)
    days = Days(past.paper.production, start=past.now - timedelta(days=fewest + 1), seconds=1800)
    days.pass_by((fewest + 1) * 24 * 60)
    began = timezone.now() - timedelta(hours=23)
    known = baseline.before(past.paper.production, at=began)
    forget()
    assert Sample.objects.count() < (fewest + 1) * 48, "something was removed"
    assert known["elapsed"] > 0 and baseline.before(past.paper.production, at=began) == known


# what is said of it


def test_the_page_of_a_deployment_says_that_its_log_was_removed(past: Past, cast: Cast, sign_in: SignIn) -> None:
    made = past.deployment(91, status=S.FAILED, verified_at=None, error="exit code 1", reason="Wanted today")
    Step.objects.create(deployment=made, key="migrate", position=1, status="failed", finished_at=made.finished_at)
    past.deployment(1)
    dev, path = sign_in(cast.dev), f"/deployments/{made.pk}/"
    assert SAID not in dev.get(path).content.decode()
    forget()
    page = dev.get(path).content.decode()
    assert SAID in page and "log.txt" not in page and "log-cursor" not in page
    assert "Migrate the database failed" in page and "exit code 1" in page and "Wanted today" in page
    raw = dev.get(f"{path}log.txt")
    assert (raw.status_code, raw.content.decode()) == (410, SAID)
    for part in ("page/log/", "log/"):
        answer = dev.get(f"{path}{part}?after=2")
        assert answer.status_code == 200 and SAID in answer.content.decode()


def test_the_api_says_410_and_the_deployment_after_how_many_days(past: Past, cast: Cast, sign_in: SignIn) -> None:
    made = past.deployment(91)
    past.deployment(1)
    dev, path = sign_in(cast.dev), f"{API}deployments/{made.pk}/"
    assert dev.get(f"{path}log/").status_code == 200 and dev.get(path).json()["log_removed_after"] is None
    forget()
    answer = dev.get(f"{path}log/")
    assert answer.status_code == 410 and answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["detail"], answer.json()["title"]) == (SAID, str(TITLES[410]))
    assert dev.get(path).json()["log_removed_after"] == 90


def test_so_say_a_check_a_drill_and_the_last_command_of_a_place(past: Past, cast: Cast, sign_in: SignIn) -> None:
    check, _drill = past.check(91), past.drill(91)
    about = {"kind": creating.CREATE, "subject_id": past.paper.production.pk}
    past.work(91, past.product, **about)
    dev, place = sign_in(cast.dev), "/environments/production/"
    pages = (f"/checks/{check.pk}/", f"{place}backups/", place)
    assert not any(SAID in dev.get(path).content.decode() for path in pages)
    forget()
    assert [path for path in pages if SAID not in dev.get(path).content.decode()] == []
    assert "The tests passed" in dev.get(pages[0]).content.decode() and "3 rows" in dev.get(pages[1]).content.decode()
    work = dev.get(f"{API}environments/production/work/").json()
    assert (work["status"], work["lines"], work["log_removed_after"]) == ("succeeded", [], 90)
