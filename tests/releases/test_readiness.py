"""Ready for staging, said with the commit or by a pull request that leaves draft."""

import pytest
from django.test import Client

from environments import repositories
from lifecycle import tokens
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, intake, readiness
from releases.models import Change
from tests.cast import Cast

S = Change.Status
TRAILER = "shop: Say it is ready.\n\nReady: yes"
ADDRESS = "/api/v1/products/shop/ready/"


@pytest.fixture
def change(plan_of) -> Change:
    return plan_of("Keep a wishlist").changes.get()


@pytest.fixture
def push(cast: Cast, workshop):
    """`push(change, "message")` commits to the change's branch and takes it in, without running any test."""

    def commit(change: Change, message: str, *, onto: str = "main", line: int = 5, name: str = "") -> Change:
        workshop.git("checkout", "-q", "-B", change.branch, onto)
        workshop.write(name or f"{change.branch.replace('/', '_')}_{line}.py", f"line = {line}\n")
        workshop.commit(message)
        for branch in repositories.poll(cast.product.repository):
            intake.take(branch)
        change.refresh_from_db()
        return change

    return commit


def forge(cast: Cast) -> Client:
    token = tokens.issue(cast.dev, name="forge", scope="checks")
    return Client(headers={"authorization": f"Bearer {token}"})


def say(client: Client, sha: str, **more: object):
    return client.post(ADDRESS, {"sha": sha, **more}, content_type="application/json")


def test_a_trailer_offers_the_change_when_its_tests_have_passed(change: Change, push, work):
    push(change, TRAILER)
    assert change.status == S.DEVELOPMENT and change.revision.says_ready
    assert work("check") == 1 and work("offer") == 1
    change.refresh_from_db()
    assert change.status == S.READY


def test_without_the_trailer_it_waits_for_the_button(change: Change, push, work):
    push(change, "shop: Say nothing.\n\nReady: no")
    assert work("check") == 1 and work("offer") == 0
    change.refresh_from_db()
    assert change.status == S.DEVELOPMENT


def test_only_the_newest_commit_speaks(change: Change, push, work):
    push(change, TRAILER)
    push(change, "shop: One more thing.", onto=change.branch, line=6)
    work("check")
    work("offer")
    change.refresh_from_db()
    assert change.status == S.DEVELOPMENT and not change.revision.says_ready


def test_failed_tests_keep_it_back_and_a_repeated_run_offers_it(change: Change, push, work, cast: Cast, workshop):
    push(change, TRAILER)
    Work.objects.filter(kind="check").delete()
    check = change.revision.checks.get()
    check.__class__.objects.filter(pk=check.pk).update(status="failed")
    readiness.offer(change, by=cast.dev)
    assert change.status == S.DEVELOPMENT
    check.refresh_from_db()
    changes.checks.again(check, by=cast.dev)
    assert work("check") == 1 and work("offer") == 1
    change.refresh_from_db()
    assert change.status == S.READY


def test_the_button_takes_the_wish_back(change: Change, push, work, cast: Cast):
    push(change, TRAILER)
    work("check")
    work("offer")
    change.refresh_from_db()
    changes.unmark_ready(change, by=cast.dev)
    change.refresh_from_db()
    readiness.offer(change, by=cast.dev)
    assert change.status == S.DEVELOPMENT


def test_a_change_above_follows_the_one_below(plan_of, push, work, cast: Cast):
    below, above = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    push(below, "shop: Begin.")
    push(above, TRAILER, onto=below.branch, line=7)
    work("check")
    work("offer")
    above.refresh_from_db()
    assert above.requires == below and above.status == S.DEVELOPMENT
    below.refresh_from_db()
    changes.mark_ready(below, by=cast.dev)
    assert work("offer") == 1
    above.refresh_from_db()
    assert above.status == S.READY


def test_a_wish_that_a_conflict_kept_back_is_offered_when_dev_clears_it(plan_of, push, work, compose, cast: Cast):
    one, two = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    push(one, "shop: Add it.", name="same.py", line=1)
    push(two, TRAILER, name="same.py", line=2)
    compose(candidates.request(cast.product, "dev", by=cast.dev))
    work("check")
    work("offer")
    two.refresh_from_db()
    assert two.conflict and two.status == S.DEVELOPMENT
    push(one, "shop: Add it elsewhere.", name="other.py", line=1)
    compose(candidates.request(cast.product, "dev", by=cast.dev))
    assert work("offer") == 1
    two.refresh_from_db()
    assert (two.conflict, two.status) == (None, S.READY)


def test_a_pull_request_that_leaves_draft_says_so_and_one_that_becomes_a_draft_takes_it_back(
    change: Change, push, work, cast: Cast
):
    push(change, "shop: Work on it.")
    client = forge(cast)
    answer = say(client, change.revision.tip)
    assert (answer.status_code, answer.json()) == (200, {"changes": [change.key]})
    work("check")
    work("offer")
    change.refresh_from_db()
    assert change.status == S.READY
    assert say(client, change.revision.tip).status_code == 200
    assert say(client, change.revision.tip, ready=False).status_code == 200
    change.refresh_from_db()
    assert change.status == S.DEVELOPMENT and not change.revision.says_ready


def test_it_is_offered_at_once_when_nothing_is_missing_any_more(change: Change, push, work, cast: Cast):
    push(change, "shop: Work on it.")
    work("check")
    say(forge(cast), change.revision.tip)
    change.refresh_from_db()
    assert change.status == S.READY


def test_a_commit_nobody_knows_is_refused_and_so_is_a_wrong_role(change: Change, push, cast: Cast):
    push(change, "shop: Work on it.")
    unknown = say(forge(cast), "0" * 40)
    assert unknown.status_code == 409 and "No open change ends in the commit" in unknown.json()["detail"]
    assert say(forge(cast), "no sha").status_code == 422
    tess = Client(headers={"authorization": f"Bearer {tokens.issue(cast.tess, name='t', scope='checks')}"})
    assert say(tess, change.revision.tip).status_code == 403
    with pytest.raises(NotAllowed):
        readiness.say(cast.product, sha="0" * 40, ready=True, by=cast.dev)
