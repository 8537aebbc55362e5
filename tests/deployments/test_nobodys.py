"""Branches mode: what was pushed and belongs to no change waits for a word, on a branch of its own or on main."""

import pytest

from deployments import intake
from environments.models import Branch, TrunkCommit
from lifecycle import jobs
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases import changes, nobodys, trunk_words
from releases.models import Candidate, Change
from tests.deployments.engine import Shop

PAGE, API = "/environments/repository/", "/api/v1/products/shop/repository/"
JSON = "application/json"


@pytest.fixture
def shop(engine: Shop) -> Shop:
    """The shop with main deployed everywhere; nothing waits."""
    engine.adopt()
    return engine


def pushed(shop: Shop, branch: str, line: int = 5, start: str = "main") -> Branch:
    shop.upstream.change(branch, start, line)
    intake.poll_upstream()
    return Branch.objects.get(name=branch)


def on_main(shop: Shop, line: int, message: str) -> str:
    rows = (shop.upstream.path / "shop.py").read_text().splitlines()
    rows[line - 1] = message.splitlines()[0]
    shop.upstream.write("shop.py", "\n".join(rows) + "\n")
    sha = shop.upstream.commit(message)
    intake.poll_upstream()
    return sha


def waiting(shop: Shop) -> list[str]:
    return [row.subject for row in trunk_words.waiting(shop.cast.product)]


def branches(shop: Shop) -> list[str]:
    return [branch.name for branch in nobodys.waiting(shop.cast.product)]


def do(kind: str) -> None:
    for work in Work.objects.filter(kind=kind, status=Work.Status.QUEUED):
        jobs.execute(work.key)


def test_a_branch_of_nobody_is_listed_with_its_commits(shop: Shop):
    branch = pushed(shop, "bump-a-library")
    pushed(shop, "bump-a-library", line=15, start="bump-a-library")
    branch.refresh_from_db()
    assert (branches(shop), branch.nobodys) == (["bump-a-library"], 2)
    assert Change.objects.count() == 0


def test_it_ships_as_maintenance_like_any_other_change(shop: Shop):
    release = shop.plan("Keep a wishlist")
    branch = pushed(shop, "bump-a-library", line=25)
    change = nobodys.ship(branch, by=shop.cast.lena)
    shop.settle()
    change.refresh_from_db()
    assert (change.branch, change.release, change.ideas.count()) == ("bump-a-library", release, 0)
    assert (change.title, change.revision.tip, change.status) == ("bump-a-library", branch.sha, "development")
    assert Candidate.objects.filter(purpose="dev").latest("id").rows.get().change == change
    changes.mark_ready(change, by=shop.cast.dev)
    assert branches(shop) == []
    with pytest.raises(NotAllowed):
        nobodys.ship(branch, by=shop.cast.lena)


def test_left_out_it_stays_so_when_it_moves_until_somebody_thinks_again(shop: Shop):
    branch = pushed(shop, "experiment")
    nobodys.leave_out(branch, by=shop.cast.lena)
    branch = pushed(shop, "experiment", line=15)
    assert branch.is_left_out
    shop.settle()
    assert Change.objects.count() == 0
    nobodys.ship(branch, by=shop.cast.lena)
    assert (branches(shop), Branch.objects.get(pk=branch.pk).is_left_out) == ([], False)


def test_what_is_somebodys_or_on_main_is_not_listed(shop: Shop):
    change = shop.plan("Keep a wishlist").changes.get()
    shop.push(change)
    merged = pushed(shop, "typo", line=15)
    shop.upstream.git("branch", "same-as-main", "main")
    intake.poll_upstream()
    assert branches(shop) == ["typo"]
    shop.upstream.git("merge", "-q", "--ff-only", "typo")
    intake.poll_upstream()
    assert branches(shop) == [], "main has it, and there it waits"
    assert [row.sha for row in trunk_words.waiting(shop.cast.product)] == [merged.sha]


def test_linked_by_hand_it_is_somebodys(shop: Shop):
    change = shop.plan("Keep a wishlist").changes.get()
    pushed(shop, "wishlist")
    changes.link_branch(change, branch="wishlist", by=shop.cast.dev)
    assert branches(shop) == []


