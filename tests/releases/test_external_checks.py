"""An external CI reports by the API; what lifecycle.toml names must have passed."""

import os

import pytest
from django.test import Client

from environments import manifest, repositories
from lifecycle import jobs, process, tokens
from lifecycle.events import about
from lifecycle.models import Notification, Work
from releases import changes, checks, external_checks
from releases.models import Change, Check, Revision
from tests.deployments.engine import MANIFEST, Shop, make_upstream

S = Check.Status


@pytest.fixture
def engine(cast, tmp_path, settings) -> Shop:
    settings.VAR = tmp_path / "var"
    return Shop(cast, make_upstream(tmp_path / "upstream"), settings.VAR)


def pushed(shop: Shop, text: str) -> Change:
    """A change whose commit has this lifecycle.toml and whose tests a worker has run."""
    shop.upstream.git("checkout", "-q", "-B", "wishlist", "main")
    shop.upstream.write("lifecycle.toml", text)
    tip = shop.upstream.commit("shop: Test elsewhere.")
    repositories.poll(shop.repository)
    change = Change.objects.create(
        product=shop.cast.product,
        number=7,
        title="Keep a wishlist",
        developer=shop.cast.dev,
        created_at=shop.repository.fetched_at,
        waiting_since=shop.repository.fetched_at,
    )
    changes.record_push(change, fork=shop.upstream.git("rev-parse", "main"), tip=tip)
    for work in Work.objects.filter(kind="check"):
        jobs.execute(work.key)
    change.refresh_from_db()
    return change


def api(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


def report(client: Client, change: Change, **more: str) -> object:
    body = {"sha": change.revision.tip, "name": "build", "status": "passed", **more}
    return client.post("/api/v1/products/shop/checks/", body, content_type="application/json")


def test_a_named_check_keeps_the_change_back_until_it_has_passed(engine: Shop):
    change = pushed(engine, MANIFEST + '[checks]\nexternal = ["build", "build (3.12)"]\n')
    assert changes.newest_check(change.revision).status == S.PASSED
    assert len(changes.reasons_not_ready(change)) == 2
    ci = api(tokens.issue(engine.cast.ops, name="CI", scope="checks"))
    for name in ("build", "build (3.12)"):
        assert report(ci, change, name=name, status="running").status_code == 201
        assert report(ci, change, name=name, url="https://ci.shop.test/1").status_code == 201
    assert changes.reasons_not_ready(change) == []
    found = Check.objects.filter(kind="external").order_by("name")
    assert [(one.name, one.status, one.required, one.url) for one in found] == [
        ("build", "passed", True, "https://ci.shop.test/1"),
        ("build (3.12)", "passed", True, "https://ci.shop.test/1"),
    ]


def test_a_product_may_leave_all_testing_to_its_ci(engine: Shop):
    change = pushed(engine, '[checks]\nexternal = ["build"]\n')
    assert changes.newest_check(change.revision).status == S.PASSED
    assert "build" in " ".join(changes.reasons_not_ready(change))


def test_a_red_one_is_told_and_green_again_after_a_repetition(engine: Shop):
    change = pushed(engine, MANIFEST + '[checks]\nexternal = ["build"]\n')
    ci = api(tokens.issue(engine.cast.ops, name="CI", scope="checks"))
    report(ci, change, status="failed", summary="3 tests failed")
    report(ci, change, status="failed", summary="3 tests failed")
    assert "3 tests failed" in " ".join(changes.reasons_not_ready(change))
    assert Notification.objects.filter(event="change.checks_failed", channel="in_app").count() == 1
    report(ci, change, status="running")
    report(ci, change)
    assert changes.reasons_not_ready(change) == []
    assert [one.status for one in Check.objects.filter(kind="external").order_by("id")] == ["failed", "passed"]


def test_one_that_turns_red_takes_the_offer_back_and_green_again_brings_it_when_the_commit_said_so(engine: Shop):
    change = pushed(engine, MANIFEST + '[checks]\nexternal = ["build"]\n')
    ci = api(tokens.issue(engine.cast.ops, name="CI", scope="checks"))
    report(ci, change)
    changes.mark_ready(change, by=engine.cast.dev)
    report(ci, change, name="lint", status="failed")
    assert status_of(change) == "ready"
    report(ci, change, status="failed", summary="3 tests failed")
    assert status_of(change) == "development"
    assert "3 tests failed" in about(change).get(verb="change.development", from_status="ready").note.text
    Revision.objects.update(says_ready=True)
    report(ci, change)
    jobs.execute(Work.objects.get(kind="offer").key)
    assert status_of(change) == "ready"


def test_a_red_check_of_what_was_pushed_over_takes_nothing_back(engine: Shop):
    change = pushed(engine, MANIFEST + '[checks]\nexternal = ["build"]\n')
    ci = api(tokens.issue(engine.cast.ops, name="CI", scope="checks"))
    old = Revision.objects.get(pk=change.revision_id)
    change.revision = Revision.objects.create(change=change, number=2, fork=old.fork, tip="c" * 40, seen_at=old.seen_at)
    Change.objects.filter(pk=change.pk).update(revision=change.revision, status="ready")
    change.revision = old
    assert report(ci, change, status="failed").status_code == 201
    assert status_of(change) == "ready"


def status_of(change: Change) -> str:
    return Change.objects.get(pk=change.pk).status


def test_a_check_nobody_named_is_shown_and_keeps_nothing_back(engine: Shop):
    change = pushed(engine, MANIFEST)
    ci = api(tokens.issue(engine.cast.dev, name="CI", scope="write"))
    assert report(ci, change, name="lint", status="failed").json()[0]["required"] is False
    assert changes.reasons_not_ready(change) == []


def test_what_came_early_counts_once_it_is_named(engine: Shop):
    change = pushed(engine, MANIFEST)
    external_checks.report(
        engine.cast.product, sha=change.revision.tip, name="build", status="passed", by=engine.cast.ops
    )
    external_checks.expect(changes.newest_check(change.revision), ("build",))
    assert Check.objects.get(kind="external").required
    assert changes.reasons_not_ready(change) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sha": "f" * 40}, 409),
        ({"sha": "main"}, 422),
        ({"status": "green"}, 422),
        ({"url": "javascript:alert(1)"}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": ""}, 422),
    ],
)
def test_a_bad_report_is_refused_with_the_field(engine: Shop, more, code):
    change = pushed(engine, MANIFEST)
    ci = api(tokens.issue(engine.cast.ops, name="CI", scope="checks"))
    assert report(ci, change, **more).status_code == code
    assert not Check.objects.filter(kind="external").exists()


