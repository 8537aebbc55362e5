"""A change: assigned, linked to a branch, pushed, marked ready, returned."""

import pytest
from django.core.exceptions import ValidationError

from environments import repositories
from ideas.models import Stop
from lifecycle.models import Notification, User
from lifecycle.transitions import NotAllowed, move
from releases import candidates, changes, checks, intake, plan, verdicts
from releases.models import Change, Check, Release

S = Change.Status


def test_assigning_tells_the_developer(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    changes.assign(change, developer=cast.dev, by=cast.lena)
    assert change.developer == cast.dev
    assert Notification.objects.filter(user=cast.dev, event="change.assigned").exists()


def test_only_developers_are_assigned(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    with pytest.raises(ValidationError):
        changes.assign(change, developer=cast.tess, by=cast.lena)


def test_a_push_to_its_branch_begins_development_and_runs_the_tests(cast, workshop, plan_of, build):
    change = build(plan_of("Keep a wishlist").changes.get())
    assert change.status == S.DEVELOPMENT
    assert change.ideas.get().stop == Stop.DEVELOPMENT
    revision = change.revision
    assert revision.number == 1
    assert revision.commits == 1
    assert sorted(revision.files) == [change.branch.replace("/", "_") + ".py", "shop.py"]
    assert revision.checks.get().status == Check.Status.PASSED
    kept = repositories.git(cast.product.repository).refs("refs/lifecycle/changes/")
    assert kept == {f"{change.pk}/1": revision.tip}


def test_the_same_push_is_no_news(cast, workshop, plan_of, build):
    change = build(plan_of("Keep a wishlist").changes.get())
    branch = cast.product.repository.branches.get(name=change.branch)
    assert intake.take(branch) is None
    assert change.revisions.count() == 1


def test_a_branch_with_another_name_is_linked_by_hand_and_taken_by_a_worker(cast, workshop, plan_of, work):
    change = plan_of("Keep a wishlist").changes.get()
    workshop.change("wishlist", "main", 5, "line_5 = 0")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    changes.link_branch(change, branch="wishlist", by=cast.dev)
    assert work("push") == 1
    change.refresh_from_db()
    assert change.revision.number == 1


def test_a_branch_belongs_to_one_change(cast, plan_of):
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    with pytest.raises(ValidationError, match=one.key):
        changes.link_branch(other, branch=one.branch, by=cast.dev)


@pytest.mark.parametrize("name", ["--upload-pack=x", "a..b", "HEAD", "a b"])
def test_a_name_that_means_something_to_git_is_refused(cast, plan_of, name):
    with pytest.raises(ValidationError):
        changes.link_branch(plan_of("Keep a wishlist").changes.get(), branch=name, by=cast.dev)


def test_trailers_link_the_idea_and_say_what_migrations_do(cast, workshop, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    number = change.ideas.get().number
    workshop.git("checkout", "-q", "-B", "wishlist", "main")
    workshop.write("wishlist/migrations/0001_initial.py", "x = 1\n")
    workshop.commit(f"wishlist: Keep it.\n\nIdea: {number}\nMigrations: expand")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    change.refresh_from_db()
    assert (change.branch, change.migrations) == ("wishlist", Change.Migrations.EXPAND)


def test_a_branch_that_nobody_meant_is_left_alone_and_offered(cast, workshop):
    workshop.change("experiment", "main", 3)
    for branch in repositories.poll(cast.product.repository):
        assert intake.take(branch) is None
    assert [branch.name for branch in intake.unlinked(cast.product)] == ["experiment"]


@pytest.mark.parametrize("name", ["main", "env/staging", "lifecycle/24.11-7"])
def test_no_change_is_built_on_main_or_on_what_lifecycle_pushes(cast, workshop, plan_of, name):
    change = plan_of("Keep a wishlist").changes.get()
    before = change.branch
    with pytest.raises(ValidationError, match="choose another one"):
        changes.link_branch(change, branch=name, by=cast.dev)
    workshop.git("checkout", "-q", "-B", name, "main")
    workshop.commit(f"By hand\n\nIdea: {change.ideas.get().number}")
    for branch in repositories.poll(cast.product.repository):
        assert intake.take(branch) is None
    change.refresh_from_db()
    assert (change.branch, change.revision) == (before, None)


def test_in_trunk_mode_a_named_branch_waits_for_its_merge(cast, workshop, plan_of, work):
    repositories.set_mode(cast.product.repository, mode="trunk", by=cast.ops)
    change = plan_of("Keep a wishlist").changes.get()
    workshop.change("wishlist", "main", 5, "line_5 = 0")
    repositories.poll(cast.product.repository)
    changes.link_branch(change, branch="wishlist", by=cast.dev)
    assert work("push") == 1
    change.refresh_from_db()
    assert (change.branch, change.revision) == ("wishlist", None)


def test_it_is_marked_ready_once_its_tests_passed(cast, workshop, plan_of, build):
    change = build(plan_of("Keep a wishlist").changes.get())
    changes.mark_ready(change, by=cast.dev)
    assert change.status == S.READY
    changes.unmark_ready(change, by=cast.dev)
    assert change.status == S.DEVELOPMENT


def test_without_a_push_it_is_not_ready(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    with pytest.raises(NotAllowed, match="Push to idea/"):
        changes.mark_ready(change, by=cast.dev)


def test_with_failing_tests_it_is_not_ready_and_its_developer_hears(cast, workshop, plan_of, build):
    change = plan_of("Keep a wishlist").changes.get()
    changes.assign(change, developer=cast.dev, by=cast.lena)
    change = build(change, text="raise ValueError('no wish')")
    check = change.revision.checks.get()
    assert (check.status, check.exit_code) == (Check.Status.FAILED, 1)
    with pytest.raises(NotAllowed, match="tests failed"):
        changes.mark_ready(change, by=cast.dev)
    assert Notification.objects.filter(user=cast.dev, event="change.checks_failed").exists()


def test_a_new_push_takes_a_ready_change_back_to_development(cast, workshop, plan_of, build):
    change = build(plan_of("Keep a wishlist").changes.get())
    changes.mark_ready(change, by=cast.dev)
    change = build(change, line=6)
    assert (change.status, change.revision.number) == (S.DEVELOPMENT, 2)


def test_a_returned_change_waits_for_a_push(cast, workshop, plan_of, build, on_staging):
    change = build(plan_of("Keep a wishlist").changes.get())
    changes.assign(change, developer=cast.dev, by=cast.lena)
    changes.mark_ready(change, by=cast.dev)
    candidate = on_staging()
    change.refresh_from_db()
    verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="The list is empty")
    assert (change.status, change.return_reason) == (S.DEVELOPMENT, "The list is empty")
    assert change.ideas.get().stop == Stop.DEVELOPMENT
    assert Notification.objects.filter(user=cast.dev, event="change.returned").exists()
    with pytest.raises(NotAllowed, match="returned"):
        changes.mark_ready(change, by=cast.dev)
    change = build(change, line=7)
    assert change.return_reason == ""
    changes.mark_ready(change, by=cast.dev)


def test_a_push_to_a_frozen_change_leaves_the_candidate_alone(cast, frozen, build):
    release = frozen("Keep a wishlist")
    digest = release.candidate.digest
    change = build(release.changes.get(), line=33)
    release.candidate.refresh_from_db()
    assert (change.status, change.revision.number) == (S.APPROVED, 2)
    assert release.candidate.digest == digest
    assert release.candidate.rows.get().revision.number == 1


def test_an_unknown_kind_of_migration_is_refused(cast, plan_of):
    with pytest.raises(ValidationError):
        changes.set_migrations(plan_of("Keep a wishlist").changes.get(), migrations="maybe", by=cast.dev)


def test_whether_the_release_waits_for_it_is_changed_while_the_plan_is_open(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    plan.set_must(change, must=False, by=cast.petra)
    assert not Change.objects.get(pk=change.pk).must


@pytest.mark.parametrize("frozen", [True, False])
def test_what_was_frozen_or_is_live_only_gets_a_harder_kind_of_migration(cast, plan_of, frozen):
    release = plan_of("Keep a wishlist")
    status = {"status": S.APPROVED if frozen else S.LIVE, "migrations": "contract"}
    Change.objects.filter(release=release).update(**status)
    Release.objects.filter(pk=release.pk).update(status="frozen" if frozen else "live")
    change = release.changes.get()
    for milder in ("none", "expand", ""):
        with pytest.raises(NotAllowed, match="was frozen with what it says"):
            changes.set_migrations(change, migrations=milder, by=cast.dev)
    changes.set_migrations(change, migrations="irreversible", by=cast.dev)
    change.refresh_from_db()
    assert change.migrations == "irreversible"


def test_tests_that_fail_when_they_are_run_again_take_the_offer_back(cast, plan_of, build):
    change = build(plan_of("Keep a wishlist").changes.get())
    changes.mark_ready(change, by=cast.dev)
    again(change, cast, "failed")
    assert Change.objects.get(pk=change.pk).status == S.DEVELOPMENT


def test_what_is_frozen_stays_so_when_its_tests_fail_again(cast, frozen):
    change = frozen("Keep a wishlist").changes.get()
    again(change, cast, "errored")
    assert Change.objects.get(pk=change.pk).status == S.APPROVED


def again(change: Change, cast, status: str) -> None:
    """Its tests are run once more and end like this."""
    check = checks.again(changes.newest_check(change.revision), by=cast.dev)
    move(check, "running", by=checks.WORKER)
    checks.end(check, status, "1 test failed")


def test_a_conflict_that_dev_finds_takes_the_offer_back(cast, plan_of, build, compose):
    one, two = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    for change in (one, two):
        changes.mark_ready(build(change, line=5), by=cast.dev)
    candidate = compose(candidates.request(cast.product, "dev", by=cast.dev))
    assert [row.change for row in candidate.rows.all()] == [one]
    assert [change.status for change in Change.objects.order_by("pk")] == [S.READY, S.DEVELOPMENT]


def test_everybody_whose_commits_are_in_a_push_is_written_down(plan_of, build, cast):
    User.objects.filter(pk=cast.dev.pk).update(email="dev@shop.test")
    change = build(plan_of("Keep a wishlist").changes.get())
    people = {(row.role, row.email, row.user) for row in change.revision.people.all()}
    assert people == {(role, "dev@shop.test", cast.dev) for role in ("author", "committer")}
