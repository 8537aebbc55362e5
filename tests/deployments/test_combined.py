"""The combined test, by command and by a tester; the change that makes it fail is found and ejected, the rest ships."""

import pytest
from django.test import Client

from deployments import gates, intake, services
from deployments.models import Deployment
from lifecycle import tokens
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases import changes, checklists, plan, searches, steps, suspects, verdicts
from releases.models import Candidate, Check, ChecklistAnswer, Release, Search, Suspicion
from tests.checklist import go_through
from tests.deployments.engine import MANIFEST, Shop

CHECK = """
import pathlib, sys
here = {path.name for path in pathlib.Path(".").iterdir()}
strict, only = "strict.flag" in here, {path.stem for path in pathlib.Path(".").glob("together-*.txt")}
if "flaky.flag" in here:
    counter = pathlib.Path("COUNTER")
    runs = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(runs + 1))
    if runs == TURN:
        sys.exit("FAIL: test_now_and_then (shop.tests)")
if strict and "base.flag" in here:
    sys.exit("FAIL: test_base (shop.tests)")
if strict and "wrong.py" in here:
    sys.exit("FAIL: test_wrapping (wrong.py)")
if strict and len(only) > 1:
    sys.exit("FAIL: test_together (shop.tests)")
"""


@pytest.fixture
def three(engine: Shop, tmp_path):
    """`three("a.py", "b.py", "c.py")` freezes 24.11 of three changes with these files; main went on since."""

    def make(*names: str, main: tuple[str, ...] = ("strict.flag",), turn: int = 99) -> Release:
        text = CHECK.replace("COUNTER", str(tmp_path / "runs")).replace("TURN", str(turn))
        engine.upstream.write("check.py", text)
        engine.upstream.write("lifecycle.toml", MANIFEST.replace('"-c", "import os"', '"check.py"'))
        before = engine.upstream.commit("shop: Say how it is tested.")
        for name in main:
            engine.upstream.write(name, "")
        if main:
            engine.upstream.commit("shop: Be strict.")
        intake.repositories.poll(engine.repository)
        release = engine.plan("Keep a wishlist", "Wrap gifts", "Pay later")
        for change, name in zip(release.changes.order_by("pk"), names, strict=True):
            push(engine, change, before, name)
        return freeze(engine, release)

    return make


def push(engine: Shop, change, start: str, name: str) -> None:
    engine.upstream.git("checkout", "-q", "-B", change.branch, start)
    engine.upstream.write(name, "x = 1\n")
    engine.upstream.commit(f"Add {name}")
    engine.upstream.git("checkout", "-q", "main")
    intake.poll_upstream()
    engine.settle()
    change.refresh_from_db()
    changes.mark_ready(change, by=engine.cast.dev)


def freeze(engine: Shop, release: Release) -> Release:
    candidate = services.promote(engine.cast.product, by=engine.cast.lena)
    engine.settle()
    candidate.refresh_from_db()
    for change in release.changes.all():
        verdicts.approve(change, candidate=candidate, by=engine.cast.tess)
    plan.freeze(release, by=engine.cast.petra)
    engine.settle()
    release.refresh_from_db()
    return release


def closed(release: Release) -> set[str]:
    return {gate.key for gate in gates.missing(Release.objects.get(pk=release.pk))}


def test_one_of_three_breaks_the_tests_is_found_ejected_and_the_rest_ships(engine: Shop, three, sign_in):
    release = three("wishes.py", "wrong.py", "later.py")
    wrong = release.changes.get(title="Wrap gifts")
    first = release.candidate
    search = Search.objects.get()
    assert (search.status, search.repeat.status, search.base_check.status) == ("found", "failed", "passed")
    assert [one.status for one in search.suspicions.all()][0] == "culprit"
    assert searches.culprit_of(search).change == wrong
    assert search.suspicions.filter(status="queued").count() == 2
    told = Notification.objects.filter(event="release.tests_explained", channel="in_app")
    assert {row.user for row in told} == {engine.cast.petra, engine.cast.lena, engine.cast.dev}
    page = sign_in(engine.cast.petra).get("/releases/24.11/combined/").content.decode()
    assert "The tests pass without C-2 Wrap gifts." in page
    assert "Eject C-2" in page
    go_through(release, engine.cast.tess)

    reason = "The tests fail with C-2"
    sign_in(engine.cast.petra).post("/releases/24.11/eject/2/", {"reason": reason})
    engine.settle()
    release.refresh_from_db()
    assert release.candidate != first
    assert release.candidate.checks.latest("id").status == "passed"
    assert set(verdicts.standing(release.candidate)) == {change.pk for change in release.changes.all()}
    assert wrong not in release.changes.all()
    assert Search.objects.count() == 1

    points = checklists.points_of(release, release.candidate)
    held = checklists.answers_of(points, release.candidate.digest)
    assert {point.text for point in points if point.pk not in held} == {steps.ordinary()}
    assert "checklist_done" in closed(release)
    go_through(release, engine.cast.tess)
    assert not closed(release) & {"changes_approved", "check_passed", "checklist_done", "base_current"}


