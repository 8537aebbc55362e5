"""What was said of one build and holds for the next: yeses and ticks, and why a re-test is asked for."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from environments import repositories
from lifecycle import tokens
from releases import candidates, changes, checks, facts, intake, tries, verdicts
from releases.models import Candidate, Change
from releases.pages import builds


@pytest.fixture
def promote(cast, compose):
    """`promote()` composes what is ready, weighs what was said and brings it to staging, as the workers do."""

    def run() -> Candidate:
        candidate = compose(candidates.request(cast.product, Candidate.Purpose.STAGING, by=cast.lena))
        verdicts.weigh(candidate)
        facts.mark_on_staging(candidate, by=cast.ops)
        return candidate

    return run


@pytest.fixture
def two(cast, workshop, plan_of):
    """Two changes of one plan."""
    return list(plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk"))


def push(workshop, cast, change: Change, subject: str = "Add it", **files: str) -> Change:
    """Commit these files to the change's branch (it begins at main), tests passed and ready."""
    if not change.revision:
        workshop.git("checkout", "-q", "-B", change.branch, "main")
    else:
        workshop.git("checkout", "-q", change.branch)
    for name, text in files.items():
        workshop.write(f"{name}.py", text)
    workshop.commit(subject)
    workshop.git("checkout", "-q", "main")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    change.refresh_from_db()
    check = change.revision.checks.get()
    verdicts.move(check, "running", by=checks.WORKER)
    checks.end(check, "passed", "by hand")
    changes.mark_ready(change, by=cast.dev)
    return change


def fresh(change: Change) -> Change:
    change.refresh_from_db()
    return change


def status(change: Change) -> str:
    return fresh(change).status


def test_an_ordinary_promotion_keeps_the_yes_of_what_it_does_not_touch(cast, workshop, two, promote):
    one, other = two
    push(workshop, cast, one, wishes="x = 1\n")
    first = promote()
    verdicts.approve(fresh(one), candidate=first, by=cast.tess)
    push(workshop, cast, other, gifts="y = 1\n")
    second = promote()
    assert (status(one), status(other)) == ("approved", "staging")
    assert verdicts.standing(second)[one.pk].carried_from.digest == first.digest
    assert second.rows.get(change=one).unchanged_since == first


def test_a_yes_whose_files_another_change_touched_is_asked_for_again_and_says_why(
    cast, sign_in, workshop, two, promote
):
    one, other = two
    push(workshop, cast, one, shop=shop_at_the_end("wished"))
    first = promote()
    verdicts.approve(fresh(one), candidate=first, by=cast.tess)
    push(workshop, cast, other, shop=shop_with("wrapped"))
    second = promote()
    assert (status(one), status(other)) == ("staging", "staging")
    row = second.rows.get(change=one)
    assert row.stale == [{"change": other.key, "files": ["shop.py"]}]
    assert row.unchanged_since is None
    page = sign_in(cast.tess).get(f"/testing/?change={one.number}").content.decode()
    assert f"What changed since Build {first.pk}" in page
    assert f"{other.key} changed shop.py since" in page


def shop_with(name: str) -> str:
    return f"line_1 = '{name}'\n" + "".join(f"line_{n} = {n}\n" for n in range(2, 61))


def shop_at_the_end(name: str) -> str:
    return "".join(f"line_{n} = {n}\n" for n in range(1, 60)) + f"line_60 = '{name}'\n"


def test_a_promotion_costs_the_same_however_many_untested_changes_stay(cast, workshop, plan_of, promote):
    names = "abcdefgh"
    found = list(plan_of(*(f"Keep wish {name}" for name in names)).changes.order_by("pk"))
    counts = []
    for few in (found[:2], found[2:]):
        for name, change in zip(names[found.index(few[0]) :], few, strict=False):
            push(workshop, cast, change, **{name: "x = 1\n"})
        promote()
        with CaptureQueriesContext(connection) as statements:
            again = promote()
        counts.append(len(statements))
        assert again.rows.exclude(unchanged_since=None).count() == again.rows.count()
    assert again.rows.count() == 8 and counts[0] == counts[1]


def test_ticks_hold_for_a_build_that_has_the_same_of_the_change(cast, workshop, two, promote):
    one, other = two
    push(workshop, cast, one, wishes="x = 1\n")
    first = promote()
    first_step, _second = verdicts_steps(one)
    tries.keep(one, first.digest, steps=[first_step], shown=verdicts_steps(one), by=cast.tess)
    push(workshop, cast, other, gifts="y = 1\n")
    second = promote()
    assert tries.tried(one, second, cast.tess) == {tries.hash_of(first_step)}
    assert tries.tried(one, second, cast.lena) == set()
    push(workshop, cast, one, "Sort them", wishes="x = 2\n")
    third = promote()
    assert tries.tried(one, third, cast.tess) == set()


def verdicts_steps(change: Change) -> list[str]:
    from releases import steps

    return steps.of(change)


def test_the_bench_names_the_commits_since_the_build_that_was_tried(cast, workshop, two, promote):
    one = two[0]
    push(workshop, cast, one, "Add a list", wishes="x = 1\n")
    first = promote()
    verdicts.give_back(fresh(one), candidate=first, by=cast.tess, reason="It is not sorted")
    push(workshop, cast, one, "Sort the list", wishes="x = 2\n")
    second = promote()
    news = builds.news(one, second, cast.tess)
    assert (news.build, news.commits, news.rewritten) == (f"Build {first.pk}", ["Sort the list"], 0)
    assert builds.news(one, second, cast.lena) is None


