"""Trunk mode: what is merged to main becomes changes, whatever way the forge merges."""

import pytest
from django.utils import timezone

from deployments import intake
from environments import repositories
from environments.git import Git, GitError
from environments.models import Repository, TrunkCommit
from lifecycle import jobs
from lifecycle.events import about
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases import candidates, trunk_words
from releases.models import Candidate, Change
from tests.deployments.engine import Shop

S = TrunkCommit.Status


@pytest.fixture
def trunk(engine: Shop) -> Shop:
    """The shop with main adopted and the team merging to main; nothing is deployed."""
    adopt(engine)
    repositories.set_mode(engine.repository, mode=Repository.Mode.TRUNK, by=engine.cast.ops)
    return engine


def adopt(shop: Shop) -> None:
    candidates.adopt(shop.cast.product, sha=shop.upstream.git("rev-parse", "main"), by=shop.cast.ops)


def lines(shop: Shop, line: int, text: str) -> None:
    rows = (shop.upstream.path / "shop.py").read_text().splitlines()
    rows[line - 1] = text
    shop.upstream.write("shop.py", "\n".join(rows) + "\n")


def on_main(shop: Shop, line: int, message: str) -> str:
    """A squashed or rebased commit on main."""
    lines(shop, line, message.splitlines()[0])
    return shop.upstream.commit(message)


def merged(shop: Shop, branch: str, line: int, message: str) -> str:
    """A branch merged to main with a merge commit, as a forge does it."""
    shop.upstream.change(branch, "main", line)
    shop.upstream.git("merge", "-q", "--no-ff", "-m", message, branch)
    return shop.upstream.git("rev-parse", "HEAD")


def poll(shop: Shop) -> int:
    return intake.poll_upstream()


def do(kind: str) -> None:
    """What waits of this kind, as a worker would."""
    for work in Work.objects.filter(kind=kind, status=Work.Status.QUEUED):
        jobs.execute(work.key)


def test_a_merge_becomes_a_change_from_its_first_parent(trunk: Shop):
    before = trunk.upstream.git("rev-parse", "main")
    tip = merged(trunk, "wrap", 5, "Merge pull request #12 from shop/wrap\n\nWrap gifts")
    assert poll(trunk) == 1
    change = Change.objects.get()
    assert (change.title, change.revision.fork, change.revision.tip) == ("Wrap gifts", before, tip)
    assert change.revision.files == ["shop.py", "wrap.py"]
    assert not change.ideas.exists()
    do("compose")
    assert Candidate.objects.filter(purpose="dev").latest("id").rows.get().change == change