def test_a_branch_of_a_change_that_is_live_is_not_listed_but_what_is_pushed_to_it_later_is(shop: Shop):
    change = shop.plan("Keep a wishlist").changes.get()
    shop.push(change)
    Change.objects.filter(pk=change.pk).update(status="live")
    Branch.objects.filter(name=change.branch).update(sha="0" * 40)
    intake.poll_upstream()
    assert branches(shop) == []
    pushed(shop, change.branch, line=45, start=change.branch)
    assert branches(shop) == [change.branch]


def test_a_commit_pushed_straight_to_main_waits_and_ships_as_maintenance(shop: Shop):
    fork, sha = shop.upstream.git("rev-parse", "main"), on_main(shop, 5, "Fix a typo")
    assert waiting(shop) == ["Fix a typo"]
    trunk_words.ship(TrunkCommit.objects.get(), by=shop.cast.lena)
    do("trunk_word")
    change = Change.objects.get()
    assert (change.title, change.revision.fork, change.revision.tip) == ("Fix a typo", fork, sha)
    assert waiting(shop) == []
    intake.poll_upstream()
    on_main(shop, 15, "Fix another one")
    assert waiting(shop) == ["Fix another one"]


def test_left_out_of_main_it_is_in_no_change_that_begins_after_it(shop: Shop):
    on_main(shop, 5, "Try something")
    trunk_words.leave_out(TrunkCommit.objects.get(), by=shop.cast.lena)
    change = shop.plan("Keep a wishlist").changes.get()
    shop.push(change, line=25)
    change.refresh_from_db()
    assert (waiting(shop), change.revision.commits) == (["Try something"], 1)


def test_a_merge_by_hand_of_what_is_a_change_is_no_news(shop: Shop):
    change = shop.plan("Keep a wishlist").changes.get()
    shop.push(change)
    shop.upstream.git("merge", "-q", "--no-ff", "-m", "Merge it", change.branch)
    intake.poll_upstream()
    assert waiting(shop) == []


def test_what_lifecycle_puts_on_main_is_its_own(shop: Shop):
    release = shop.shown("Keep a wishlist")
    candidate = release.candidate
    mirror = shop.repository.mirror
    shop.upstream.git("fetch", "-q", mirror, f"refs/lifecycle/candidates/{candidate.pk}")
    shop.upstream.git("merge", "-q", "--ff-only", "FETCH_HEAD")
    intake.poll_upstream()
    assert waiting(shop) == []


def test_what_main_has_no_more_waits_no_longer(shop: Shop):
    start = shop.upstream.git("rev-parse", "main")
    on_main(shop, 5, "Fix a typo")
    shop.upstream.git("reset", "-q", "--hard", start)
    intake.poll_upstream()
    assert waiting(shop) == []


def test_the_page_and_the_api_take_the_word(shop: Shop, sign_in):
    one, two = pushed(shop, "bump-a-library"), pushed(shop, "experiment", line=15)
    lena, dev = sign_in(shop.cast.lena), sign_in(shop.cast.dev)
    text = lena.get(PAGE).content.decode()
    assert "Branches that belong to no change" in text and f"/branches/{one.pk}/ship/" in text
    assert "/ship/" not in dev.get(PAGE).content.decode()
    assert lena.post(f"/branches/{one.pk}/ship/").status_code == 302
    assert lena.post(f"/branches/{one.pk}/ship/").status_code == 409
    assert dev.post(f"/branches/{two.pk}/leave-out/").status_code == 403
    [found] = lena.get(API).json()["waiting_branches"]
    assert (found["name"], found["nobodys"], found["is_left_out"]) == ("experiment", 1, False)
    answer = lena.post(API + "branches/leave-out/", {"branch": "experiment"}, JSON)
    assert (answer.status_code, answer.json()["is_left_out"]) == (200, True)
    answer = lena.post(API + "branches/ship/", {"branch": "experiment"}, JSON)
    assert (answer.status_code, answer.json()["title"]) == (201, "experiment")
    assert lena.post(API + "branches/ship/", {"branch": "nowhere"}, JSON).status_code == 404
    assert lena.post(API + "branches/ship/", {}, JSON).status_code == 422
