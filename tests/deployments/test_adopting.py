"""Candidate 0: a person says which commit runs today, a worker looks at it, nothing is deployed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from deployments import adopting
from deployments.models import Deployment
from environments import repositories
from environments.models import Repository
from lifecycle import jobs
from lifecycle.events import about
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed
from releases import candidates, composing
from releases.models import Candidate
from tests.cast import assemble
from tests.environments.git_calls import Calls
from tests.environments.repositories import Upstream

PAGE, FORM = "/environments/repository/", "/environments/repository/adopt/"
API = "/api/v1/products/shop/repository/adopt/"
READY = Candidate.Status.READY


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def repository(cast, upstream, settings, tmp_path) -> Repository:
    settings.VAR = tmp_path / "var"
    return repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)


def look() -> None:
    """What a worker does with everything that was asked."""
    for work in Work.objects.filter(kind="adopt", status=Work.Status.QUEUED):
        jobs.execute(work.key)


def text(client: Client) -> str:
    return client.get(PAGE).content.decode()


def say(client: Client, ref: str):
    return client.post(FORM, {"ref": ref})


def test_a_branch_is_recorded_as_what_runs_today(cast, sign_in, repository, upstream):
    ops = sign_in(cast.ops)
    assert "Say which commit that is" in text(ops)
    assert say(ops, "main").status_code == 302
    assert "A worker looks at" in text(ops)
    assert candidates.live(cast.product) is None
    look()
    live = candidates.live(cast.product)
    assert live is not None and live.sha == upstream.git("rev-parse", "main")
    assert (live.status, len(live.digest), live.label) == (READY, 64, live.sha[:8])
    assert repositories.git(repository).refs("refs/lifecycle/candidates/") == {str(live.pk): live.sha}
    assert [event.verb for event in about(live)] == ["candidate.adoption_asked", "candidate.adopted"]
    assert not Deployment.objects.exists()
    assert live.sha[:12] in text(ops) and "Say which commit" not in text(ops)


def test_an_older_commit_is_named_by_its_first_digits(cast, sign_in, repository, upstream):
    old = upstream.git("rev-parse", "main")
    upstream.commit("Something that does not run yet")
    repositories.poll(repository)
    say(sign_in(cast.ops), old[:9].upper())
    look()
    assert candidates.live(cast.product).sha == old


def test_the_page_runs_no_git(cast, sign_in, repository, monkeypatch):
    calls = Calls(monkeypatch)
    say(sign_in(cast.ops), "main")
    text(sign_in(cast.ops))
    assert calls.argvs == []


def test_it_is_said_by_the_api_and_can_be_looked_up(cast, sign_in, repository, upstream):
    ops, kind = sign_in(cast.ops), "application/json"
    assert ops.get(API).status_code == 204
    asked = ops.post(API, {"ref": "main"}, content_type=kind)
    assert (asked.status_code, asked.json()["status"]) == (202, "composing")
    look()
    shown = sign_in(cast.dev).get(API).json()
    assert (shown["status"], shown["sha"]) == ("ready", upstream.git("rev-parse", "main"))
    assert shown["id"] == asked.json()["id"]


@pytest.mark.parametrize("ref", ["no-such-branch", "main~1", "abc", "--help", "a\0b", "g" * 40, "0" * 41, ""])
def test_what_is_neither_a_branch_nor_a_commit_is_refused_by_name(cast, sign_in, repository, ref):
    ops = sign_in(cast.ops)
    page = say(ops, ref)
    assert page.status_code == 422 and 'href="#id_ref"' in page.content.decode()
    answer = ops.post(API, {"ref": ref}, content_type="application/json")
    assert answer.status_code == 422 and list(answer.json()["errors"]) == ["ref"]
    assert not Candidate.objects.exists()


def test_a_commit_that_is_not_there_is_said_on_the_page_and_another_one_may_be_said(cast, sign_in, repository):
    ops = sign_in(cast.ops)
    say(ops, "ab" * 20)
    look()
    assert "there is no commit" in text(ops)
    assert candidates.live(cast.product) is None
    say(ops, "main")
    look()
    assert candidates.live(cast.product) is not None
    assert "there is no commit" not in text(ops)


def test_a_lifecycle_toml_that_is_wrong_is_named(cast, sign_in, repository, upstream):
    upstream.write("lifecycle.toml", "[test]\ncommand = 7\n")
    upstream.commit("Say it wrongly")
    repositories.poll(repository)
    say(sign_in(cast.ops), "main")
    look()
    found = adopting.latest(cast.product)
    assert found.status == Candidate.Status.FAILED and "command" in found.error


def test_only_devops_say_it(cast, sign_in, repository):
    for person in (cast.dev, cast.max, cast.cleo):
        assert say(sign_in(person), "main").status_code == 403
        answer = sign_in(person).post(API, {"ref": "main"}, content_type="application/json")
        assert answer.status_code == 403
    assert "This runs today" not in text(sign_in(cast.dev))


def test_nothing_is_recorded_before_the_repository_was_read(cast, sign_in, db):
    ops = sign_in(cast.ops)
    assert ops.post(API, {"ref": "main"}, content_type="application/json").status_code == 409
    repositories.name_upstream(cast.product, "file:///nowhere", by=cast.ops)
    assert say(ops, "main").status_code == 409
    assert not Candidate.objects.exists()


def test_asked_again_it_is_done_once_and_another_one_waits(cast, repository, upstream):
    old = upstream.git("rev-parse", "main")
    upstream.commit("Another")
    repositories.poll(repository)
    first = adopting.ask(cast.product, ref="main", by=cast.ops)
    assert adopting.ask(cast.product, ref="main", by=cast.ops) == first
    with pytest.raises(NotAllowed, match="already"):
        adopting.ask(cast.product, ref=old, by=cast.ops)
    look()
    assert adopting.ask(cast.product, ref="main", by=cast.ops) == first
    assert Candidate.objects.count() == 1


def test_a_wrong_word_is_corrected_until_something_stands_on_it(cast, sign_in, repository, upstream):
    right = upstream.git("rev-parse", "main")
    upstream.commit("Not in production yet")
    repositories.poll(repository)
    ops = sign_in(cast.ops)
    say(ops, "main")
    look()
    assert "It is another commit" in text(ops)
    say(ops, right)
    look()
    assert candidates.live(cast.product).sha == right
    candidates.request(cast.product, Candidate.Purpose.DEV, by=cast.ops)
    assert "It is another commit" not in text(ops)
    assert say(ops, "main").status_code == 409


def test_who_promoted_too_early_can_still_say_it(cast, sign_in, repository):
    asked = candidates.request(cast.product, Candidate.Purpose.STAGING, by=cast.lena)
    composing.compose(asked)
    assert (asked.status, "adopt a commit" in asked.error) == (Candidate.Status.FAILED, True)
    assert say(sign_in(cast.ops), "main").status_code == 302
    look()
    assert candidates.live(cast.product) is not None


def test_nothing_is_corrected_after_it_was_deployed(cast, repository, upstream):
    adopted = candidates.adopt(cast.product, sha=upstream.git("rev-parse", "main"), by=cast.ops)
    place = cast.product.environments.create(slug="production", name="Production", kind="production", position=1)
    now = timezone.now()
    facts = {"digest": adopted.digest, "requested_at": now, "due_at": now}
    Deployment.objects.create(product=cast.product, environment=place, candidate=adopted, **facts)
    upstream.commit("Another")
    repositories.poll(repository)
    with pytest.raises(NotAllowed, match="known"):
        adopting.ask(cast.product, ref="main", by=cast.ops)


def test_what_was_built_meanwhile_is_not_pulled_away_from_below(cast, repository, upstream):
    candidates.adopt(cast.product, sha=upstream.git("rev-parse", "main"), by=cast.ops)
    upstream.commit("Another")
    repositories.poll(repository)
    asked = adopting.ask(cast.product, ref="main", by=cast.ops)
    candidates.request(cast.product, Candidate.Purpose.DEV, by=cast.ops)
    look()
    asked.refresh_from_db()
    assert asked.status == Candidate.Status.FAILED
    assert candidates.live(cast.product).sha != upstream.git("rev-parse", "main")


def test_a_worker_that_looks_twice_records_it_once(cast, repository):
    asked = adopting.ask(cast.product, ref="main", by=cast.ops)
    look()
    Work.objects.filter(kind="adopt").update(status=Work.Status.QUEUED)
    look()
    assert [event.verb for event in about(asked)].count("candidate.adopted") == 1
    assert Work.objects.get(kind="adopt").status == Work.Status.SUCCEEDED


def test_the_database_lets_one_be_looked_at(cast, repository):
    facts = {"repository": repository, "purpose": "adopted", "created_at": timezone.now()}
    Candidate.objects.create(product=cast.product, label="a", **facts)
    with pytest.raises(IntegrityError, match="one_adoption_at_a_time"), transaction.atomic():
        Candidate.objects.create(product=cast.product, label="b", **facts)


@pytest.mark.django_db(transaction=True)
def test_eight_who_say_it_at_once_say_it_once(settings, tmp_path):
    settings.VAR = tmp_path / "var"
    product = Product.objects.create(name="Northwind shop", slug="shop", is_default=True)
    cast, upstream = assemble(product), Upstream(tmp_path / "upstream")
    repositories.connect(product, f"file://{upstream.path}", by=cast.ops)
    start = threading.Barrier(8)

    def ask(_number: int) -> int:
        start.wait()
        try:
            return adopting.ask(product, ref="main", by=cast.ops).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        assert len(set(people.map(ask, range(8)))) == 1
    assert Candidate.objects.count() == Work.objects.filter(kind="adopt").count() == 1