def test_a_trial_goes_nowhere(engine: Shop, three):
    release = three("wishes.py", "wrong.py", "later.py")
    trials = Candidate.objects.filter(purpose="trial")
    assert trials.count() == 2
    assert not Deployment.objects.filter(candidate__in=trials).exists()
    for place in engine.cast.product.environments.all():
        with pytest.raises(NotAllowed, match="only tested, never deployed"):
            services.request(place, trials.first(), by=engine.cast.ops)
    assert services.candidates.live(engine.cast.product) not in trials
    assert services.candidates.on_staging(engine.cast.product) == release.candidate


def test_tests_that_pass_when_repeated_are_flaky_and_open_the_gate(engine: Shop, three):
    release = three("wishes.py", "gifts.py", "later.py", main=("strict.flag", "flaky.flag"), turn=0)
    search = Search.objects.get()
    assert search.status == "flaky"
    assert not search.suspicions.exclude(status="queued").exists()
    assert "check_passed" not in closed(release)


def test_what_fails_without_any_change_is_not_blamed_on_one(engine: Shop, three):
    three("wishes.py", "gifts.py", "later.py", main=("strict.flag", "base.flag"))
    search = Search.objects.get()
    assert search.status == "base"
    assert "without any of the changes" in searches.conclusion(search)


def test_what_only_fails_together_names_nobody(engine: Shop, three):
    three("together-a.txt", "together-b.txt", "together-c.txt")
    search = Search.objects.get()
    assert search.status == "together"
    assert {one.status for one in search.suspicions.all()} == {"innocent"}


def test_a_search_stops_when_the_release_is_put_together_anew(engine: Shop, three):
    release = three("wishes.py", "wrong.py", "later.py")
    search = Search.objects.get()
    Search.objects.filter(pk=search.pk).update(status="looking", ended_at=None)
    Release.objects.filter(pk=release.pk).update(candidate=None)
    suspects.advance(search)
    search.refresh_from_db()
    assert search.status == "stopped"


def test_a_worker_that_dies_between_two_steps_costs_no_trial_twice(engine: Shop, three, monkeypatch):
    three("wishes.py", "wrong.py", "later.py")
    search = Search.objects.get()
    before = (Candidate.objects.count(), Check.objects.count())
    Search.objects.filter(pk=search.pk).update(status="looking", ended_at=None)
    Suspicion.objects.filter(search=search).update(status="queued")
    suspects.advance(search)
    assert (Candidate.objects.count(), Check.objects.count()) == before
    search.refresh_from_db()
    assert search.status == "found"


def test_files_that_the_log_names_are_tried_first():
    log = "ERROR: cart.tests.Prices\n  File 'shop/wishes.py', line 3"
    assert suspects.mentions(log, ["shop/wishes.py", "cart/tests.py", "README.md"]) == 2


def test_passing_tests_are_not_searched(engine: Shop, three):
    three("wishes.py", "gifts.py", "later.py")
    assert not Search.objects.exists()
    assert not Notification.objects.filter(event="release.tests_failed").exists()


def test_the_checklist_is_seeded_once_and_the_whole_is_one_point(engine: Shop, three):
    release = three("wishes.py", "gifts.py", "later.py")
    points = checklists.points_of(release, release.candidate)
    assert [point.text for point in points].count(steps.ordinary()) == 1
    assert {point.change_id for point in points} == {None, *release.changes.values_list("pk", flat=True)}
    checklists.seed(release)
    assert checklists.points_of(release, release.candidate) == points