def test_a_rebased_branch_counts_what_was_only_written_anew(cast, workshop, two, promote):
    one = two[0]
    push(workshop, cast, one, "Add a list", wishes="x = 1\n")
    first = promote()
    verdicts.give_back(fresh(one), candidate=first, by=cast.tess, reason="It is not sorted")
    workshop.git("checkout", "-q", one.branch)
    workshop.write("wishes.py", "x = 3\n")
    workshop.git("add", "-A")
    workshop.git("commit", "-q", "--amend", "--no-edit", "--date", "2001-01-01T00:00:00Z")
    push(workshop, cast, one, "Sort the list", wishes="x = 4\n")
    news = builds.news(one, promote(), cast.tess)
    assert (news.commits, news.rewritten) == (["Sort the list"], 1)


def test_whether_the_build_answers_is_what_was_recorded_of_it(cast, sign_in, workshop, two, promote):
    push(workshop, cast, two[0], wishes="x = 1\n")
    candidate = promote()
    staging = cast.product.environments.get(kind="staging")
    tess = sign_in(cast.tess)
    assert "It was not asked yet what runs there" in tess.get("/testing/").content.decode()
    staging.probed_release = f"staging+{candidate.digest[:8]}"
    staging.save()
    assert "This build answers there" in tess.get("/testing/").content.decode()
    staging.probed_release = "24.9+00000000"
    staging.save()
    assert "24.9+00000000 answers there" in tess.get("/testing/").content.decode()


def test_what_answered_before_the_build_came_says_nothing_of_it(cast, sign_in, workshop, two, promote):
    push(workshop, cast, two[0], wishes="x = 1\n")
    candidate = promote()
    staging = cast.product.environments.filter(kind="staging")
    staging.update(probed_release="24.9+00000000", probed_at=candidate.staged_at - timedelta(seconds=1))
    shown = sign_in(cast.tess).get("/testing/").content.decode()
    assert "It was not asked yet what runs there" in shown and "24.9" not in shown
    staging.update(probed_at=candidate.staged_at + timedelta(seconds=1))
    assert "24.9+00000000 answers there" in sign_in(cast.tess).get("/testing/").content.decode()


def test_who_waits_tells_the_holder_once(cast, sign_in, workshop):
    from lifecycle.models import Notification

    tess, dev = sign_in(cast.tess), sign_in(cast.dev)
    assert dev.post("/testing/ask/").status_code == 409
    tess.post("/testing/hold/", {"minutes": "60"})
    assert "59 min left" in tess.get("/testing/").content.decode()
    assert "Ask Tess for it" in dev.get("/testing/").content.decode()
    for _again in range(2):
        dev.post("/testing/ask/")
    told = Notification.objects.filter(user=cast.tess, event="environment.asked_for", channel="in_app")
    assert told.count() == 1
    assert tess.post("/testing/ask/").status_code == 409
    assert sign_in(cast.max).post("/testing/ask/").status_code == 403


def test_decided_today_means_since_midnight_where_the_reader_is(cast, sign_in, workshop, two, promote):
    from datetime import timedelta

    from django.utils import timezone

    one = push(workshop, cast, two[0], wishes="x = 1\n")
    candidate = promote()
    verdicts.give_back(fresh(one), candidate=candidate, by=cast.tess, reason="It fails")
    tess = sign_in(cast.tess)
    assert "Decided today" in tess.get("/testing/").content.decode()
    one.verdicts.update(at=timezone.localtime().replace(hour=0, minute=0, second=0) - timedelta(seconds=1))
    assert "Decided today" not in tess.get("/testing/").content.decode()


def api(user) -> Client:
    return Client(headers={"authorization": f"Bearer {tokens.issue(user, name='t', scope='write')}"})


def test_the_api_tells_and_takes_verdicts(cast, workshop, two, promote):
    one = push(workshop, cast, two[0], wishes="x = 1\n")
    candidate = promote()
    tess, address = api(cast.tess), f"/api/v1/products/{cast.product.slug}/changes/{one.number}/verdicts/"
    stale = {"outcome": "approved", "digest": "0" * 64}
    assert tess.post(address, stale, content_type="application/json").status_code == 409
    nothing = {"outcome": "returned", "digest": candidate.digest}
    assert tess.post(address, nothing, content_type="application/json").status_code == 422
    defects = [{"seen": "It is empty", "severity": "block", "step": "Open it"}, {"seen": "It is grey"}]
    made = tess.post(address, nothing | {"defects": defects}, content_type="application/json")
    assert made.status_code == 201
    assert [one["severity"] for one in made.json()["defects"]] == ["block", "fix"]
    listed = api(cast.dev).get(address).json()
    assert (listed[0]["outcome"], listed[0]["build"]) == ("returned", candidate.pk)
    assert api(cast.dev).post(address, stale, content_type="application/json").status_code == 403
    change = api(cast.dev).get(address.replace("verdicts/", "")).json()
    assert change["returns"] == 1