def test_a_squash_belongs_to_the_planned_change_of_its_idea(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    number = change.ideas.get().number
    tip = on_main(trunk, 5, f"Keep a wishlist (#7)\n\nIdea: {number}")
    poll(trunk)
    change.refresh_from_db()
    assert (change.revision.tip, change.revision.fork) == (tip, trunk.upstream.git("rev-parse", "main~1"))
    assert Change.objects.count() == 1


def test_a_rebased_run_of_one_pull_request_is_one_change(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    fork = trunk.upstream.git("rev-parse", "main")
    for line in (5, 15, 25):
        tip = on_main(trunk, line, f"step {line}\n\nChange: {change.key}")
    other = on_main(trunk, 35, "Wrap gifts (#8)")
    assert poll(trunk) == 2
    change.refresh_from_db()
    assert (change.revision.fork, change.revision.tip, change.revision.commits) == (fork, tip, 3)
    assert Change.objects.exclude(pk=change.pk).get().revision.tip == other


def test_the_newest_commit_of_a_run_says_whether_it_is_ready_and_what_migrations_do(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    on_main(trunk, 5, f"begin\n\nChange: {change.key}\nReady: no\nMigrations: expand")
    on_main(trunk, 15, f"end\n\nChange: {change.key}\nReady: yes\nMigrations: contract")
    poll(trunk)
    change.refresh_from_db()
    assert (change.revision.says_ready, change.migrations) == (True, "contract")


def test_after_a_rewrite_the_newest_commit_still_speaks(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    start = trunk.upstream.git("rev-parse", "main")
    on_main(trunk, 5, f"begin\n\nChange: {change.key}\nReady: no")
    on_main(trunk, 15, f"end\n\nChange: {change.key}\nReady: yes")
    poll(trunk)
    trunk.upstream.git("checkout", "-q", "-B", "rewritten", start)
    trunk.upstream.write("new.txt", "a file that came before")
    trunk.upstream.commit("Add a file")
    trunk.upstream.git("cherry-pick", "main~1", "main")
    trunk.upstream.git("checkout", "-q", "-B", "main", "rewritten")
    poll(trunk)
    change.refresh_from_db()
    assert (change.revision.number, change.revision.says_ready) == (2, True)


def test_a_branch_name_in_a_merge_finds_its_idea(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    merged(trunk, change.branch, 5, f"Merge branch '{change.branch}' into 'main'")
    poll(trunk)
    change.refresh_from_db()
    assert change.revision.number == 1


def test_a_later_fix_joins_its_change_without_what_came_between(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    on_main(trunk, 5, f"first\n\nChange: {change.key}")
    on_main(trunk, 25, "Something else (#9)")
    on_main(trunk, 45, f"second\n\nChange: {change.key}")
    assert poll(trunk) == 3
    change.refresh_from_db()
    git = repositories.git(trunk.repository)
    content = git.read_file(change.revision.tip, "shop.py").decode().splitlines()
    assert (content[4], content[24], content[44]) == ("first", "line 25", "second")
    assert change.revision.number == 2


def test_a_fix_that_needs_what_is_not_in_its_change_waits_with_the_files(trunk: Shop):
    change = trunk.plan("Keep a wishlist").changes.get()
    on_main(trunk, 5, f"first\n\nChange: {change.key}")
    on_main(trunk, 25, "Something else (#9)")
    on_main(trunk, 25, f"on top of it\n\nChange: {change.key}")
    poll(trunk)
    row = TrunkCommit.objects.get(status=S.WAITING)
    assert (row.subject, row.note) == ("on top of it", "shop.py")


def test_a_commit_that_names_nothing_waits_and_ships_as_maintenance(trunk: Shop):
    tip = on_main(trunk, 5, "Bump a library")
    assert poll(trunk) == 0
    [row] = trunk_words.waiting(trunk.cast.product)
    assert (row.sha, row.subject, row.status) == (tip, "Bump a library", S.WAITING)
    trunk_words.ship(row, by=trunk.cast.lena)
    do("trunk_word")
    change = Change.objects.get()
    assert (change.title, change.revision.tip) == ("Bump a library", tip)
    assert not trunk_words.waiting(trunk.cast.product)
    assert change.status == Change.Status.DEVELOPMENT


def test_a_commit_that_is_left_out_never_ships_unless_somebody_thinks_again(trunk: Shop):
    on_main(trunk, 5, "Try something")
    poll(trunk)
    [row] = trunk_words.waiting(trunk.cast.product)
    trunk_words.leave_out(row, by=trunk.cast.lena)
    assert poll(trunk) == 0
    assert not Change.objects.exists()
    trunk_words.ship(row, by=trunk.cast.lena)
    with pytest.raises(NotAllowed):
        trunk_words.ship(TrunkCommit.objects.get(), by=trunk.cast.lena)


def test_a_commit_that_git_could_not_read_for_a_moment_is_taken_in_later(trunk: Shop, monkeypatch):
    tip = on_main(trunk, 5, "Bump a library")
    poll(trunk)
    trunk_words.ship(trunk_words.waiting(trunk.cast.product)[0], by=trunk.cast.lena)
    with monkeypatch.context() as patch:
        patch.setattr(Git, "commits", broken)
        do("trunk_word")
    failed, again = Work.objects.filter(kind="trunk_word").order_by("pk")
    assert (failed.status, again.status) == (Work.Status.FAILED, Work.Status.QUEUED)
    assert again.due_at > timezone.now()
    Work.objects.filter(pk=again.pk).update(due_at=timezone.now())
    do("trunk_word")
    assert Change.objects.get().revision.tip == tip
    assert not Work.objects.filter(kind="trunk_word", status=Work.Status.QUEUED).exists()


def broken(*_args: object) -> None:
    raise GitError("the disk does not answer")


def test_intake_is_idempotent(trunk: Shop):
    merged(trunk, "wrap", 5, "Merge branch 'wrap'")
    on_main(trunk, 25, "Bump a library")
    assert (poll(trunk), poll(trunk)) == (1, 0)
    Repository.objects.update(trunk_sha="")
    assert poll(trunk) == 0
    assert (Change.objects.count(), TrunkCommit.objects.count()) == (1, 2)


def test_a_rewritten_main_is_said_and_its_changes_follow(trunk: Shop):
    start = trunk.upstream.git("rev-parse", "main")
    on_main(trunk, 5, "Wrap gifts (#1)")
    on_main(trunk, 25, "Bump a library")
    dropped = on_main(trunk, 45, "Half a thought (#2)")
    poll(trunk)
    wrap = Change.objects.get(title="Wrap gifts")
    before = wrap.revision.tip
    trunk.upstream.git("checkout", "-q", "-B", "rewritten", start)
    trunk.upstream.write("new.txt", "a file that came before")
    trunk.upstream.commit("Add a file")
    trunk.upstream.git("cherry-pick", "main~2", "main~1")
    trunk.upstream.git("checkout", "-q", "-B", "main", "rewritten")
    assert poll(trunk) == 1
    wrap.refresh_from_db()
    assert wrap.revision.tip == trunk.upstream.git("rev-parse", "main~1") != before
    said = about(trunk.repository).get(verb="repository.main_rewritten")
    assert said.note.text == Change.objects.get(title="Half a thought").key
    assert not TrunkCommit.objects.filter(sha=dropped).exists()
    assert {row.subject for row in trunk_words.waiting(trunk.cast.product)} == {"Add a file", "Bump a library"}


def test_a_main_without_a_common_past_is_not_a_crash(trunk: Shop):
    on_main(trunk, 5, "Wrap gifts (#1)")
    poll(trunk)
    trunk.upstream.git("checkout", "-q", "--orphan", "other")
    trunk.upstream.commit("A new beginning")
    trunk.upstream.git("checkout", "-q", "-B", "main", "other")
    assert poll(trunk) == 0
    on_main(trunk, 7, "Go on (#2)")
    assert poll(trunk) == 1
    trunk.repository.refresh_from_db()
    assert trunk.repository.fetch_error == ""


def test_lifecycle_never_writes_main_and_a_push_to_main_is_no_drift(trunk: Shop):
    tip = on_main(trunk, 5, "Wrap gifts (#1)")
    poll(trunk)
    assert trunk.upstream.git("rev-parse", "main") == tip
    assert not any(place.foreign_sha for place in trunk.cast.product.environments.all())


def test_what_is_adopted_after_the_switch_is_where_it_begins(engine: Shop):
    repositories.set_mode(engine.repository, mode=Repository.Mode.TRUNK, by=engine.cast.ops)
    assert intake.poll_upstream() == 0
    adopt(engine)
    assert poll(engine) == 0
    on_main(engine, 5, "Wrap gifts (#1)")
    assert poll(engine) == 1