def test_a_no_shuts_the_gate_says_why_and_tells_who_decides(engine: Shop, three):
    release = three("wishes.py", "gifts.py", "later.py")
    go_through(release, engine.cast.tess)
    assert "checklist_done" not in closed(release)
    point = checklists.points_of(release, release.candidate)[0]
    with pytest.raises(checklists.ValidationError):
        checklists.answer(point, candidate=release.candidate, ok=False, by=engine.cast.tess)
    checklists.answer(point, candidate=release.candidate, ok=False, words="Empty", by=engine.cast.tess)
    gate = next(gate for gate in gates.missing(release) if gate.key == "checklist_done")
    assert gate.evidence.endswith("does not work: Empty")
    assert Notification.objects.filter(user=engine.cast.petra, event="release.tests_failed").exists()


def test_the_list_is_changed_on_its_page_and_other_words_are_another_point(engine: Shop, three, sign_in):
    release = three("wishes.py", "gifts.py", "later.py")
    go_through(release, engine.cast.tess)
    tess, at = sign_in(engine.cast.tess), "/releases/24.11/checklist/"
    assert tess.post(at, {"text": "  "}).status_code == 422
    tess.post(at, {"text": "Change the language", "change": "1"})
    added = release.checklist.get(text="Change the language")
    assert added.change.number == 1
    assert "checklist_done" in closed(release)
    assert tess.post(f"{at}{added.pk}/", {"candidate": release.candidate_id, "ok": "0"}).status_code == 422
    tess.post(f"{at}{added.pk}/", {"candidate": release.candidate_id, "ok": "1"})
    assert "checklist_done" not in closed(release)
    tess.post(f"{at}{added.pk}/words/", {"text": "Change the currency"})
    assert not ChecklistAnswer.objects.filter(item=added).exists()
    tess.post(f"{at}{added.pk}/off/")
    assert "checklist_done" not in closed(release)
    assert "Change the currency" not in tess.get("/releases/24.11/combined/").content.decode()
    assert sign_in(engine.cast.max).post(at, {"text": "x"}).status_code == 403


def test_a_list_that_staging_does_not_show_is_not_answered(engine: Shop, three):
    release = three("wishes.py", "gifts.py", "later.py")
    point = checklists.points_of(release, release.candidate)[0]
    Candidate.objects.update(staged_at=None)
    with pytest.raises(NotAllowed, match="Staging does not run"):
        checklists.answer(point, candidate=release.candidate, ok=True, by=engine.cast.tess)


def api(user) -> Client:
    return Client(headers={"authorization": f"Bearer {tokens.issue(user, name='t', scope='write')}"})


def test_the_api_shows_the_search_goes_through_the_list_and_ejects(engine: Shop, three):
    release = three("wishes.py", "wrong.py", "later.py")
    at = f"/api/v1/products/{engine.cast.product.slug}/releases/24.11/"
    json = {"content_type": "application/json"}
    tess, petra = api(engine.cast.tess), api(engine.cast.petra)
    found = petra.get(f"{at}suspects/").json()
    assert (found["status"], found["suspicions"][0]["change"]) == ("found", "C-2")
    point = tess.get(f"{at}checklist/").json()[0]
    assert (point["text"], point["change"], point["answer"]) == (steps.ordinary(), None, None)
    said = {"ok": True, "digest": "0" * 64}
    assert tess.post(f"{at}checklist/{point['id']}/", said, **json).status_code == 409
    answered = tess.post(f"{at}checklist/{point['id']}/", said | {"digest": release.candidate.digest}, **json)
    assert answered.status_code == 201
    assert answered.json()[0]["answer"]["ok"] is True
    assert petra.post(f"{at}checklist/{point['id']}/", said, **json).status_code == 403
    assert tess.post(f"{at}eject/", {"change": 2, "reason": "It fails"}, **json).status_code == 403
    assert petra.post(f"{at}eject/", {"change": 2, "reason": ""}, **json).status_code == 422
    assert petra.post(f"{at}eject/", {"change": 2, "reason": "It fails"}, **json).status_code == 202
    assert [change.number for change in release.changes.order_by("number")] == [1, 3]