def test_a_token_for_checks_opens_nothing_else(engine: Shop):
    ci = api(tokens.issue(engine.cast.ops, name="CI", scope="checks"))
    assert ci.get("/api/v1/products/shop/changes/").status_code == 403
    change = pushed(engine, MANIFEST)
    reader = api(tokens.issue(engine.cast.ops, name="x", scope="read"))
    tester = api(tokens.issue(engine.cast.tess, name="x", scope="checks"))
    assert [report(client, change).status_code for client in (reader, tester)] == [403, 403]


@pytest.mark.parametrize(
    "text", ['external = "build"', "external = [1]", 'external = [""]', f"external = {['x'] * 21}"]
)
def test_a_wrong_list_of_names_is_refused_with_its_line(text):
    with pytest.raises(manifest.ManifestError, match="line 2, checks.external"):
        manifest.parse(f"[checks]\n{text}\n")


GREEDY = {
    "memory": "x = bytearray(900 << 20)",
    "file": "open('big', 'wb').write(bytes(9 << 20))",
    "child": "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'bytearray(900 << 20)']))",
}


@pytest.mark.parametrize("greed", GREEDY)
def test_a_check_that_takes_too_much_fails_and_takes_nothing_along(greed, tmp_path):
    ended = process.run(
        ["python3", "-c", GREEDY[greed]],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        on_output=lambda *_: None,
        stop=lambda: False,
        total_seconds=20,
        inactivity_seconds=20,
        limits=process.Limits(memory_bytes=600 << 20, file_bytes=4 << 20),
    )
    assert (ended.ok, ended.reason) == (False, "exited")


def test_a_check_sees_no_home_and_no_secret_of_the_worker(engine: Shop, monkeypatch):
    monkeypatch.setenv("CANARY", "secret-of-the-worker")
    show = 'import os; print(os.environ.get("CANARY"), os.environ.get("SECRET_KEY"), os.path.expanduser("~"))'
    change = pushed(engine, f"[test]\ncommand = ['{{python}}', '-c', '{show}']\n")
    check = changes.newest_check(change.revision)
    assert check.status == S.PASSED
    lines = checks.LogLine.objects.filter(log=check.log_key).values_list("text", flat=True)
    [said] = [line for line in lines if line.startswith("None")]
    assert said.startswith("None None ") and said.endswith("/data")
