"""The page of a watch: the verdict, what was found, and a person's word where the numbers do not decide."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deployments import waiting, watch
from deployments.models import Watch
from environments.models import Environment
from lifecycle.models import User
from releases.models import Candidate, Release
from tests.cast import Cast
from tests.deployments.test_watch import visitors
from tests.deployments.watched import Days, candidate, deployment, environment, release

SignIn = Callable[[User | None], Client]


@pytest.fixture
def production(cast: Cast) -> Environment:
    place = environment(cast.product)
    deployment(place, candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED), at=timezone.now())
    return place


@pytest.fixture
def days(production: Environment) -> Days:
    quiet = Days(production, start=timezone.now() - timedelta(minutes=11), seconds=2)
    quiet.pass_by(10, **visitors())
    quiet.now += timedelta(seconds=1)
    return quiet


@pytest.fixture
def opened(cast: Cast, production: Environment, days: Days) -> Watch:
    made = watch.open_for(deployment(production, release(cast, "24.11")), at=days.now)
    assert made is not None
    return made


def page_of(client: Client, opened: Watch) -> str:
    answer = client.get(f"/watch/{opened.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_quiet_watch_says_so_and_what_it_could_notice(opened: Watch, days: Days, cast: Cast, sign_in: SignIn) -> None:
    days.pass_by(0.5, **visitors())
    page = page_of(sign_in(cast.dev), opened)
    assert "Minute 1 of 2: nothing out of the ordinary" in page or "Minute 2 of 2: nothing" in page
    assert "stays invisible" in page and "Failed requests" in page and "every 5s" in page


def test_a_fault_is_in_the_headline_and_in_words(opened: Watch, days: Days, cast: Cast, sign_in: SignIn) -> None:
    days.pass_by(1, **visitors(failed=1))
    page = page_of(sign_in(cast.ops), opened)
    assert "faults" in page and "Checkout fails: 30 of 30" in page and "Over limit" in page
    assert "Roll back to 24.10" in page and "Act now" in page


def test_an_empty_watch_can_be_looked_at(opened: Watch, cast: Cast, sign_in: SignIn) -> None:
    assert "of 2: nothing out of the ordinary" in page_of(sign_in(cast.dev), opened)


def test_devops_accept_what_the_numbers_do_not_decide(opened: Watch, days: Days, cast: Cast, sign_in: SignIn) -> None:
    days.pass_by(2, requests={})
    watch.close(opened, at=days.now)
    client = sign_in(cast.ops)
    assert "Too few people came by to tell" in page_of(client, opened) and "You decide" in page_of(client, opened)
    assert client.post(f"/watch/{opened.pk}/settle/", {"reason": ""}).status_code == 422
    assert client.post(f"/watch/{opened.pk}/settle/", {"reason": "It is Sunday"}).status_code == 302
    assert "Closed well on a person" in page_of(client, opened)
    assert Release.objects.get().status == Release.Status.DONE


def test_an_open_watch_is_not_settled(opened: Watch, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.ops).post(f"/watch/{opened.pk}/settle/", {"reason": "Fine"}).status_code == 409


def test_testers_do_not_settle_and_customers_do_not_look(opened: Watch, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.tess).post(f"/watch/{opened.pk}/settle/", {"reason": "Fine"}).status_code == 403
    assert sign_in(cast.cleo).get(f"/watch/{opened.pk}/").status_code == 403
    assert sign_in(cast.ops).get("/watch/999999/").status_code == 404


def test_the_list_names_each_release_with_its_ending(opened: Watch, days: Days, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.max).get("/watch/").content.decode()
    assert "A release is being watched" in page and "Release 24.11" in page
    days.pass_by(2, error="404 Not Found")
    watch.close(opened, at=days.now)
    assert "1 watch needs a person" in sign_in(cast.max).get("/watch/").content.decode()


def test_the_list_is_useful_before_the_first_release(cast: Cast, sign_in: SignIn) -> None:
    assert "Nothing has been watched yet" in sign_in(cast.max).get("/watch/").content.decode()


def test_a_release_leads_to_its_watch(opened: Watch, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.dev).get("/releases/24.11/watch/")["Location"] == f"/watch/{opened.pk}/"
    assert sign_in(cast.dev).get("/releases/99.9/watch/").status_code == 404


def test_htmx_gets_the_fragment(opened: Watch, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get(f"/watch/{opened.pk}/", headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page and 'id="watch"' in page


def test_a_fault_waits_in_the_inbox_of_those_who_can_act(opened: Watch, days: Days, cast: Cast) -> None:
    days.pass_by(1, **visitors(failed=1))
    assert [row.url for row in waiting.waiting_for(cast.actor(cast.ops))] == [f"/watch/{opened.pk}/"]
    assert waiting.waiting_for(cast.actor(cast.tess)) == []
